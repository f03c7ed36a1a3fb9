//! What the table `nat` makes of one packet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::packet::Packet;
use super::state::{Fields, State};
use super::walk::Given;
use crate::catalogue::{Aspects, DNAT, NETMAP, REDIRECT, SNAT, TPROXY};
use crate::family::Family;
use crate::model::{Endpoint, OptionUse, PortRange, Value};
use crate::table::Hook;

/// What a verdict that lets a packet pass makes of it.
pub(super) fn translated(hook: Hook, packet: &Packet, given: &Given<'_>) -> (Packet, State) {
    match hook {
        Hook::Input => with_other_source(packet, given),
        _ => with_other_destination(hook, packet, given),
    }
}

/// Behind INPUT, `security` sees the other source on the nft variant. Where a packet leaves, no rule does.
fn with_other_source(packet: &Packet, given: &Given<'_>) -> (Packet, State) {
    let Given { verdict, options, state } = *given;
    let address = match (verdict, value(options)) {
        (verdict, _) if *verdict != SNAT && *verdict != NETMAP => return (packet.clone(), state),
        (verdict, Some(Value::Endpoint(Endpoint { addresses, .. }))) if *verdict == SNAT => match addresses {
            Some((first, last)) => (first == last).then_some(*first),
            None => Some(packet.from),
        },
        _ => None,
    };
    // The kernel takes another port if this one is taken.
    let state = state.hiding(Fields::SOURCE_PORT);
    let mut now = packet.clone();
    match address {
        Some(address) if address != packet.from => {
            now.from = address;
            now.tracking.snat = true;
            (now, state)
        }
        Some(_) => (now, state.with_changed(Aspects::TRACKING)),
        None => (now, state.hiding(Fields::SOURCE).with_changed(Aspects::TRACKING)),
    }
}

/// Before routing, the destination becomes another one.
fn with_other_destination(hook: Hook, packet: &Packet, given: &Given<'_>) -> (Packet, State) {
    let Given { verdict, options, state } = *given;
    if *verdict == TPROXY {
        return (packet.clone(), state.after(verdict, options));
    }
    let (address, ports) = match verdict {
        _ if *verdict == DNAT => match value(options) {
            Some(Value::Endpoint(Endpoint { addresses, ports, .. })) => {
                (addresses.map(|(first, last)| (first == last).then_some(first)), ports.map(single))
            }
            _ => (Some(None), Some(None)),
        },
        _ if *verdict == REDIRECT => {
            let ports = value(options).map(|value| match value {
                Value::Ports(ports) => single(*ports),
                _ => None,
            });
            (Some(own_address(hook, packet.family())), ports)
        }
        _ if *verdict == NETMAP && matches!(hook, Hook::Prerouting | Hook::Output) => (Some(None), None),
        _ => return (packet.clone(), state),
    };
    let mut now = packet.clone();
    let mut hidden = Fields::NONE;
    match address {
        Some(Some(address)) => now.to = address,
        Some(None) => hidden = hidden.or(Fields::DESTINATION),
        None => {}
    }
    match ports {
        Some(Some(port)) => now.dport = port,
        Some(None) => hidden = hidden.or(Fields::DESTINATION_PORT),
        None => {}
    }
    let mut state = state.hiding(hidden);
    if hidden != Fields::NONE {
        // Whether it is another destination is not known, and so is what connection tracking says of it.
        state = state.with_changed(Aspects::TRACKING);
    } else if (now.to, now.dport) != (packet.to, packet.dport) {
        now.tracking.dnat = true;
    }
    (now, state)
}

/// The value of the first option: where a target sends packets.
fn value(options: &[OptionUse]) -> Option<&Value> {
    options.iter().find(|option| option.spec.name == "to").and_then(|option| option.values().next())
}

fn single(ports: PortRange) -> Option<u16> {
    (ports.first == ports.last).then_some(ports.first)
}

/// The address of this host to which a packet is redirected, if it is known (net/netfilter/nf_nat_redirect.c).
fn own_address(hook: Hook, family: Family) -> Option<IpAddr> {
    match (hook, family) {
        (Hook::Output, Family::Ipv4) => Some(Ipv4Addr::LOCALHOST.into()),
        (Hook::Output, Family::Ipv6) => Some(Ipv6Addr::LOCALHOST.into()),
        _ => None,
    }
}
