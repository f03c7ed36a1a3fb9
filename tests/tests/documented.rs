//! The reference of extensions names every one, and each example in it compiles.

use fwdsl::catalogue::{EXTENSIONS, Extension, Kind};
use fwdsl::table::TableName;
use fwdsl_runtime::syntax::compile;

fn reference() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language/extensions.md");
    std::fs::read_to_string(path).expect("the page of extensions")
}

/// The examples in the first column of a table of the reference.
fn examples(heading: &str) -> Vec<String> {
    let reference = reference();
    let (_, table) = reference.split_once(heading).expect("the table is there");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    let mut examples = Vec::new();
    for row in rows {
        // A stroke in an example is not the end of its column.
        let column = row.split("` | ").next().expect("a column");
        examples.extend(column.split('`').skip(1).step_by(2).map(|it| it.replace("\\|", "|")));
    }
    examples
}

/// Whether a rule compiles in some chain.
fn compiles_somewhere(rule: &str) -> bool {
    let prefixes = ["", "tcp ", "tcp syn ", "udp "];
    TableName::ALL.iter().flat_map(|table| table.hooks().iter().map(move |hook| (table, hook))).any(
        |(table, hook)| {
            prefixes.iter().any(|prefix| {
                let rule = if prefix.is_empty() {
                    rule.to_owned()
                } else {
                    format!("{prefix}{}", rule.trim_start_matches("_ "))
                };
                let source = format!("table {table} {{ chain {hook} {{ {rule}; }} }}");
                compile(source.parse().expect("tokens")).is_sound()
            })
        },
    )
}

fn named(example: &str) -> String {
    example.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

fn assert_complete(kind: Kind, examples: &[String], elsewhere: &[&str]) {
    let missing: Vec<String> = EXTENSIONS
        .iter()
        .filter(|it| it.kind == kind && (it.module || kind == Kind::Target))
        .map(|it| Extension::word(it))
        .filter(|word| !examples.iter().any(|example| named(example) == *word))
        .filter(|word| !elsewhere.contains(&word.as_str()))
        .collect();
    assert!(missing.is_empty(), "the reference does not show {missing:?}");
}

#[test]
fn every_match_is_shown_and_the_examples_compile() {
    let examples = examples("| match | looks at |");
    assert!(examples.len() > 40, "{examples:?}");
    for example in &examples {
        assert!(compiles_somewhere(&format!("{example} => return")), "{example}");
    }
    // Those with words of their own; `set` wants a set, and has a page.
    let elsewhere =
        ["set", "tcp", "udp", "sctp", "icmp", "icmp6", "multiport", "iprange", "limit", "comment"];
    assert_complete(Kind::Match, &examples, &elsewhere);
}

#[test]
fn every_target_is_shown_and_the_examples_compile() {
    let examples = examples("| target | does | then |");
    assert!(examples.len() > 20, "{examples:?}");
    for example in &examples {
        assert!(compiles_somewhere(&format!("_ => {example}")), "{example}");
    }
    assert_complete(Kind::Target, &examples, &["set", "accept", "drop", "return", "reject", "log"]);
}
