//! What connection tracking knows of a connection (linux/netfilter/nfnetlink_conntrack.h).

use std::fs;
use std::net::SocketAddr;

use rustix::io::Errno;
use rustix::net::netlink;

use super::{address, ask, attribute, family, find, nested, octets};

/// `NFNL_SUBSYS_CTNETLINK` and its messages.
const GET: u16 = (1 << 8) | 1;
const NEW: u16 = 1 << 8;
/// `CTA_TUPLE_ORIG`, `CTA_TUPLE_REPLY`.
const ORIGINAL: u16 = 1;
const REPLY: u16 = 2;
/// `CTA_TUPLE_IP`, `CTA_TUPLE_PROTO` and what is in them.
const ADDRESSES: u16 = 1;
const PROTOCOL: u16 = 2;
const PROTOCOL_NUMBER: u16 = 1;
const SOURCE_PORT: u16 = 2;
const DESTINATION_PORT: u16 = 3;
const TCP: u8 = 6;

/// What is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is tracked.
    Tracked(Tracked),
    /// It is not.
    Untracked,
    /// Nobody tells.
    Unknown,
}

/// A connection that is tracked, as its first packet had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tracked {
    /// To where it was sent: before an address translation.
    pub(crate) to: SocketAddr,
}

/// Asks for the TCP connection between an end on this host and its peer.
pub(crate) fn tracked(here: SocketAddr, peer: SocketAddr) -> Found {
    // To ask would load a module that nobody needs.
    match fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_count") {
        Ok(count) if count.trim() != "0" => {}
        _ => return Found::Untracked,
    }
    // struct nfgenmsg, and the connection by what this host answers.
    let mut body = vec![family(here.ip()), 0, 0, 0];
    body.extend(tuple(here, peer));
    match ask(Some(netlink::NETFILTER), GET, &body, NEW) {
        Ok(answer) => original(&answer).map_or(Found::Unknown, Found::Tracked),
        Err(Errno::NOENT) => Found::Untracked,
        Err(_) => Found::Unknown,
    }
}

fn tuple(from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    let first = if from.is_ipv4() { 1 } else { 3 };
    let addresses = [attribute(first, &octets(from.ip())), attribute(first + 1, &octets(to.ip()))];
    let protocol = [
        attribute(PROTOCOL_NUMBER, &[TCP]),
        attribute(SOURCE_PORT, &from.port().to_be_bytes()),
        attribute(DESTINATION_PORT, &to.port().to_be_bytes()),
    ];
    nested(REPLY, &[nested(ADDRESSES, &addresses), nested(PROTOCOL, &protocol)])
}

fn original(answer: &[u8]) -> Option<Tracked> {
    let tuple = find(answer.get(4..)?, ORIGINAL)?;
    let addresses = find(tuple, ADDRESSES)?;
    let to = address(find(addresses, 2).or_else(|| find(addresses, 4))?)?;
    let port = find(find(tuple, PROTOCOL)?, DESTINATION_PORT)?;
    Some(Tracked { to: SocketAddr::new(to, u16::from_be_bytes(port.try_into().ok()?)) })
}
