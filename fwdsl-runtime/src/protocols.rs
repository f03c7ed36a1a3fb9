//! IP protocol names and numbers, and what `iptables-save` makes of a number.

/// A protocol: number, the name that Debian's `/etc/protocols` gives it first, further names.
type Row = (u8, &'static str, &'static [&'static str]);

/// The protocols that firewalls mostly speak of, by the names that the language prefers.
pub(crate) const COMMON: [&str; 8] = ["tcp", "udp", "icmp", "icmpv6", "sctp", "esp", "ah", "gre"];

/// By number. The names are those of the IANA registry as `protocols(5)` files spell them. Number 0 is
/// left out: to `iptables` it means every protocol, under the name `all`.
static ROWS: &[Row] = &[
    (1, "icmp", &[]),
    (2, "igmp", &[]),
    (3, "ggp", &[]),
    (4, "ipencap", &["ip-encap", "ipv4"]),
    (5, "st", &[]),
    (6, "tcp", &[]),
    (8, "egp", &[]),
    (9, "igp", &[]),
    (12, "pup", &[]),
    (17, "udp", &[]),
    (20, "hmp", &[]),
    (22, "xns-idp", &[]),
    (27, "rdp", &[]),
    (29, "iso-tp4", &[]),
    (33, "dccp", &[]),
    (36, "xtp", &[]),
    (37, "ddp", &[]),
    (38, "idpr-cmtp", &[]),
    (41, "ipv6", &[]),
    (43, "ipv6-route", &[]),
    (44, "ipv6-frag", &[]),
    (45, "idrp", &[]),
    (46, "rsvp", &[]),
    (47, "gre", &[]),
    (50, "esp", &["ipsec-esp", "ipv6-crypt"]),
    (51, "ah", &["ipsec-ah", "ipv6-auth"]),
    (57, "skip", &[]),
    (58, "ipv6-icmp", &["icmpv6"]),
    (59, "ipv6-nonxt", &[]),
    (60, "ipv6-opts", &[]),
    (73, "rspf", &["cphb"]),
    (81, "vmtp", &[]),
    (88, "eigrp", &[]),
    (89, "ospf", &["ospfigp"]),
    (93, "ax.25", &[]),
    (94, "ipip", &[]),
    (97, "etherip", &[]),
    (98, "encap", &[]),
    (103, "pim", &[]),
    (108, "ipcomp", &[]),
    (112, "vrrp", &["carp"]),
    (115, "l2tp", &[]),
    (124, "isis", &[]),
    (132, "sctp", &[]),
    (133, "fc", &[]),
    (135, "mobility-header", &["ipv6-mh", "mh"]),
    (136, "udplite", &[]),
    (137, "mpls-in-ip", &[]),
    (138, "manet", &[]),
    (139, "hip", &[]),
    (140, "shim6", &[]),
    (141, "wesp", &[]),
    (142, "rohc", &[]),
    (143, "ethernet", &[]),
];

/// What `iptables` knows by name without `/etc/protocols`.
const BUILTIN: [u8; 9] = [1, 6, 17, 50, 51, 58, 132, 135, 136];

/// The number of the protocol with this name or alias, which are in lower case.
///
/// Not every alias is a name that `iptables` itself knows: what is emitted is
/// [`save_name`] or the number.
pub fn find(name: &str) -> Option<u8> {
    let row = ROWS.iter().find(|(_, first, aliases)| *first == name || aliases.contains(&name))?;
    Some(row.0)
}

/// What `iptables-save` prints for the protocol where `/etc/protocols` is Debian's; `None` where it prints
/// the number.
pub fn save_name(number: u8) -> Option<&'static str> {
    let place = ROWS.binary_search_by_key(&number, |(known, _, _)| *known).ok()?;
    Some(ROWS[place].1)
}

/// Whether `iptables` prints and reads [`save_name`] on every host, for it knows it without
/// `/etc/protocols`.
pub fn builtin(number: u8) -> bool {
    BUILTIN.contains(&number)
}

/// Every name and alias, by number.
pub fn names() -> impl Iterator<Item = &'static str> {
    ROWS.iter().flat_map(|(_, first, aliases)| [*first].into_iter().chain(aliases.iter().copied()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_are_sorted_and_names_are_single() {
        assert!(ROWS.is_sorted_by(|a, b| a.0 < b.0));
        let mut seen = HashSet::new();
        for name in names() {
            assert!(seen.insert(name), "{name} stands twice");
            assert_eq!(name, name.to_lowercase());
        }
    }

    #[test]
    fn names_and_numbers() {
        assert_eq!(find("gre"), Some(47));
        assert_eq!(find("icmpv6"), Some(58));
        assert_eq!(find("ipv6-icmp"), Some(58));
        assert_eq!(find("mh"), Some(135));
        assert_eq!(find("all"), None);
        assert_eq!(save_name(58), Some("ipv6-icmp"));
        assert_eq!(save_name(4), Some("ipencap"));
        assert_eq!(save_name(0), None);
        assert_eq!(save_name(200), None);
        assert!(BUILTIN.iter().all(|number| save_name(*number).is_some()));
        assert!(builtin(6) && builtin(135) && !builtin(47));
    }

    /// The oracle is the machine's own table, where it has one.
    #[test]
    fn the_machines_own_table_agrees() {
        let Ok(text) = std::fs::read_to_string("/etc/protocols") else {
            eprintln!("SKIPPED the_machines_own_table_agrees: there is no /etc/protocols");
            return;
        };
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let (Some(name), Some(Ok(number))) = (words.next(), words.next().map(str::parse::<u8>)) else {
                continue;
            };
            if let Some(known) = find(name) {
                assert_eq!(known, number, "{name}");
            }
        }
    }
}
