//! Promise 1 for every entry of the catalogue: each option at its limits, positive and negated, in
//! each table, hook and family that the entry serves, loads on both variants and is saved as it was
//! emitted. Prints what was covered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl::table::{Hook, TableName};
use fwdsl_runtime::Policy;
use fwdsl_runtime::catalogue::Extension;
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::corpus::side_by_side;
use fwdsl_tests::coverage::{entries, is_tried};
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::nfnetlink::{add_account, add_tcp_timeout};
use fwdsl_tests::rules::{restore, saved_table, tables};
use fwdsl_tests::samples::{
    KNOWN_ABSENT, MADE_ELSEWHERE, SAMPLE_SET, Sample, TIMEOUTS, accounts, called, samples,
};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use fwdsl_tests::sets::{policy_of, restore_sets};

/// What iptables says if the kernel lacks an extension.
const ABSENT: &[&str] = &["missing kernel module", "No chain/target/match by that name", "Couldn't load"];

/// Whether what iptables says means that the kernel lacks an extension.
fn is_absent(extension: &Extension, said: &str) -> bool {
    // The kernel takes security contexts only where a module of it knows them.
    let no_contexts = extension.name == "SECMARK" && !Path::new("/sys/fs/selinux").exists();
    no_contexts || ABSENT.iter().any(|it| said.contains(it))
}

/// Of all that iptables takes, some says nothing, and some rules take the packets of others.
fn policy(table: TableName, hook: Hook, rules: &str) -> Option<Policy> {
    policy_allowing("useless_option, unreachable_rule, no_effect_rule", table, hook, rules)
}

fn policy_allowing(lints: &str, table: TableName, hook: Hook, rules: &str) -> Option<Policy> {
    let source =
        format!("#![allow({lints})] {SAMPLE_SET} table {table} {{ chain {} {{ {rules} }} }}", hook.name());
    let compiled = compile(source.parse().unwrap_or_else(|error| panic!("{error}: {source}")));
    compiled.is_sound().then(|| Policy::from_model(compiled.model).expect("the same checks"))
}

/// The text of a policy for a family.
fn emitted(policy: &Policy, family: Family) -> Option<String> {
    policy.emit(family).expect("it passed the checks")
}

/// Why a rule does not compile.
fn complaint(table: TableName, hook: Hook, rule: &str) -> String {
    let source = format!("{SAMPLE_SET} table {table} {{ chain {} {{ {rule} }} }}", hook.name());
    let compiled = compile(source.parse().expect("tokens"));
    let messages: Vec<&str> =
        compiled.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    messages.join("; ")
}

fn absence(extension: &Extension, family: Family, variant: Variant) -> String {
    format!("{} {family} {variant}", called(extension))
}

