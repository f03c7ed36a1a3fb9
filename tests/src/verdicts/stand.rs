//! A host that has a firewall loaded, and is shown packets that are made for it.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, Ipv6Addr};

use fwdsl_runtime::catalogue::UDP_NUMBER;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::table::TableName;

use super::confirm::Suspect;
use super::counters::{Counters, Loaded};
use super::directed::{Connection, Directed};
use super::flows::CONFIRMED;
use super::network::Host;
use super::observer::Sight;
use super::watch::{Preparation, preparing_rules, way_rules};
use crate::nfnetlink::{Tuple, add_connection, forget_connections};
use crate::rules::restore;
use crate::sets::restore_sets;

/// The first TTL that says what a packet is prepared with.
const FIRST_TTL: u8 = 64;

/// See the module.
pub(super) struct Stand {
    host: Host,
    family: Family,
    variant: Variant,
    tables: Vec<TableName>,
    /// What packets are prepared with, each with the TTL that says so.
    ttls: BTreeMap<(u32, bool), u8>,
}

impl Stand {
    /// Loads a firewall, and what is around it to show packets.
    ///
    /// # Panics
    ///
    /// If it cannot be loaded.
    pub(super) fn new(
        host: Host,
        suspect: &Suspect<'_>,
        variant: Variant,
        made: &[(usize, Directed)],
    ) -> Stand {
        let Suspect { name, text, sets, ruleset, .. } = suspect;
        if !sets.is_empty() {
            assert!(restore_sets(&host.netns, sets).status.success(), "the sets of {name}");
        }
        let family = ruleset.family;
        let output = restore(&host.netns, family, variant, &text.replace('\r', ""));
        assert!(output.status.success(), "{name}: {}\n{text}", String::from_utf8_lossy(&output.stderr));
        let mut ttls = BTreeMap::new();
        for (_, directed) in made {
            let next = FIRST_TTL + u8::try_from(ttls.len()).expect("a TTL for each mark");
            ttls.entry(directed.prepared).or_insert(next);
        }
        let prepared = ttls.iter().map(|(&(mark, untracked), &ttl)| Preparation { ttl, mark, untracked });
        let prepared: Vec<Preparation> = prepared.collect();
        let tables: Vec<TableName> = ruleset.tables.iter().map(|table| table.name).collect();
        host.load(
            &(preparing_rules(family, host.conntrack, &prepared)
                + &way_rules(family, &tables, variant, host.conntrack)),
        );
        let mut stand = Stand { host, family, variant, tables, ttls };
        // What the links say of themselves comes before.
        loop {
            stand.tables.iter().for_each(|table| stand.loaded().reset(*table));
            if stand.host.rest(family).is_empty() {
                return stand;
            }
        }
    }

    fn loaded(&self) -> Loaded<'_> {
        Loaded { netns: &self.host.netns, family: self.family, variant: self.variant }
    }

    /// Sends packets, each of the number behind its own, and gives back what was seen. They go in rounds: in none of them
    /// is a packet of a connection that is there for another, and all leave by one group of links.
    pub(super) fn send(&mut self, made: &[(usize, Directed)]) -> Vec<Sight> {
        let mut sights = Vec::new();
        let mut left: Vec<&(usize, Directed)> = made.iter().collect();
        while let Some(group) = left.iter().map(|(_, directed)| directed.route.group()).min() {
            let mut connections = HashMap::new();
            let (now, later): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, directed)| {
                directed.route.group() == group
                    && *connections.entry(directed.key()).or_insert(&directed.connection)
                        == &directed.connection
            });
            left = later;
            forget_connections(&self.host.tracker);
            self.tell(&connections.into_values().flatten().collect::<Vec<&Connection>>());
            self.host.send_to_group(group);
            for (index, directed) in now {
                let serial = u16::try_from(index + 1).expect("there are not so many");
                directed.outgoing(self.ttls[&directed.prepared], serial).send(&self.host);
            }
            sights.extend(self.host.rest(self.family));
        }
        sights
    }

    /// Tells connection tracking of connections.
    fn tell(&self, connections: &[&Connection]) {
        let master = master(self.family);
        if connections.iter().any(|connection| connection.expected) {
            add_connection(&self.host.tracker, &master, CONFIRMED, None);
        }
        for Connection { tuple, status, expected } in connections {
            add_connection(&self.host.tracker, tuple, *status, expected.then_some(&master));
        }
    }

    /// What the rules have counted of the packets that were seen, to which those are added that are late.
    pub(super) fn count(&mut self, sights: &mut Vec<Sight>) -> Counters {
        loop {
            let tables = self.tables.iter().map(|table| self.loaded().read(*table).0);
            let counters = Counters(tables.flatten().collect());
            let late = self.host.rest(self.family);
            if late.is_empty() {
                return counters;
            }
            sights.extend(late);
        }
    }
}

/// The connection that lets expect others.
fn master(family: Family) -> Tuple {
    let end = |last: u8| match family {
        Family::Ipv4 => Ipv4Addr::new(100, 67, 1, last).into(),
        Family::Ipv6 => Ipv6Addr::new(0xfd96, 0, 0, 0, 0, 0, 1, last.into()).into(),
    };
    Tuple { ends: [end(1), end(2)], protocol: UDP_NUMBER, ports: [7, 7] }
}
