//! What the formatter keeps, over all the source of this repository and over random policies.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use fwdsl::Policy;
use fwdsl::family::Family;
use fwdsl_runtime::format::format_source;
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::policies;
use fwdsl_tests::random::Random;
use fwdsl_tests::respaced::{Spacing, respace};
use proc_macro2::{TokenStream, TokenTree};

/// Names the first lines that differ; the whole is too long to find them in.
#[track_caller]
fn assert_same_text(first: &str, second: &str) {
    let number = first.lines().zip(second.lines()).take_while(|(first, second)| first == second).count();
    let around =
        |text: &str| text.lines().skip(number.saturating_sub(3)).take(6).collect::<Vec<_>>().join("\n");
    assert!(first == second, "from line {}:\n{}\n----\n{}", number + 1, around(first), around(second));
}

/// Formats; formats again, which must change nothing.
#[track_caller]
fn formatted(source: &str) -> String {
    let once =
        format_source(source).unwrap_or_else(|error| panic!("line {}: {error}\n{source}", error.line()));
    let twice = format_source(&once).unwrap_or_else(|error| panic!("line {}: {error}\n{once}", error.line()));
    assert_same_text(&once, &twice);
    once
}

/// The tokens as text. How a sign of several characters is joined is left to the lexer's own test.
fn leaves(stream: TokenStream, out: &mut Vec<String>) {
    for token in stream {
        if let TokenTree::Group(group) = token {
            out.push(format!("{:?}", group.delimiter()));
            leaves(group.stream(), out);
            out.push("end".to_owned());
        } else {
            out.push(token.to_string());
        }
    }
}

#[track_caller]
fn assert_same_tokens(before: &str, after: &str) {
    let [old, new] = [before, after].map(|text| {
        let mut out = Vec::new();
        leaves(TokenStream::from_str(text).expect("it lexes"), &mut out);
        out
    });
    assert_same_text(&old.join("\n"), &new.join("\n"));
}

/// What the kernel would be given, and what the compiler would say.
fn meaning(body: &str) -> (Vec<Option<String>>, Vec<String>) {
    let compiled = compile(TokenStream::from_str(body).expect("it lexes"));
    let said = compiled.diagnostics.iter().map(|diagnostic| diagnostic.message.clone()).collect();
    let emitted = match Policy::from_model(compiled.model) {
        Ok(policy) => Family::ALL.map(|family| policy.emit(family).expect("it was checked")).to_vec(),
        Err(_) => Vec::new(),
    };
    (emitted, said)
}

fn file(body: &str) -> String {
    format!("static HOST: Policy = firewall! {{\n{body}\n}};\n")
}

fn body(file: &str) -> &str {
    let start = file.find('{').expect("the bracket was there");
    &file[start + 1..file.rfind('}').expect("so was the other")]
}

fn sources(directory: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn every_source_of_this_repository_stays_what_it_is() {
    let mut paths = Vec::new();
    for directory in ["examples", "fwdsl", "fwdsl-macros", "fwdsl-runtime", "tests"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(directory), &mut paths);
    }
    let mut random = Random::new(7);
    let mut changed = 0;
    let spacings = [Spacing::Least, Spacing::LeastOnOneLine, Spacing::Blanks, Spacing::Anything];
    for (number, path) in paths.into_iter().enumerate() {
        let source = fs::read_to_string(&path).unwrap();
        // One of them is there because Rust cannot read it.
        if path.ends_with("broken_by_lexer.rs") {
            assert!(format_source(&source).is_err());
            continue;
        }
        let after = formatted(&source);
        assert_same_tokens(&source, &after);
        if !source.contains("firewall!") || path.parent().is_some_and(|parent| parent.ends_with("format")) {
            continue;
        }
        // Each in two of the four ways, in turn.
        for spacing in [spacings[number % 4], spacings[(number + 1) % 4]] {
            let other = respace(&source, spacing, &mut random);
            assert_same_tokens(&source, &other);
            let after = formatted(&other);
            assert_same_tokens(&source, &after);
            changed += usize::from(after != other);
        }
    }
    assert!(changed > 50, "only {changed} texts were changed: nothing was tried");
}

#[test]
fn the_examples_are_formatted() {
    let mut paths = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples"), &mut paths);
    assert!(!paths.is_empty());
    for path in paths {
        let source = fs::read_to_string(&path).unwrap();
        assert_eq!(formatted(&source), source, "{}", path.display());
    }
}

