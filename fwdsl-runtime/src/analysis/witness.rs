//! A packet out of a region: one that people recognise, if there is one.

use super::packet::{CtState, Packet, PacketType, Status, Tracking};
use super::program::Program;
use super::region::{Axis, Choice, Region, Span, WHOLE};
use crate::catalogue::{ICMP, ICMPV6, TCP_NUMBER, UDP_NUMBER};
use crate::family::Family;
use crate::model::from_bits;

const SYN: u8 = 0b00_0010;
const ACK: u8 = 0b01_0000;

/// A packet of the region.
pub(super) fn witness(region: &Region, program: &Program) -> Packet {
    let family = program.family;
    let number = |axis: Axis, likely: &[u128]| pick(region.set(axis), likely);
    let tracking = Tracking::ALL[first_bit(region.choice(Choice::Tracking))];
    let flags = match tracking.state {
        CtState::New => [SYN, ACK],
        _ => [ACK, SYN],
    };
    let may = region.choice(Choice::TcpFlags);
    let tcp_flags = flags.into_iter().find(|flags| may & (1 << flags) != 0);
    let (from, to) = likely_addresses(family);
    let [icmp_type, icmp_code] =
        (number(Axis::Icmp, &[if family == Family::Ipv4 { 8 << 8 } else { 128 << 8 }]) as u16).to_be_bytes();
    let icmp = if family == Family::Ipv4 { ICMP } else { ICMPV6 };
    let protocols = [TCP_NUMBER, UDP_NUMBER, icmp].map(u128::from);
    Packet {
        in_interface: program.classes.interfaces.name(region.set(Axis::In)),
        out_interface: program.classes.interfaces.name(region.set(Axis::Out)),
        from: from_bits(family, number(Axis::Source, &from)),
        to: from_bits(family, number(Axis::Destination, &to)),
        protocol: number(Axis::Protocol, &protocols) as u8,
        sport: number(Axis::SourcePort, &[1024, 49152]) as u16,
        dport: number(Axis::DestinationPort, &[80, 443, 22]) as u16,
        icmp_type,
        icmp_code,
        tcp_flags: tcp_flags.unwrap_or_else(|| first_bit(may) as u8),
        tracking,
        status: status(region.choice(Choice::Status), tracking.state),
        mark: program.classes.marks.number(region.choice(Choice::Mark)),
        packet_type: PacketType::ALL[first_bit(region.choice(Choice::PacketType))],
        later_fragment: region.choice(Choice::Fragment) & WHOLE == 0,
    }
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
