//! `fwdsl import`: what it takes, what it writes, what it says.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use fwdsl_tests::provisioned::{stderr, stdout};
use fwdsl_tests::schema::Schema;
use serde_json::Value;

const IPV4: &str = "# made by hand\n*filter\n:INPUT DROP [3:180]\n-A INPUT -i lo -j ACCEPT\n\
                    -A INPUT --proto tcp --destination-port ssh -j ACCEPT\nCOMMIT\n";
const IPV4_SAVED: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
                          -A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";
const IPV6: &str = "*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n\
                    -A INPUT -p ipv6-icmp -j ACCEPT\nCOMMIT\n";
const BROKEN: &str =
    "*filter\n:INPUT DROP [0:0]\n-A INPUT -m stae --state NEW -j DROP\n-A INPUT -j ACEPT\nCOMMIT\n";

/// A directory with files, removed when it is dropped.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Files {
        let root = std::env::temp_dir().join(format!("fwdsl-import-{name}-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        for (path, text) in [("v4", IPV4), ("v6", IPV6), ("broken", BROKEN)] {
            fs::write(root.join(path), text).unwrap();
        }
        Files(root)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(path), text).unwrap();
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fwdsl-tested"));
        command.arg("import").args(arguments).current_dir(&self.0);
        command
    }

    /// Runs `fwdsl import` in the directory.
    fn import(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The same with this on standard input.
    fn import_from(&self, text: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// What a run writes that succeeds without a word.
    fn written(&self, arguments: &[&str]) -> String {
        let output = self.import(arguments);
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_dump_becomes_what_iptables_would_save() {
    let files = Files::new("restore");
    assert_eq!(files.written(&["v4", "--to", "restore"]), IPV4_SAVED);
    assert_eq!(files.written(&["v4", "--to", "restore", "--family", "ipv4"]), IPV4_SAVED);
    let ipv6 = files.written(&["--ipv6", "v6", "--to", "restore"]);
    assert!(ipv6.contains("-A INPUT -p ipv6-icmp -j ACCEPT\n"), "{ipv6}");
    assert_eq!(files.written(&["v4", "--ipv6", "v6", "--to", "restore", "--family", "ipv4"]), IPV4_SAVED);
    assert_eq!(files.written(&["v4", "--ipv6", "v6", "--to", "restore", "--family", "ipv6"]), ipv6);
    let again = files.import_from(IPV4_SAVED, &["-", "--to", "restore"]);
    assert_eq!(stdout(&again), IPV4_SAVED);
    let again = files.import_from(&ipv6, &["--ipv6", "-", "--to", "restore"]);
    assert_eq!(stdout(&again), ipv6);
}

#[test]
fn two_dumps_become_one_rust_program() {
    let files = Files::new("rust");
    let source = files.written(&["v4", "--ipv6", "v6"]);
    assert_eq!(files.written(&["v4", "--ipv6", "v6", "--to", "rust"]), source);
    assert_eq!(source.matches("tcp dport ssh => accept;").count(), 1, "{source}");
    assert!(source.contains("firewall! {") && source.contains("fn main()"), "{source}");
    assert!(
        source.starts_with("//! The firewall of a host, as it was imported from `v4` and `v6`.\n"),
        "{source}"
    );
    assert!(source.contains("// made by hand\n"), "{source}");
    let one = files.written(&["v4"]);
    assert!(one.contains("family ipv4;") && !one.contains("icmpv6"), "{one}");
}

#[test]
fn json_is_read_as_a_dump_is() {
    let files = Files::new("json");
    let text = files.written(&["v4", "--ipv6", "v6", "--to", "json"]);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schema/policy-v1.json");
    let document: Value = serde_json::from_str(&text).unwrap();
    Schema::new(&fs::read_to_string(path).unwrap()).unwrap().check(&document).unwrap();
    assert_eq!(document["sources"]["files"], serde_json::json!(["v4", "v6"]));
    files.write("both.json", &text);
    assert_eq!(files.written(&["both.json", "--to", "json"]), text);
    assert_eq!(files.written(&["both.json", "--to", "restore", "--family", "ipv4"]), IPV4_SAVED);
    // JSON holds the policy, not the comments of the file that it comes from.
    files.write("v4", IPV4.replace("# made by hand\n", ""));
    assert_eq!(files.written(&["both.json"]), files.written(&["v4", "--ipv6", "v6"]));
    assert_eq!(stdout(&files.import_from(&text, &["-", "--to", "json"])), text);
}

#[test]
fn every_line_that_is_not_taken_is_told_and_nothing_is_written() {
    let files = Files::new("refused");
    let output = files.import(&["broken", "--ipv6", "broken", "--output", "out"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout.is_empty() && !files.0.join("out").exists());
    let said = stderr(&output);
    for start in ["broken:3: error: unknown match `stae`", "broken:4: error: "] {
        assert_eq!(said.lines().filter(|line| line.starts_with(start)).count(), 2, "{said}");
    }
    assert!(said.contains("\nhelp: did you mean `state`?\n"), "{said}");
    let output = files.import_from(BROKEN, &["-"]);
    assert!(stderr(&output).starts_with("<stdin>:3: error: "), "{}", stderr(&output));
}

/// `iptables-save` says so if it left something out, and says nothing at all to those who may not read the rules.
#[test]
fn what_is_not_all_of_a_firewall_is_told() {
    let files = Files::new("incomplete");
    let legacy = "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n";
    let native = "# Table `nat' is incompatible, use 'nft' tool.\n";
    let own = "# Warning: ask the boss first\n";
    let output = files.import_from(&format!("{own}{IPV4}{legacy}{native}"), &["-", "--to", "rust"]);
    assert!(output.status.success());
    let said = stderr(&output);
    assert!(
        said.contains("<stdin>:8: warning: there is more on the host than this: Warning: iptables-legacy"),
        "{said}"
    );
    assert!(said.contains("<stdin>:9: warning:") && !said.contains("boss"), "{said}");
    assert!(stdout(&output).contains("// Warning: ask the boss first"), "{}", stdout(&output));

    files.write("out", "kept");
    let output = files.import_from("", &["-", "--output", "out"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(stderr(&output), "error: there is no table in `<stdin>`\n");
    assert_eq!(files.text("out"), "kept");
}

/// What is no dump at all is one error, not one for each line.
#[test]
fn what_another_command_printed_is_known() {
    let files = Files::new("others");
    for (text, what) in [
        ("-P INPUT ACCEPT\n-A INPUT -j DROP\n", "`iptables -S`"),
        ("#!/bin/sh\niptables -F\niptables -A INPUT -j DROP\n", "script"),
        ("Chain INPUT (policy ACCEPT)\ntarget prot\n", "`iptables -L`"),
        ("table ip filter {\n chain x {\n}\n", "nft"),
        ("create a hash:ip\nadd a 1.2.3.4\n", "`ipset save`"),
    ] {
        let said = stderr(&files.import_from(text, &["-", "--to", "restore"]));
        assert_eq!(said.matches("error:").count(), 1, "{said}");
        assert!(said.contains("stands in no table") && said.contains(what), "{said}");
    }
}

#[test]
fn what_nobody_knows_is_kept_if_it_is_asked_for() {
    let files = Files::new("raw");
    let text = IPV4.replace("-i lo", "-i lo -m phaseofmoon --full");
    files.write("unknown", &text);
    assert_eq!(files.import(&["unknown", "--to", "restore"]).status.code(), Some(3));
    let kept = files.written(&["unknown", "--to", "restore", "--unknown", "raw"]);
    assert!(kept.contains("-A INPUT -i lo -m phaseofmoon --full -j ACCEPT\n"), "{kept}");
    let source = files.written(&["unknown", "--unknown", "raw"]);
    assert!(source.contains("\"-m phaseofmoon --full\""), "{source}");
}

#[test]
fn json_that_is_not_taken_is_told_with_its_path() {
    let files = Files::new("json-refused");
    let text = files.written(&["v4", "--to", "json"]);
    files.write("word.json", text.replace("\"tcp\"", "\"tpc\"").replace("\"drop\"", "\"dorp\""));
    let output = files.import(&["word.json"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        stderr(&output),
        "word.json: error: $.chains[0].policy: unknown policy `dorp`\nhelp: did you mean `drop`?\n\
         word.json: error: $.chains[0].rules[1].matches[1].match: unknown match `tpc`\nhelp: did you mean `tcp`?\n"
    );
    files.write("rule.json", text.replace("\"protocol\": 6", "\"protocol\": 17"));
    let output = files.import(&["rule.json"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).starts_with("rule.json: v4:5: error: `tcp`"), "{}", stderr(&output));
    files.write("cut.json", &text[..text.len() / 2]);
    let output = files.import(&["cut.json"]);
    assert!(stderr(&output).starts_with("cut.json: error: line "), "{}", stderr(&output));
}

#[test]
fn files_that_cannot_be_read_or_written_are_named() {
    let files = Files::new("files");
    let output = files.import(&["no4", "--ipv6", "no6"]);
    assert_eq!(output.status.code(), Some(3));
    for name in ["no4", "no6"] {
        assert!(stderr(&output).contains(&format!("error: cannot read `{name}`: ")), "{}", stderr(&output));
    }
    files.write("latin", b"*filter\n-A INPUT -m comment --comment caf\xe9\nCOMMIT\n");
    let output = files.import(&["latin"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(stderr(&output), "latin:2: error: the text is not UTF-8\n");
    let output = files.import(&["v4", "--output", "no/directory"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("cannot write `no/directory`"), "{}", stderr(&output));
    assert_eq!(files.written(&["v4", "--to", "restore", "--output", "out"]), "");
    assert_eq!(files.text("out"), IPV4_SAVED);
    files.write("out", "something longer than what is written ".repeat(50));
    assert_eq!(files.written(&["v4", "--to", "restore", "--output", "out"]), "");
    assert_eq!(files.text("out"), IPV4_SAVED);
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    let files = Files::new("usage");
    files.write("policy.json", files.written(&["v4", "--to", "json"]));
    for (arguments, expected) in [
        (&[][..], "<FILE>"),
        (&["v4", "--ipv6", "v6", "--to", "restore"], "say `--family ipv4` or `--family ipv6`"),
        (&["v4", "--to", "restore", "--family", "ipv6"], "the firewall is not for IPv6"),
        (&["v4", "--family", "ipv4"], "it goes with `--to restore`"),
        (&["-", "--ipv6", "-"], "standard input"),
        (&["policy.json", "--ipv6", "v6"], "no `--ipv6` beside it"),
        (&["--ipv6", "policy.json"], "leave out `--ipv6`"),
        (&["v4", "--to", "nft"], "'nft'"),
    ] {
        let output = files.import(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            output.stdout.is_empty() && stderr(&output).contains(expected),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn help_shows_examples_and_the_exit_codes() {
    let files = Files::new("help");
    let help = files.written(&["--help"]);
    for part in [" import [OPTIONS] [FILE]", "Examples:", "iptables-save | fwdsl import -", "Exit codes:"] {
        assert!(help.contains(part), "{part}\n{help}");
    }
}
