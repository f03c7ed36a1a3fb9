//! The reference of extensions names every one, and each example in it compiles.

use fwdsl::Policy;
use fwdsl::catalogue::{EXTENSIONS, Extension, Kind, find_target};
use fwdsl::family::Family;
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

/// What a rule is emitted as in the first chain where it compiles, for IPv4 or else IPv6; `None` if it compiles in none.
fn emitted(rule: &str) -> Option<Vec<String>> {
    let prefixes = ["", "tcp ", "tcp syn ", "udp "];
    let chains = TableName::ALL.iter().flat_map(|table| table.hooks().iter().map(move |hook| (table, hook)));
    chains.flat_map(|chain| prefixes.iter().map(move |prefix| (chain, prefix))).find_map(
        |((table, hook), prefix)| {
            let rule = match *prefix {
                "" => rule.to_owned(),
                prefix => format!("{prefix}{}", rule.trim_start_matches("_ ")),
            };
            let target = rule.rsplit_once("=> ").and_then(|(_, target)| find_target(&named(target)));
            let old = target.is_some_and(|target| target.legacy_only);
            let allow = if old { "#[allow(one_variant)]" } else { "" };
            let source = format!("table {table} {{ chain {hook} {{ {allow} {rule}; }} }}");
            let compiled = compile(source.parse().expect("tokens"));
            let policy = compiled.is_sound().then(|| Policy::from_model(compiled.model).expect("sound"))?;
            let start = format!("-A {hook} ");
            Family::ALL.into_iter().find_map(|family| {
                let text = policy.emit(family).expect("a sound policy")?;
                let rules: Vec<String> =
                    text.lines().filter_map(|line| line.strip_prefix(&start)).map(str::to_owned).collect();
                (!rules.is_empty()).then_some(rules)
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
        assert!(emitted(&format!("{example} => return")).is_some(), "{example}");
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
        assert!(emitted(&format!("_ => {example}")).is_some(), "{example}");
    }
    assert_complete(Kind::Target, &examples, &["set", "accept", "drop", "return", "reject", "log"]);
}

/// The page that shows what each example is emitted as. `FWDSL_BLESS=1` writes it.
#[test]
fn what_the_examples_are_emitted_as_is_shown() {
    let mut page = String::from(
        "# Extensions, emitted\n\nWhat the examples of [the page of extensions](extensions.md) are emitted as: as iptables \
         saves them. The tests write\nthis page.\n",
    );
    for (title, heading, rule) in [
        ("Matches", "| match | looks at |", "EXAMPLE => return"),
        ("Targets", "| target | does | then |", "_ => EXAMPLE"),
    ] {
        page += &format!("\n## {title}\n\n```text\n");
        for example in examples(heading) {
            let rules = emitted(&rule.replace("EXAMPLE", &example)).expect("the example compiles");
            page += &format!("{example}\n");
            for rule in rules {
                page += &format!("    {}\n", rule.trim_end_matches(" -j RETURN"));
            }
        }
        page += "```\n";
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language/emitted.md");
    if std::env::var_os("FWDSL_BLESS").is_some() {
        std::fs::write(&path, &page).expect("the page is written");
    }
    assert_eq!(std::fs::read_to_string(&path).expect("the page"), page);
}
