//! The tables of ICMP types and protocols against the installed iptables.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::icmp::{self, IcmpType};
use fwdsl_runtime::protocols;
use fwdsl_tests::namespace::{Namespace, skip};

/// The variants of the programs that are installed.
fn variants(namespace: &Namespace, what: &str) -> Vec<&'static str> {
    let installed = |variant: &&str| {
        let program = format!("iptables-{variant}");
        let found =
            namespace.command(&program).arg("-V").output().is_ok_and(|output| output.status.success());
        if !found {
            skip(what, &format!("{program} is not installed"));
        }
        found
    };
    ["legacy", "nft"].into_iter().filter(installed).collect()
}

fn program(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "iptables",
        Family::Ipv6 => "ip6tables",
    }
}

/// Loads rules into INPUT and returns what the program then saves of them, in order.
fn saved(namespace: &Namespace, family: Family, variant: &str, rules: &[String]) -> Vec<String> {
    let mut text = String::from("*filter\n:INPUT ACCEPT [0:0]\n");
    for rule in rules {
        writeln!(text, "-A INPUT {rule}").unwrap();
    }
    text.push_str("COMMIT\n");
    let name = program(family);
    let mut child = namespace
        .command(&format!("{name}-{variant}-restore"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output =
        namespace.command(&format!("{name}-{variant}-save")).args(["-t", "filter"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("-A INPUT ")).map(str::to_owned).collect()
}

/// The names in a program's own list of types, aliases included.
fn listed(namespace: &Namespace, family: Family, variant: &str) -> Vec<String> {
    let protocol = if family == Family::Ipv4 { "icmp" } else { "icmpv6" };
    let mut help = namespace.command(&format!("{}-{variant}", program(family)));
    let output = help.args(["-p", protocol, "-h"]).output().unwrap();
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
    let what = "icmp_names_mean_what_iptables_takes_them_for";
    let Some(namespace) = Namespace::new(what) else { return };
    for variant in variants(&namespace, what) {
        for family in Family::ALL {
            let names = listed(&namespace, family, variant);
            assert!(names.len() > 20, "{names:?}");
            let option =
                if family == Family::Ipv4 { "-p icmp --icmp-type" } else { "-p icmpv6 --icmpv6-type" };
            let rules: Vec<String> = names.iter().map(|name| format!("{option} {name}")).collect();
            let saved = saved(&namespace, family, variant, &rules);
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
    let what = "protocols_are_saved_under_the_names_of_the_table";
    let Some(namespace) = Namespace::new(what) else { return };
    let debian = std::fs::read_to_string("/etc/os-release").is_ok_and(|text| text.contains("debian"));
    let named = debian && std::path::Path::new("/etc/protocols").exists();
    if !named {
        skip(what, "only the built-in names can be tried, for there is no /etc/protocols of Debian's");
    }
    for variant in variants(&namespace, what) {
        for family in Family::ALL {
            let numbers: Vec<u8> = (1..=255).filter(|number| named || protocols::builtin(*number)).collect();
            let rules: Vec<String> = numbers.iter().map(|number| format!("-p {number}")).collect();
            let saved = saved(&namespace, family, variant, &rules);
            assert_eq!(saved.len(), numbers.len());
            for (number, saved) in numbers.into_iter().zip(saved) {
                let name = protocols::save_name(number).map_or_else(|| number.to_string(), str::to_owned);
                assert_eq!(saved, format!("-p {name}"), "{family}");
            }
        }
    }
}
