//! `fwdsl matrix`: what it takes, what it prints, draws and says.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use fwdsl_tests::provisioned::{stderr, stdout};
use serde_json::{Value, json};

/// The example of `docs/matrix.md`.
const OFFICE: &str = include_str!("../fixtures/office.v4");
const DOCUMENT: &str = include_str!("../../docs/matrix.md");

/// A directory with files, removed when it is dropped.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Files {
        let root = std::env::temp_dir().join(format!("fwdsl-matrix-{name}-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("rules.v4"), OFFICE).unwrap();
        Files(root)
    }

    fn matrix(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fwdsl-tested"));
        command.arg("matrix").args(arguments).current_dir(&self.0).output().unwrap()
    }

    /// What a run prints that succeeds without a word.
    fn printed(&self, arguments: &[&str]) -> String {
        let output = self.matrix(arguments);
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.printed(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// What a run complains of that ends with 2.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.matrix(arguments);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{arguments:?}");
        stderr(&output)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_documented_example_is_what_is_printed() {
    let files = Files::new("documented");
    assert!(DOCUMENT.contains(&format!("```text\n{OFFICE}```")), "the rules");
    let printed = files.printed(&["rules.v4", "--service", "tcp:22"]);
    assert!(DOCUMENT.contains(&format!("```text\n{printed}```")), "{printed}");
}

#[test]
fn json_has_numbers_ranges_and_pairs() {
    let files = Files::new("json");
    let found = files.json(&["rules.v4", "--chain", "FORWARD", "--service", "ssh"]);
    assert_eq!((&found["classes"], &found["edges"]), (&json!(6), &json!(11)));
    let about = ["table", "chain", "family", "service"].map(|field| found[field].as_str().unwrap());
    assert_eq!(about, ["filter", "FORWARD", "ipv4", "tcp:22"]);
    assert_eq!(found["members"].as_array().unwrap().len(), 6);
    assert_eq!(found["members"][4], json!([{ "first": "10.0.2.0", "last": "10.0.3.255" }]));
    assert_eq!(found["names"][4], "10.0.2.0/23");
    let pairs = found["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 11);
    // The office to the world, and to the host whose rule may match or not.
    assert!(pairs.contains(&json!([4, 0])) && pairs.contains(&json!([4, 3])));
    let http = files.json(&["rules.v4", "--service", "tcp:http"]);
    assert_eq!((&http["classes"], &http["edges"]), (&json!(5), &json!(5)));
    // From a privileged port it is the same here, and through another chain it is not.
    assert_eq!(files.json(&["rules.v4", "--service", "http", "--source-port", "7"])["edges"], 5);
    assert_eq!(files.json(&["rules.v4", "--service", "http", "--chain", "filter/servers"])["edges"], 2);
    assert_eq!(files.json(&["rules.v4", "--service", "http", "--chain", "INPUT"])["edges"], 0);
}

/// The graph as a reader of its lines finds it: nodes with labels, and edges.
#[test]
fn the_graph_has_a_node_for_each_class_and_all_edges() {
    let files = Files::new("dot");
    let found = files.json(&["rules.v4", "--service", "ssh", "--dot", "graph.dot"]);
    let text = files.text("graph.dot");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("digraph matrix {"));
    assert_eq!(text.lines().last(), Some("}"));
    let (mut nodes, mut edges) = (0, Vec::new());
    for line in lines {
        let line = line.trim();
        if let Some((from, to)) = line.trim_end_matches(';').split_once(" -> ") {
            let ends = [from, to].map(|end| end.parse::<u64>().unwrap() - 1);
            edges.push(json!(ends));
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            let (number, label) = line.split_once(" [label=\"").unwrap();
            assert!(label.ends_with("\"];") && label.starts_with(&format!("{number}: ")), "{line}");
            nodes += 1;
        }
    }
    assert_eq!(nodes, 6);
    assert_eq!(json!(edges), found["pairs"]);
}

/// The drawing is well-formed, and has a square for each edge.
#[test]
fn the_drawing_is_an_svg_with_a_square_for_each_edge() {
    let files = Files::new("svg");
    files.printed(&["rules.v4", "--service", "ssh", "--svg", "matrix.svg"]);
    let elements = elements(&files.text("matrix.svg"));
    assert_eq!(elements["svg"], 1);
    // The background, and eleven squares; a title for the drawing and each square.
    assert_eq!((elements["rect"], elements["title"]), (12, 12));
    // Two lines at the top; for each class at its row, at its column and behind its row.
    assert_eq!(elements["text"], 2 + 3 * 6);
    // Many classes are drawn too, without labels.
    let mut rules = String::from("*filter\n:FORWARD DROP [0:0]\n");
    for number in 0..200 {
        rules += &format!("-A FORWARD -s 10.0.{number}.0/24 -d 10.1.{number}.0/24 -j ACCEPT\n");
    }
    fs::write(files.0.join("many"), rules + "COMMIT\n").unwrap();
    let text = files.printed(&["many", "--service", "ssh", "--svg", "many.svg"]);
    assert!(
        text.contains("401 classes of addresses, 200 edges\n") && text.contains("\n  2 -> 202\n"),
        "{text}"
    );
    assert_eq!(self::elements(&files.text("many.svg"))["rect"], 201);
}

/// How many of each element there are in a text of XML, all of them closed in their order.
fn elements(text: &str) -> HashMap<String, usize> {
    let (mut open, mut found) = (Vec::new(), HashMap::new());
    for piece in text.split('<').skip(1) {
        let (tag, content) = piece.split_once('>').expect("a tag that ends");
        assert!(
            !content.contains('>')
                && !content.replace("&gt;", "").replace("&lt;", "").replace("&amp;", "").contains('&')
        );
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name.to_owned()));
            continue;
        }
        let name = tag.split(' ').next().unwrap().to_owned();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        *found.entry(name.clone()).or_default() += 1;
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    found
}

#[test]
fn what_is_wrong_is_said_and_ends_with_2() {
    let files = Files::new("wrong");
    assert_eq!(
        files.refused(&["rules.v4", "--service", "htp"]),
        "error: unknown service `htp`\nhelp: did you mean `http`?\n"
    );
    assert_eq!(
        files.refused(&["rules.v4", "--service", "ssh", "--chain", "server"]),
        "error: there is no chain `server` in table `filter`\nhelp: did you mean `servers`?\n"
    );
    assert_eq!(
        files.refused(&["rules.v4", "--service", "ssh", "--chain", "fliter/FORWARD"]),
        "error: unknown table `fliter`\nhelp: did you mean `filter`?\n"
    );
    assert_eq!(
        files.refused(&["rules.v4", "--service", "ssh", "--chain", "nat/PREROUTING"]),
        "error: there is no table `nat` for IPv4\n"
    );
    assert!(files.refused(&["none", "--service", "ssh"]).starts_with("error: cannot read `none`"));
    fs::write(files.0.join("empty"), "# nothing\n").unwrap();
    assert_eq!(files.refused(&["empty", "--service", "ssh"]), "error: there is no table in `empty`\n");
    assert!(files.refused(&["rules.v4"]).contains("--service"));
}

#[test]
fn ipv6_is_seen_from_the_text_and_json_policies_are_read() {
    let files = Files::new("families");
    let rules = "# Generated by ip6tables-save v1.8.9\n*filter\n:FORWARD DROP [0:0]\n\
                 -A FORWARD -s 2001:db8::/32 -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";
    fs::write(files.0.join("rules.v6"), rules).unwrap();
    let found = files.json(&["rules.v6", "--service", "ssh"]);
    assert_eq!(
        (&found["family"], &found["classes"], &found["edges"]),
        (&json!("ipv6"), &json!(2), &json!(2))
    );
    assert_eq!(
        found["members"][1],
        json!([{ "first": "2001:db8::", "last": "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" }])
    );
    let policy = json!({
        "fwdsl": { "version": 1 },
        "families": ["ipv4", "ipv6"],
        "chains": [{ "table": "filter", "name": "FORWARD", "policy": "accept", "families": ["ipv4", "ipv6"], "rules": [] }],
    });
    fs::write(files.0.join("policy.json"), policy.to_string()).unwrap();
    for (arguments, family) in [(&[][..], "ipv4"), (&["--ipv6"], "ipv6"), (&["--ipv4"], "ipv4")] {
        let found = files.json(&[&["policy.json", "--service", "ssh"], arguments].concat());
        assert_eq!((&found["family"], &found["edges"]), (&json!(family), &json!(1)));
    }
}
