//! The connections that the kernel tracks (linux/netfilter/nfnetlink_conntrack.h), and their end.

use std::fs;
use std::net::IpAddr;

use rustix::io::Errno;
use rustix::net::netlink;

use super::{INET, INET6, address, attribute, find, list, nested, order};
use crate::family::Family;

/// `NFNL_SUBSYS_CTNETLINK` and its messages.
const NEW: u16 = 1 << 8;
const GET: u16 = (1 << 8) | 1;
const DELETE: u16 = (1 << 8) | 2;
/// `CTA_TUPLE_ORIG` and its like.
const ORIGINAL: u16 = 1;
const REPLY: u16 = 2;
const STATUS: u16 = 3;
const PROTOCOL_STATE: u16 = 4;
const ID: u16 = 12;
const ZONE: u16 = 18;
/// `CTA_TUPLE_IP`, `CTA_TUPLE_PROTO`.
const ADDRESSES: u16 = 1;
const PROTOCOL: u16 = 2;
/// `CTA_PROTO_NUM` and its like.
const NUMBER: u16 = 1;
const SOURCE_PORT: u16 = 2;
const DESTINATION_PORT: u16 = 3;
const ICMP_TYPE: u16 = 5;
const ICMP_CODE: u16 = 6;
const ICMPV6_TYPE: u16 = 8;
const ICMPV6_CODE: u16 = 9;
/// `IPS_EXPECTED`.
const EXPECTED: u32 = 1;
/// `CTA_PROTOINFO_TCP`, `CTA_PROTOINFO_TCP_STATE`, and the states in which a connection is over.
const TCP: u16 = 1;
const TCP_STATE: u16 = 1;
const OVER: [u8; 2] = [7, 8];

/// One direction of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tuple {
    pub(crate) from: IpAddr,
    pub(crate) to: IpAddr,
    pub(crate) protocol: u8,
    pub(crate) sport: u16,
    pub(crate) dport: u16,
    pub(crate) icmp_type: u8,
    pub(crate) icmp_code: u8,
}

/// A tracked connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connection {
    /// As its first packet was when it came.
    pub(crate) original: Tuple,
    /// As the answers are when they come: with the addresses that it was translated to.
    pub(crate) reply: Tuple,
    /// Whether another connection let expect it.
    pub(crate) expected: bool,
    /// What names it to the kernel.
    name: Vec<u8>,
}

/// The connections of a family that go on.
pub(crate) fn connections(family: Family) -> Result<Vec<Connection>, Errno> {
    // To ask would load a module that nobody needs.
    match fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_count") {
        Ok(count) if count.trim() != "0" => {}
        _ => return Ok(Vec::new()),
    }
    let found = list(Some(netlink::NETFILTER), GET, &header(family), NEW)?;
    Ok(found.iter().filter_map(|message| parse(message.get(4..)?)).collect())
}

/// Makes the kernel forget a connection.
pub(crate) fn forget(connection: &Connection) -> Result<(), Errno> {
    let family = if connection.original.from.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
    let body = [header(family).to_vec(), connection.name.clone()].concat();
    match order(Some(netlink::NETFILTER), DELETE, &body) {
        // It has come to its end by itself.
        Err(Errno::NOENT) => Ok(()),
        done => done,
    }
}

/// struct nfgenmsg.
fn header(family: Family) -> [u8; 4] {
    [if family == Family::Ipv4 { INET } else { INET6 }, 0, 0, 0]
}

/// `None` for one that is over, or that is not understood.
fn parse(attributes: &[u8]) -> Option<Connection> {
    let original = find(attributes, ORIGINAL)?;
    let state = find(attributes, PROTOCOL_STATE).and_then(|info| find(info, TCP));
    if let Some(&[state]) = state.and_then(|tcp| find(tcp, TCP_STATE))
        && OVER.contains(&state)
    {
        return None;
    }
    let status = u32::from_be_bytes(*find(attributes, STATUS)?.first_chunk()?);
    let mut name = nested(ORIGINAL, &[original.to_vec()]);
    for number in [ZONE, ID] {
        name.extend(find(attributes, number).map(|value| attribute(number, value)).unwrap_or_default());
    }
    Some(Connection {
        original: tuple(original)?,
        reply: tuple(find(attributes, REPLY)?)?,
        expected: status & EXPECTED != 0,
        name,
    })
}

fn tuple(bytes: &[u8]) -> Option<Tuple> {
    let (addresses, protocol) = (find(bytes, ADDRESSES)?, find(bytes, PROTOCOL)?);
    let end = |v4: u16, v6: u16| address(find(addresses, v4).or_else(|| find(addresses, v6))?);
    let port =
        |number: u16| find(protocol, number).and_then(|port| port.try_into().ok()).map(u16::from_be_bytes);
    let byte = |v4: u16, v6: u16| find(protocol, v4).or_else(|| find(protocol, v6))?.first().copied();
    Some(Tuple {
        from: end(1, 3)?,
        to: end(2, 4)?,
        protocol: *find(protocol, NUMBER)?.first()?,
        sport: port(SOURCE_PORT).unwrap_or_default(),
        dport: port(DESTINATION_PORT).unwrap_or_default(),
        icmp_type: byte(ICMP_TYPE, ICMPV6_TYPE).unwrap_or_default(),
        icmp_code: byte(ICMP_CODE, ICMPV6_CODE).unwrap_or_default(),
    })
}
