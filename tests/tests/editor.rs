//! What rust-analyzer does inside `firewall!`: go to definition, find references, hover and completion, driven over
//! the protocol that editors speak with it (docs/editors.md).

use std::path::Path;

use fwdsl_tests::editor::{Editor, Range, require};

/// A policy without mistakes. Names are repeated on purpose: a chain and a `let` of one name, and a chain in two tables.
const SOUND: &str = r#"
#![deny(warnings)]
use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    #![allow(unreachable_rule)]
    /// Where administration listens.
    let ‹let:SSH› = 50134;
    let ‹list:ADMIN› = [‹let_in_let:SSH›, 80];
    let ‹both_let:BOTH› = 1;

    chain ‹built_in:INPUT› policy drop {
        icmp                             => jump ‹jump:LOG_PING›;
        in lo tcp dport ‹value:SSH›      => jump ‹hyphen_use:DOCKER›-‹hyphen_use_end:USER›;
        tcp dport !‹negated:SSH›         => goto ‹quoted_use:"f2b-sshd"›;
        tcp dport [22, ‹listed:SSH›]     => drop;
        tcp dport 1..=‹range_end:BOTH›   => jump ‹both_use:BOTH›;
        udp sport 1                      => jump ‹foreign_use:KUBE›;
        udp { dport ‹in_block:ADMIN›     => log("x"), jump ‹in_block_jump:LOG_PING›; }
    }

    foreign chain ‹foreign:KUBE›;

    /// Pings, at most one a second.
    ///
    /// The rest is dropped.
    chain ‹chain:LOG_PING› {
        icmp ‹word:limit› 1/s => ‹verdict:accept›;
        _              => drop;
    }

    chain ‹both_chain:BOTH› { _ => drop; }

    /// For containers.
    chain ‹hyphen:DOCKER›-‹hyphen_end:USER› { _ => drop; }

    /// Too many passwords.
    chain ‹quoted:"f2b-sshd"› { _ => drop; }

    table nat {
        chain OUTPUT { icmp => jump ‹nat_use:LOG_PING›; }
        /// The same name in another table.
        chain ‹nat:LOG_PING› { _ => accept; }
    }

    /// Opens ports to some.
    fn ‹template:open_to›(‹parameter:port›, who, ‹chain_parameter:verb›) {
        tcp dport ‹parameter_use:port› from who => jump ‹chain_parameter_use:verb›;
        tcp dport ‹let_in_template:ADMIN› => jump ‹jump_in_template:TARPIT›;
    }

    chain FORWARD {
        #[cfg(unix)]
        in eth0 { ‹call:open_to›(‹let_argument:ADMIN›, 192.0.2.0/24, ‹chain_argument:TARPIT›); }
        ‹second_call:open_to›(8080, 198.51.100.7, INPUT_OF_ADMINS);
        use ‹fragment_use:shared›;
        udp dport #‹rust_use:GAME› => accept;
    }

    /// Slow.
    chain ‹tarpit:TARPIT› { _ => drop; }
    chain INPUT_OF_ADMINS { _ => accept; }

    assert ‹asserted:INPUT› { in lo tcp dport ‹in_pattern:SSH› => drop; }
    assert nat/‹asserted_nat:LOG_PING› { _ => accept; }
};

/// The port of the game.
const ‹rust:GAME›: u16 = 27015;

rules! {
    pub ‹fragment:shared› { in lo => accept; }

    pub fn reported(‹fragment_parameter:port›) {
        /// Reports what came.
        chain ‹fragment_chain:REPORT› { tcp dport ‹fragment_parameter_use:port› => log, drop; }
        fn twice(a) { tcp dport a => jump ‹fragment_jump:REPORT›; }
    }
}

const REPORTING: Policy = firewall! {
    use reported(22);
    chain INPUT { tcp => jump ‹jump_to_fragment:REPORT›; }
};

const OTHER: Policy = firewall! {
    let ‹other_let:SSH› = 22;
    chain INPUT { tcp dport ‹other_use:SSH› => accept; }
};

fn main() {
    let local = firewall! {
        chain INPUT { tcp => jump ‹local_use:LOG_PING›; }
        /// In a function.
        chain ‹local:LOG_PING› { _ => drop; }
    };
    println!("{} {} {}", HOST.chains().len(), OTHER.chains().len() + REPORTING.chains().len(), local.chains().len());
}
"#;

