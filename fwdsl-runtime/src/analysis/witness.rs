//! A packet out of a region: one that people recognise, if there is one.

use super::packet::{CtState, Packet, PacketType, Status, Tracking};
use super::program::{Classes, Program};
use super::region::{Axis, Choice, LATER, Region, Span, WHOLE};
use crate::catalogue::{ICMP, ICMPV6, TCP_NUMBER, UDP_NUMBER};
use crate::family::Family;
use crate::model::{from_bits, to_bits};

const SYN: u8 = 0b00_0010;
const ACK: u8 = 0b01_0000;

/// One packet of a region, as a region.
pub(super) fn pin(region: &Region, family: Family, classes: &Classes) -> Region {
    let (from, to) = likely_addresses(family);
    let echo = if family == Family::Ipv4 { 8 << 8 } else { 128 << 8 };
    let icmp = if family == Family::Ipv4 { ICMP } else { ICMPV6 };
    let protocols = [TCP_NUMBER, UDP_NUMBER, icmp].map(u128::from);
    let mut pinned = region.clone();
    for axis in Axis::ALL {
        let set = region.set(axis);
        let number = match axis {
            Axis::In | Axis::Out => classes.interfaces.pick(set),
            Axis::Source => pick(set, &from),
            Axis::Destination => pick(set, &to),
            Axis::Protocol => pick(set, &protocols),
            Axis::SourcePort => pick(set, &[1024, 49152]),
            Axis::DestinationPort => pick(set, &[80, 443, 22]),
            Axis::Icmp => pick(set, &[echo]),
        };
        pinned = pinned.with_set(axis, vec![Span { first: number, last: number }]);
    }
    let tracking = first_bit(region.choice(Choice::Tracking));
    let state = Tracking::ALL[tracking].state;
    for choice in Choice::ALL {
        let may = region.choice(choice);
        let bit = match choice {
            Choice::Tracking => tracking,
            Choice::Status => usize::from(status(may, state).bits()),
            Choice::TcpFlags => tcp_flags(may, state),
            Choice::Fragment | Choice::Mark | Choice::PacketType => first_bit(may),
        };
        pinned = pinned.with_choice(choice, 1 << bit);
    }
    pinned
}

/// The packet that a pinned region holds.
pub(super) fn packet(pinned: &Region, family: Family, classes: &Classes) -> Packet {
    let number = |axis: Axis| pinned.set(axis).first().map_or(0, |span| span.first);
    let bit = |choice: Choice| first_bit(pinned.choice(choice));
    let [icmp_type, icmp_code] = (number(Axis::Icmp) as u16).to_be_bytes();
    Packet {
        in_interface: classes.interfaces.name(number(Axis::In)),
        out_interface: classes.interfaces.name(number(Axis::Out)),
        from: from_bits(family, number(Axis::Source)),
        to: from_bits(family, number(Axis::Destination)),
        protocol: number(Axis::Protocol) as u8,
        sport: number(Axis::SourcePort) as u16,
        dport: number(Axis::DestinationPort) as u16,
        icmp_type,
        icmp_code,
        tcp_flags: bit(Choice::TcpFlags) as u8,
        tracking: Tracking::ALL[bit(Choice::Tracking)],
        status: Status::from_bits(bit(Choice::Status) as u8),
        mark: classes.marks.number(pinned.choice(Choice::Mark)),
        packet_type: PacketType::ALL[bit(Choice::PacketType)],
        later_fragment: pinned.choice(Choice::Fragment) & WHOLE == 0,
    }
}

/// A packet of the region.
pub(super) fn witness(region: &Region, program: &Program) -> Packet {
    packet(&pin(region, program.family, &program.classes), program.family, &program.classes)
}

