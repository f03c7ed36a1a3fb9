//! Why a rule does not match a packet, or may match it.

use super::super::answer::{Answer, Asked};
use super::super::meaning::{Meaning, asks_for_both_ports, is_modelled, meaning, reads_transport};
use super::super::packet::Packet;
use super::Reason;
use crate::catalogue::{SET_MATCH, TCP_NUMBER};
use crate::emit::{emit_match, emit_option};
use crate::family::Family;
use crate::lower::Rule;
use crate::model::{Match, OptionUse};
use crate::protocols;

/// What of a rule is not true of the packet, if it does not match; what the packet does not tell, if it may match. The
/// packet may have been changed on its way: `asked` has what it can be.
pub(super) fn reasons<'a>(
    rule: &Rule,
    answer: Answer,
    asked: impl Iterator<Item = Asked<'a>>,
    family: Family,
) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    for asked in asked {
        for entry in &rule.matches {
            match (asked.entry(entry), answer) {
                (Answer::No, Answer::No) => return vec![of_entry(entry, Answer::No, asked, family)],
                // True of it as it is on one way, and not on another.
                (Answer::No, _) => push(&mut reasons, of_entry(entry, Answer::No, asked, family)),
                (Answer::Perhaps, _) => push(&mut reasons, of_entry(entry, Answer::Perhaps, asked, family)),
                (Answer::Yes, _) => {}
            }
        }
    }
    reasons
}

fn push(reasons: &mut Vec<Reason>, reason: Reason) {
    if !reasons.contains(&reason) {
        reasons.push(reason);
    }
}

/// The first part of a match that has this answer, with what the packet has to do with it.
fn of_entry(entry: &Match, answer: Answer, asked: Asked<'_>, family: Family) -> Reason {
    let packet = asked.packet;
    let whole = |because: String| Reason { asked: emit_match(entry, family), because };
    if reads_transport(entry) && !entry.extension.protocols.contains(&packet.protocol) {
        return whole(format!("its protocol is {}", protocol(packet.protocol)));
    }
    if packet.later_fragment && reads_transport(entry) {
        return whole(match answer {
            Answer::No => "a later fragment has no such header".into(),
            _ => "a later fragment has no such header, and what is found in its place is not known".into(),
        });
    }
    if *entry.extension == SET_MATCH {
        return whole(match answer {
            Answer::No => "its address or port, of the kind that the set holds, does not fit".into(),
            _ => "what is in the set is not known".into(),
        });
    }
    if !is_modelled(entry.extension) {
        return whole("the packet does not tell".into());
    }
    if answer == Answer::Perhaps && asks_for_both_ports(entry) {
        return whole("the nft variant may ask whether both ports are these, not whether one is".into());
    }
    let options = entry.options.iter().find(|option| asked.option(entry.extension, option) == answer);
    match options {
        Some(option) => Reason {
            asked: emit_option(option, family),
            because: because(meaning(entry.extension, option.spec), option, answer, asked),
        },
        None => whole(format!("it is {}, of no connection", packet.tracking.state.name())),
    }
}

/// What the packet has where an option looks.
fn because(meaning: Meaning, option: &OptionUse, answer: Answer, asked: Asked<'_>) -> String {
    let packet = asked.packet;
    if answer == Answer::Perhaps {
        return match meaning {
            Meaning::Opaque => "the packet does not tell".into(),
            _ => "that was changed on the way, to what is not known".into(),
        };
    }
    let interface = |name: &Option<String>, by: &str, none: &str| match name {
        Some(name) => format!("{by} {name}"),
        None => none.to_owned(),
    };
    match meaning {
        Meaning::Source => format!("it is from {}", packet.from),
        Meaning::Destination => format!("it is to {}", packet.to),
        Meaning::In => interface(&packet.in_interface, "it came in by", "it came in by no interface"),
        Meaning::Out => {
            interface(&packet.out_interface, "it leaves by", "it has no interface to leave by here")
        }
        Meaning::Protocol => format!("its protocol is {}", protocol(packet.protocol)),
        Meaning::Fragment if packet.later_fragment => "it is a later fragment".into(),
        Meaning::Fragment => "it is no later fragment".into(),
        Meaning::SourcePort => format!("its source port is {}", packet.sport),
        Meaning::DestinationPort => format!("its destination port is {}", packet.dport),
        Meaning::EitherPort => format!("its ports are {} and {}", packet.sport, packet.dport),
        Meaning::IcmpType => format!("its type is {} with code {}", packet.icmp_type, packet.icmp_code),
        Meaning::TcpFlags => flags(packet),
        Meaning::Tracking => state(asked),
        Meaning::Status => "what has become of its connection is otherwise".into(),
        Meaning::Mark => asked
            .state
            .mark()
            .map_or_else(|| "its mark is another one".to_owned(), |mark| format!("its mark is {mark:#x}")),
        Meaning::PacketType => format!("it is {}", packet.packet_type.name()),
        // These are never false.
        Meaning::Always | Meaning::Opaque => format!("`{}` is not true of it", option.spec.name),
    }
}

fn protocol(number: u8) -> String {
    protocols::save_name(number).map_or_else(|| number.to_string(), str::to_owned)
}

fn flags(packet: &Packet) -> String {
    let words = match packet.protocol {
        TCP_NUMBER => super::super::packet::flag_words(packet.tcp_flags),
        _ => "none".into(),
    };
    format!("its flags are {words}")
}

fn state(asked: Asked<'_>) -> String {
    let tracking = asked.tracking();
    let mut words = tracking.state.name().to_owned();
    for (is, word) in [(tracking.snat, ", snat"), (tracking.dnat, ", dnat")] {
        words.push_str(if is { word } else { "" });
    }
    format!("its state is {words}")
}
