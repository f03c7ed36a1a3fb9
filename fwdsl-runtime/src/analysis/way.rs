//! The way of a packet through a host: the hooks that it comes to, the tables that look at it there, and what the
//! kernel does in between.
//!
//! The order within a hook is that of the priorities in `linux/netfilter_ipv4.h`, which are the same for IPv6. The nft
//! variant has one of its own for `security`, 150 instead of 50, and so behind the 100 of `nat` in INPUT (iptables 1.8.9,
//! iptables/nft.c, xtables_ipv4).

use super::packet::Packet;
use crate::lower::Ruleset;
use crate::table::{Hook, TableName, Way};
use crate::variant::Variant;

/// A station on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Station {
    /// The rules of a table at a hook.
    Rules(Hook, TableName),
    /// Connection tracking, where something uses it: from here on a packet has its state. Fragments were put together
    /// before the first rules already.
    Tracking,
    /// The decision whether the packet is for this host, which finds its destination as it is now, and by which
    /// interface it leaves.
    Routing,
}

/// The stations of a packet that comes in, up to the routing decision.
const ARRIVING: &[Station] = &[
    Station::Rules(Hook::Prerouting, TableName::Raw),
    Station::Tracking,
    Station::Rules(Hook::Prerouting, TableName::Mangle),
    Station::Rules(Hook::Prerouting, TableName::Nat),
    Station::Routing,
];

/// Those of a packet for this host, behind it. The table `nat` translates sources here, as in POSTROUTING.
const DELIVERED: &[Station] = &[
    Station::Rules(Hook::Input, TableName::Mangle),
    Station::Rules(Hook::Input, TableName::Filter),
    Station::Rules(Hook::Input, TableName::Security),
    Station::Rules(Hook::Input, TableName::Nat),
];

/// The same on the nft variant, where `security` sees the translated source.
const DELIVERED_BY_NFT: &[Station] = &[
    Station::Rules(Hook::Input, TableName::Mangle),
    Station::Rules(Hook::Input, TableName::Filter),
    Station::Rules(Hook::Input, TableName::Nat),
    Station::Rules(Hook::Input, TableName::Security),
];

/// Those of a packet that is routed through.
const FORWARDED: &[Station] = &[
    Station::Rules(Hook::Forward, TableName::Mangle),
    Station::Rules(Hook::Forward, TableName::Filter),
    Station::Rules(Hook::Forward, TableName::Security),
];

/// Those of a packet that this host makes, which is routed before them, and again if they change what routing looks at.
const MADE: &[Station] = &[
    Station::Rules(Hook::Output, TableName::Raw),
    Station::Tracking,
    Station::Rules(Hook::Output, TableName::Mangle),
    Station::Rules(Hook::Output, TableName::Nat),
    Station::Rules(Hook::Output, TableName::Filter),
    Station::Rules(Hook::Output, TableName::Security),
];

/// Those of a packet that leaves.
const LEAVING: &[Station] = &[
    Station::Rules(Hook::Postrouting, TableName::Mangle),
    Station::Rules(Hook::Postrouting, TableName::Nat),
];

impl Way {
    /// The way of a packet with an incoming interface, an outgoing one, or both: that both are there says that it is
    /// routed through. Without any it is taken as one for this host.
    pub const fn of_interfaces(incoming: bool, outgoing: bool) -> Way {
        match (incoming, outgoing) {
            (true, true) => Way::Through,
            (false, true) => Way::Out,
            (_, false) => Way::In,
        }
    }

    /// The way of a packet.
    pub const fn of(packet: &Packet) -> Way {
        Way::of_interfaces(packet.in_interface.is_some(), packet.out_interface.is_some())
    }

    /// The stations, in the order of a variant.
    pub fn stations(self, variant: Variant) -> impl Iterator<Item = Station> {
        let (first, second, last): (_, _, &[Station]) = match self {
            Way::In if variant == Variant::Nft => (ARRIVING, DELIVERED_BY_NFT, &[]),
            Way::In => (ARRIVING, DELIVERED, &[]),
            Way::Through => (ARRIVING, FORWARDED, LEAVING),
            Way::Out => (&[][..], MADE, LEAVING),
        };
        first.iter().chain(second).chain(last).copied()
    }

    /// The hook whose `filter` table decides about the packet in most firewalls.
    pub const fn filter(self) -> Hook {
        match self {
            Way::In => Hook::Input,
            Way::Through => Hook::Forward,
            Way::Out => Hook::Output,
        }
    }
}

/// Whether the rules can tell the orders of the variants apart.
pub(super) fn can_tell_orders(ruleset: &Ruleset) -> bool {
    let security = ruleset.table(TableName::Security);
    let input = security.and_then(|table| Some(&table.chains[table.start(Hook::Input)?]));
    input.is_some_and(|chain| !chain.rules.is_empty())
}

/// The variants whose orders a packet may come by the stations in: where it does not matter, one stands for both.
pub(super) fn orders(ruleset: &Ruleset, way: Way, variant: Option<Variant>) -> &'static [Variant] {
    match variant {
        Some(Variant::Legacy) => &[Variant::Legacy],
        Some(Variant::Nft) => &[Variant::Nft],
        None if way == Way::In && can_tell_orders(ruleset) => &Variant::ALL,
        None => &[Variant::Legacy],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_looks_at_a_packet_at_each_of_its_hooks_on_the_way() {
        let ways = [
            (Way::In, &[Hook::Prerouting, Hook::Input][..]),
            (Way::Through, &[Hook::Prerouting, Hook::Forward, Hook::Postrouting]),
            (Way::Out, &[Hook::Output, Hook::Postrouting]),
        ];
        for ((way, hooks), variant) in ways.into_iter().flat_map(|way| Variant::ALL.map(|it| (way, it))) {
            let rules: Vec<(Hook, TableName)> = { way.stations(variant) }
                .filter_map(|station| match station {
                    Station::Rules(hook, table) => Some((hook, table)),
                    Station::Tracking | Station::Routing => None,
                })
                .collect();
            let met: Vec<Hook> = rules.iter().map(|(hook, _)| *hook).collect();
            assert!(met.is_sorted_by_key(|hook| hooks.iter().position(|other| other == hook)), "{met:?}");
            for table in TableName::ALL {
                for hook in Hook::ALL {
                    let wanted = hooks.contains(&hook) && table.hooks().contains(&hook);
                    let count = rules.iter().filter(|rule| **rule == (hook, table)).count();
                    assert_eq!(count, usize::from(wanted), "{way:?} {hook} {table}");
                }
            }
            assert!(rules.contains(&(way.filter(), TableName::Filter)));
        }
    }
}
