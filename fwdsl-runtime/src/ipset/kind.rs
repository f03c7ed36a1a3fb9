//! The kinds of set.
//!
//! Source: ipset(8), section SET TYPES.

/// How a set keeps its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// A bit for each place of a range.
    Bitmap,
    /// A hash table, which grows.
    Hash,
    /// A list of other sets.
    List,
    /// Not known: a foreign set of which the policy says the name alone.
    Unknown,
}

/// One part of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// An address.
    Ip,
    /// A network.
    Net,
    /// A port with its protocol, or an ICMP type and code.
    Service,
    /// A port of TCP or UDP alike.
    Port,
    /// An interface.
    Interface,
    /// A MAC address.
    Mac,
    /// The packet's mark.
    Mark,
    /// Another set.
    Set,
}

/// A kind of set.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct SetKind {
    /// The name that ipset knows it by: `hash:net`.
    pub name: &'static str,
    /// How it keeps its elements.
    pub method: Method,
    /// What an element is made of; as many as a match on it has directions.
    pub parts: &'static [Part],
    /// What it is for, in a few words.
    pub about: &'static str,
}

const fn kind(name: &'static str, method: Method, parts: &'static [Part], about: &'static str) -> SetKind {
    SetKind { name, method, parts, about }
}

use Part::{Interface, Ip, Mac, Mark, Net, Port, Service, Set};

/// Every kind. The place of a kind is its number in a packed policy.
pub static KINDS: &[SetKind] = &[
    kind("hash:ip", Method::Hash, &[Ip], "addresses"),
    kind("hash:net", Method::Hash, &[Net], "networks"),
    kind("hash:ip,port", Method::Hash, &[Ip, Service], "addresses and ports"),
    kind("hash:net,port", Method::Hash, &[Net, Service], "networks and ports"),
    kind("hash:net,iface", Method::Hash, &[Net, Interface], "networks and interfaces"),
    kind("hash:net,net", Method::Hash, &[Net, Net], "pairs of networks"),
    kind("hash:ip,port,ip", Method::Hash, &[Ip, Service, Ip], "address, port, address"),
    kind("hash:ip,port,net", Method::Hash, &[Ip, Service, Net], "address, port, network"),
    kind("hash:net,port,net", Method::Hash, &[Net, Service, Net], "network, port, network"),
    kind("hash:mac", Method::Hash, &[Mac], "MAC addresses"),
    kind("hash:ip,mac", Method::Hash, &[Ip, Mac], "addresses with their MAC address"),
    kind("hash:ip,mark", Method::Hash, &[Ip, Mark], "addresses and marks"),
    kind("bitmap:ip", Method::Bitmap, &[Ip], "IPv4 addresses of one range"),
    kind("bitmap:ip,mac", Method::Bitmap, &[Ip, Mac], "IPv4 addresses of one range with their MAC address"),
    kind("bitmap:port", Method::Bitmap, &[Port], "ports of TCP and UDP"),
    kind("list:set", Method::List, &[Set], "other sets, as one"),
];

/// The kind of a foreign set that is declared without one.
pub static UNKNOWN: SetKind = kind("", Method::Unknown, &[], "others know");

/// The kind that the language calls `word`: ipset's name, or the same without `hash:`; `port` and `list` stand for the
/// only kinds of theirs.
pub fn find_kind(word: &str) -> Option<&'static SetKind> {
    let full = match word {
        "port" => "bitmap:port".to_owned(),
        "list" => "list:set".to_owned(),
        _ if word.contains(':') => word.to_owned(),
        _ => format!("hash:{word}"),
    };
    KINDS.iter().find(|kind| kind.name == full)
}

impl SetKind {
    /// The shortest word that the language has for it.
    pub fn word(&self) -> &'static str {
        match self.name {
            "bitmap:port" => "port",
            "list:set" => "list",
            name => name.strip_prefix("hash:").unwrap_or(name),
        }
    }

    /// Whether the kernel keeps it for one family, named when it is made.
    pub fn has_family(&self) -> bool {
        self.method == Method::Hash && self.name != "hash:mac"
    }

    /// Whether its elements are addresses of IPv4 alone.
    pub fn is_ipv4_alone(&self) -> bool {
        self.method == Method::Bitmap && self.parts[0] == Part::Ip
    }

    /// Whether its elements may be taken out of a larger one with `nomatch`.
    pub fn has_nomatch(&self) -> bool {
        self.parts.contains(&Net)
    }

    /// Whether it keeps only so many leading bits of its addresses, if it is told to.
    pub fn has_netmask(&self) -> bool {
        matches!(self.name, "bitmap:ip" | "hash:ip" | "hash:ip,port" | "hash:net,net")
    }

    /// The number of a kind in a packed policy.
    pub(crate) fn number(&self) -> u8 {
        KINDS.iter().position(|kind| kind == self).unwrap_or(KINDS.len()) as u8
    }

    /// The kind of this number.
    pub(crate) fn of_number(number: u8) -> Option<&'static SetKind> {
        let number = usize::from(number);
        if number == KINDS.len() { Some(&UNKNOWN) } else { KINDS.get(number) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_either_name() {
        for kind in KINDS {
            assert_eq!(find_kind(kind.name), Some(kind));
            assert_eq!(find_kind(kind.word()), Some(kind));
        }
        assert_eq!(find_kind("net").map(|kind| kind.name), Some("hash:net"));
        assert_eq!(find_kind("hash:port"), None);
        assert_eq!(find_kind("nets"), None);
    }
}
