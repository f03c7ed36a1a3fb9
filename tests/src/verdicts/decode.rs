//! Packets as the analysis knows them, read from their bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fwdsl_runtime::analysis::Packet;
use fwdsl_runtime::catalogue::{
    DCCP_NUMBER, ICMP, ICMPV6, SCTP_NUMBER, TCP_NUMBER, UDP_NUMBER, UDPLITE_NUMBER,
};

use super::observer::Sight;
use crate::wire::{checksum, sums_up};

/// IPv6's headers before the transport's: hop-by-hop options, routing, fragment, authentication, destination options.
const EXTENSIONS: [u8; 5] = [0, 43, FRAGMENT, AUTHENTICATION, 60];
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;

/// Which part of a larger packet a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    Whole,
    First,
    /// One with an offset of 8 bytes, which would overwrite the flags of a TCP header.
    Tiny,
    Later,
}

/// A packet, and what the analysis does not know of it.
#[derive(Debug, Clone)]
pub(super) struct Decoded {
    pub(super) packet: Packet,
    pub(super) piece: Piece,
    /// Whether it has less than its transport's header, though it is not a later fragment.
    pub(super) cut_short: bool,
    /// Whether the transport's checksum is right, if it is one of TCP, UDP or ICMP.
    pub(super) sums_up: bool,
}

/// Reads what was seen; none if it is no packet.
pub(super) fn decode(sight: &Sight) -> Option<Decoded> {
    let bytes = sight.bytes.as_slice();
    let (from, to, protocol, offset, more, transport) = match bytes.first()? >> 4 {
        4 => split_ipv4(bytes)?,
        _ => split_ipv6(bytes)?,
    };
    let piece = match (offset, more) {
        (0, false) => Piece::Whole,
        (0, true) => Piece::First,
        (8, _) => Piece::Tiny,
        _ => Piece::Later,
    };
    let byte = |at: usize| transport.get(at).copied().unwrap_or(0);
    let word = |at: usize| u16::from_be_bytes([byte(at), byte(at + 1)]);
    let later_fragment = offset > 0;
    let packet = Packet {
        in_interface: sight.in_interface.clone(),
        out_interface: sight.out_interface.clone(),
        from,
        to,
        protocol,
        sport: word(0),
        dport: word(2),
        icmp_type: byte(0),
        icmp_code: byte(1),
        // Of the two bits above, for congestion, iptables asks by other means.
        tcp_flags: byte(13) & 0b11_1111,
        tracking: sight.tracking,
        status: sight.status,
        mark: sight.mark,
        packet_type: sight.packet_type,
        later_fragment,
    };
    let cut_short = !later_fragment && transport.len() < header_length(protocol);
    let sums_up = match protocol {
        ICMP => checksum(transport) == 0,
        _ => sums_up([from, to], protocol, transport),
    };
    Some(Decoded { packet, piece, cut_short, sums_up })
}

/// Addresses, protocol, offset as a fragment in bytes, whether more of them follow, and what the packet carries.
type Split<'a> = (IpAddr, IpAddr, u8, u16, bool, &'a [u8]);

fn split_ipv4(bytes: &[u8]) -> Option<Split<'_>> {
    let address = |at: usize| Some(Ipv4Addr::from(*bytes.get(at..)?.first_chunk::<4>()?).into());
    let fragment = u16::from_be_bytes([*bytes.get(6)?, *bytes.get(7)?]);
    let transport = bytes.get(usize::from(bytes[0] & 15) * 4..)?;
    Some((address(12)?, address(16)?, bytes[9], (fragment & 0x1fff) * 8, fragment & 0x2000 != 0, transport))
}

fn split_ipv6(bytes: &[u8]) -> Option<Split<'_>> {
    let address = |at: usize| Some(Ipv6Addr::from(*bytes.get(at..)?.first_chunk::<16>()?).into());
    let (from, to) = (address(8)?, address(24)?);
    let (mut next, mut rest, mut offset, mut more) = (bytes[6], bytes.get(40..)?, 0, false);
    while EXTENSIONS.contains(&next) && offset == 0 {
        let header = rest.first_chunk::<8>()?;
        let length = match next {
            FRAGMENT => {
                let word = u16::from_be_bytes([header[2], header[3]]);
                (offset, more) = (word & !7, word & 1 != 0);
                8
            }
            AUTHENTICATION => (usize::from(header[1]) + 2) * 4,
            _ => (usize::from(header[1]) + 1) * 8,
        };
        (next, rest) = (header[0], rest.get(length..)?);
    }
    Some((from, to, next, offset, more, rest))
}

/// The length of a transport's fixed header.
fn header_length(protocol: u8) -> usize {
    match protocol {
        TCP_NUMBER => 20,
        UDP_NUMBER | UDPLITE_NUMBER | ICMP | ICMPV6 => 8,
        SCTP_NUMBER | DCCP_NUMBER => 12,
        _ => 0,
    }
}