/// Loads text, and compares what is saved. What is wrong, if anything is.
fn difference(netns: &Netns, family: Family, variant: Variant, text: &str) -> Option<String> {
    let output = restore(netns, family, variant, text);
    if !output.status.success() {
        return Some(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let (table, block) = tables(text).into_iter().next().expect("a table");
    let saved = saved_table(netns, family, variant, &table);
    if saved == block {
        return None;
    }
    let pairs = block.lines().zip(saved.lines()).filter(|(emitted, saved)| emitted != saved);
    Some(pairs.map(|(emitted, saved)| format!("\n  emitted {emitted}\n  saved   {saved}")).collect())
}

/// Loads rules together; if something is wrong with that, their halves, down to the rules at fault.
fn find_wrong<'a>(
    netns: &Netns,
    (table, hook): (TableName, Hook),
    family: Family,
    variant: Variant,
    rules: &[(&'a Sample, &'a str)],
    wrong: &mut Vec<(&'a Sample, &'a str, String)>,
) {
    if rules.is_empty() {
        return;
    }
    let source: Vec<&str> = rules.iter().map(|(_, rule)| *rule).collect();
    let together = policy(table, hook, &source.join("\n"));
    let together = together.unwrap_or_else(|| panic!("{}", complaint(table, hook, &source.join("\n"))));
    let Some(said) = difference(netns, family, variant, &emitted(&together, family).unwrap_or_default())
    else {
        return;
    };
    match rules {
        [(sample, rule)] => wrong.push((sample, rule, said)),
        _ => {
            let (first, second) = rules.split_at(rules.len() / 2);
            let before = wrong.len();
            find_wrong(netns, (table, hook), family, variant, first, wrong);
            find_wrong(netns, (table, hook), family, variant, second, wrong);
            if wrong.len() == before {
                wrong.push((rules[0].0, rules[0].1, format!(" and others, together only: {said}")));
            }
        }
    }
}

/// Makes the estimators that the samples of `rateest` name, in another table than the one that is tried.
fn make_estimators(netns: &Netns, tried: TableName) {
    let table = if tried == TableName::Security { TableName::Raw } else { TableName::Security };
    let rules = ["RE1", "RE2"].map(|name| {
        format!(
            "-A OUTPUT -j RATEEST --rateest-name {name} --rateest-interval 250ms --rateest-ewmalog 500ms\n"
        )
    });
    let text = format!("*{table}\n{}COMMIT\n", rules.concat());
    let output = restore(netns, Family::Ipv4, Variant::Legacy, &text);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_option_of_every_extension_is_saved_as_it_was_emitted() {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    let sets = policy_of(&format!("{SAMPLE_SET} chain INPUT {{ in lo => accept; }}"));
    // One for each family, since timeout policies of both share their names.
    let namespaces = Family::ALL.map(|family| {
        let netns = Netns::new();
        assert!(restore_sets(&netns, &sets.emit_sets(family).expect("it compiles")).status.success());
        TIMEOUTS.iter().for_each(|name| add_tcp_timeout(&netns, name, family, 100));
        accounts().iter().for_each(|name| add_account(&netns, name));
        (family, netns)
    });
    let all: Vec<Sample> = entries().flat_map(samples).collect();
    for flag in MADE_ELSEWHERE {
        eprintln!("SKIPPED {flag}: it names an object that another program makes");
    }
    let mut absent = BTreeSet::new();
    let mut failures = String::new();
    let mut covered: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let mut loaded: BTreeSet<(String, Option<&str>, Family, String)> = BTreeSet::new();
    let mut compiled_somewhere: BTreeMap<(String, String), bool> = BTreeMap::new();
    let only = std::env::var("FWDSL_CATALOGUE_TABLE").ok();
    for table in TableName::ALL.into_iter().filter(|it| only.as_ref().is_none_or(|only| only == it.name())) {
        namespaces.iter().for_each(|(_, netns)| make_estimators(netns, table));
        for hook in table.hooks().iter().copied() {
            // Of the rules of a sample, the first that a family has.
            let mut in_family: BTreeMap<Family, Vec<(&Sample, &str)>> = BTreeMap::new();
            for sample in &all {
                let mut open: Vec<Family> = sample.extension.families.iter().collect();
                for rule in &sample.rules {
                    let Some(policy) = policy(table, hook, rule) else { continue };
                    let has = |family: &Family| {
                        emitted(&policy, *family).is_some_and(|text| text.contains("\n-A "))
                    };
                    for family in open.extract_if(.., |family| has(family)) {
                        in_family.entry(family).or_default().push((sample, rule));
                    }
                    if open.is_empty() {
                        break;
                    }
                }
                let known = compiled_somewhere
                    .entry((called(sample.extension), sample.rules[0].clone()))
                    .or_default();
                *known |= open.len() < sample.extension.families.iter().count();
            }
            let loads: Vec<(Family, Variant, &Netns)> = namespaces
                .iter()
                .flat_map(|(family, netns)| VARIANTS.map(|variant| (*family, variant, netns)))
                .collect();
            let tried = side_by_side(
                &loads,
                || (),
                |(), &(family, variant, netns)| {
                    let here = in_family.get(&family).into_iter().flatten().filter(|(sample, _)| {
                        let lacks = absent.contains(&absence(sample.extension, family, variant));
                        !(lacks || sample.legacy_only() && variant == Variant::Nft)
                    });
                    let here: Vec<(&Sample, &str)> = here.copied().collect();
                    let mut wrong = Vec::new();
                    find_wrong(netns, (table, hook), family, variant, &here, &mut wrong);
                    (here, wrong)
                },
            );
            for ((family, variant, _), (here, wrong)) in loads.into_iter().zip(tried) {
                for (sample, rule) in &here {
                    if !wrong.iter().any(|(_, other, _)| rule == other) {
                        let option = sample.option.map(|option| option.name);
                        loaded.insert((called(sample.extension), option, family, variant.to_string()));
                    }
                    let place = format!("{table}/{hook}");
                    *covered.entry(called(sample.extension)).or_default().entry(place).or_default() += 1;
                }
                for (sample, rule, said) in wrong {
                    if is_absent(sample.extension, &said) {
                        absent.insert(absence(sample.extension, family, variant));
                    } else {
                        writeln!(failures, "{table}/{hook} {family} {variant}: {rule}{said}").unwrap();
                    }
                }
            }
        }
    }
    let nowhere = compiled_somewhere.iter().filter(|(_, compiled)| !**compiled && only.is_none());
    for ((extension, rule), _) in nowhere {
        let places = TableName::ALL.iter().flat_map(|table| table.hooks().iter().map(|hook| (*table, *hook)));
        let said: BTreeSet<String> = places.map(|(table, hook)| complaint(table, hook, rule)).collect();
        writeln!(failures, "{extension}: nowhere compiles: {rule}: {said:?}").unwrap();
    }
    for entry in entries() {
        let places = covered.get(&called(entry)).cloned().unwrap_or_default();
        let total: usize = places.values().sum();
        let places: Vec<&str> = places.keys().map(String::as_str).collect();
        eprintln!("{:<16} {total:>6} loads in {}", called(entry), places.join(" "));
    }
    if only.is_none() {
        for (entry, family) in entries().flat_map(|it| it.families.iter().map(move |family| (it, family))) {
            let with_it = entry.options.iter().filter(|option| option.families.contains(family));
            for (option, variant) in with_it.flat_map(|option| VARIANTS.map(|variant| (option, variant))) {
                let done = (called(entry), Some(option.name), family, variant.to_string());
                let lacks = absent.contains(&absence(entry, family, variant));
                if is_tried(entry, Some(option), variant) && !lacks && !loaded.contains(&done) {
                    writeln!(failures, "said to be tried, and not loaded: {done:?}").unwrap();
                }
            }
        }
    }
    for absence in &absent {
        eprintln!("ABSENT from this kernel: {absence}");
        let known = KNOWN_ABSENT.iter().any(|known| absence.starts_with(known));
        if !known && std::env::var_os("FWDSL_KERNEL_TESTS").is_some_and(|value| value == "required") {
            writeln!(failures, "this kernel lacks {absence}").unwrap();
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

/// The saved rule of the language, and another spelling of it that iptables takes. Loaded, both are saved alike.
const SPELLINGS: &[(&str, &str, &str, &str)] = &[
    ("filter", "INPUT", "mark 10 => return", "-m mark --mark 10 -j RETURN"),
    ("filter", "INPUT", "mark !5/0xffffffff => return", "-m mark ! --mark 5/0xffffffff -j RETURN"),
    ("mangle", "INPUT", "_ => mark(set 1)", "-j MARK --set-mark 1"),
    ("mangle", "INPUT", "_ => mark(set 0x101/0xff)", "-j MARK --set-mark 0x101/0xff"),
    ("mangle", "INPUT", "_ => mark(xset 0x1ff/0xff)", "-j MARK --set-xmark 0x1ff/0xff"),
    ("mangle", "INPUT", "_ => mark(and 0xf0)", "-j MARK --and-mark 0xf0"),
    ("mangle", "INPUT", "_ => mark(or 0xf0)", "-j MARK --or-mark 0xf0"),
    ("mangle", "INPUT", "_ => mark(xor 0xf0)", "-j MARK --xor-mark 0xf0"),
    ("mangle", "INPUT", "_ => connmark(set 0x101/0xff)", "-j CONNMARK --set-mark 0x101/0xff"),
    ("mangle", "INPUT", "_ => connmark(and 0xf0)", "-j CONNMARK --and-mark 0xf0"),
    ("mangle", "INPUT", "_ => connmark(save)", "-j CONNMARK --save-mark"),
    ("mangle", "INPUT", "_ => connmark(restore, mask 0xff)", "-j CONNMARK --restore-mark --mask 0xff"),
    ("mangle", "INPUT", "_ => connmark(restore, ctmask 0xff)", "-j CONNMARK --restore-mark --ctmask 0xff"),
    ("mangle", "INPUT", "_ => connmark(set 1, left-shift 4)", "-j CONNMARK --set-mark 1 --left-shift-mark 4"),
    (
        "mangle",
        "INPUT",
        "_ => connmark(save, right-shift 31)",
        "-j CONNMARK --save-mark --right-shift-mark 31",
    ),
    ("mangle", "INPUT", "_ => tos(set minimize-delay)", "-j TOS --set-tos Minimize-Delay"),
    ("mangle", "INPUT", "_ => tos(set 0x10)", "-j TOS --set-tos 0x10"),
    ("mangle", "INPUT", "_ => tos(and 0x10)", "-j TOS --and-tos 0x10"),
    ("mangle", "INPUT", "_ => tos(or 0x10)", "-j TOS --or-tos 0x10"),
    ("mangle", "INPUT", "_ => tos(xor 0x10)", "-j TOS --xor-tos 0x10"),
    ("mangle", "INPUT", "tos(normal-service) => return", "-m tos --tos Normal-Service -j RETURN"),
    ("mangle", "INPUT", "_ => dscp(af11)", "-j DSCP --set-dscp-class AF11"),
    ("mangle", "INPUT", "dscp(class ef) => return", "-m dscp --dscp-class EF -j RETURN"),
    ("mangle", "FORWARD", "_ => classify(1:10)", "-j CLASSIFY --set-class 1:10"),
    ("filter", "INPUT", "pkttype(host) => return", "-m pkttype --pkt-type host -j RETURN"),
    ("filter", "INPUT", "connlimit(above 5) => return", "-m connlimit --connlimit-above 5 -j RETURN"),
    ("filter", "INPUT", "conntrack(!ctproto tcp) => return", "-m conntrack ! --ctproto tcp -j RETURN"),
    (
        "filter",
        "INPUT",
        "recent(update, reap, seconds 10, hitcount 5, rttl) => return",
        "-m recent --update --reap --seconds 10 --hitcount 5 --rttl -j RETURN",
    ),
    (
        "filter",
        "INPUT",
        "statistic(random, !probability 0.33) => return",
        "-m statistic --mode random ! --probability 0.33 -j RETURN",
    ),
    ("filter", "INPUT", "string(\"foo\", algo bm) => return", "-m string --string foo --algo bm -j RETURN"),
    (
        "filter",
        "INPUT",
        "string(hex \"foo|0a 0b|\", algo bm, to 65535) => return",
        "-m string --hex-string \"foo|0a0b|\" --algo bm --to 65535 -j RETURN",
    ),
    (
        "filter",
        "INPUT",
        "string(\"äö\", algo kmp) => return",
        "-m string --string \"äö\" --algo kmp -j RETURN",
    ),
    (
        "filter",
        "INPUT",
        "string(\"a\\\\\", algo kmp) => return",
        "-m string --string \"a\\\\\" --algo kmp -j RETURN",
    ),
    ("filter", "INPUT", "time(start 08:00) => return", "-m time --timestart 08:00 -j RETURN"),
    ("filter", "INPUT", "time(!weekdays [sat, sun]) => return", "-m time ! --weekdays Sat,Sun -j RETURN"),
    ("filter", "INPUT", "time(!monthdays 1) => return", "-m time ! --monthdays 1 -j RETURN"),
    (
        "filter",
        "INPUT",
        "time(weekdays [mon, tue, wed, thu, fri, sat, sun], datestop 2030-01-01) => return",
        "-m time --weekdays Mon,Tue,Wed,Thu,Fri,Sat,Sun --datestop 2030-01-01 -j RETURN",
    ),
    (
        "filter",
        "INPUT",
        "time(start 23:00, stop 05:00, contiguous, kerneltz) => return",
        "-m time --timestart 23:00 --timestop 05:00 --contiguous --kerneltz -j RETURN",
    ),
    ("raw", "OUTPUT", "_ => ct(ctevents [destroy, new])", "-j CT --ctevents destroy,new"),
    ("raw", "PREROUTING", "_ => ct(ctevents [new, new])", "-j CT --ctevents new,new"),
    ("raw", "PREROUTING", "_ => ct", "-j CT"),
    ("raw", "PREROUTING", "_ => ct(zone 0)", "-j CT --zone 0"),
    ("raw", "PREROUTING", "_ => ct(zone 0x10)", "-j CT --zone 0x10"),
    ("raw", "PREROUTING", "_ => ct(zone 5, zone-orig 6)", "-j CT --zone 5 --zone-orig 6"),
    ("raw", "PREROUTING", "_ => ct(zone-orig 5, zone-reply 6)", "-j CT --zone-orig 5 --zone-reply 6"),
    ("raw", "PREROUTING", "_ => ct(zone-reply mark)", "-j CT --zone-reply MARK"),
    ("raw", "PREROUTING", "_ => nfqueue", "-j NFQUEUE"),
    ("filter", "INPUT", "_ => nfqueue(balance 5..=65535)", "-j NFQUEUE --queue-balance 5:"),
    (
        "filter",
        "INPUT",
        "_ => log(\"0123456789abcdefghijklmnopqrstuvwxyz\")",
        "-j LOG --log-prefix 0123456789abcdefghijklmnopqrstuvwxyz",
    ),
    ("filter", "INPUT", "_ => log(level error)", "-j LOG --log-level error"),
    ("filter", "INPUT", "_ => log(level panic)", "-j LOG --log-level panic"),
    ("mangle", "FORWARD", "_ => connmark(set 5, mask 5)", "-j CONNMARK --set-mark 5 --mask 5"),
    ("mangle", "FORWARD", "_ => connmark(set-xmark 5/7, ctmask 5)", "-j CONNMARK --set-xmark 5/7 --ctmask 5"),
    ("mangle", "FORWARD", "_ => connmark(ctmask 5, set-xmark 5/7)", "-j CONNMARK --ctmask 5 --set-xmark 5/7"),
    ("mangle", "FORWARD", "_ => connmark(and 5, nfmask 6)", "-j CONNMARK --and-mark 5 --nfmask 6"),
    ("mangle", "FORWARD", "tcp => tcpoptstrip", "-p tcp -j TCPOPTSTRIP"),
    (
        "mangle",
        "FORWARD",
        "_ => hmark(tuple [spi, src], mod 0x10, rnd 1)",
        "-j HMARK --hmark-tuple SPI,s --hmark-mod 0x10 --hmark-rnd 1",
    ),
    (
        "mangle",
        "FORWARD",
        "_ => hmark(src-prefix 24, tuple [ct, src, proto], mod 10, rnd 1)",
        "-j HMARK --hmark-src-prefix 24 --hmark-tuple ct,src,proto --hmark-mod 10 --hmark-rnd 1",
    ),
    (
        "filter",
        "INPUT",
        "#[exact] _ => rateest(name \"spelt\", interval 1.1s, ewmalog 9000ms)",
        "-j RATEEST --rateest-name spelt --rateest-interval 1100msec --rateest-ewmalog 9sec",
    ),
    (
        "filter",
        "INPUT",
        "_ => idletimer(timeout 60, label \"0123456789abcdefghijklmnopqrstuvwxyz\")",
        "-j IDLETIMER --label 0123456789abcdefghijklmnopqrstuvwxyz --timeout 0x3c",
    ),
    ("mangle", "PREROUTING", "udp => tproxy(http)", "-p udp -j TPROXY --on-port http"),
    ("filter", "INPUT", "_ => nflog(group 0)", "-j NFLOG --nflog-group 0"),
    ("mangle", "PREROUTING", "udp => tproxy(3128)", "-p udp -j TPROXY --on-port 3128"),
    (
        "mangle",
        "INPUT",
        "tcp => tcpoptstrip([wscale, mss])",
        "-p tcp -j TCPOPTSTRIP --strip-options wscale,mss",
    ),
];

/// Likewise in IPv4 alone.
const SPELLINGS_IPV4: &[(&str, &str, &str, &str)] = &[
    (
        "mangle",
        "FORWARD",
        "tcp => ecn(tcp-cwr 0, tcp-ece 0)",
        "-p tcp -j ECN --ecn-tcp-cwr 0 --ecn-tcp-ece 0",
    ),
    (
        "mangle",
        "FORWARD",
        "tcp => ecn(tcp-remove, ip-ect 2)",
        "-p tcp -j ECN --ecn-tcp-remove --ecn-ip-ect 2",
    ),
    ("nat", "PREROUTING", "icmp => redirect(to 5)", "-p icmp -j REDIRECT --to-ports 5"),
    (
        "nat",
        "PREROUTING",
        "tcp => dnat(10.0.0.9..=10.0.0.1)",
        "-p tcp -j DNAT --to-destination 10.0.0.9-10.0.0.1",
    ),
    (
        "nat",
        "PREROUTING",
        "tcp => dnat(10.0.0.1..=10.0.0.1:5..=5)",
        "-p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.1:5-5",
    ),
    ("filter", "INPUT", "_ => reject(net-unreach)", "-j REJECT --reject-with ICMP-NET-UNREACH"),
];

#[test]
fn other_spellings_are_saved_as_the_language_emits_them() {
    if !require(&PROGRAMS) {
        return;
    }
    let netns = Netns::new();
    let both = SPELLINGS.iter().map(|spelling| (spelling, &Family::ALL[..]));
    let ipv4 = SPELLINGS_IPV4.iter().map(|spelling| (spelling, &[Family::Ipv4][..]));
    for ((table, chain, rule, spelling), families) in both.chain(ipv4) {
        let (table, hook) = (TableName::from_name(table).unwrap(), Hook::from_name(chain).unwrap());
        let policy = policy_allowing("useless_option, odd_value", table, hook, &format!("{rule};"));
        let policy =
            policy.unwrap_or_else(|| panic!("{rule}: {}", complaint(table, hook, &format!("{rule};"))));
        for (family, variant) in families.iter().flat_map(|it| VARIANTS.map(|variant| (*it, variant))) {
            let text = emitted(&policy, family).expect("its families");
            let marker = format!("-A {chain} ");
            let written: String = text
                .lines()
                .map(|line| {
                    if line.starts_with(&marker) {
                        format!("{marker}{spelling}\n")
                    } else {
                        format!("{line}\n")
                    }
                })
                .collect();
            let output = restore(&netns, family, variant, &written);
            assert!(output.status.success(), "{spelling}: {}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(saved_table(&netns, family, variant, table.name()), text, "{family} {variant} {rule}");
        }
    }
}

/// `hashlimit` adds what its parameters are to its name; all else is as iptables saves it.
#[test]
fn hashlimits_are_saved_as_iptables_would_save_them() {
    if !require(&PROGRAMS) {
        return;
    }
    let netns = Netns::new();
    for (number, (options, spelling)) in [
        ("upto 60/minute, mode srcip", "upto 60/min --hashlimit-mode srcip"),
        ("above 3600/h, mode [dstport, srcip]", "above 3600/hour --hashlimit-mode dstport,srcip"),
        ("upto 1440/day, burst 1", "upto 1440/day --hashlimit-burst 1"),
        ("upto 1441/s, htable-expire 1000", "upto 1441/s --hashlimit-htable-expire 1000"),
        ("upto 3/minute, htable-expire 10000", "upto 3/m --hashlimit-htable-expire 10000"),
        (
            "upto 999999/s, rate-match, rate-interval 9",
            "upto 999999/s --hashlimit-rate-match --hashlimit-rate-interval 9",
        ),
        ("upto 1000b/s, htable-expire 15000", "upto 1000b/s --hashlimit-htable-expire 15000"),
        ("upto 3mb/s, burst 10mb", "upto 3mb/s --hashlimit-burst 10mb"),
        (
            "above 512kb/s, burst 600kb, htable-expire 60000",
            "above 512kb/s --hashlimit-burst 600kb --hashlimit-htable-expire 60000",
        ),
        (
            "upto 512kb/s, burst 512kb, htable-expire 15000",
            "upto 512kb/s --hashlimit-burst 512kb --hashlimit-htable-expire 15000",
        ),
        (
            "upto 99999b/s, srcmask 32, dstmask 24",
            "upto 99999b/s --hashlimit-srcmask 32 --hashlimit-dstmask 24",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let rule = format!("hashlimit({options}, name h{number}) => return;");
        let policy = policy(TableName::Filter, Hook::Input, &rule);
        let policy =
            policy.unwrap_or_else(|| panic!("{rule}: {}", complaint(TableName::Filter, Hook::Input, &rule)));
        for (family, variant) in Family::ALL.into_iter().flat_map(|it| VARIANTS.map(|variant| (it, variant)))
        {
            let text = emitted(&policy, family).expect("both families");
            let name = text.split("--hashlimit-name ").nth(1).and_then(|rest| rest.split(' ').next());
            let name = name.expect("a name");
            assert!(name.starts_with(&format!("h{number}-")), "{name}");
            let written = format!(
                "*filter\n-A INPUT -m hashlimit --hashlimit-{spelling} --hashlimit-name {name} -j RETURN\nCOMMIT\n"
            );
            let output = restore(&netns, family, variant, &written);
            assert!(output.status.success(), "{spelling}: {}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(saved_table(&netns, family, variant, "filter"), text, "{family} {variant} {rule}");
        }
    }
}
