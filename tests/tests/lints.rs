//! Every lint finds what it is for, says nothing of what was meant, and is silenced wherever an attribute may stand.

use std::path::Path;

use fwdsl_runtime::diagnostic::Diagnostic;
use fwdsl_runtime::lint::{LINTS, Level, Lint};
use fwdsl_runtime::syntax::{Fragment, Settled, Source, compile};
use proc_macro2::TokenStream;

/// What is found in a policy of these items.
fn findings(items: &str) -> Vec<Diagnostic> {
    compile(items.parse().unwrap_or_else(|error| panic!("{error}: {items}"))).diagnostics
}

fn told(found: &[Diagnostic]) -> String {
    found.iter().map(|it| format!("{:?} line {}: {}\n", it.lint, it.loc.line, it.message)).collect()
}

/// The level at which the example is found: the default, or what it asks for if that is nothing.
fn shown(lint: &Lint) -> Level {
    if lint.level == Level::Allow { Level::Warn } else { lint.level }
}

/// The items of the example, without the attribute that asks for a lint which is allowed otherwise.
fn items(lint: &Lint) -> &'static str {
    lint.found_in.strip_prefix(&format!("#![warn({})]\n", lint.name)).unwrap_or(lint.found_in)
}

/// The lints whose documentation has an example.
fn lints() -> impl Iterator<Item = &'static Lint> {
    LINTS.iter().filter(|lint| !lint.found_in.is_empty())
}

#[test]
fn every_lint_finds_what_it_is_for_and_nothing_in_what_was_meant() {
    for lint in lints() {
        let found = findings(lint.found_in);
        assert!(
            !found.is_empty() && found.iter().all(|it| it.lint == Some(lint.name) && it.level == shown(lint)),
            "{}: {}",
            lint.name,
            told(&found)
        );
        let found = findings(lint.meant);
        assert!(found.is_empty(), "{}, as it was meant: {}", lint.name, told(&found));
    }
}

#[test]
fn every_lint_has_a_level_at_the_top_of_the_policy_and_before_what_it_finds() {
    for lint in lints() {
        let name = lint.name;
        let found = findings(&format!("#![allow({name})]\n{}", items(lint)));
        assert!(found.is_empty(), "{name}: {}", told(&found));
        let found = findings(&format!("#![deny({name})]\n{}", items(lint)));
        assert!(
            !found.is_empty() && found.iter().all(|it| it.level == Level::Deny),
            "{name}: {}",
            told(&found)
        );
        let lines: Vec<&str> = lint.found_in.lines().collect();
        let places: Vec<usize> = findings(lint.found_in).iter().map(|it| it.loc.line as usize).collect();
        let mut silenced = String::new();
        for (number, line) in (1..).zip(lines) {
            if places.contains(&number) {
                silenced += &format!("#[allow({name})]\n");
            }
            silenced += &format!("{line}\n");
        }
        let found = findings(&silenced);
        assert!(found.is_empty(), "{name}: {}\n{silenced}", told(&found));
    }
}

const MADE: &str = "<!-- From here on the page is made from fwdsl-runtime/src/lint/table.rs. -->\n";

#[test]
fn the_page_is_made_from_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language/lints.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let (head, _) = page.split_once(MADE).expect("the line between what is written and what is made");
    let made = format!("{head}{MADE}\n{}", made_page());
    if std::env::var_os("FWDSL_BLESS").is_some() {
        std::fs::write(&path, made).expect("the page is written");
    } else {
        assert!(page == made, "{} is not what the table says", path.display());
    }
}

fn made_page() -> String {
    let mut page = String::from("| lint | level | finds |\n| --- | --- | --- |\n");
    for lint in LINTS {
        page += &format!("| `{}` | `{}` | {} |\n", lint.name, lint.level.name(), lint.about);
    }
    for lint in LINTS {
        page += &format!("\n## `{}`\n\n{}\n", lint.name, sentence(lint.about));
        if !lint.docs.is_empty() {
            page += &format!("\n{}\n", lint.docs);
        }
        if lint.found_in.is_empty() {
            continue;
        }
        let fence = if lint.level == Level::Deny { "rust,compile_fail" } else { "rust" };
        page += &format!("\n{}\nsays:\n\n```text\n", block(fence, lint.found_in));
        for found in findings(lint.found_in) {
            page += &format!("{}: {}\n", if found.is_error() { "error" } else { "warning" }, found.message);
            page.extend(found.notes.iter().map(|(note, _)| format!("       note: {note}\n")));
            page.extend(found.help.iter().map(|help| format!("       help: {help}\n")));
        }
        page += &format!("```\n\nMeant was:\n\n{}", block("rust", lint.meant));
    }
    page
}

/// The text with a capital and a full stop.
fn sentence(text: &str) -> String {
    let end = text.chars().next().map_or(0, char::len_utf8);
    format!("{}{}.", text[..end].to_uppercase(), &text[end..])
}

fn block(fence: &str, items: &str) -> String {
    let items: String = items.lines().map(|line| format!("    {line}\n")).collect();
    format!("```{fence}\nuse fwdsl::prelude::*;\n\nstatic HOST: Policy = firewall! {{\n{items}}};\n```\n")
}

