//! The extension catalogue: every match and target, once.
//!
//! Parsing, checks, lowering and emission all read it. To add an extension is to add an entry and
//! name it in [`EXTENSIONS`].

mod alter;
mod aspect;
mod connections;
mod content;
mod core;
mod divert;
mod estimator;
mod extension;
mod headers;
mod hmark;
mod ipv6_headers;
mod kind;
mod legacy;
mod marks;
mod nat;
mod option;
mod origin;
mod plain;
mod policy;
mod programs;
mod rates;
mod requirement;
mod security;
mod set;
mod shorthand;
mod srh;
mod targets;
mod tracking;
mod transport;
mod watch;
mod words;

use std::sync::LazyLock;

pub use alter::{ECN, TCPMSS, TCPOPTSTRIP};
pub use aspect::Aspects;
pub use connections::CLUSTER;
pub(crate) use connections::CLUSTER_READ_NODES;
pub use content::{COMMENT, COMMENT_MAX_BYTES, STRING, TIME};
pub use core::{CORE, PORTS};
pub use divert::{NFQUEUE, SYNPROXY, TEE, TPROXY};
pub use estimator::RATEEST_MATCH;
pub use extension::{Extension, Flow, Kind};
pub use headers::{DCCP, LENGTH};
pub use hmark::HMARK;
pub use kind::{MaskForm, ValueKind, Word};
pub use legacy::{CLUSTERIP, QUEUE};
pub use marks::{CONNMARK, CONNMARK_MATCH, MARK, MARK_MATCH, TOS};
pub use nat::{DNAT, MASQUERADE, NAT_PROTOCOLS, NETMAP, REDIRECT, SNAT};
pub use option::{DefaultValue, List, OptionSpec, When};
pub use plain::{COUNT, FAMILY, RAW, RAW_MATCH};
pub use policy::POLICY;
pub(crate) use rates::LIMIT_DEFAULT_RATE;
pub use rates::{CONNLIMIT, HASHLIMIT, LIMIT, LIMIT_DEFAULT_BURST, RECENT};
pub use requirement::Requirement;
pub(crate) use set::TIMEOUT_MAX_SECONDS;
pub use set::{SET, SET_MATCH};
pub use shorthand::{SHORTHANDS, Shorthand, shorthand};
pub use targets::{ACCEPT, DROP, LOG, LOG_PREFIX_MAX_BYTES, REJECT, RETURN};
pub(crate) use tracking::NO_STATUS;
pub use tracking::{CONNTRACK, CT, CT_STATES, NOTRACK, STATE};
pub use transport::{
    DCCP_NUMBER, ICMP, ICMP_TYPE, ICMP6_TYPE, ICMPV6, IPRANGE, MULTIPORT, MULTIPORT_SLOTS, PORT_PROTOCOLS,
    SCTP, SCTP_NUMBER, TCP, TCP_NUMBER, UDP, UDP_NUMBER, UDPLITE_NUMBER,
};
pub use watch::{IDLETIMER, RATEEST};
pub use words::{match_words, verdict_words};

/// Every entry. The place of an entry is its number in a packed policy.
pub static EXTENSIONS: &[&Extension] = &[
    &CORE,
    &PORTS,
    &TCP,
    &UDP,
    &SCTP,
    &ICMP_TYPE,
    &ICMP6_TYPE,
    &MULTIPORT,
    &IPRANGE,
    &CONNTRACK,
    &STATE,
    &LIMIT,
    &COMMENT,
    &SET_MATCH,
    &ACCEPT,
    &DROP,
    &RETURN,
    &REJECT,
    &LOG,
    &SET,
    &MARK_MATCH,
    &CONNMARK_MATCH,
    &marks::REALM,
    &marks::DSCP_MATCH,
    &marks::TOS_MATCH,
    &HASHLIMIT,
    &RECENT,
    &rates::QUOTA,
    &rates::STATISTIC,
    &CONNLIMIT,
    &rates::CONNBYTES,
    &tracking::HELPER,
    &origin::OWNER,
    &origin::MAC,
    &origin::ADDRTYPE,
    &origin::PKTTYPE,
    &origin::RPFILTER,
    &origin::PHYSDEV,
    &origin::DEVGROUP,
    &origin::SOCKET,
    &origin::CPU,
    &origin::EUI64,
    &POLICY,
    &LENGTH,
    &headers::TTL_MATCH,
    &headers::HL_MATCH,
    &headers::TCPMSS_MATCH,
    &headers::ECN_MATCH,
    &headers::AH,
    &headers::ESP,
    &headers::IPCOMP,
    &DCCP,
    &ipv6_headers::MH,
    &ipv6_headers::FRAG,
    &ipv6_headers::HBH,
    &ipv6_headers::DST,
    &ipv6_headers::RT,
    &ipv6_headers::IPV6HEADER,
    &STRING,
    &TIME,
    &MARK,
    &CONNMARK,
    &marks::DSCP,
    &TOS,
    &marks::CLASSIFY,
    &DNAT,
    &SNAT,
    &MASQUERADE,
    &REDIRECT,
    &NETMAP,
    &nat::SNPT,
    &nat::DNPT,
    &TCPMSS,
    &alter::TTL,
    &alter::HL,
    &TCPOPTSTRIP,
    &ECN,
    &alter::CHECKSUM,
    &divert::NFLOG,
    &NFQUEUE,
    &TEE,
    &divert::TRACE,
    &divert::AUDIT,
    &SYNPROXY,
    &TPROXY,
    &CT,
    &NOTRACK,
    &HMARK,
    &RATEEST_MATCH,
    &IDLETIMER,
    &watch::LED,
    &security::SECMARK,
    &security::CONNSECMARK,
    &QUEUE,
    &legacy::ULOG,
    &CLUSTERIP,
    &COUNT,
    &RAW_MATCH,
    &RAW,
    &FAMILY,
    &ipv6_headers::AH6,
    &srh::SRH,
    &origin::CGROUP,
    &programs::U32,
    &programs::BPF,
    &CLUSTER,
    &connections::CONNLABEL,
    &connections::IPVS,
    &connections::NFACCT,
    &connections::OSF,
    &RATEEST,
];

