//! The language reference shows what is really emitted: under each example that says so, the text is compared.
//!
//! In the pages, a marker line such as `emits (IPv4):` stands between a Rust block and a text block. That the Rust
//! blocks compile is for the documentation tests of `src/lib.rs`. `FWDSL_BLESS=1` writes what is emitted into the pages.

use std::path::{Path, PathBuf};

use fwdsl::Policy;
use fwdsl::family::Family;
use fwdsl_runtime::syntax::{Compiled, compile};
use proc_macro2::{TokenStream, TokenTree};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// The pages of the reference, each with its path.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = vec![docs().join("language.md")];
    let entries = std::fs::read_dir(docs().join("language")).expect("the pages");
    paths.extend(entries.map(|entry| entry.expect("a page").path()));
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a page");
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

/// The tokens inside the first `firewall! { … }` of a Rust block.
fn policy_in(tokens: TokenStream) -> Option<TokenStream> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "firewall" => {
                tokens.next();
                if let Some(TokenTree::Group(group)) = tokens.next() {
                    return Some(group.stream());
                }
            }
            TokenTree::Group(group) => {
                if let Some(found) = policy_in(group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// The rules alone, without what surrounds them.
fn rules(policy: &Policy, family: Family) -> String {
    let text = policy.emit(family).expect("the policy is sound").unwrap_or_default();
    text.lines().filter(|line| line.starts_with("-A ")).map(|line| format!("{line}\n")).collect()
}

/// What a marker says that stands under it.
fn shown(marker: &str, compiled: Compiled) -> String {
    if marker == "refused:" {
        if compiled.is_sound() {
            return "it compiles\n".to_owned();
        }
        let say = |it: &fwdsl::diagnostic::Diagnostic| {
            let help = it.help.as_ref().map_or(String::new(), |help| format!("       help: {help}\n"));
            let notes: String = it.notes.iter().map(|(note, _)| format!("       note: {note}\n")).collect();
            format!("error: {}\n{notes}{help}", it.message)
        };
        return compiled.diagnostics.iter().filter(|it| it.is_error()).map(say).collect();
    }
    if !compiled.is_sound() {
        return format!("it does not compile: {:?}\n", compiled.diagnostics);
    }
    let policy = Policy::from_model(compiled.model).expect("a sound policy");
    match marker {
        "emits (IPv4):" => rules(&policy, Family::Ipv4),
        "emits (IPv6):" => rules(&policy, Family::Ipv6),
        "emits (both families):" => {
            let [ipv4, ipv6] = Family::ALL.map(|family| rules(&policy, family));
            if ipv4 == ipv6 { ipv4 } else { format!("the families differ:\n{ipv4}{ipv6}") }
        }
        "emits (IPv4), whole:" => policy.emit(Family::Ipv4).expect("a sound policy").expect("rules"),
        "makes (IPv4):" => policy.emit_sets(Family::Ipv4).expect("a sound policy"),
        "sets:" => policy.sysctls().iter().map(|it| format!("{} = {}\n", it.key, it.value)).collect(),
        _ => panic!("unknown marker `{marker}`"),
    }
}

fn is_marker(line: &str) -> bool {
    let known = ["emits (", "makes (", "sets:", "refused:"];
    known.iter().any(|start| line.starts_with(start)) && line.ends_with(':')
}

/// The page with what is really emitted under each marker, and how many markers there are.
fn with_what_is_emitted(page: &str, path: &Path) -> (String, usize) {
    let mut out = String::new();
    let mut count = 0;
    let mut example = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out += &format!("{line}\n");
        if line.starts_with("```rust") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            example = block.join("\n");
            out += &format!("{example}\n```\n");
        } else if is_marker(line) {
            let tokens = example.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let policy = policy_in(tokens).unwrap_or_else(|| panic!("{}: no policy", path.display()));
            let what = shown(line, compile(policy));
            let old = (lines.next(), lines.next());
            assert_eq!(old, (Some(""), Some("```text")), "{}: {line}", path.display());
            lines.by_ref().take_while(|line| *line != "```").for_each(drop);
            out += &format!("\n```text\n{what}```\n");
            count += 1;
        }
    }
    (out, count)
}