/// What is found in a policy of these items, which uses a fragment named `shared`.
fn findings_with(shared: &str, items: &str) -> Vec<Diagnostic> {
    let tokens =
        |text: &str| -> TokenStream { text.parse().unwrap_or_else(|error| panic!("{error}: {text}")) };
    let body = Some((TokenStream::new(), tokens(shared)));
    let fragment = Fragment { user: 0, path: "shared".to_owned(), id: "shared".to_owned(), body };
    let settled = Settled { fragments: vec![fragment], ..Settled::default() };
    Source::new(tokens(items)).compile(settled).diagnostics
}

/// A lint that finds something in a fragment, the fragment, and the items that use it in place of `@`.
const IN_FRAGMENTS: [(&str, &str, &str); 10] = [
    // About a rule.
    ("useless_match", "in \"+\" tcp dport telnet => drop;", "chain INPUT { @ }"),
    ("nat66", "out wan0 => masquerade;", "table nat { chain POSTROUTING { @ } }"),
    ("unreachable_rule", "tcp dport 20..=30 => drop; tcp dport ssh => reject;", "chain INPUT { @ }"),
    ("no_effect_rule", "tcp dport ssh => drop; tcp dport 20..=30 => drop;", "chain INPUT { @ }"),
    // About a chain.
    ("unused_chain", "chain SPARE { _ => drop; }", "@ chain INPUT { tcp dport ssh => drop; }"),
    // About what becomes of packets in a chain, or at a rule.
    ("loopback_blocked", "chain INPUT policy drop { ct established => accept; icmpv6 => accept; }", "@"),
    ("established_not_accepted", "chain INPUT policy drop { in lo => accept; icmpv6 => accept; }", "@"),
    ("fragment_reassembled", "fragment => drop;", "chain INPUT { @ }"),
    ("spoofable_loopback", "from 127.0.0.0/8 => accept;", "chain INPUT { @ tcp dport ssh => drop; }"),
    (
        "stateful_after_drop",
        "ct established => accept;",
        "chain INPUT { tcp dport 50000..=50010 => drop; @ tcp syn dport 1..=1023 => drop; }",
    ),
];

#[test]
fn what_is_found_in_a_fragment_has_the_level_of_its_use() {
    for (name, shared, items) in IN_FRAGMENTS {
        for (attribute, level) in [
            (String::new(), LINTS.iter().find(|lint| lint.name == name).map(|lint| lint.level)),
            (format!("#[warn({name})]"), Some(Level::Warn)),
            (format!("#[deny({name})]"), Some(Level::Deny)),
            (format!("#[allow({name})]"), None),
        ] {
            let items = items.replace('@', &format!("{attribute} use shared;"));
            let found = findings_with(shared, &items);
            let levels: Vec<Level> = found.iter().map(|it| it.level).collect();
            let wanted: Vec<Level> = level.into_iter().collect();
            assert!(
                levels == wanted && found.iter().all(|it| it.lint == Some(name)),
                "{items}: {}",
                told(&found)
            );
        }
    }
}

/// A lint that finds something in a rule, and the table and chain of it.
const IN_RULES: [(&str, &str, &str, &str); 5] = [
    ("nat66", "out wan0 => masquerade;", "table nat", "POSTROUTING"),
    ("unreachable_rule", "tcp dport 20..=30 => drop; tcp dport ssh => reject;", "table filter", "INPUT"),
    ("no_effect_rule", "tcp dport ssh => drop; tcp dport 20..=30 => drop;", "table filter", "INPUT"),
    ("fragment_reassembled", "fragment => drop;", "table filter", "INPUT"),
    ("spoofable_loopback", "from 127.0.0.0/8 => accept;", "table filter", "INPUT policy drop"),
];

#[test]
fn the_narrowest_of_chain_and_block_decides() {
    for (name, rules, table, chain) in IN_RULES {
        let found = |of_chain: &str, of_block: &str| {
            let at =
                |level: &str| if level.is_empty() { String::new() } else { format!("#[{level}({name})]") };
            let (of_chain, of_block) = (at(of_chain), at(of_block));
            let rest = "in lo => accept; ct established => accept; icmpv6 => accept;";
            let rest = if chain.ends_with("drop") { rest } else { "" };
            let block = format!("{of_block} mark !7 {{ {rules} }}");
            let found = findings(&format!("{table} {{ {of_chain} chain {chain} {{ {rest} {block} }} }}"));
            assert!(found.iter().all(|it| it.lint == Some(name)), "{name}: {}", told(&found));
            found.iter().map(|it| it.level).collect::<Vec<Level>>()
        };
        assert_eq!(found("allow", ""), [], "{name}");
        assert_eq!(found("", "allow"), [], "{name}");
        assert_eq!(found("deny", "allow"), [], "{name}");
        assert_eq!(found("allow", "warn"), [Level::Warn], "{name}");
        assert_eq!(found("warn", "deny"), [Level::Deny], "{name}");
    }
}

#[test]
fn a_translation_of_the_source_is_of_the_family_of_its_address() {
    let found = |target: &str| {
        let items = format!("table nat {{ chain POSTROUTING {{ out wan0 tcp => {target}; }} }}");
        findings(&items).into_iter().map(|it| (it.lint, it.message)).collect::<Vec<_>>()
    };
    assert_eq!(found("snat(to 192.0.2.1)"), []);
    assert_eq!(found("snat(to [2001:db8::1]:1024..=65535)"), []);
    let ports = "`snat` translates the ports of IPv6 as well".to_owned();
    assert_eq!(found("snat(to :1024..=65535)"), [(Some("nat66"), ports)]);
}
