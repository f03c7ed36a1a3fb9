//! Every lint.

use super::{Level, Lint};

/// A rule on `fragment` that the kernel never lets match.
pub const FRAGMENT_REASSEMBLED: &str = "fragment_reassembled";

/// A rule that no packet matches.
pub const UNREACHABLE_RULE: &str = "unreachable_rule";

/// A rule without which every packet fares the same.
pub const NO_EFFECT_RULE: &str = "no_effect_rule";

/// Rules that decide otherwise of some packets in common.
pub const CONFLICTING_RULES: &str = "conflicting_rules";

/// A match that every packet meets.
pub const USELESS_MATCH: &str = "useless_match";

/// What one variant of iptables takes and the other refuses.
pub const ONE_VARIANT: &str = "one_variant";

/// A verdict, or an option of one, that changes nothing.
pub const USELESS_OPTION: &str = "useless_option";

/// A value that iptables takes, and that says something else than it seems to.
pub const ODD_VALUE: &str = "odd_value";

/// A chain that no packet comes to.
pub const UNUSED_CHAIN: &str = "unused_chain";

/// A `let`, set, template or parameter that nothing uses.
pub const UNUSED_DEFINITION: &str = "unused_definition";

/// IPv6 is let in, and neighbour discovery is not.
pub const IPV6_NEIGHBOUR_DISCOVERY_BLOCKED: &str = "ipv6_neighbour_discovery_blocked";

/// Connections may begin, and their answers are dropped.
pub const ESTABLISHED_NOT_ACCEPTED: &str = "established_not_accepted";

/// The host cannot talk to itself.
pub const LOOPBACK_BLOCKED: &str = "loopback_blocked";

/// IPv4 is filtered, and IPv6 is not.
pub const IPV6_LEFT_OPEN: &str = "ipv6_left_open";

/// Rules for packets that the kernel does not forward.
pub const FORWARDING_DISABLED: &str = "forwarding_disabled";

/// A rule translates addresses of IPv6, which it was hardly meant to.
pub const NAT66: &str = "nat66";

/// A rule trusts loopback addresses from any interface.
pub const SPOOFABLE_LOOPBACK: &str = "spoofable_loopback";

/// A rule on `ct established` stands behind one that dropped what it is for.
pub const STATEFUL_AFTER_DROP: &str = "stateful_after_drop";

