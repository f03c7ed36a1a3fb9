//! Protocol names and numbers.

use std::collections::HashMap;

/// The names that iptables resolves by itself, before it asks /etc/protocols.
const BUILTIN: [(&str, u8); 15] = [
    ("all", 0),
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("udp", 17),
    ("dccp", 33),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("icmpv6", 58),
    ("ipv6-icmp", 58),
    ("sctp", 132),
    ("ipv6-mh", 135),
    ("mh", 135),
    ("udplite", 136),
];

/// What protocol names mean: `iptables-save` prints a name where the machine knows one, else a number.
#[derive(Debug, Clone)]
pub struct Protocols(HashMap<String, u8>);

impl Default for Protocols {
    /// The names that every machine knows.
    fn default() -> Protocols {
        Protocols(BUILTIN.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect())
    }
}

impl Protocols {
    /// The names that every machine knows, and those of an /etc/protocols (protocols(5)).
    pub fn with_file(text: &str) -> Protocols {
        let mut protocols = Protocols::default();
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let (Some(name), Some(number)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse() else { continue };
            for name in std::iter::once(name).chain(words) {
                protocols.0.entry(name.to_ascii_lowercase()).or_insert(number);
            }
        }
        protocols
    }

    /// The number of a protocol given by name or number.
    pub fn number(&self, word: &str) -> Option<u8> {
        word.parse().ok().or_else(|| self.0.get(&word.to_ascii_lowercase()).copied())
    }
}
