//! What rules do with one packet.

use super::meaning::{
    Meaning, asks_for_no_flag, changes, drops_tiny_fragments, is_changed, is_modelled, meaning,
    reads_transport, words_of,
};
use super::packet::Packet;
use super::sets::{Exact, PORT_SET_PROTOCOLS, exact};
use crate::catalogue::{
    self, ACCEPT, Aspects, CONNTRACK, CORE, DROP, Extension, Flow, RAW, RETURN, SET_MATCH, TCP_NUMBER,
};
use crate::family::Family;
use crate::lower::{Chain, Rule, Ruleset, Table};
use crate::model::{Action, ChainPolicy, IcmpMatch, Match, OptionUse, Value};
use crate::table::TableName;

/// The verdicts that `chain` can give a packet that enters it at its top: several where matches
/// whose answer the packet does not tell (`limit`) decide.
///
/// Falling off a built-in chain, or RETURN in it, is its policy; falling off another chain is
/// `RETURN`. A chain of others may give any verdict, and may let the packet come back. If the policy
/// owns its chains alone, a built-in chain is its own for that hook. What the variants of iptables do differently is among the verdicts: on a later
/// fragment, matches on ports, ICMP types and TCP flags may answer either way, and legacy drops TCP
/// fragments at offset 8. `None` if the rules are of another family or have no such chain.
///
/// The rules are to have passed [`crate::check`]; a jump to a chain that is not there is passed
/// over, and one in a circle gives no verdict.
pub fn evaluate(
    ruleset: &Ruleset,
    table: TableName,
    chain: &str,
    packet: &Packet,
) -> Option<Vec<&'static Extension>> {
    let table = ruleset.table(table).filter(|_| packet.family() == ruleset.family)?;
    let named = table.chains.iter().position(|other| other.name == chain);
    let index = named.or_else(|| table.start(table.name.hook(chain)?))?;
    let Ends { mut verdicts, returns } = Walk::new(table, packet).ends(index);
    if returns {
        add(&mut verdicts, falling_off(&table.chains[index]));
    }
    Some(verdicts)
}

/// The verdict on a packet that leaves a chain at its end.
pub(super) fn falling_off(chain: &Chain) -> &'static Extension {
    match chain.policy {
        Some(ChainPolicy::Accept) => &ACCEPT,
        Some(ChainPolicy::Drop) => &DROP,
        None => &RETURN,
    }
}

/// Every verdict that ends a packet's way: what a chain can give of which nothing is known.
pub(super) fn any_verdict() -> impl Iterator<Item = &'static Extension> {
    catalogue::targets().filter(|target| target.flow != Flow::Continues && **target != RETURN)
}

/// Whether a match is true of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    No,
    /// The packet does not tell, and another time it may be otherwise.
    Perhaps,
    Yes,
}

/// How a packet's way through a chain can end.
#[derive(Debug, Clone, Default)]
pub(super) struct Ends {
    pub(super) verdicts: Vec<&'static Extension>,
    /// By coming back to the caller.
    pub(super) returns: bool,
}

/// A packet on its way through a table. Each chain is evaluated once.
pub(super) struct Walk<'a> {
    pub(super) table: &'a Table,
    packet: &'a Packet,
    /// What the table's targets change on the way.
    changed: Aspects,
    memo: Vec<Option<Ends>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(table: &'a Table, packet: &'a Packet) -> Walk<'a> {
        Walk { table, packet, changed: changes(table), memo: vec![None; table.chains.len()] }
    }

    /// How the packet's way can end that enters this chain.
    pub(super) fn ends(&mut self, index: usize) -> Ends {
        if let Some(ends) = &self.memo[index] {
            return ends.clone();
        }
        self.memo[index] = Some(Ends::default());
        let mut ends = Ends::default();
        let mut goes_on = true;
        for rule in &self.table.chains[index].rules {
            if self.may_drop_tiny_fragment(rule) {
                add(&mut ends.verdicts, &DROP);
            }
            let answer = self.answer(rule);
            if answer != Answer::No && !self.act(&rule.action, &mut ends) && answer == Answer::Yes {
                goes_on = false;
                break;
            }
        }
        ends.returns |= goes_on;
        self.memo[index] = Some(ends.clone());
        ends
    }

    /// Does what a rule says, and tells whether the packet can come to the next rule.
    fn act(&mut self, action: &Action, ends: &mut Ends) -> bool {
        match action {
            Action::Target { extension, .. } if extension.flow == Flow::Continues => true,
            Action::Target { extension, .. } if **extension == RETURN => {
                ends.returns = true;
                false
            }
            Action::Target { extension, .. } if **extension == RAW => {
                any_verdict().for_each(|verdict| add(&mut ends.verdicts, verdict));
                ends.returns = true;
                true
            }
            Action::Target { extension, .. } => {
                add(&mut ends.verdicts, extension);
                extension.flow == Flow::MayEnd
            }
            Action::Jump(name) | Action::Goto(name) if self.table.is_foreign(name) => {
                any_verdict().for_each(|verdict| add(&mut ends.verdicts, verdict));
                let is_goto = matches!(action, Action::Goto(_));
                ends.returns |= is_goto;
                !is_goto
            }
            Action::Jump(name) | Action::Goto(name) => {
                let Some(target) = self.chain(name) else { return true };
                let inner = self.ends(target);
                inner.verdicts.iter().for_each(|verdict| add(&mut ends.verdicts, verdict));
                let is_goto = matches!(action, Action::Goto(_));
                ends.returns |= is_goto && inner.returns;
                inner.returns && !is_goto
            }
        }
    }

    pub(super) fn chain(&self, name: &str) -> Option<usize> {
        self.table.position(name)
    }

    pub(super) fn answer(&self, rule: &Rule) -> Answer {
        all(rule.matches.iter().map(|entry| self.match_answer(entry)))
    }

    /// Whether legacy may throw the packet away while it looks at this rule: what the rule asks
    /// beside the TCP header comes first.
    pub(super) fn may_drop_tiny_fragment(&self, rule: &Rule) -> bool {
        let packet = self.packet;
        let core = || rule.matches.iter().filter(|entry| *entry.extension == CORE);
        packet.later_fragment
            && packet.protocol == TCP_NUMBER
            && packet.family() == Family::Ipv4
            && drops_tiny_fragments(&rule.matches)
            && all(core().map(|entry| self.match_answer(entry))) != Answer::No
    }

    /// Whether a match is true of the packet.
    pub(super) fn match_answer(&self, entry: &Match) -> Answer {
        match_answer(entry, self.packet, self.changed)
    }
}

