//! Definitions that rules refer to by name: `let`s, sets and templates. A policy has those that it mentions.

use crate::samples::SAMPLE_SET;

/// A definition.
#[derive(Debug)]
pub(super) struct Definition {
    /// The name that the text of its users holds.
    pub(super) name: &'static str,
    /// The source.
    pub(super) text: &'static str,
    /// The productions in it.
    pub(super) used: &'static [&'static str],
}

const fn define(name: &'static str, text: &'static str, used: &'static [&'static str]) -> Definition {
    Definition { name, text, used }
}

/// All definitions.
pub(super) static LIBRARY: &[Definition] = &[
    // Values.
    define(
        "HOSTS",
        "/// Those of the office.\n#[cfg(all())] let HOSTS = [10.0.0.0/8, 192.0.2.1, [2001:db8::/32, INNER]];",
        &[
            "item/let",
            "attribute/doc of a let",
            "attribute/cfg that holds",
            "attribute/of an item",
            "value/list in a list",
            "value/let in a list",
        ],
    ),
    define(
        "INNER",
        "#[cfg(any())] let INNER = nonsense; let INNER = 10.1.0.0..=10.1.255.255|fd00::7;",
        &[
            "item/let",
            "attribute/cfg that does not hold",
            "attribute/of an item",
            "value/alternatives",
            "value/range",
        ],
    ),
    define("NOT_HOSTS", "let NOT_HOSTS = !HOSTS;", &["item/let", "value/negated let"]),
    define(
        "SERVICES",
        "let SERVICES = [22, FIRST..=LAST, http|https];",
        &["item/let", "value/let in a range", "value/alternatives"],
    ),
    define("FIRST", "let FIRST = 1000;", &["item/let"]),
    define("LAST", "let LAST = 8080;", &["item/let"]),
    define("UPLINK", "let UPLINK = \"eth0\";", &["item/let", "value/string"]),
    define("SLOW", "let SLOW = 3/minute;", &["item/let"]),
    define("BACKEND", "let BACKEND = 10.0.0.2;", &["item/let"]),
    define("PREFIX", "let PREFIX = #R_TEXT;", &["item/let", "value/#name", "value/string"]),
    // Sets that packets of the test can be in.
    define(
        "S-NET",
        "/// Networks.\nset S-NET: hash:net { 10.0.0.0/8, 10.1.2.0/24 nomatch, 192.0.2.0/28, INNER, fd00::/8, 2001:db8::/64 }",
        &[
            "item/set",
            "attribute/doc of a set",
            "kind/net",
            "kind/ipset's name",
            "element/one part",
            "element/nomatch",
            "part/network",
            "part/let",
        ],
    ),
    define(
        "S-IP",
        "set S-IP: ip maxelem 1000 hashsize 1024 { 10.0.0.1, 10.0.0.49..=10.0.0.51, #R_NETS, ::1.2.3.4 }",
        &[
            "item/set",
            "kind/ip",
            "parameter/maxelem",
            "parameter/hashsize",
            "element/one part",
            "part/address",
            "part/range",
            "part/#name",
        ],
    ),
    define(
        "S-FOUR",
        "set S-FOUR: ip family ipv4 { [192.0.2.7, 10.0.0.3] }",
        &["item/set", "kind/ip", "parameter/family", "family/ipv4", "part/list"],
    ),
    define(
        "S-LIST",
        "set S-LIST: list { @S-IP, @S-FOUR }",
        &["item/set", "kind/list", "element/one part", "part/set"],
    ),
    define(
        "S-PORT",
        "set S-PORT: port range 0..=9000 { 22, 80, 8000..=8001 }",
        &["item/set", "kind/port", "parameter/range", "part/port", "part/range"],
    ),
    define(
        "S-PAIR",
        "set S-PAIR: ip,port { (10.0.0.3, udp [22, 80]), (10.0.0.1, 22), (10.1.2.3, gre), (2001:db8::5, udp 80),
        ([fd00::7, 10.0.0.50], tcp 1024..=1025), (10.0.0.1, icmp echo-request) }",
        &[
            "item/set",
            "kind/ip,port",
            "element/parts",
            "part/service",
            "part/port",
            "part/protocol",
            "part/list",
            "part/icmp",
        ],
    ),
    define(
        "S-TIME",
        "set S-TIME: ip timeout 0 counters skbinfo keep { 10.0.0.50 timeout 1h skbmark 0x1/0xff skbprio 1:10 skbqueue 3, fd00::7 }",
        &[
            "item/set",
            "kind/ip",
            "parameter/timeout",
            "parameter/counters",
            "parameter/skbinfo",
            "parameter/keep",
            "element/timeout",
            "element/skbmark",
            "element/skbprio",
            "element/skbqueue",
        ],
    ),
    define(
        "S-PORTS-BETWEEN",
        "set S-PORTS-BETWEEN: ip,port,net { (10.0.0.1, tcp 22, 10.0.0.0/8), (2001:db8::1, tcp 80, 2001:db8::/32) nomatch }",
        &["item/set", "kind/ip,port,net", "element/parts", "element/nomatch"],
    ),
    define("SAMPLE", SAMPLE_SET, &["item/set", "kind/ip", "parameter/timeout", "parameter/counters"]),
    // Sets that only stand there: not every kernel has all kinds.
    define(
        "X-NETS",
        "set X-NETS: net,net { (10.0.0.0/8, 192.0.2.0/24), (2001:db8::/32, 2001:db8::1) }",
        &["item/set", "kind/net,net", "element/parts"],
    ),
    define(
        "X-COMMENT",
        "set X-COMMENT: mac comment { \"02:00:00:00:00:01\" comment \"one\", \"2:0:0:0:ab:CD\" }",
        &["item/set", "kind/mac", "parameter/comment", "element/comment", "part/string"],
    ),
    define(
        "X-EMPTY",
        "set X-EMPTY: ip family ipv4 forceadd bucketsize 4 netmask 24 { }",
        &[
            "item/set",
            "kind/ip",
            "parameter/forceadd",
            "parameter/bucketsize",
            "parameter/netmask",
            "element/none",
        ],
    ),
    define(
        "X-IFACE",
        "set X-IFACE: net,iface { (10.0.0.0/8, eth0), (10.1.0.0/16, eth1) nomatch, (10.2.0.0/16, physdev eth2), (10.3.0.0/16, br+), (10.9.0.0/16, #R_WORD) }",
        &["item/set", "kind/net,iface", "part/interface", "part/physdev", "part/#name"],
    ),
    define(
        "X-NP",
        "set X-NP: net,port { (10.0.0.0/8, tcp 22), (2001:db8::/32, udp domain) }",
        &["item/set", "kind/net,port"],
    ),
    define(
        "X-IPI",
        "set X-IPI: ip,port,ip { (10.0.0.1, tcp 80, 10.0.0.2) }",
        &["item/set", "kind/ip,port,ip"],
    ),
    define(
        "X-NPN",
        "set X-NPN: net,port,net { (10.0.0.0/8, tcp 80, 10.0.0.0/8) }",
        &["item/set", "kind/net,port,net"],
    ),
    define(
        "X-IM",
        "set X-IM: ip,mac { (10.0.0.1, \"02:00:00:00:00:01\") }",
        &["item/set", "kind/ip,mac", "part/string"],
    ),
    define(
        "X-MARK",
        "set X-MARK: ip,mark markmask 0xff { (10.0.0.1, 0x63) }",
        &["item/set", "kind/ip,mark", "parameter/markmask"],
    ),
    define(
        "X-BITS",
        "set X-BITS: bitmap:ip range 10.0.0.0/24 timeout 1h { 10.0.0.1, 10.0.0.8/30 }",
        &["item/set", "kind/bitmap:ip", "parameter/range", "parameter/timeout"],
    ),
    define(
        "X-BM",
        "set X-BM: bitmap:ip,mac range 10.0.0.1..=10.0.0.99 { (10.0.0.2, \"02:00:00:00:00:01\") }",
        &["item/set", "kind/bitmap:ip,mac", "element/parts"],
    ),
    define(
        "X-OTHERS",
        "foreign set X-UNKNOWN; foreign set X-FOUR family ipv4; foreign set X-OTHERS: net family ipv6;",
        &["item/foreign set", "item/foreign set by name", "kind/net", "parameter/family", "family/ipv6"],
    ),
    // Templates.
    define("plain", "fn plain() { in lo => return; }", &["item/fn", "template/without parameters"]),
    define(
        "ranged",
        "/// Every place that takes a port.\nfn ranged(first, last, not) { udp sport first..=last dport !not => return; tcp dport [not, 9] => log; }",
        &[
            "item/fn",
            "attribute/doc of a template",
            "template/with parameters",
            "value/parameter",
            "parameters/end of a range",
            "parameters/negated",
            "parameters/in a list",
        ],
    ),
    define(
        "rated",
        "fn rated(rate, much, prefix) { limit rate burst much => log(prefix); }",
        &["item/fn", "template/with parameters", "value/parameter", "parameters/value", "parameters/option"],
    ),
    define(
        "toward",
        "fn toward(who, card, verb) { from who in card => jump verb; }",
        &["item/fn", "template/with parameters", "value/parameter", "parameters/value", "parameters/chain"],
    ),
    define(
        "nested",
        "fn nested(what, who) { tcp dport what { counted(who, [what, 7]); use here::near; } }",
        &[
            "item/fn",
            "template/with parameters",
            "template/call in a template",
            "template/use in a template",
            "parameters/argument",
            "statement/block",
            "statement/call",
            "statement/use",
        ],
    ),
    define(
        "counted",
        "fn counted(who, many) { from who => return; set(@S-PAIR src,src) port many { to !who => log; } }",
        &["item/fn", "template/with parameters", "value/parameter", "parameters/negated", "parameters/set"],
    ),
    define(
        "marked",
        "fn marked(kind, word, bits) { icmp kind ct word => return; mark bits => nflog(group bits); length(bits) => return; }",
        &["item/fn", "template/with parameters", "parameters/value", "parameters/option", "value/parameter"],
    ),
];

/// Adds to `text` the definitions `also`, all that it mentions, and what that mentions.
pub(super) fn with_definitions(text: &str, also: &[&str]) -> (String, Vec<&'static str>) {
    let mut there = vec![false; LIBRARY.len()];
    let mut all = text.to_owned();
    let mut used = Vec::new();
    loop {
        let wanted = |name: &str| also.contains(&name) || mentions(&all, name);
        let found = LIBRARY.iter().enumerate().find(|(number, it)| !there[*number] && wanted(it.name));
        let Some((number, definition)) = found else { return (all, used) };
        there[number] = true;
        all = format!("{}\n{all}", definition.text);
        used.extend(definition.used);
    }
}

fn mentions(text: &str, name: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(inside) && !text[at + name.len()..].starts_with(inside))
}
