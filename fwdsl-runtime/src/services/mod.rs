//! Service names: what port each stands for, and over which protocols.
//!
//! The names are those of the IANA registry of service names and ports that hosts still use, with the
//! aliases that `services(5)` files commonly give them. Nothing is read from the machine, so that a policy
//! means the same wherever it is compiled.

mod a_to_m;
mod n_to_z;

/// A row of the tables: name, port, protocols.
type Row = (&'static str, u16, u8);

const TCP: u8 = 1;
const UDP: u8 = 2;
const SCTP: u8 = 4;

/// A service that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// The name, in lower case.
    pub name: &'static str,
    /// The port.
    pub port: u16,
    /// Whether it is spoken over TCP.
    pub tcp: bool,
    /// Whether it is spoken over UDP.
    pub udp: bool,
    /// Whether it is spoken over SCTP.
    pub sctp: bool,
}

/// The service of this name or alias, which is in lower case as all of them are.
pub fn find(name: &str) -> Option<Service> {
    let rows = if name < "n" { a_to_m::ROWS } else { n_to_z::ROWS };
    let place = rows.binary_search_by(|(known, _, _)| (*known).cmp(name)).ok()?;
    let (name, port, protocols) = rows[place];
    let over = |protocol| protocols & protocol != 0;
    Some(Service { name, port, tcp: over(TCP), udp: over(UDP), sctp: over(SCTP) })
}

/// Every name and alias, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    a_to_m::ROWS.iter().chain(n_to_z::ROWS).map(|(name, _, _)| *name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn over(name: &str) -> (u16, bool, bool, bool) {
        let service = find(name).unwrap_or_else(|| panic!("no service {name}"));
        (service.port, service.tcp, service.udp, service.sctp)
    }

    #[test]
    fn names_are_sorted_and_each_is_found() {
        let all: Vec<&str> = names().collect();
        assert!(all.is_sorted_by(|a, b| a < b));
        for name in all {
            assert_eq!(find(name).map(|service| service.name), Some(name));
        }
    }

    #[test]
    fn well_known_services() {
        assert_eq!(over("ssh"), (22, true, false, true));
        assert_eq!(over("domain"), (53, true, true, false));
        assert_eq!(over("ntp"), (123, false, true, false));
        assert_eq!(over("https"), (443, true, true, true));
        for (alias, port) in
            [("www", 80), ("http", 80), ("mail", 25), ("imap", 143), ("imap2", 143), ("sips", 5061)]
        {
            assert_eq!(over(alias).0, port, "{alias}");
        }
        assert_eq!(over("submission").0, 587);
        assert_eq!(over("submissions").0, 465);
        assert_eq!(find("no-such-service"), None);
        assert_eq!(find("SSH"), None);
    }

    /// The oracle is the machine's own table, where it has one: a name that stands in both has the same
    /// port in both, and shares a protocol.
    #[test]
    fn the_machines_own_table_agrees() {
        let Ok(text) = std::fs::read_to_string("/etc/services") else {
            eprintln!("SKIPPED the_machines_own_table_agrees: there is no /etc/services");
            return;
        };
        let mut known: BTreeMap<&str, Vec<(u16, &str)>> = BTreeMap::new();
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let (Some(name), Some(place)) = (words.next(), words.next()) else { continue };
            let Some((port, protocol)) = place.split_once('/') else { continue };
            let Ok(port) = port.parse() else { continue };
            for name in [name].into_iter().chain(words) {
                known.entry(name).or_default().push((port, protocol));
            }
        }
        for (name, places) in known {
            let Some(service) = find(name) else { continue };
            let agrees = places.iter().any(|(port, protocol)| {
                let shared = match *protocol {
                    "tcp" => service.tcp,
                    "udp" => service.udp,
                    "sctp" => service.sctp,
                    _ => false,
                };
                *port == service.port && shared
            });
            assert!(agrees, "{service:?} is {places:?} in /etc/services");
        }
    }
}