/// The same while somebody writes it: every other line is broken.
const BROKEN: &str = r#"
use fwdsl::prelude::*;

pub static HOST: Policy = firewall! {
    /// Where administration listens.
    let ‹let:SSH› = 50134;
    let ‹broken_let:HALF› = ‹no_value:;›
    let MORE = [SSH,‹list_end: ›];

    chain INPUT policy drop {
        ct ‹misspelt:establshed› => accept;
        icmp => jump ‹jump:LOG_PING›;
        tcp dport ‹value:SSH› => accept;
        tcp dport ‹of_broken:HALF› => accept;
        tcp dport‹value_missing: ›=> accept;
        tcp dport S‹value_begun:›
        tcp dport s‹value_lower:› => accept;
        tcp dport 22|‹value_alternative:› => accept;
        udp => jump‹jump_missing: ›;
        udp => goto LO‹goto_begun:›;
        udp => jump DOCKER-‹hyphen_missing:›;
        udp => jump DOCKER-US‹hyphen_begun:›;
        tcp syn => jump‹jump_at_end: ›
    }

    fn open_to(port, who) {
        tcp dport‹parameter_missing: ›=> accept;
        tcp from who => jump‹jump_in_template: ›;
    }

    chain FORWARD {
        open‹call_begun:›
        _ => accept;
        open_to(22,‹argument_missing: ›);
        ope‹call_again:n_to›(22, 192.0.2.1);
        tcp‹match_missing: ›=> accept;
        tcp dport 80 =>‹verdict_missing: ›;
        ‹statement_missing:›
    }

    /// Pings, at most one a second.
    chain ‹chain:LOG_PING› { limit 1/s => accept; _ => drop; }

    chain DOCKER-USER { _ => drop; }
    chain DOCKER-ISOLATION-STAGE { _ => drop; }

    table nat {
        chain POSTROUTING { _ => jump‹nat_missing: ›; }
        chain MASK { _ => accept; }
    }

    assert‹assert_missing: ›{ icmp => drop; }
    assert nat/‹assert_nat_missing:› { icmp => drop; }
};

fn main() {}
"#;

