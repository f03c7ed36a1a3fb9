use super::*;

/// Rules as iptables-nft makes them, in nft's JSON.
const OF_IPTABLES: [&str; 23] = [
    // -i lo -j ACCEPT
    r#"[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},C,{"accept":null}]"#,
    // -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    r#"[{"xt":{"type":"match","name":"conntrack"}},C,{"accept":null}]"#,
    // -f -j LOG; nft before 1.0.2 has no words for xt
    r#"[{"match":{"op":"!=","left":{"&":[{"payload":{"protocol":"ip","field":"frag-off"}},8191]},"right":0}},C,{"xt":null}]"#,
    // ! -i eth+ ! -s 10.0.0.0/8 -d 10.0.0.0/15 -p tcp --sport 1024: --dport 113 -j REJECT
    r#"[{"match":{"op":"!=","left":{"meta":{"key":"iifname"}},"right":"eth*"}},
        {"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.0.0.0","len":8}}}},
        {"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"prefix":{"addr":"10.0.0.0","len":15}}}},
        {"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":{"range":[1024,65535]}}},
        {"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":113}},
        C,{"xt":{"type":"target","name":"REJECT"}}]"#,
    // -s 10.0.0.0/255.0.255.0
    r#"[{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"ip","field":"saddr"}},"255.0.255.0"]},"right":"10.0.0.0"}},C]"#,
    // --tcp-flags FIN,SYN,RST,ACK SYN -g X
    r#"[{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},["fin","syn","rst","ack"]]},"right":"syn"}},C,{"goto":{"target":"X"}}]"#,
    // the same since nft 1.1
    r#"[{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},{"|":["fin","syn"]}]},"right":{"|":["fin","syn"]}}},C,{"jump":{"target":"X"}}]"#,
    // --tcp-flags FIN,SYN NONE
    r#"[{"match":{"op":"!","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":["fin","syn"]}},C,{"drop":null}]"#,
    // ! --tcp-flags SYN NONE; the bytes are those of nft's `tcp flags syn`
    r#"[{"match":{"op":"in","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":"syn"}},C,{"accept":null}]"#,
    // --dport :100 -m limit --limit 1/s -m mark --mark 1/0xff
    r#"[{"match":{"op":"<=","left":{"payload":{"protocol":"udp","field":"dport"}},"right":100}},
        {"limit":{"rate":1,"burst":5,"per":"second"}},
        {"match":{"op":"==","left":{"&":[{"meta":{"key":"mark"}},255]},"right":1}},C,{"return":null}]"#,
    // ! --dport 1:113
    r#"[{"match":{"op":"!=","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"range":[1,113]}}},C]"#,
    // ! --dport :10
    r#"[{"match":{"op":">","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":10}},C]"#,
    // ! -p gre, -p 200
    r#"[{"match":{"op":"!=","left":{"meta":{"key":"l4proto"}},"right":"gre"}},C]"#,
    r#"[{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":200}},C]"#,
    // -p tcp -m multiport
    r#"[{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"xt":{"type":"match","name":"multiport"}},C]"#,
    // -p icmp -m icmp, ! -p tcp, as iptables 1.8.11 makes them
    r#"[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"icmp"}},{"xt":{"type":"match","name":"icmp"}},C]"#,
    r#"[{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"tcp"}},C]"#,
    // -j NFLOG
    r#"[C,{"log":{"group":0}}]"#,
    r#"[C,{"log":{"prefix":"x","group":3,"snaplen":100,"queue-threshold":5}}]"#,
    // ! -m mark --mark 5
    r#"[{"match":{"op":"!=","left":{"meta":{"key":"mark"}},"right":5}},C]"#,
    // -o eth0 -j MASQUERADE
    r#"[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"eth0"}},C,{"xt":{"type":"target","name":"MASQUERADE"}}]"#,
    // ! -f
    r#"[{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"ip","field":"frag-off"}},8191]},"right":0}},C]"#,
    // a rule without anything
    r#"[C]"#,
];

