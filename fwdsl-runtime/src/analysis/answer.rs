//! Whether matches are true of one packet.

use super::meaning::{
    Meaning, asks_for_both_ports, asks_for_no_flag, drops_tiny_fragments, is_changed, is_modelled, meaning,
    reads_transport, words_of,
};
use super::packet::{CtState, Packet, Tracking};
use super::sets::{Exact, PORT_SET_PROTOCOLS, exact};
use super::state::State;
use crate::catalogue::{Aspects, CONNTRACK, CORE, Extension, SET_MATCH, TCP_NUMBER};
use crate::family::Family;
use crate::lower::Rule;
use crate::model::{IcmpMatch, Match, OptionUse, Value};
use crate::variant::Variant;

/// Whether a match, or a rule, is true of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It is not.
    No,
    /// The packet does not tell, and another time it may be otherwise.
    Perhaps,
    /// It is.
    Yes,
}

/// A packet at a rule that asks something of it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// As it came.
    pub(super) packet: &'a Packet,
    /// What has become of it since.
    pub(super) state: State,
    /// Whose answers are wanted; `None` for those that either can give.
    pub(super) variant: Option<Variant>,
}

impl Asked<'_> {
    /// Whether all matches of a rule are true.
    pub(super) fn rule(self, rule: &Rule) -> Answer {
        self.all(rule.matches.iter())
    }

    fn all<'m>(self, matches: impl Iterator<Item = &'m Match>) -> Answer {
        least(matches.map(|entry| self.entry(entry)))
    }

    /// Whether the packet may be thrown away while a rule is looked at: what the rule asks beside the TCP header comes
    /// first.
    pub(super) fn may_drop_tiny_fragment(self, rule: &Rule) -> bool {
        let packet = self.packet;
        packet.later_fragment
            && packet.protocol == TCP_NUMBER
            && packet.family() == Family::Ipv4
            && drops_tiny_fragments(&rule.matches, self.variant)
            && self.all(rule.matches.iter().filter(|entry| *entry.extension == CORE)) != Answer::No
    }

    /// Whether a match is true.
    pub(super) fn entry(self, entry: &Match) -> Answer {
        if *entry.extension == SET_MATCH {
            // Of marks the sets that are known hold none.
            let known = !Aspects::ADDRESSES.meets(self.state.changed);
            return if known { self.set(entry) } else { Answer::Perhaps };
        }
        if reads_transport(entry) {
            if !entry.extension.protocols.contains(&self.packet.protocol) {
                return Answer::No;
            }
            if self.packet.later_fragment {
                return self.of_fragment(entry);
            }
        }
        if !is_modelled(entry.extension) {
            return Answer::Perhaps;
        }
        if *entry.extension == CONNTRACK
            && !self.tracking().state.has_connection()
            && !self.state.changed.meets(Aspects::TRACKING)
        {
            return self.without_connection(entry);
        }
        if self.variant != Some(Variant::Legacy) && asks_for_both_ports(entry) {
            return self.of_both_ports(entry);
        }
        least(entry.options().iter().map(|option| self.option(entry.extension, option)))
    }

    /// What a match says that asks for both ports at once, at times: if one of them is what it is not to be, nobody
    /// knows.
    fn of_both_ports(self, entry: &Match) -> Answer {
        let of = |ports: bool| {
            let is_wanted = move |option: &&OptionUse| matches!(option.spec.name, "sport" | "dport") == ports;
            let options = entry.options().iter().filter(is_wanted);
            options.map(move |option| self.option(entry.extension, option))
        };
        let ports = match (least(of(true)), of(true).max()) {
            (Answer::No, Some(Answer::Yes | Answer::Perhaps)) => Answer::Perhaps,
            (least, _) => least,
        };
        ports.min(least(of(false)))
    }

    /// What a match says of a fragment without the header that it asks for: legacy's no, where it cares, nft's what it
    /// finds in the place of the header.
    fn of_fragment(self, entry: &Match) -> Answer {
        let cares = self.variant == Some(Variant::Legacy) && is_modelled(entry.extension);
        if cares { Answer::No } else { Answer::Perhaps }
    }

    /// What connection tracking says of the packet now.
    pub(super) fn tracking(self) -> Tracking {
        if self.state.untracked { Tracking::of(CtState::Untracked) } else { self.packet.tracking }
    }

    /// What `conntrack` says of a packet without a connection: the state decides alone, and where it is not asked for
    /// the match is false, negated or not (net/netfilter/xt_conntrack.c, conntrack_mt).
    fn without_connection(self, entry: &Match) -> Answer {
        let state = entry.options().iter().find(|option| option.spec.name == "ctstate");
        state.map_or(Answer::No, |option| self.option(entry.extension, option))
    }

    /// Whether the packet is in a set; a set of ports holds none that has no ports.
    fn set(self, entry: &Match) -> Answer {
        let packet = self.packet;
        let Some(Exact { meaning, negated, values }) = exact(entry) else { return Answer::Perhaps };
        let of_ports = matches!(meaning, Meaning::SourcePort | Meaning::DestinationPort);
        let has_ports = PORT_SET_PROTOCOLS.contains(&packet.protocol);
        if self.state.hides(meaning) || of_ports && has_ports && packet.later_fragment {
            return Answer::Perhaps;
        }
        let is_in = (has_ports || !of_ports) && values.iter().any(|value| holds(meaning, value, packet));
        if is_in == negated { Answer::No } else { Answer::Yes }
    }

    /// Whether an option is true, which of those of its match alone.
    pub(super) fn option(self, extension: &Extension, option: &OptionUse) -> Answer {
        let meaning = meaning(extension, option.spec());
        if is_changed(extension, option.spec(), self.state.changed) || self.state.hides(meaning) {
            return Answer::Perhaps;
        }
        let packet = self.packet;
        let holds = match meaning {
            Meaning::Always => return Answer::Yes,
            Meaning::Opaque => return Answer::Perhaps,
            Meaning::TcpFlags if asks_for_no_flag(option) && self.variant != Some(Variant::Legacy) => {
                return if self.variant.is_none() { Answer::Perhaps } else { Answer::Yes };
            }
            Meaning::Fragment => packet.later_fragment,
            Meaning::Tracking => words_of(option).any(|word| self.tracking().answers_to(word)),
            Meaning::Status => words_of(option).any(|word| packet.status.answers_to(word)),
            Meaning::PacketType => words_of(option).any(|word| packet.packet_type.name() == word),
            Meaning::Mark => match self.has_mark(option) {
                Some(holds) => holds,
                None => return Answer::Perhaps,
            },
            _ => option.values().any(|value| holds(meaning, value, packet)),
        };
        if holds == option.negated() { Answer::No } else { Answer::Yes }
    }

    /// Whether the mark is one of an option's values; `None` if that is not known.
    fn has_mark(self, option: &OptionUse) -> Option<bool> {
        let mut found = Some(false);
        for value in option.values() {
            let Value::Masked(bits) = value else { continue };
            match self.state.has_mark(*bits) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => found = None,
            }
        }
        found
    }
}