#[test]
fn names_of_a_sound_policy() {
    if !require() {
        return;
    }
    let mut editor = Editor::open(scratch(), "sound", SOUND);

    assert_eq!(editor.diagnostics(), []);

    // A chain: its jumps, wherever they stand, and nothing of the other tables and policies.
    let uses = ["jump", "in_block_jump", "chain"];
    for mark in uses {
        assert_eq!(editor.definitions(mark), [editor.range("chain")], "{mark}");
        assert_eq!(editor.references(mark), ranges(&editor, &uses), "{mark}");
        shows(
            &mut editor,
            mark,
            &["const LOG_PING: Chain", "Pings, at most one a second.", "The rest is dropped."],
        );
    }
    let uses = ["nat_use", "nat", "asserted_nat"];
    for mark in uses {
        assert_eq!(editor.definitions(mark), [editor.range("nat")], "{mark}");
        assert_eq!(editor.references(mark), ranges(&editor, &uses), "{mark}");
        shows(&mut editor, mark, &["policy::nat", "The same name in another table."]);
    }
    for mark in ["local_use", "local"] {
        assert_eq!(editor.definitions(mark), [editor.range("local")], "{mark}");
        assert_eq!(editor.references(mark), ranges(&editor, &["local_use", "local"]), "{mark}");
        shows(&mut editor, mark, &["In a function."]);
    }
    assert_eq!(editor.definitions("asserted"), [editor.range("built_in")]);
    assert_eq!(editor.references("built_in"), ranges(&editor, &["built_in", "asserted"]));

    // A `let`: in every place where a value stands, another `let` among them.
    let uses = ["let", "let_in_let", "value", "negated", "listed", "in_pattern"];
    for mark in uses {
        assert_eq!(editor.definitions(mark), [editor.range("let")], "{mark}");
        assert_eq!(editor.references(mark), ranges(&editor, &uses), "{mark}");
        shows(&mut editor, mark, &["const SSH: Let", "50134", "Where administration listens."]);
    }
    assert_eq!(editor.definitions("other_use"), [editor.range("other_let")]);
    assert_eq!(editor.references("other_let"), ranges(&editor, &["other_let", "other_use"]));
    shows(&mut editor, "in_block", &["[SSH, 80]"]);

    // A `let` and a chain of one name are told apart.
    assert_eq!(editor.references("range_end"), ranges(&editor, &["both_let", "range_end"]));
    assert_eq!(editor.references("both_use"), ranges(&editor, &["both_use", "both_chain"]));

    // A template, its parameters, and what its body and its calls name.
    let uses = ["template", "call", "second_call"];
    for mark in uses {
        assert_eq!(editor.definitions(mark), [editor.range("template")], "{mark}");
        assert_eq!(editor.references(mark), ranges(&editor, &uses), "{mark}");
        shows(
            &mut editor,
            mark,
            &["fn open_to(port: Value, who: Value, verb: Value)", "Opens ports to some."],
        );
    }
    for (used, defined) in [("parameter_use", "parameter"), ("chain_parameter_use", "chain_parameter")] {
        assert_eq!(editor.definitions(used), [editor.range(defined)], "{used}");
        assert_eq!(editor.references(used), ranges(&editor, &[used, defined]), "{used}");
    }
    let uses = ["list", "in_block", "let_in_template", "let_argument"];
    assert_eq!(editor.references("list"), ranges(&editor, &uses));
    let uses = ["tarpit", "jump_in_template", "chain_argument"];
    for mark in uses {
        assert_eq!(editor.definitions(mark), [editor.range("tarpit")], "{mark}");
        assert_eq!(editor.references(mark), ranges(&editor, &uses), "{mark}");
        shows(&mut editor, mark, &["Slow."]);
    }

    // A fragment is a macro, and more than its name belongs to it.
    let definitions = editor.definitions("fragment_use");
    assert!(definitions.contains(&editor.range("fragment")), "{definitions:?}");

    // Inside a fragment, and from a policy into it.
    assert_eq!(editor.definitions("fragment_jump"), [editor.range("fragment_chain")]);
    assert_eq!(editor.references("fragment_chain"), ranges(&editor, &["fragment_chain", "fragment_jump"]));
    assert_eq!(editor.definitions("fragment_parameter_use"), [editor.range("fragment_parameter")]);
    let definitions = editor.definitions("jump_to_fragment");
    assert!(definitions.contains(&editor.range("fragment_chain")), "{definitions:?}");
    shows(&mut editor, "jump_to_fragment", &["Reports what came."]);

    // A Rust value.
    for mark in ["rust", "rust_use"] {
        assert_eq!(editor.definitions(mark), [editor.range("rust")], "{mark}");
        assert_eq!(editor.references(mark), ranges(&editor, &["rust", "rust_use"]), "{mark}");
        shows(&mut editor, mark, &["The port of the game."]);
    }

    // A chain of others is found where it is declared.
    for mark in ["foreign", "foreign_use"] {
        assert_eq!(editor.definitions(mark), [editor.range("foreign")], "{mark}");
        assert_eq!(editor.references(mark), ranges(&editor, &["foreign", "foreign_use"]), "{mark}");
    }

    // Words of the language.
    shows(&mut editor, "word", &["const limit: Match", "limit"]);
    shows(&mut editor, "verdict", &["const accept: Verdict", "ACCEPT"]);

    // Names that are no identifiers.
    for (used, defined) in [("hyphen_use", "hyphen"), ("hyphen_use_end", "hyphen_end")] {
        for mark in [used, defined] {
            assert_eq!(editor.definitions(mark), [editor.range(defined)], "{mark}");
            assert_eq!(editor.references(mark), ranges(&editor, &[used, defined]), "{mark}");
            shows(&mut editor, mark, &["For containers."]);
        }
    }
    assert_eq!(editor.definitions("quoted_use"), [editor.range("quoted")]);
    shows(&mut editor, "quoted_use", &["Too many passwords."]);

    let chains = ["BOTH", "DOCKER", "FORWARD", "INPUT", "INPUT_OF_ADMINS", "KUBE", "LOG_PING", "TARPIT"];
    assert_eq!(editor.completions("jump"), chains);
    offers(&mut editor, "call", &["open_to", "tcp", "limit"]);
    offers(&mut editor, "word", &["dport", "ct", "comment"]);
    offers(&mut editor, "verdict", &["accept", "jump", "log"]);
    assert_eq!(editor.completions("parameter_use"), ["ADMIN", "BOTH", "SSH", "port", "verb", "who"]);
    assert_eq!(editor.completions("hyphen_use_end"), ["USER"]);
    assert_eq!(editor.completions("nat_use"), ["LOG_PING", "OUTPUT"]);
    assert_eq!(editor.completions("asserted_nat"), ["LOG_PING", "OUTPUT"]);
    assert_eq!(editor.completions("value"), ["ADMIN", "BOTH", "SSH"]);
    assert_eq!(editor.completions("other_use"), ["SSH"]);
}