/// Rules of nft, each with what iptables-nft-save makes of it or leaves out.
const NATIVE: [&str; 25] = [
    // tcp dport { 22, 80 }: -p tcp
    r#"[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[22,80]}}},C,{"accept":null}]"#,
    r#"[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":"@ports"}},C,{"accept":null}]"#,
    r#"[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@hosts"}},C,{"accept":null}]"#,
    r#"[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"@ifs"}},C,{"accept":null}]"#,
    r#"[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":{"set":["a","b"]}}},C,{"accept":null}]"#,
    r#"[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"range":["10.0.0.1","10.0.0.5"]}}},C,{"accept":null}]"#,
    r#"[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"new"}},C,{"accept":null}]"#,
    r#"[{"vmap":{"key":{"payload":{"protocol":"ip","field":"saddr"}},"data":"@m"}}]"#,
    // over a rate
    r#"[{"limit":{"rate":5,"burst":5,"per":"second","inv":true}},C,{"drop":null}]"#,
    r#"[{"limit":{"rate":5,"burst":5,"per":"week"}},C,{"drop":null}]"#,
    r#"[{"limit":{"rate":5,"per":"second","rate_unit":"kbytes"}},C,{"drop":null}]"#,
    // no counter, a named one, two of them
    r#"[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}]"#,
    r#"[{"counter":"c"},{"accept":null}]"#,
    r#"[C,C,{"accept":null}]"#,
    // two ports: iptables keeps one
    r#"[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":1}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":2}},C]"#,
    // two protocols
    r#"[{"match":{"op":"!=","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":2}},C]"#,
    r#"[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"tcp"}},{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"udp"}},C]"#,
    r#"[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"sport"}},"right":1}},{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":2}},C]"#,
    // the limit is spent before the interface is looked at
    r#"[{"limit":{"rate":5,"burst":5,"per":"second"}},{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},C,{"accept":null}]"#,
    // targets of nft's own
    r#"[C,{"log":{"prefix":"x","level":"info"}}]"#,
    r#"[C,{"log":{"group":1}},{"accept":null}]"#,
    r#"[C,{"reject":{"type":"tcp reset"}}]"#,
    r#"[C,{"masquerade":null}]"#,
    r#"[C,{"mangle":{"key":{"meta":{"key":"mark"}},"value":1}}]"#,
    r#"[{"match":{"op":"==","left":{"payload":{"base":"th","offset":0,"len":16}},"right":22}},C,{"accept":null}]"#,
];

fn of(expressions: &str, family: Family) -> Option<String> {
    let expressions = expressions.replace("C,", r#"{"counter":{"packets":0,"bytes":0}},"#);
    let expressions = expressions.replace("C]", r#"{"counter":{"packets":0,"bytes":0}}]"#);
    let rule: Value = serde_json::from_str(&format!(r#"{{"expr":{expressions}}}"#)).unwrap();
    check_rule(family, &rule)
}

#[test]
fn what_iptables_makes_is_known() {
    for rule in OF_IPTABLES {
        assert_eq!(of(rule, Family::Ipv4), None, "{rule}");
    }
}

#[test]
fn what_only_nft_can_say_is_refused() {
    for rule in NATIVE {
        assert!(of(rule, Family::Ipv4).is_some(), "{rule}");
    }
}

#[test]
fn a_family_has_its_own_addresses_only() {
    let rule = r#"[{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"fe80::1"}},C]"#;
    assert_eq!(of(rule, Family::Ipv6), None);
    assert!(of(rule, Family::Ipv4).is_some());
}

#[test]
fn objects_and_chains_that_iptables_has_not_are_named() {
    let ruleset = nft::parse(
        r#"{"nftables":[{"metainfo":{}},
            {"table":{"family":"ip","name":"filter","handle":1}},
            {"set":{"family":"ip","name":"s","table":"filter","handle":9,"type":"ipv4_addr"}},
            {"chain":{"family":"ip","table":"filter","name":"INPUT","handle":1,"type":"filter","hook":"input","prio":-5,"policy":"drop"}},
            {"chain":{"family":"ip","table":"filter","name":"OUTPUT","handle":2,"type":"filter","hook":"output","prio":0,"policy":"drop"}},
            {"chain":{"family":"ip","table":"filter","name":"mine","handle":3,"type":"filter","hook":"input","prio":0,"policy":"drop"}},
            {"chain":{"family":"ip","table":"filter","name":"FORWARD","handle":4}},
            {"chain":{"family":"ip","table":"filter","name":"user","handle":5}},
            {"rule":{"family":"ip","table":"filter","chain":"user","handle":6,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[22,80]}}},{"accept":null}]}},
            {"set":{"family":"ip6","name":"s","table":"filter","handle":9}},
            {"set":{"family":"ip","name":"s","table":"nat","handle":9}}]}"#,
    )
    .unwrap();
    let found: Vec<String> =
        check(&ruleset, Family::Ipv4, "filter").iter().map(ToString::to_string).collect();
    let begins = [
        "table ip filter, handle 9: a set named `s`",
        "table ip filter, chain INPUT, handle 1: not the chain that iptables makes (filter, input, 0)",
        "table ip filter, chain mine, handle 3: a base chain at hook input",
        "table ip filter, chain FORWARD, handle 4: a chain without a hook",
        "table ip filter, chain user, handle 6: tcp dport { 22, 80 } accept",
    ];
    assert_eq!(found.len(), begins.len(), "{found:#?}");
    for (line, begin) in found.iter().zip(begins) {
        assert!(line.starts_with(begin), "{line}");
    }
}