fn add(verdicts: &mut Vec<&'static Extension>, verdict: &'static Extension) {
    if !verdicts.contains(&verdict) {
        verdicts.push(verdict);
    }
}

fn all(answers: impl Iterator<Item = Answer>) -> Answer {
    answers.min().unwrap_or(Answer::Yes)
}

/// Whether a match is true of a packet, of which something may have been changed on the way.
fn match_answer(entry: &Match, packet: &Packet, changed: Aspects) -> Answer {
    if *entry.extension == SET_MATCH {
        let known = !entry.extension.looks_at.meets(changed);
        return if known { set_answer(entry, packet) } else { Answer::Perhaps };
    }
    if reads_transport(entry) {
        if !entry.extension.protocols.contains(&packet.protocol) {
            return Answer::No;
        }
        if packet.later_fragment {
            return Answer::Perhaps;
        }
    }
    if !is_modelled(entry.extension) {
        return Answer::Perhaps;
    }
    if *entry.extension == CONNTRACK
        && !packet.tracking.state.has_connection()
        && !changed.meets(Aspects::TRACKING)
    {
        return without_connection(entry, packet);
    }
    all(entry.options().iter().map(|option| {
        let known = !is_changed(entry.extension, option.spec(), changed);
        if known { option_answer(entry.extension, option, packet) } else { Answer::Perhaps }
    }))
}

/// What `conntrack` says of a packet without a connection: the state decides alone, and where it is not asked for the
/// match is false, negated or not (net/netfilter/xt_conntrack.c, conntrack_mt).
fn without_connection(entry: &Match, packet: &Packet) -> Answer {
    let state = entry.options().iter().find(|option| option.spec.name == "ctstate");
    state.map_or(Answer::No, |option| option_answer(entry.extension, option, packet))
}

/// Whether a packet is in a set; a set of ports holds none that has no ports.
fn set_answer(entry: &Match, packet: &Packet) -> Answer {
    let Some(Exact { meaning, negated, values }) = exact(entry) else { return Answer::Perhaps };
    let of_ports = matches!(meaning, Meaning::SourcePort | Meaning::DestinationPort);
    let has_ports = PORT_SET_PROTOCOLS.contains(&packet.protocol);
    if of_ports && has_ports && packet.later_fragment {
        return Answer::Perhaps;
    }
    let is_in = (has_ports || !of_ports) && values.iter().any(|value| holds(meaning, value, packet));
    if is_in == negated { Answer::No } else { Answer::Yes }
}

fn option_answer(extension: &Extension, option: &OptionUse, packet: &Packet) -> Answer {
    let meaning = meaning(extension, option.spec());
    let holds = match meaning {
        Meaning::Always => return Answer::Yes,
        Meaning::Opaque => return Answer::Perhaps,
        Meaning::TcpFlags if asks_for_no_flag(option) => return Answer::Perhaps,
        Meaning::Fragment => packet.later_fragment,
        Meaning::Tracking => words_of(option).any(|word| packet.tracking.answers_to(word)),
        Meaning::Status => words_of(option).any(|word| packet.status.answers_to(word)),
        Meaning::PacketType => words_of(option).any(|word| packet.packet_type.name() == word),
        _ => option.values().any(|value| holds(meaning, value, packet)),
    };
    if holds == option.negated() { Answer::No } else { Answer::Yes }
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
        (Meaning::Mark, Value::Masked(bits)) => packet.mark & bits.mask() == bits.value,
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