#[test]
fn names_of_a_broken_policy() {
    if !require() {
        return;
    }
    let mut editor = Editor::open(scratch(), "broken", BROKEN);

    let diagnostics = editor.diagnostics();
    let misspelt = editor.range("misspelt");
    let message =
        "unknown value `establshed` for `ctstate` of `conntrack`\nhelp: did you mean `established`?";
    assert!(diagnostics.contains(&(misspelt, message.to_owned())), "{diagnostics:?}");
    let no_value = editor.range("no_value");
    assert!(diagnostics.contains(&(no_value, "expected a value, found `;`".to_owned())), "{diagnostics:?}");

    for mark in ["jump", "chain"] {
        assert_eq!(editor.definitions(mark), [editor.range("chain")], "{mark}");
        assert_eq!(editor.references(mark), ranges(&editor, &["jump", "chain"]), "{mark}");
        shows(&mut editor, mark, &["Pings, at most one a second."]);
    }
    assert_eq!(editor.definitions("value"), [editor.range("let")]);
    shows(&mut editor, "value", &["Where administration listens."]);
    assert_eq!(editor.definitions("of_broken"), [editor.range("broken_let")]);

    for mark in ["jump_missing", "goto_begun", "jump_at_end", "assert_missing"] {
        assert_eq!(editor.completions(mark), ["DOCKER", "FORWARD", "INPUT", "LOG_PING"], "{mark}");
    }
    for mark in ["call_begun", "call_again", "statement_missing"] {
        offers(&mut editor, mark, &["open_to", "tcp", "limit"]);
    }
    offers(&mut editor, "match_missing", &["dport", "ct", "limit"]);
    offers(&mut editor, "verdict_missing", &["accept", "jump", "log"]);
    assert_eq!(editor.completions("parameter_missing"), ["HALF", "MORE", "SSH", "port", "who"]);
    let chains = ["DOCKER", "FORWARD", "INPUT", "LOG_PING", "MASK", "POSTROUTING"];
    assert_eq!(editor.completions("jump_in_template"), [&chains[..], &["port", "who"]].concat());
    assert_eq!(
        editor.completions("argument_missing"),
        ["DOCKER", "FORWARD", "HALF", "INPUT", "LOG_PING", "MASK", "MORE", "POSTROUTING", "SSH"]
    );
    for mark in ["nat_missing", "assert_nat_missing"] {
        assert_eq!(editor.completions(mark), ["MASK", "POSTROUTING"], "{mark}");
    }
    for mark in ["hyphen_missing", "hyphen_begun"] {
        assert_eq!(editor.completions(mark), ["ISOLATION", "USER"], "{mark}");
    }
    for mark in ["value_missing", "value_begun", "value_lower", "value_alternative", "list_end"] {
        assert_eq!(editor.completions(mark), ["HALF", "MORE", "SSH"], "{mark}");
    }
}

/// Where cargo lets tests write, within the workspace, so that its toolchain is used.
fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn ranges(editor: &Editor, marks: &[&str]) -> Vec<Range> {
    let mut ranges: Vec<Range> = marks.iter().map(|mark| editor.range(mark)).collect();
    ranges.sort_unstable();
    ranges
}

fn offers(editor: &mut Editor, mark: &str, words: &[&str]) {
    let offered = editor.completions(mark);
    for word in words {
        assert!(offered.iter().any(|other| other == word), "no `{word}` for `{mark}` among {offered:?}");
    }
}

fn shows(editor: &mut Editor, mark: &str, texts: &[&str]) {
    let shown = editor.hover(mark);
    for text in texts {
        assert!(shown.contains(text), "hovering over `{mark}` does not show `{text}`:\n{shown}");
    }
}
