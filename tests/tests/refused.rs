//! What iptables refuses, the language refuses: each rule of the language beside a spelling of it that neither variant
//! loads.

use std::fmt::Write as _;

use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl_runtime::lint::ONE_VARIANT;
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::rules::restore;
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};

const BOTH: &[Family] = &Family::ALL;
const IPV4: &[Family] = &[Family::Ipv4];
const IPV6: &[Family] = &[Family::Ipv6];

/// Families, table, chain, rule, spelling.
type Refused = (&'static [Family], &'static str, &'static str, &'static str, &'static str);

const REFUSED: &[Refused] = &[
    (BOTH, "filter", "INPUT", "_ => log(\"\")", "-j LOG --log-prefix \"\""),
    (BOTH, "filter", "INPUT", "_ => log(level 8)", "-j LOG --log-level 8"),
    (BOTH, "filter", "INPUT", "_ => nflog(group 65536)", "-j NFLOG --nflog-group 65536"),
    (BOTH, "filter", "INPUT", "_ => nfqueue(balance 5)", "-j NFQUEUE --queue-balance 5"),
    (BOTH, "filter", "INPUT", "_ => nfqueue(balance 5..=5)", "-j NFQUEUE --queue-balance 5:5"),
    (BOTH, "filter", "INPUT", "_ => nfqueue(balance 0..=65535)", "-j NFQUEUE --queue-balance 0:65535"),
    (BOTH, "filter", "INPUT", "_ => nfqueue(1, cpu-fanout)", "-j NFQUEUE --queue-num 1 --queue-cpu-fanout"),
    (
        BOTH,
        "mangle",
        "INPUT",
        "_ => hmark(tuple src, mod 0, rnd 5)",
        "-j HMARK --hmark-tuple src --hmark-mod 0 --hmark-rnd 5",
    ),
    (BOTH, "mangle", "INPUT", "_ => hmark(tuple src, mod 1)", "-j HMARK --hmark-tuple src --hmark-mod 1"),
    (BOTH, "mangle", "INPUT", "_ => hmark(mod 1, rnd 1)", "-j HMARK --hmark-mod 1 --hmark-rnd 1"),
    (
        BOTH,
        "mangle",
        "INPUT",
        "_ => hmark(tuple [spi, sport], mod 1, rnd 1)",
        "-j HMARK --hmark-tuple spi,sport --hmark-mod 1 --hmark-rnd 1",
    ),
    (
        BOTH,
        "mangle",
        "INPUT",
        "_ => hmark(spi 5, sport 4, mod 1, rnd 1)",
        "-j HMARK --hmark-spi 5 --hmark-sport 4 --hmark-mod 1 --hmark-rnd 1",
    ),
    (
        BOTH,
        "mangle",
        "INPUT",
        "_ => hmark(tuple spi, sport-mask 4, mod 1, rnd 1)",
        "-j HMARK --hmark-tuple spi --hmark-sport-mask 4 --hmark-mod 1 --hmark-rnd 1",
    ),
    (
        BOTH,
        "mangle",
        "INPUT",
        "_ => hmark(tuple src, src-prefix 24, mod 1, rnd 1)",
        "-j HMARK --hmark-tuple src --hmark-src-prefix 24 --hmark-mod 1 --hmark-rnd 1",
    ),
    (BOTH, "filter", "INPUT", "_ => idletimer(timeout 5)", "-j IDLETIMER --timeout 5"),
    (BOTH, "filter", "INPUT", "_ => idletimer(timeout 0, label a)", "-j IDLETIMER --timeout 0 --label a"),
    (
        BOTH,
        "filter",
        "INPUT",
        "_ => idletimer(timeout 2147483, label a)",
        "-j IDLETIMER --timeout 2147483 --label a",
    ),
    (
        BOTH,
        "filter",
        "INPUT",
        "_ => idletimer(timeout 1, label \"\")",
        "-j IDLETIMER --timeout 1 --label \"\"",
    ),
    (
        BOTH,
        "filter",
        "INPUT",
        "_ => idletimer(timeout 1, label \"a/b\")",
        "-j IDLETIMER --timeout 1 --label a/b",
    ),
    (
        BOTH,
        "filter",
        "INPUT",
        "_ => idletimer(timeout 1, label \"power\")",
        "-j IDLETIMER --timeout 1 --label power",
    ),
    (
        BOTH,
        "filter",
        "INPUT",
        "_ => rateest(name \"a\", interval 9s, ewmalog 100s)",
        "-j RATEEST --rateest-name a --rateest-interval 9s --rateest-ewmalog 100s",
    ),
    (
        BOTH,
        "filter",
        "INPUT",
        "_ => rateest(name \"a\", interval 1s, ewmalog 1s)",
        "-j RATEEST --rateest-name a --rateest-interval 1s --rateest-ewmalog 1s",
    ),
    (
        BOTH,
        "filter",
        "INPUT",
        "_ => rateest(name \"a\", interval 1s)",
        "-j RATEEST --rateest-name a --rateest-interval 1s",
    ),
    (
        BOTH,
        "filter",
        "INPUT",
        "_ => led(trigger-id \"12345678901234567\")",
        "-j LED --led-trigger-id 12345678901234567",
    ),
    (BOTH, "filter", "INPUT", "_ => connsecmark(save)", "-j CONNSECMARK --save"),
    (BOTH, "mangle", "INPUT", "_ => connsecmark", "-j CONNSECMARK"),
    (BOTH, "mangle", "INPUT", "_ => connsecmark(save, restore)", "-j CONNSECMARK --save --restore"),
    (BOTH, "filter", "INPUT", "_ => secmark(selctx a)", "-j SECMARK --selctx a"),
    (BOTH, "mangle", "INPUT", "_ => secmark", "-j SECMARK"),
    (BOTH, "raw", "PREROUTING", "_ => ct(helper ftp)", "-j CT --helper ftp"),
    (BOTH, "raw", "PREROUTING", "_ => ct(timeout abc)", "-j CT --timeout abc"),
    (BOTH, "raw", "PREROUTING", "_ => ct(zone 65536)", "-j CT --zone 65536"),
    (BOTH, "raw", "PREROUTING", "_ => ct(ctevents bogus)", "-j CT --ctevents bogus"),
    (BOTH, "mangle", "INPUT", "_ => notrack", "-j NOTRACK"),
    (BOTH, "mangle", "FORWARD", "tcp => tcpoptstrip(0)", "-p tcp -j TCPOPTSTRIP --strip-options 0"),
    (BOTH, "mangle", "FORWARD", "tcp => tcpoptstrip(1)", "-p tcp -j TCPOPTSTRIP --strip-options 1"),
    (BOTH, "filter", "FORWARD", "tcp => tcpoptstrip(2)", "-p tcp -j TCPOPTSTRIP --strip-options 2"),
    (IPV4, "mangle", "FORWARD", "_ => ecn(tcp-cwr 1)", "-j ECN --ecn-tcp-cwr 1"),
    (IPV4, "mangle", "FORWARD", "tcp => ecn", "-p tcp -j ECN"),
    (
        IPV4,
        "mangle",
        "FORWARD",
        "tcp => ecn(tcp-remove, tcp-ece 1)",
        "-p tcp -j ECN --ecn-tcp-remove --ecn-tcp-ece 1",
    ),
    (IPV4, "mangle", "FORWARD", "tcp => ecn(ip-ect 4)", "-p tcp -j ECN --ecn-ip-ect 4"),
    (IPV4, "mangle", "FORWARD", "tcp syn => tcpmss(65516)", "-p tcp --syn -j TCPMSS --set-mss 65516"),
    (
        IPV6,
        "mangle",
        "FORWARD",
        "family_ipv6 tcp syn => tcpmss(65496)",
        "-p tcp --syn -j TCPMSS --set-mss 65496",
    ),
    (
        BOTH,
        "mangle",
        "INPUT",
        "tcp syn => tcpmss(clamp-mss-to-pmtu)",
        "-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu",
    ),
    (BOTH, "filter", "INPUT", "_ => synproxy(mss 1460)", "-j SYNPROXY --mss 1460"),
    (BOTH, "mangle", "PREROUTING", "_ => tproxy(5)", "-j TPROXY --on-port 5"),
    (IPV4, "mangle", "INPUT", "_ => tee(gateway 0.0.0.0)", "-j TEE --gateway 0.0.0.0"),
    (IPV6, "mangle", "INPUT", "_ => tee(gateway ::)", "-j TEE --gateway ::"),
    (BOTH, "filter", "INPUT", "_ => classify(1:10)", "-j CLASSIFY --set-class 1:10"),
    (
        BOTH,
        "mangle",
        "INPUT",
        "_ => connmark(save, mask 1, nfmask 1)",
        "-j CONNMARK --save-mark --mask 1 --nfmask 1",
    ),
    (BOTH, "mangle", "INPUT", "_ => connmark(mask 1)", "-j CONNMARK --mask 1"),
    (BOTH, "mangle", "INPUT", "_ => connmark(save, restore)", "-j CONNMARK --save-mark --restore-mark"),
    (BOTH, "mangle", "INPUT", "_ => mark", "-j MARK"),
    (BOTH, "mangle", "INPUT", "_ => dscp(64)", "-j DSCP --set-dscp 64"),
    (BOTH, "mangle", "INPUT", "_ => tos(and 256)", "-j TOS --and-tos 256"),
    (BOTH, "filter", "INPUT", "_ => audit", "-j AUDIT"),
    (BOTH, "filter", "INPUT", "_ => checksum(fill)", "-j CHECKSUM --checksum-fill"),
    (BOTH, "mangle", "INPUT", "_ => checksum", "-j CHECKSUM"),
    (IPV4, "mangle", "INPUT", "_ => ttl(dec 0)", "-j TTL --ttl-dec 0"),
    (IPV6, "mangle", "INPUT", "_ => hl(inc 1, dec 1)", "-j HL --hl-inc 1 --hl-dec 1"),
    (
        IPV6,
        "mangle",
        "PREROUTING",
        "_ => snpt(src-pfx fd00::/64, dst-pfx fd01::/64)",
        "-j SNPT --src-pfx fd00::/64 --dst-pfx fd01::/64",
    ),
    (
        IPV6,
        "mangle",
        "POSTROUTING",
        "_ => snpt(src-pfx fd00::/65, dst-pfx fd01::/64)",
        "-j SNPT --src-pfx fd00::/65 --dst-pfx fd01::/64",
    ),
    (IPV4, "nat", "PREROUTING", "_ => dnat(10.0.0.1:5)", "-j DNAT --to-destination 10.0.0.1:5"),
    (
        IPV4,
        "nat",
        "PREROUTING",
        "tcp => dnat(10.0.0.1:9..=5)",
        "-p tcp -j DNAT --to-destination 10.0.0.1:9-5",
    ),
    (BOTH, "nat", "PREROUTING", "proto 136 => redirect(to 5)", "-p 136 -j REDIRECT --to-ports 5"),
    (BOTH, "nat", "PREROUTING", "_ => masquerade", "-j MASQUERADE"),
    (BOTH, "nat", "PREROUTING", "_ => drop", "-j DROP"),
    (BOTH, "filter", "INPUT", "_ => reject(tcp-reset)", "-j REJECT --reject-with tcp-reset"),
    (BOTH, "mangle", "INPUT", "_ => reject", "-j REJECT"),
];

/// What one variant alone takes: table, chain, rule, spelling.
const OF_ONE: &[(Variant, &str, &str, &str, &str)] = &[
    (Variant::Legacy, "filter", "INPUT", "_ => queue", "-j QUEUE"),
    (Variant::Nft, "filter", "INPUT", "_ => trace", "-j TRACE"),
    (Variant::Nft, "mangle", "FORWARD", "tcp => tcpmss(1400)", "-p tcp -j TCPMSS --set-mss 1400"),
];

#[test]
fn what_one_variant_refuses_is_a_lint() {
    if !require(&PROGRAMS) {
        return;
    }
    let netns = Netns::new();
    for (taking, table, chain, rule, spelling) in OF_ONE {
        let source = format!("table {table} {{ chain {chain} {{ {rule}; }} }}");
        let compiled = compile(source.parse().expect("tokens"));
        let lints: Vec<_> = compiled.diagnostics.iter().map(|found| found.lint).collect();
        assert_eq!(lints, [Some(ONE_VARIANT)], "{rule}");
        for (family, variant) in Family::ALL.into_iter().flat_map(|family| VARIANTS.map(|it| (family, it))) {
            let text = format!("*{table}\n-A {chain} {spelling}\nCOMMIT\n");
            let takes = restore(&netns, family, variant, &text).status.success();
            assert_eq!(takes, variant == *taking, "{family} {variant} {spelling}");
        }
    }
}

#[test]
fn what_iptables_refuses_the_language_refuses() {
    if !require(&PROGRAMS) {
        return;
    }
    let netns = Netns::new();
    let mut wrong = String::new();
    for (families, table, chain, rule, spelling) in REFUSED {
        let (family, rule) = match rule.strip_prefix("family_ipv6 ") {
            Some(rule) => ("family ipv6;", rule),
            None => ("", *rule),
        };
        let source = format!("{family} table {table} {{ chain {chain} {{ {rule}; }} }}");
        let compiled = compile(source.parse().expect("tokens"));
        if !compiled.diagnostics.iter().any(|found| found.is_error() && found.lint.is_none()) {
            writeln!(wrong, "the language takes {rule}").unwrap();
        }
        for (family, variant) in families.iter().flat_map(|family| VARIANTS.map(|variant| (*family, variant)))
        {
            let text = format!("*{table}\n-A {chain} {spelling}\nCOMMIT\n");
            if restore(&netns, family, variant, &text).status.success() {
                writeln!(wrong, "{family} {variant} takes {spelling}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