#[test]
fn random_policies_mean_the_same() {
    let wanted: usize =
        std::env::var("FWDSL_RANDOM_POLICIES").map_or(60, |count| count.parse().expect("a number"));
    let mut random = Random::new(3);
    for _ in 0..wanted {
        let source = policies::policy(&mut random);
        let expected = meaning(&source);
        let plain = formatted(&file(&source));
        assert_eq!(meaning(body(&plain)), expected, "{source}\n{plain}");
        for spacing in [Spacing::Least, Spacing::LeastOnOneLine, Spacing::Blanks, Spacing::Anything] {
            let other = respace(&file(&source), spacing, &mut random);
            assert_same_tokens(&file(&source), &other);
            let after = formatted(&other);
            assert_same_tokens(&other, &after);
            assert_eq!(meaning(body(&after)), expected, "{source}\n{other}\n{after}");
            // Within a line, blanks say nothing, so none of them are seen in the result. (The tabs at the
            // beginning of lines are, in what the body is indented with.)
            if let Spacing::Least | Spacing::Blanks = spacing {
                assert_same_text(&body(&after).replace('\t', "    "), body(&plain));
            }
        }
    }
}

/// Every comment is found again, in order.
#[test]
fn no_comment_is_lost() {
    let mut random = Random::new(11);
    for round in 0..40 {
        let source = file(&policies::policy(&mut random));
        let mut number = 0;
        let mut commented = respace(&source, Spacing::Anything, &mut random);
        for (mark, count) in [("// fin", 6), ("// own", 6), ("/* ü /* in */ */", 16)] {
            let mut out = String::new();
            let mut rest = commented.as_str();
            while let Some(at) = rest.find(mark) {
                number += 1;
                out.push_str(&rest[..at]);
                let numbered = if count == 6 {
                    format!("// comment {number};")
                } else {
                    format!("/* comment {number}; */")
                };
                out.push_str(&numbered);
                rest = &rest[at + mark.len()..];
            }
            commented = out + rest;
        }
        let numbers = |text: &str| -> Vec<String> {
            text.split("comment ").skip(1).map(|part| part[..part.find(';').unwrap()].to_owned()).collect()
        };
        let after = formatted(&commented);
        assert_eq!(numbers(&commented), numbers(&after), "{commented}\n{after}");
        assert!(number > 0 || round > 0);
    }
}

/// Tokens and comments in any order: what no grammar knows.
#[test]
fn no_tokens_are_changed_whatever_they_are() {
    let words = [
        "in",
        "lo",
        "fn",
        "set",
        "use",
        "flags",
        "let",
        "tcp",
        "r#in",
        "'a",
        "1",
        "10.0",
        "1.",
        "1e5",
        "0xff",
        "fe80",
        "\"s  s\"",
        "\"two\nlines\"",
        "b'x'",
        "=>",
        "=",
        "->",
        "..=",
        "..",
        "::",
        ":",
        ";",
        ";",
        ",",
        "|",
        "!",
        "@",
        "#",
        "+",
        "-",
        "/",
        ".",
        "*",
        "<",
        "&",
        "?",
        "#![a]",
        "#[b(c)]",
        "#{d  e}",
        "{",
        "{",
        "}",
        "}",
        "[",
        "]",
        "(",
        ")",
        "// own\n",
        "/* in */",
        "/// doc\n",
        "/** doc */",
        "//! doc\n",
        "\n",
        "\n\n\n",
    ];
    let mut random = Random::new(5);
    let mut tried = 0;
    for _ in 0..8_000 {
        let mut soup = String::new();
        let mut open = Vec::new();
        for _ in 0..random.below(30) {
            let word = random.pick(&words);
            match word {
                "{" => open.push("}"),
                "[" => open.push("]"),
                "(" => open.push(")"),
                "}" | "]" | ")" if open.pop() != Some(word) => continue,
                _ => {}
            }
            soup.push_str(word);
            soup.push_str(random.pick(&["", " ", " ", "\n"]));
        }
        open.reverse();
        let before = file(&(soup + &open.concat()));
        if TokenStream::from_str(&before).is_ok() {
            assert_same_tokens(&before, &formatted(&before));
            tried += 1;
        }
    }
    assert!(tried > 1_500, "only {tried} could be read");
}