/// Every lint.
pub static LINTS: &[Lint] = &[
    Lint {
        name: UNREACHABLE_RULE,
        level: Level::Deny,
        about: "a rule to which no packet comes that it matches: its matches exclude each other, earlier rules take all of \
                its packets, or none of them comes to its chain; iptables takes such a rule without a word",
        docs: "As rustc finds a pattern of a `match` that no value can reach, so fwdsl finds a rule that no packet can reach \
               which it matches, and names the rules that take its packets.\n\n\
               - It is about the rules as iptables gets them. A rule is unreachable if each rule of iptables that stands for \
               it is, in every family. A rule of a template or a fragment is looked at for each call.\n\
               - A match that may say one thing or the other of a packet (`limit`, `string`, …) takes no packets, and keeps \
               none away; nor does a set that others fill, or a condition on a Rust value. Where a rule itself asks for such \
               a match that cannot say otherwise the next time (`mac`, `owner`), an earlier rule that asks for the same takes \
               its packets.\n\
               - Later fragments make no rule reachable that asks for ports or flags.\n\
               - What takes too many steps to decide is not told. Of a chain that nothing leads to, its rules are not told one \
               by one.",
        found_in: "chain OUTPUT {
    to 192.0.2.0/24              => reject;
    to 192.0.2.7 tcp dport mysql => accept;
    tcp dport 1..=1023           => accept;
    tcp dport 1024..=4095        => jump HIGH;
    tcp dport 22..=2222          => reject;
    udp                          => jump SERVICES;
}
chain HIGH     { _ => log, drop; }
chain SERVICES {
    udp dport domain => reject;
    tcp dport domain => accept;
}",
        meant: "chain OUTPUT {
    to 192.0.2.7 tcp dport mysql => accept;
    to 192.0.2.0/24              => reject;
    tcp|udp                      => jump SERVICES;
    tcp dport 22..=2222          => reject;
    tcp dport 1024..=4095        => jump HIGH;
}
chain HIGH     { _ => log, drop; }
chain SERVICES {
    udp dport domain => reject;
    tcp dport domain => accept;
}",
    },
    Lint {
        name: NO_EFFECT_RULE,
        level: Level::Warn,
        about: "a rule without which every packet would get the same verdict, and would be logged, marked and counted the \
                same; one without matches at the end of its chain is style, and not meant",
        docs: "It names the rules that decide the same of its packets; none if a policy does, or the end of the chain. A rule \
               that would keep its packets from a log, a mark or a match that counts has an effect.",
        found_in: "chain OUTPUT {
    to 192.0.2.0/24 tcp dport telnet => drop;
    tcp dport [telnet, exec]         => drop;
    tcp dport ssh                    => accept;
}",
        meant: "chain OUTPUT {
    to 192.0.2.0/24 tcp dport telnet => log, drop;
    tcp dport [telnet, exec]         => drop;
}",
    },
    Lint {
        name: CONFLICTING_RULES,
        level: Level::Allow,
        about: "one rule accepts, another drops or rejects, and some packets match both while neither matches all of the \
                other's: their order decides",
        docs: "An exception, a rule that matches only packets of the other one, is meant so, and not told.",
        found_in: "#![warn(conflicting_rules)]
chain OUTPUT {
    to 192.0.2.0/24    => drop;
    tcp dport http     => accept;
    tcp dport 1..=1023 => drop;
}",
        meant: "#![warn(conflicting_rules)]
chain OUTPUT {
    to 192.0.2.0/24 tcp dport http => accept;
    to 192.0.2.0/24                => drop;
}",
    },
    Lint {
        name: USELESS_MATCH,
        level: Level::Deny,
        about: "a condition that every packet meets; it says nothing, and was meant to say something",
        docs: "",
        found_in: "chain INPUT { in \"+\" tcp dport telnet => drop; }",
        meant: "chain INPUT { in \"eth+\" tcp dport telnet => drop; }",
    },
    Lint {
        name: ODD_VALUE,
        level: Level::Deny,
        about: "a value that iptables takes, and that says something else than it seems to: bits beyond a mask, text \
                that is cut, a number that is saved under a name or not at all",
        docs: "",
        found_in: "chain INPUT { tcp dport ssh hashlimit(above 5/s, mode srcip, name \"ssh%in\") => drop; }",
        meant: "chain INPUT { tcp dport ssh hashlimit(above 5/s, mode srcip, name \"ssh-in\") => drop; }",
    },
    Lint {
        name: ONE_VARIANT,
        level: Level::Deny,
        about: "what the legacy variant of iptables takes and the nft variant does not, or the other way round: the \
                policy loads on some hosts and not on others",
        docs: "",
        found_in: "chain INPUT { tcp dport ssh limit 1/s => ulog(nlgroup 1); }",
        meant: "chain INPUT { tcp dport ssh limit 1/s => nflog(group 1); }",
    },
    Lint {
        name: USELESS_OPTION,
        level: Level::Deny,
        about: "an option of a verdict that iptables takes and that changes nothing, because another one decides or \
                its value is what holds anyway; or a verdict without the option that would make it do something",
        docs: "",
        found_in: "\
table raw {
    chain PREROUTING { udp dport domain => ct; }
}",
        meant: "\
table raw {
    chain PREROUTING { udp dport domain => ct(notrack); }
}",
    },
    Lint {
        name: UNUSED_CHAIN,
        level: Level::Warn,
        about: "a chain that no rule of a built-in chain leads to, so its rules never see a packet",
        docs: "A chain that only unused chains go to is unused too. A name that begins with `_` says that this is \
               meant.",
        found_in: "\
chain INPUT policy accept { tcp dport ssh => jump ADMINS; }
chain ADMINS { from 192.0.2.0/24 => return; _ => drop; }
chain GUESTS { _ => drop; }",
        meant: "\
chain INPUT policy accept { tcp dport ssh => jump ADMINS; tcp dport http => jump GUESTS; }
chain ADMINS { from 192.0.2.0/24 => return; _ => drop; }
chain GUESTS { _ => drop; }",
    },
    Lint {
        name: UNUSED_DEFINITION,
        level: Level::Warn,
        about: "a `let`, a set, a template or a parameter of a template that nothing in the policy uses",
        docs: "What stands under a `#[cfg(…)]` that does not hold counts as a use. What a fragment brings along is for \
               whoever wants it. A name that begins with `_` says that this is meant.",
        found_in: "\
let SSH = 22;
let OLD_SSH = 2222;
chain INPUT policy accept { tcp dport SSH limit 3/m => log; }",
        meant: "\
let SSH = 22;
let _OLD_SSH = 2222;
chain INPUT policy accept { tcp dport SSH limit 3/m => log; }",
    },
    Lint {
        name: ESTABLISHED_NOT_ACCEPTED,
        level: Level::Warn,
        about: "connections may begin, and the packets that answer them are dropped, for want of a rule that accepts \
                `ct established`",
        docs: "Asked is for TCP connections from this host, to it and through it, and for DNS queries over UDP from \
               this host. Found is only what no rule lets through, on whatever interface, whatever `limit` and its \
               like answer. The connection is one that a rule accepts; others may fare better. A policy that owns only its chains is not asked, since the rules of others come before \
               and behind its own.",
        found_in: "\
chain INPUT policy drop {
    in lo         => accept;
    icmpv6        => accept;
    tcp dport ssh => accept;
}",
        meant: "\
chain INPUT policy drop {
    in lo          => accept;
    icmpv6         => accept;
    ct established => accept;
    tcp dport ssh  => accept;
}",
    },
    Lint {
        name: LOOPBACK_BLOCKED,
        level: Level::Warn,
        about: "no TCP connection from this host to itself gets through: nothing accepts `in lo`, or `out lo`",
        docs: "Programs of one host talk to each other by 127.0.0.1 and ::1. Found is only what no rule lets through, \
               for none of the ports from 32768 to 60999, where servers for local use come to lie.",
        found_in: "\
chain INPUT policy drop {
    ct established => accept;
    icmpv6         => accept;
    tcp dport ssh  => accept;
}",
        meant: "\
chain INPUT policy drop {
    in lo          => accept;
    ct established => accept;
    icmpv6         => accept;
    tcp dport ssh  => accept;
}",
    },
    Lint {
        name: IPV6_NEIGHBOUR_DISCOVERY_BLOCKED,
        level: Level::Warn,
        about: "IPv6 is let through, but not the neighbour discovery that it cannot work without (RFC 4861): no \
                neighbour finds this host, or it finds none",
        docs: "Neighbour solicitations and advertisements (`icmpv6 [neighbour-solicitation, neighbour-advertisement]`) \
               do for IPv6 what ARP does for IPv4, and pass the rules. They belong to no connection, so \
               `ct established` does not match them. A chain that drops all of IPv6 but `lo` gets no finding.",
        found_in: "\
chain INPUT policy drop {
    in lo                  => accept;
    ct established|related => accept;
    icmp                   => accept;
    tcp dport https        => accept;
}",
        meant: "\
chain INPUT policy drop {
    in lo                  => accept;
    ct established|related => accept;
    icmp                   => accept;
    icmpv6                 => accept;
    tcp dport https        => accept;
}",
    },
    Lint {
        name: IPV6_LEFT_OPEN,
        level: Level::Warn,
        about: "the policy drops packets of IPv4 in INPUT, and lets in all of IPv6",
        docs: "Most hosts have IPv6 addresses, if only link-local ones. A policy that turns IPv6 off \
               (`net.ipv6.conf.all.disable_ipv6 = 1`) gets no finding, nor does one that owns only its chains. This is \
               about policies: what is read from a saved firewall tells nothing of the other family.",
        found_in: "\
family ipv4;
chain INPUT policy drop {
    in lo          => accept;
    ct established => accept;
}",
        meant: "\
chain INPUT policy drop {
    in lo          => accept;
    ct established => accept;
}",
    },
    Lint {
        name: FORWARDING_DISABLED,
        level: Level::Warn,
        about: "a rule accepts packets in FORWARD, or sends them on with `dnat`, and the policy does not turn \
                forwarding on, which is off unless somebody does",
        docs: "The keys are `net.ipv4.ip_forward` and `net.ipv6.conf.all.forwarding`, or `forwarding` of an interface. \
               A rule for both families gets a finding if neither is on. Where chains of others are declared, or the \
               policy owns only its own, others may turn it on, and only a policy that turns it off gets a finding. \
               This is about policies: what is read from a saved firewall has no sysctls.",
        found_in: "\
chain FORWARD policy drop {
    ct established   => accept;
    in lan0 out wan0 => accept;
}",
        meant: "\
sysctl { net.ipv4.ip_forward = 1; }
chain FORWARD policy drop {
    ct established   => accept;
    in lan0 out wan0 => accept;
}",
    },
    Lint {
        name: FRAGMENT_REASSEMBLED,
        level: Level::Warn,
        about: "`fragment` where the kernel has put the packet together before: in INPUT, or on the way in and through \
                once connection tracking is in use; the rule never matches",
        docs: "Connection tracking is in use once a rule asks for it (`ct`, `connmark`, `connlimit`, …) or a target \
               needs it (`masquerade`, `dnat`, …); `socket` and `tproxy` put packets together as well. What this host \
               sends by itself as fragments, through a raw socket, comes through OUTPUT as such.",
        found_in: "chain INPUT policy accept { fragment => drop; }",
        meant: "chain FORWARD policy accept { fragment => drop; }",
    },
    Lint {
        name: NAT66,
        level: Level::Warn,
        about: "`masquerade`, `redirect` or a `snat` without an address in a rule for both families, which translates IPv6 as \
                well",
        docs: "IPv6 has addresses enough for every host, and a prefix that is translated breaks what it was made for \
               (RFC 4864). `family ipv4;` in the table or chain, or an IPv4 address in the rule, says that only IPv4 is \
               meant; a rule or chain for IPv6 alone says that it is meant. A `snat` with an \
               address is for its family; one to ports alone, `snat(to :1024..=65535)`, is for both.",
        found_in: "\
table nat {
    chain POSTROUTING { out wan0 => masquerade; }
}",
        meant: "\
table nat {
    family ipv4;
    chain POSTROUTING { out wan0 => masquerade; }
}",
    },
    Lint {
        name: SPOOFABLE_LOOPBACK,
        level: Level::Warn,
        about: "a rule accepts packets from 127.0.0.0/8 or ::1 by their address, on whatever interface they come in",
        docs: "An address is what the sender writes. The kernel throws such packets away before the rules see them, \
               but for IPv4 only as long as `route_localnet` is off on the interface. `in lo` does not depend on that.",
        found_in: "\
chain INPUT policy drop {
    from [127.0.0.0/8, ::1] => accept;
    ct established          => accept;
    icmpv6                  => accept;
}",
        meant: "\
chain INPUT policy drop {
    in lo from [127.0.0.0/8, ::1] => accept;
    ct established                => accept;
    icmpv6                        => accept;
}",
    },
    Lint {
        name: STATEFUL_AFTER_DROP,
        level: Level::Warn,
        about: "a rule that accepts `ct established` stands behind one that drops ports or a protocol, of answers as \
                well",
        docs: "This host's own connections come from ports between 32768 and 60999, and the answers go there. A rule \
               above that drops such a destination port for every sender takes them away: rarely, by chance, and hard to \
               find. The rule on the state belongs first. A rule that drops senders by their address is taken to mean \
               it.",
        found_in: "\
chain INPUT policy accept {
    tcp|udp dport 50000..=50010 => drop;
    ct established              => accept;
    tcp syn dport 1..=1023      => drop;
}",
        meant: "\
chain INPUT policy accept {
    ct established              => accept;
    tcp|udp dport 50000..=50010 => drop;
    tcp syn dport 1..=1023      => drop;
}",
    },
];
