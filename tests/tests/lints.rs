//! Every lint finds what it is for, says nothing of what was meant, and is silenced wherever an attribute may stand.

use std::path::Path;

use fwdsl_runtime::diagnostic::Diagnostic;
use fwdsl_runtime::lint::{LINTS, Level, Lint};
use fwdsl_runtime::syntax::compile;

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