#[test]
fn what_is_shown_is_what_is_emitted() {
    let mut count = 0;
    for (path, page) in pages() {
        let (real, markers) = with_what_is_emitted(&page, &path);
        count += markers;
        if std::env::var_os("FWDSL_BLESS").is_some() {
            std::fs::write(&path, real).expect("the page is written");
        } else {
            assert!(page == real, "{} shows something else than\n{real}", path.display());
        }
    }
    assert!(count > 35, "only {count} texts were compared");
}

#[test]
fn every_example_is_compiled_as_a_test() {
    let included = include_str!("../src/reference.rs");
    for (path, page) in pages() {
        let relative = path.strip_prefix(docs()).expect("a page of the documentation").display();
        assert!(included.contains(&format!("/docs/{relative}\")")), "{relative} is not among the tests");
        let plain = |line: &&str| ["```rust", "```rust,compile_fail"].contains(line);
        let other: Vec<&str> =
            page.lines().filter(|line| line.starts_with("```rust")).filter(|line| !plain(line)).collect();
        assert!(other.is_empty(), "{relative}: {other:?}");
        let front = std::fs::read_to_string(docs().join("language.md")).expect("the front page");
        assert!(path.ends_with("language.md") || front.contains(&format!("({relative})")), "{relative}");
    }
}

/// The names that a production's right side uses, without its terminals and comments.
fn names(text: &str) -> Vec<String> {
    let outside = text.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let words = outside.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).map(str::to_owned).collect()
}

#[test]
fn the_grammar_defines_what_it_uses_and_uses_what_it_defines() {
    let grammar = std::fs::read_to_string(docs().join("grammar.md")).expect("the grammar");
    let mut productions: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in grammar.lines() {
        match line {
            "```ebnf" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ => {
                // A comment ends the line.
                let line = line.split("(*").next().unwrap_or_default();
                match line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
                    Some((name, right)) => productions.push((name.trim().to_owned(), right.to_owned())),
                    None if line.trim().is_empty() => {}
                    None => productions.last_mut().expect("a production").1.push_str(line),
                }
            }
        }
    }
    assert!(productions.len() > 50, "{productions:?}");
    let defined: Vec<&str> = productions.iter().map(|(name, _)| name.as_str()).collect();
    let used: Vec<String> = productions.iter().flat_map(|(_, right)| names(right)).collect();
    for name in &used {
        assert!(defined.contains(&name.as_str()), "`{name}` is used and not defined");
    }
    for (index, name) in defined.iter().enumerate() {
        assert!(!defined[..index].contains(name), "`{name}` is defined twice");
        let start = ["policy", "fragments"].contains(name);
        assert!(start || used.iter().any(|other| other == name), "`{name}` is defined and not used");
    }
}

#[test]
fn the_grammar_has_every_word_that_begins_a_match() {
    let grammar = std::fs::read_to_string(docs().join("grammar.md")).expect("the grammar");
    for entry in fwdsl::catalogue::SHORTHANDS {
        assert!(grammar.contains(&format!("\"{}\"", entry.word)), "{}", entry.word);
    }
}

#[test]
fn links_lead_somewhere() {
    let mut files: Vec<PathBuf> = pages().into_iter().map(|(path, _)| path).collect();
    for name in ["architecture", "dependencies", "editors", "format", "grammar", "safe-apply"] {
        files.push(docs().join(format!("{name}.md")));
    }
    files.push(docs().join("../README.md"));
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a page");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("http") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.with_file_name("").join(file) };
            let target = std::fs::read_to_string(&target)
                .unwrap_or_else(|error| panic!("{}: {link}: {error}", path.display()));
            let slug = |heading: &str| {
                let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
                heading.trim_start_matches('#').trim().to_lowercase().chars().filter(kept).collect::<String>()
            };
            let mut headings = target.lines().filter(|line| line.starts_with('#'));
            let found = headings.any(|heading| slug(heading).replace(' ', "-") == anchor);
            assert!(anchor.is_empty() || found, "{}: {link}", path.display());
        }
    }
}
