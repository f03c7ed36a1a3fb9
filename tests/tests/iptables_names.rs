//! The tables of ICMP types and protocols against the installed iptables.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::icmp::{self, IcmpType};
use fwdsl_runtime::protocols;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};

/// Loads rules into INPUT and returns what the program then saves of them, in order.
fn saved(netns: &Netns, family: Family, variant: Variant, rules: &[String]) -> Vec<String> {
    let mut text = String::from("*filter\n:INPUT ACCEPT [0:0]\n");
    for rule in rules {
        writeln!(text, "-A INPUT {rule}").unwrap();
    }
    text.push_str("COMMIT\n");
    let mut child = netns
        .command(variant.program(family, "restore"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = netns.command(variant.program(family, "save")).args(["-t", "filter"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("-A INPUT ")).map(str::to_owned).collect()
}

/// The names in a program's own list of types, aliases included.
fn listed(netns: &Netns, family: Family, variant: Variant) -> Vec<String> {
    let protocol = if family == Family::Ipv4 { "icmp" } else { "icmpv6" };
    let name = if family == Family::Ipv4 { "iptables" } else { "ip6tables" };
    let output = netns.command(format!("{name}-{variant}")).args(["-p", protocol, "-h"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, list) = text.split_once("Valid ICMP").expect("a list of types in the help text");
    list.lines()
        .skip(1)
        .flat_map(|line| line.split([' ', '(', ')']))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The match as it is saved.
fn printed(family: Family, found: IcmpType) -> String {
    let (before, option) = match family {
        Family::Ipv4 => ("-p icmp -m icmp", "--icmp-type"),
        Family::Ipv6 => ("-p ipv6-icmp -m icmp6", "--icmpv6-type"),
    };
    match found {
        icmp::ANY => format!("{before} {option} any"),
        IcmpType { ty, code: None } => format!("{before} {option} {ty}"),
        IcmpType { ty, code: Some(code) } => format!("{before} {option} {ty}/{code}"),
    }
}

#[test]
fn icmp_names_mean_what_iptables_takes_them_for() {
    if !require(&PROGRAMS) {
        return;
    }
    let netns = Netns::new();
    for variant in VARIANTS {
        for family in Family::ALL {
            let names = listed(&netns, family, variant);
            assert!(names.len() > 20, "{names:?}");
            let option =
                if family == Family::Ipv4 { "-p icmp --icmp-type" } else { "-p icmpv6 --icmpv6-type" };
            let rules: Vec<String> = names.iter().map(|name| format!("{option} {name}")).collect();
            let saved = saved(&netns, family, variant, &rules);
            assert_eq!(saved.len(), names.len());
            for (name, saved) in names.iter().zip(saved) {
                let found = icmp::find(family, name).unwrap_or_else(|| panic!("{family} {name} is unknown"));
                assert_eq!(printed(family, found), saved, "{family} {name}");
            }
        }
    }
}

#[test]
fn protocols_are_saved_under_the_names_of_the_table() {
    if !require(&PROGRAMS) {
        return;
    }
    let netns = Netns::new();
    let debian = std::fs::read_to_string("/etc/os-release").is_ok_and(|text| text.contains("debian"));
    let named = debian && std::path::Path::new("/etc/protocols").exists();
    if !named {
        eprintln!("only built-in names are tried, for there is no /etc/protocols of Debian's");
    }
    for variant in VARIANTS {
        for family in Family::ALL {
            let numbers: Vec<u8> = (1..=255).filter(|number| named || protocols::builtin(*number)).collect();
            let rules: Vec<String> = numbers.iter().map(|number| format!("-p {number}")).collect();
            let saved = saved(&netns, family, variant, &rules);
            assert_eq!(saved.len(), numbers.len());
            for (number, saved) in numbers.into_iter().zip(saved) {
                let name = protocols::save_name(number).map_or_else(|| number.to_string(), str::to_owned);
                assert_eq!(saved, format!("-p {name}"), "{family}");
            }
        }
    }
}