/// The match of this name (the word that the language uses).
pub fn find_match(word: &str) -> Option<&'static Extension> {
    matches().find(|extension| extension.module && extension.word() == word)
}

/// The match that iptables knows by this name, in a family.
pub fn match_named(name: &str, family: crate::family::Family) -> Option<&'static Extension> {
    let named = |entry: &&Extension| entry.module && entry.name == name && entry.families.contains(family);
    matches().find(named)
}

/// The target of this name (the word that the language uses).
pub fn find_target(word: &str) -> Option<&'static Extension> {
    targets().find(|extension| extension.word() == word)
}

/// The entries that iptables knows by this name, in the order of [`EXTENSIONS`].
pub(crate) fn named(name: &str) -> impl Iterator<Item = &'static Extension> {
    static BY_NAME: LazyLock<Vec<&Extension>> = LazyLock::new(|| {
        let mut entries = EXTENSIONS.to_vec();
        entries.sort_by_key(|entry| by_length(entry.name));
        entries
    });
    let first = BY_NAME.partition_point(|entry| by_length(entry.name) < by_length(name));
    BY_NAME[first..].iter().copied().take_while(move |entry| entry.name == name)
}

/// Names in this order are mostly told apart by a number.
fn by_length(name: &str) -> (usize, &str) {
    (name.len(), name)
}

/// All matches.
pub fn matches() -> impl Iterator<Item = &'static Extension> {
    EXTENSIONS.iter().copied().filter(|extension| extension.kind == Kind::Match)
}

/// All that targets in `table` can change of a packet that goes on.
pub fn changes_in(table: crate::table::TableName) -> Aspects {
    targets()
        .filter(|target| target.allowed_in(table) && **target != RAW)
        .map(|target| target.changes)
        .fold(Aspects::NONE, Aspects::or)
}

/// All targets.
pub fn targets() -> impl Iterator<Item = &'static Extension> {
    EXTENSIONS.iter().copied().filter(|extension| extension.kind == Kind::Target)
}

/// The number of an entry in a packed policy.
pub(crate) fn number(extension: &Extension) -> u64 {
    EXTENSIONS.iter().position(|entry| *entry == extension).expect("every extension is in the catalogue")
        as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_unique_and_options_too() {
        for (index, entry) in EXTENSIONS.iter().enumerate() {
            assert_eq!(number(entry), index as u64, "{} stands twice", entry.name);
            for (at, option) in entry.options.iter().enumerate() {
                let first = entry.options.iter().position(|other| other.name == option.name);
                assert_eq!(first, Some(at), "{} has `{}` twice", entry.name, option.name);
            }
        }
    }

    #[test]
    fn extensions_know_whether_their_options_have_defaults() {
        for entry in EXTENSIONS {
            assert_eq!(
                entry.has_defaults,
                entry.options.iter().any(|option| option.default.is_some()),
                "{}",
                entry.name
            );
        }
    }

    #[test]
    fn requirements_name_options_that_exist() {
        for entry in EXTENSIONS {
            for name in entry.requirements.iter().flat_map(Requirement::options) {
                assert!(entry.options.iter().any(|option| option.name == name), "{}: {name}", entry.name);
            }
        }
    }

    #[test]
    fn no_name_of_an_option_stands_for_two() {
        for entry in EXTENSIONS {
            for option in entry.options {
                for name in option.aliases {
                    let bearers = entry.options.iter();
                    let bearers = bearers.filter(|other| other.name == *name || other.aliases.contains(name));
                    assert_eq!(bearers.count(), 1, "{}: {name}", entry.name);
                }
            }
        }
    }

    #[test]
    fn no_flag_of_iptables_stands_for_two_options() {
        for entry in EXTENSIONS {
            for option in entry.options {
                for flag in option.flag_aliases {
                    let bearers = entry.options.iter();
                    let bearers =
                        bearers.filter(|other| other.flag == *flag || other.flag_aliases.contains(flag));
                    assert_eq!(bearers.count(), 1, "{}: {flag}", entry.name);
                }
            }
        }
    }

    #[test]
    fn shorthands_name_options_that_exist() {
        for entry in SHORTHANDS {
            assert!(entry.extension.option(entry.option).is_some(), "{}", entry.word);
        }
    }

    #[test]
    fn defaults_fit_the_kind_of_their_option() {
        for option in EXTENSIONS.iter().flat_map(|entry| entry.options) {
            match option.default {
                Some(DefaultValue::Printed { ipv4, ipv6, .. }) => {
                    let words = option.value.words();
                    let known = |text| words.is_empty() || words.iter().any(|word| word.name == text);
                    assert!(known(ipv4) && known(ipv6), "{}", option.flag);
                }
                Some(DefaultValue::Number(_)) => {
                    assert!(matches!(
                        option.value,
                        ValueKind::Number { .. } | ValueKind::NumberOr { .. } | ValueKind::NamedNumber(_)
                    ));
                }
                Some(DefaultValue::FullPrefix) => assert_eq!(option.value, ValueKind::PrefixLength),
                None => {}
            }
        }
    }
}