/// The region of a packet and of all that no rule can tell from it; `None` if it has an interface of which the rules
/// know nothing.
pub(super) fn region_of(packet: &Packet, program: &Program) -> Option<Region> {
    let Classes { interfaces, marks } = &program.classes;
    let interface = |name: &Option<String>| match name {
        Some(name) => interfaces.span(name).map(|span| span.first),
        None => Some(0),
    };
    let mut region = program.everything();
    for axis in Axis::ALL {
        let number = match axis {
            Axis::In => interface(&packet.in_interface)?,
            Axis::Out => interface(&packet.out_interface)?,
            Axis::Source => to_bits(packet.from),
            Axis::Destination => to_bits(packet.to),
            Axis::Protocol => u128::from(packet.protocol),
            Axis::SourcePort => u128::from(packet.sport),
            Axis::DestinationPort => u128::from(packet.dport),
            Axis::Icmp => u128::from(u16::from_be_bytes([packet.icmp_type, packet.icmp_code])),
        };
        region = region.with_set(axis, vec![Span { first: number, last: number }]);
    }
    for choice in Choice::ALL {
        let bits = match choice {
            Choice::TcpFlags => 1 << packet.tcp_flags,
            Choice::Tracking => 1 << Tracking::ALL.iter().position(|other| *other == packet.tracking)?,
            Choice::Fragment if packet.later_fragment => LATER,
            Choice::Fragment => WHOLE,
            Choice::Status => 1 << packet.status.bits(),
            Choice::Mark => marks.class_of(packet.mark),
            Choice::PacketType => {
                1 << PacketType::ALL.iter().position(|other| *other == packet.packet_type)?
            }
        };
        region = region.with_choice(choice, bits);
    }
    Some(region)
}

/// SYN for a packet that begins a connection, ACK for others, if the set holds it.
fn tcp_flags(may: u64, state: CtState) -> usize {
    let likely = match state {
        CtState::New => [SYN, ACK],
        _ => [ACK, SYN],
    };
    let found = likely.into_iter().find(|flags| may & (1 << flags) != 0);
    found.map_or_else(|| first_bit(may), usize::from)
}

/// The usual status of the state, if the set holds it; else one that goes with the state.
fn status(may: u64, state: CtState) -> Status {
    let usual = Status::usual(state);
    let all = (0..Status::COUNT as u8).map(Status::from_bits).filter(|status| status.fits(state));
    { std::iter::once(usual) }.chain(all).find(|status| may & (1 << status.bits()) != 0).unwrap_or(usual)
}

/// Sources and destinations from the networks for documentation (RFC 5737, RFC 3849) and for
/// private use (RFC 1918, RFC 4193).
fn likely_addresses(family: Family) -> ([u128; 3], [u128; 3]) {
    let v4 = |octets: [u8; 4]| u128::from(u32::from_be_bytes(octets));
    let v6 = |high: u16, second: u16, low: u128| u128::from(high) << 112 | u128::from(second) << 96 | low;
    match family {
        Family::Ipv4 => (
            [v4([192, 0, 2, 1]), v4([198, 51, 100, 1]), v4([10, 0, 0, 2])],
            [v4([10, 0, 0, 1]), v4([192, 168, 0, 1]), v4([203, 0, 113, 1])],
        ),
        Family::Ipv6 => (
            [v6(0x2001, 0xdb8, 1), v6(0x2001, 0xdb8, 2), v6(0xfd00, 0, 2)],
            [v6(0xfd00, 0, 1), v6(0x2001, 0xdb8, 0x10), v6(0xfe80, 0, 1)],
        ),
    }
}

/// One of the likely numbers if the set holds it; else its first, but rather not one that ends in
/// zeros, which is no host and no usual port. A region's sets are not empty.
fn pick(set: &[Span], likely: &[u128]) -> u128 {
    let likely = likely.iter().copied().find(|number| set.iter().any(|span| span.holds(*number)));
    let ordinary =
        |span: &Span| if span.first & 0xff == 0 { span.last.min(span.first + 1) } else { span.first };
    likely.or_else(|| set.first().map(ordinary)).unwrap_or_default()
}

fn first_bit(bits: u64) -> usize {
    bits.trailing_zeros() as usize
}
