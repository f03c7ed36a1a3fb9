//! By which interface packets of this host go somewhere, as the kernel routes (rtnetlink(7)).

use std::net::IpAddr;

use rustix::net::netdevice::{index_to_name, name_to_index};
use rustix::net::{AddressFamily, SocketType, socket};

use super::{INET, INET6, address, ask, attribute, family, find, list, octets};
use crate::family::Family;

const GET_LINK: u16 = 18;
const NEW_LINK: u16 = 16;
const GET_ROUTE: u16 = 26;
const NEW_ROUTE: u16 = 24;
/// The length of struct rtmsg, and where its type stands; `RTN_LOCAL`, that of this host's addresses.
const HEADER: usize = 12;
const TYPE: usize = 7;
const LOCAL: u8 = 2;
/// `RTN_UNICAST`, that of others.
const UNICAST: u8 = 1;
const GET_RULE: u16 = 34;
const NEW_RULE: u16 = 32;
/// `FRA_PRIORITY`, and those of the tables `local`, `main` and `default`.
const PRIORITY: u16 = 6;
const USUAL: [u32; 3] = [0, 32766, 32767];
/// `RTA_DST` and its like (linux/rtnetlink.h).
const DESTINATION: u16 = 1;
const SOURCE: u16 = 2;
const OUT_INTERFACE: u16 = 4;
const GATEWAY: u16 = 5;
/// `IFF_LOOPBACK` and `IFF_NOARP` (linux/if.h).
const LOOPBACK: u32 = 0x8;
const NO_ARP: u32 = 0x80;

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// The interface.
    pub(crate) interface: String,
    /// The next router; absent for a destination on the link.
    pub(crate) gateway: Option<IpAddr>,
    /// Whether neighbours on the interface are asked for their addresses of the link layer.
    pub(crate) has_neighbours: bool,
}

/// The route of packets from one address of this host, in this network namespace, to another host; `None` if `from` is
/// not an address of this host, or there is no route.
pub(crate) fn route(from: IpAddr, to: IpAddr, zone: Option<&str>) -> Option<Route> {
    let socket = socket(AddressFamily::INET, SocketType::DGRAM, None).ok()?;
    let zone = match zone {
        None => Vec::new(),
        Some(zone) => attribute(OUT_INTERFACE, &name_to_index(&socket, zone).ok()?.to_ne_bytes()),
    };
    // For IPv6 the kernel does not mind a source that is another's.
    if look_up(from, &zone)?.get(TYPE) != Some(&LOCAL) {
        return None;
    }
    let answer = look_up(to, &[attribute(SOURCE, &octets(from)), zone].concat())?;
    let attributes = answer.get(HEADER..)?;
    let index = u32::from_ne_bytes(find(attributes, OUT_INTERFACE)?.try_into().ok()?);
    Some(Route {
        interface: index_to_name(&socket, index).ok()?,
        gateway: find(attributes, GATEWAY).and_then(address),
        has_neighbours: flags(index)? & (LOOPBACK | NO_ARP) == 0,
    })
}

/// Where packets for an address go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To this host itself.
    Here,
    /// Out by this interface.
    Out(String),
}

/// Where packets for an address go, by the address alone; `None` if they go nowhere.
pub(crate) fn leads(to: IpAddr) -> Option<Leads> {
    let answer = look_up(to, &[])?;
    match *answer.get(TYPE)? {
        LOCAL => Some(Leads::Here),
        UNICAST => {
            let socket = socket(AddressFamily::INET, SocketType::DGRAM, None).ok()?;
            let index = u32::from_ne_bytes(find(answer.get(HEADER..)?, OUT_INTERFACE)?.try_into().ok()?);
            Some(Leads::Out(index_to_name(&socket, index).ok()?))
        }
        _ => None,
    }
}

/// Whether the kernel routes the family by nothing but addresses: it has no rules beside the three that every kernel has.
pub(crate) fn is_by_address_alone(family: Family) -> bool {
    // struct fib_rule_hdr.
    let mut body = vec![0; HEADER];
    body[0] = if family == Family::Ipv4 { INET } else { INET6 };
    let Ok(rules) = list(None, GET_RULE, &body, NEW_RULE) else { return false };
    rules.iter().all(|rule| {
        let priority = rule.get(HEADER..).and_then(|attributes| find(attributes, PRIORITY)?.try_into().ok());
        USUAL.contains(&priority.map_or(0, u32::from_ne_bytes))
    })
}

/// What the kernel says of the way to an address.
fn look_up(to: IpAddr, attributes: &[u8]) -> Option<Vec<u8>> {
    let bits = if to.is_ipv4() { 32 } else { 128 };
    let mut body = vec![0; HEADER];
    // The lengths of both prefixes, and zeros for all that is not asked for.
    body[..3].copy_from_slice(&[family(to), bits, bits]);
    body.extend(attribute(DESTINATION, &octets(to)));
    body.extend_from_slice(attributes);
    ask(None, GET_ROUTE, &body, NEW_ROUTE).ok()
}

/// The flags of an interface.
fn flags(index: u32) -> Option<u32> {
    // struct ifinfomsg.
    let mut body = vec![0; 16];
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    let answer = ask(None, GET_LINK, &body, NEW_LINK).ok()?;
    Some(u32::from_ne_bytes(answer.get(8..12)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_is_behind_its_loopback_interface() {
        let here = "127.0.0.1".parse().unwrap();
        let found = route(here, here, None).unwrap();
        assert_eq!(found, Route { interface: "lo".to_owned(), gateway: None, has_neighbours: false });
        let here6 = "::1".parse().unwrap();
        assert_eq!(route("2001:db8::1".parse().unwrap(), here6, None), None, "not of this host");
        assert_eq!(route("192.0.2.255".parse().unwrap(), here, None), None, "not of this host");
        assert_eq!(route(here, here, Some("no-such-if")), None);
    }
}
