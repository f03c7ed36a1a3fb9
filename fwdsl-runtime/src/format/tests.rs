//! Texts before and after, and what happens to files that are out of the ordinary.

use super::{FormatError, format_source};

/// Formats, and formats again what came of it.
#[track_caller]
fn formatted(source: &str) -> String {
    let once =
        format_source(source).unwrap_or_else(|error| panic!("line {}: {error}\n{source}", error.line()));
    let twice = format_source(&once).unwrap();
    assert_eq!(once, twice, "not the same the second time");
    once
}

#[track_caller]
fn assert_formatted(before: &str, after: &str) {
    let formatted = formatted(before);
    for (number, (is, wanted)) in formatted.lines().zip(after.lines()).enumerate() {
        assert_eq!(is, wanted, "line {}", number + 1);
    }
    assert_eq!(formatted, after);
}

#[test]
fn every_construct_of_the_language() {
    assert_formatted(include_str!("tests/language.before.txt"), include_str!("tests/language.after.txt"));
}

#[test]
fn comments_in_every_place() {
    assert_formatted(include_str!("tests/comments.before.txt"), include_str!("tests/comments.after.txt"));
}

#[test]
fn line_breaks() {
    assert_formatted(include_str!("tests/lines.before.txt"), include_str!("tests/lines.after.txt"));
}

#[test]
fn a_policy_with_mistakes() {
    assert_formatted(include_str!("tests/mistakes.before.txt"), include_str!("tests/mistakes.after.txt"));
}

#[test]
fn what_is_not_ours_stays() {
    for source in [
        "fn f() { let  x = 1; }",
        "// firewall! { in  lo }\n/* firewall! { in  lo } */",
        "const A: &str = \"firewall! { in  lo }\"; const B: &str = r#\"firewall! { in  lo }\"#;",
        "/// firewall! { in  lo }\nstruct A;",
        "macro_rules! m { ($($t:tt)*) => { firewall! { chain  A {  $($t)* } } } }",
        "macro_rules! firewall { () => { a   b } }",
        "rules! { other   =>   macro }",
        "rules! { \"a\",   \"b\" }",
        "let firewall = ! { a   b };",
        "other::macros! { a   b }",
        // What does not lex and has no policy is nobody's concern.
        "const A: &str = \"open",
    ] {
        assert_eq!(formatted(source), source);
    }
}

#[test]
fn blanks_between_the_tokens_say_nothing() {
    for (apart, together) in [
        ("from 10.0 . 0.0 / 8", "from 10.0.0.0/8"),
        ("from 2001 : db8 :: / 32", "from 2001:db8::/32"),
        ("from fe80:: fc", "from fe80::fc"),
        ("from fe80:: ct new", "from fe80:: ct new"),
        ("from :: => drop", "from :: => drop"),
        ("from :: ffff : 1.2 . 3.4", "from ::ffff:1.2.3.4"),
        ("in eth0 . 100", "in eth0.100"),
        ("in br - lan", "in br-lan"),
        ("in wg +", "in wg+"),
        ("in ! [ eth0 , wg + ]", "in ![eth0, wg+]"),
        ("dport 1 ..= 5", "dport 1..=5"),
        ("dport ! 22", "dport !22"),
        ("tcp | udp", "tcp|udp"),
        ("limit 10 / second", "limit 10/second"),
        ("from @ NAME", "from @NAME"),
        ("from ! @ NAME", "from !@NAME"),
        ("dport # PORT", "dport #PORT"),
        ("dport # crate :: PORT", "dport #crate::PORT"),
        ("tcp flags ( syn/syn , ack )", "tcp flags(syn / syn,ack)"),
        ("to [ :: 1 ] : 80", "to [::1]:80"),
        // Apart, these are other tokens than together, and stay so.
        ("in eth0 = > x", "in eth0 = > x"),
        ("from 10 . 0.0 . 1", "from 10 .0.0.1"),
        ("dport 1. .5", "dport 1. .5"),
    ] {
        let body =
            |text: &str| format!("let a = firewall! {{\n    chain A {{\n        {text};\n    }}\n}};\n");
        assert_eq!(formatted(&body(apart)), body(together));
    }
}

#[test]
fn what_rust_reads_as_one_token_is_kept() {
    let source = "let a = firewall! {
    chain A {
        in lo => log(\"a  b\"), log(r##\"c \"#  d\"##), log(\"two
  lines\"), nflog(b\"x  y\"), c('\\'', 'é');
        from #{ f( |x|  x+1,
   2 ) } => drop;
        from #{ \"}\" } => drop;
        'label        => drop;
        r#in lo       => drop;
    }
};
";
    assert_eq!(formatted(source), source);
}

#[test]
fn line_breaks_of_windows_stay() {
    let unix = include_str!("tests/comments.before.txt");
    let windows = unix.replace('\n', "\r\n");
    assert_eq!(formatted(&windows), include_str!("tests/comments.after.txt").replace('\n', "\r\n"));
}

#[test]
fn tabs_stay() {
    let before = "fn f() {\n\tlet a = firewall! {\n  chain A { // x\n\t\tin lo=>accept;}\n\t};\n}\n";
    let after =
        "fn f() {\n\tlet a = firewall! {\n\t\tchain A { // x\n\t\t\tin lo => accept;\n\t\t}\n\t};\n}\n";
    assert_formatted(before, after);
}

#[test]
fn a_byte_order_mark_and_a_first_line_for_the_shell_stay() {
    for prefix in
        ["\u{feff}", "#!/usr/bin/env it's\n", "\u{feff}#!/bin/sh\n", "#![allow(x)]\n", "#! // x\n[allow(x)]"]
    {
        let file = |body: &str| format!("{prefix}static A: Policy = firewall! {body};\n");
        assert_formatted(&file("{chain A{}}"), &file("{ chain A {} }"));
    }
}

#[test]
fn places_of_errors_are_those_of_the_file() {
    let error = format_source("firewall! {}\nconst Ü: &str = \"x\"; \"open").unwrap_err();
    assert_eq!(error, FormatError::Lex { line: 2, column: 22 });
    let error = format_source("\u{feff}firewall! {} \"open").unwrap_err();
    assert_eq!(error, FormatError::Lex { line: 1, column: 15 });
    let error = format_source("#!/bin/sh\nfirewall! {}\n }").unwrap_err();
    assert_eq!(error, FormatError::Lex { line: 3, column: 2 });
}

#[test]
fn depth_is_no_trouble() {
    let nested = |depth: usize| format!("\nfirewall! {{ {}{} }}", "a { b; ".repeat(depth), "}".repeat(depth));
    formatted(&nested(100));
    assert_eq!(format_source(&nested(5000)), Err(FormatError::TooDeep { line: 2 }));
    let around = format!("{}\nfirewall! {{chain A{{}}}}{}", "(".repeat(5000), ")".repeat(5000));
    assert!(formatted(&around).contains("{ chain A {} }"));
}
