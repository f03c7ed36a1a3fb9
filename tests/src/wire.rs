//! Packets as bytes: headers, checksums, and lengths that tell one packet from another.

use std::net::IpAddr;

use fwdsl_runtime::catalogue::{DCCP_NUMBER, ICMP, ICMPV6, SCTP_NUMBER, TCP_NUMBER, UDP_NUMBER};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::model::family_of;

/// The protocol number of IPv6's fragment header, RFC 8200.
const FRAGMENT_HEADER: u8 = 44;
/// The identification of a fragmented packet. One is enough: nobody is to put them together.
const FRAGMENT_ID: u16 = 0x4657;
/// A packet is of a fragment's size at most, so any offset will do; this is in bytes.
const FRAGMENT_OFFSET: u16 = 1024;

/// An IP packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpPacket {
    /// The source address, which tells the family.
    pub from: IpAddr,
    /// The destination address, of the same family.
    pub to: IpAddr,
    /// TTL or hop limit.
    pub ttl: u8,
    /// Type of service or traffic class.
    pub tos: u8,
    /// Whether and where it is a piece of a larger one.
    pub fragment: Fragment,
    /// IPv6 extension headers, each by its protocol number and its bytes behind the first (the next
    /// header), in order.
    pub headers: Vec<(u8, Vec<u8>)>,
    /// What it carries.
    pub transport: Transport,
}

/// A place in a larger packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fragment {
    /// Not a fragment.
    Whole,
    /// The first, with the transport header.
    First,
    /// The last, without.
    Last,
}

/// What stands behind the IP header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// A TCP segment.
    Tcp {
        /// Source and destination port.
        ports: [u16; 2],
        /// From the lowest bit: FIN, SYN, RST, PSH, ACK, URG.
        flags: u8,
        /// Options, padded to a multiple of four bytes.
        options: Vec<u8>,
    },
    /// A datagram.
    Udp {
        /// Source and destination port.
        ports: [u16; 2],
        /// What it carries, before the padding.
        payload: Vec<u8>,
    },
    /// ICMP in IPv4, ICMPv6 in IPv6.
    Icmp {
        /// Type and code.
        kind: (u8, u8),
        /// The packet that an error is about.
        about: Option<Box<IpPacket>>,
    },
    /// Another protocol: its number and the first bytes of its header; no checksum is made.
    Other(u8, Vec<u8>),
}

impl Transport {
    /// The protocol number in a family.
    #[must_use]
    pub fn protocol(&self, family: Family) -> u8 {
        match (self, family) {
            (Transport::Tcp { .. }, _) => TCP_NUMBER,
            (Transport::Udp { .. }, _) => UDP_NUMBER,
            (Transport::Icmp { .. }, Family::Ipv4) => ICMP,
            (Transport::Icmp { .. }, Family::Ipv6) => ICMPV6,
            (Transport::Other(number, _), _) => *number,
        }
    }

    /// Another protocol with ports at its beginning, as SCTP and DCCP have them.
    #[must_use]
    pub fn with_ports(protocol: u8, [source, destination]: [u16; 2]) -> Transport {
        let mut header = [source.to_be_bytes(), destination.to_be_bytes()].concat();
        match protocol {
            // An INIT chunk behind tag and checksum.
            SCTP_NUMBER => header.extend([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 20]),
            // Offset of the data in words, no checksum coverage, and DCCP-Request with the long sequence number.
            DCCP_NUMBER => header.extend([5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]),
            _ => {}
        }
        Transport::Other(protocol, header)
    }
}

impl IpPacket {
    /// The family.
    #[must_use]
    pub fn family(&self) -> Family {
        family_of(self.from)
    }