/// The answer of a conjunction.
fn least(answers: impl Iterator<Item = Answer>) -> Answer {
    let mut least = Answer::Yes;
    for answer in answers {
        if answer == Answer::No {
            return Answer::No;
        }
        least = least.min(answer);
    }
    least
}

/// Whether one value is true of the packet.
fn holds(meaning: Meaning, value: &Value, packet: &Packet) -> bool {
    match (meaning, value) {
        (Meaning::Source | Meaning::Destination, Value::Address(address)) => {
            let addr = if meaning == Meaning::Source { packet.from } else { packet.to };
            address.family() == packet.family() && address.contains(addr)
        }
        (Meaning::In, Value::Interface(pattern)) => interface_fits(pattern, &packet.in_interface),
        (Meaning::Out, Value::Interface(pattern)) => interface_fits(pattern, &packet.out_interface),
        (Meaning::Protocol, Value::Protocol(number)) => *number == packet.protocol,
        (Meaning::SourcePort, Value::Ports(ports)) => (ports.first..=ports.last).contains(&packet.sport),
        (Meaning::DestinationPort, Value::Ports(ports)) => (ports.first..=ports.last).contains(&packet.dport),
        (Meaning::EitherPort, Value::Ports(ports)) => {
            let ports = ports.first..=ports.last;
            ports.contains(&packet.sport) || ports.contains(&packet.dport)
        }
        (Meaning::IcmpType, Value::Icmp(wanted)) => match wanted {
            // Type 255 is the kernel's sign for any type of ICMP, and an ordinary one of ICMPv6.
            IcmpMatch::Any => true,
            IcmpMatch::Type { ty: 255, .. } if packet.family() == Family::Ipv4 => true,
            IcmpMatch::Type { ty, code } => {
                *ty == packet.icmp_type && code.is_none_or(|code| code == packet.icmp_code)
            }
        },
        (Meaning::TcpFlags, Value::TcpFlags(flags)) => packet.tcp_flags & flags.mask == flags.set,
        _ => false,
    }
}

/// Whether an interface is what a pattern names. The kernel compares names, and that of no interface is empty: it fits
/// `+` alone.
fn interface_fits(pattern: &str, name: &Option<String>) -> bool {
    let name = name.as_deref().unwrap_or_default();
    match pattern.strip_suffix('+') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}