    /// The packet as it goes over the wire, padded to `length` bytes with the IP header.
    ///
    /// # Panics
    ///
    /// If it is longer than that already.
    #[must_use]
    pub fn bytes(&self, length: usize) -> Vec<u8> {
        let family = self.family();
        let protocol = self.transport.protocol(family);
        let (next, headers) = self.chained_headers(protocol);
        let header = if family == Family::Ipv4 { 20 } else { 40 };
        let room = length.checked_sub(header + headers.len()).expect("the packet fits its length");
        let payload = match self.fragment {
            Fragment::Last => vec![0; room],
            Fragment::Whole | Fragment::First => self.transport_bytes(protocol, room),
        };
        let mut bytes = match (self.from, self.to) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let offset = match self.fragment {
                    Fragment::Whole => 0,
                    Fragment::First => 0x2000,
                    Fragment::Last => FRAGMENT_OFFSET / 8,
                };
                let length = length as u16;
                let mut bytes = vec![0x45, self.tos];
                for word in [length, FRAGMENT_ID, offset] {
                    bytes.extend(word.to_be_bytes());
                }
                bytes.extend([self.ttl, protocol, 0, 0]);
                bytes.extend(from.octets());
                bytes.extend(to.octets());
                let sum = checksum(&bytes);
                bytes[10..12].copy_from_slice(&sum.to_be_bytes());
                bytes
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                let mut bytes = vec![0x60 | self.tos >> 4, self.tos << 4, 0, 0];
                bytes.extend(((length - header) as u16).to_be_bytes());
                bytes.extend([next, self.ttl]);
                bytes.extend(from.octets());
                bytes.extend(to.octets());
                bytes
            }
            _ => panic!("both ends are of one family"),
        };
        bytes.extend(headers);
        bytes.extend(payload);
        bytes
    }

    /// IPv6's headers between its own and the transport's, and the number of the first of them all.
    fn chained_headers(&self, protocol: u8) -> (u8, Vec<u8>) {
        if self.family() == Family::Ipv4 {
            return (protocol, Vec::new());
        }
        let mut headers = self.headers.clone();
        let offset = match self.fragment {
            Fragment::Whole => None,
            Fragment::First => Some(1),
            Fragment::Last => Some(FRAGMENT_OFFSET),
        };
        headers.extend(offset.map(|offset: u16| {
            let [high, low] = offset.to_be_bytes();
            let [first, second] = FRAGMENT_ID.to_be_bytes();
            (FRAGMENT_HEADER, vec![0, high, low, 0, 0, first, second])
        }));
        let mut bytes = Vec::new();
        for (index, (_, header)) in headers.iter().enumerate() {
            bytes.push(headers.get(index + 1).map_or(protocol, |(next, _)| *next));
            bytes.extend(header);
        }
        (headers.first().map_or(protocol, |(first, _)| *first), bytes)
    }

    /// The transport's header and payload, of `room` bytes.
    fn transport_bytes(&self, protocol: u8, room: usize) -> Vec<u8> {
        let (mut bytes, sum_at) = match &self.transport {
            Transport::Tcp { ports, flags, options } => {
                let mut bytes = ports.map(u16::to_be_bytes).concat();
                let words = 5 + options.len() as u8 / 4;
                // Sequence and acknowledgement numbers, then the window and the urgent pointer.
                bytes.extend([0, 0, 0, 1, 0, 0, 0, 1, words << 4, *flags, 0x10, 0, 0, 0, 0, 0]);
                bytes.extend(options);
                (bytes, Some(16))
            }
            Transport::Udp { ports, payload } => {
                let mut bytes = ports.map(u16::to_be_bytes).concat();
                bytes.extend((room as u16).to_be_bytes());
                bytes.extend([0, 0]);
                bytes.extend(payload);
                (bytes, Some(6))
            }
            Transport::Icmp { kind: (ty, code), about } => {
                let mut bytes = vec![*ty, *code, 0, 0, 0, 1, 0, 1];
                bytes.extend(about.iter().flat_map(|about| about.bytes(room - 8)));
                (bytes, Some(2))
            }
            Transport::Other(_, header) => (header.clone(), None),
        };
        assert!(bytes.len() <= room, "the packet fits its length");
        bytes.resize(room, 0);
        if let Some(at) = sum_at {
            let mut summed = if protocol == ICMP {
                Vec::new()
            } else {
                pseudo_header([self.from, self.to], protocol, room)
            };
            summed.extend(&bytes);
            bytes[at..at + 2].copy_from_slice(&checksum(&summed).to_be_bytes());
        }
        bytes
    }
}

/// What the checksum of the transport covers beside itself (RFC 9293, RFC 8200).
fn pseudo_header(ends: [IpAddr; 2], protocol: u8, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for end in ends {
        match end {
            IpAddr::V4(end) => bytes.extend(end.octets()),
            IpAddr::V6(end) => bytes.extend(end.octets()),
        }
    }
    bytes.extend((length as u32).to_be_bytes());
    bytes.extend([0, 0, 0, protocol]);
    bytes
}

/// Whether the checksum of a transport other than IPv4's ICMP is right.
#[must_use]
pub fn sums_up(ends: [IpAddr; 2], protocol: u8, transport: &[u8]) -> bool {
    let mut summed = pseudo_header(ends, protocol, transport.len());
    summed.extend(transport);
    checksum(&summed) == 0
}

/// Gives a whole packet a number that tells it from others: IPv4's identification, IPv6's flow label.
pub fn number(bytes: &mut [u8], number: u16) {
    let [high, low] = number.to_be_bytes();
    if bytes[0] >> 4 == 4 {
        bytes[4..6].copy_from_slice(&[high, low]);
        sum_ipv4_header(bytes);
    } else {
        bytes[2..4].copy_from_slice(&[high, low]);
    }
}

/// The number of a packet.
#[must_use]
pub fn number_of(bytes: &[u8]) -> u16 {
    let at = if bytes[0] >> 4 == 4 { 4 } else { 2 };
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// A fragment of a whole packet without extension headers: `data` of what it carries, said to stand at an offset in
/// bytes, a multiple of 8.
///
/// # Panics
///
/// If the packet does not carry so much.
#[must_use]
pub fn fragment(bytes: &[u8], offset: u16, data: std::ops::Range<usize>, more: bool) -> Vec<u8> {
    let is_ipv4 = bytes[0] >> 4 == 4;
    let (header, carried) = bytes.split_at(if is_ipv4 { 20 } else { 40 });
    let mut packet = header.to_vec();
    if is_ipv4 {
        let place = (offset / 8) | if more { 0x2000 } else { 0 };
        packet[6..8].copy_from_slice(&place.to_be_bytes());
    } else {
        let [high, low] = (offset | u16::from(more)).to_be_bytes();
        packet.extend([header[6], 0, high, low, 0, 0, header[2], header[3]]);
        packet[6] = FRAGMENT_HEADER;
    }
    packet.extend(&carried[data]);
    set_length(&mut packet);
    packet
}

/// Writes a packet's length into its header.
pub fn set_length(bytes: &mut [u8]) {
    let (at, counted) = if bytes[0] >> 4 == 4 { (2, bytes.len()) } else { (4, bytes.len() - 40) };
    bytes[at..at + 2].copy_from_slice(&(counted as u16).to_be_bytes());
    if at == 2 {
        sum_ipv4_header(bytes);
    }
}

fn sum_ipv4_header(bytes: &mut [u8]) {
    bytes[10..12].fill(0);
    let sum = checksum(&bytes[..20]);
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// The Internet checksum, RFC 1071.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in bytes.chunks(2) {
        sum += u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(from: &str, to: &str, transport: Transport) -> IpPacket {
        let [from, to] = [from, to].map(|end| end.parse().expect("an address"));
        let (ttl, tos, fragment) = (64, 0, Fragment::Whole);
        IpPacket { from, to, ttl, tos, fragment, headers: Vec::new(), transport }
    }

    #[test]
    fn the_checksum_is_that_of_rfc_1071() {
        // The RFC's example sums to ddf2.
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&[0xff]), 0x00ff);
    }

    #[test]
    fn checksums_come_out_at_zero_when_they_are_summed_along() {
        let udp = Transport::Udp { ports: [1, 2], payload: b"data".to_vec() };
        let tcp = Transport::Tcp { ports: [1, 2], flags: 2, options: vec![2, 4, 5, 180] };
        let icmp = Transport::Icmp { kind: (8, 0), about: None };
        for transport in [udp, tcp, icmp] {
            for (from, to) in [("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")] {
                let packet = packet(from, to, transport.clone());
                let bytes = packet.bytes(101);
                assert_eq!(bytes.len(), 101);
                let (family, protocol) = (packet.family(), transport.protocol(packet.family()));
                let payload = if family == Family::Ipv4 { &bytes[20..] } else { &bytes[40..] };
                let mut summed = pseudo_header([packet.from, packet.to], protocol, payload.len());
                if protocol == ICMP {
                    summed.clear();
                }
                summed.extend(payload);
                assert_eq!(checksum(&summed), 0, "{packet:?}");
                if family == Family::Ipv4 {
                    assert_eq!(checksum(&bytes[..20]), 0);
                }
            }
        }
    }

    #[test]
    fn a_later_fragment_has_no_transport_header() {
        let mut packet = packet("fd00::1", "fd00::2", Transport::with_ports(SCTP_NUMBER, [7, 9]));
        packet.fragment = Fragment::Last;
        packet.headers = vec![(0, vec![0, 1, 4, 0, 0, 0, 0])];
        let bytes = packet.bytes(60);
        assert_eq!(bytes[6], 0);
        assert_eq!(bytes[40..48], [FRAGMENT_HEADER, 0, 1, 4, 0, 0, 0, 0]);
        assert_eq!(bytes[48..56], [SCTP_NUMBER, 0, 4, 0, 0, 0, 0x46, 0x57]);
        assert_eq!(bytes[56..], [0; 4]);
        packet.fragment = Fragment::First;
        assert_eq!(packet.bytes(80)[56..60], [0, 7, 0, 9]);
    }

    #[test]
    fn an_error_quotes_what_it_is_about() {
        let about = packet("10.0.0.2", "10.0.0.1", Transport::Udp { ports: [5, 6], payload: Vec::new() });
        let error = Transport::Icmp { kind: (3, 3), about: Some(Box::new(about.clone())) };
        let bytes = packet("10.0.0.1", "10.0.0.2", error).bytes(90);
        assert_eq!(bytes[20..22], [3, 3]);
        assert_eq!(bytes[28..], about.bytes(62));
    }
}
