//! Commands other than `-A`, and the lines between them.

use fwdsl_runtime::family::Family;

use crate::canonical;

/// What is left of table `filter` after these lines, without its frame: the user's chains and the rules.
fn left(lines: &str) -> Result<Vec<String>, String> {
    let text = canonical(&format!("*filter\n{lines}\nCOMMIT\n"), Family::Ipv4)?;
    let frame = |line: &&str| !line.starts_with('*') && *line != "COMMIT" && !line.contains(" ACCEPT [0:0]");
    Ok(text.lines().filter(frame).map(str::to_owned).collect())
}

fn assert_left(lines: &str, expected: &[&str]) {
    let left = left(lines).unwrap_or_else(|reasons| panic!("{lines}: {reasons}"));
    assert_eq!(left, expected, "{lines}");
}

#[test]
fn commands_are_carried_out_in_their_order() {
    assert_left(
        "-A INPUT -i a\n-I INPUT -i b\n-I INPUT 2 -i c",
        &["-A INPUT -i b", "-A INPUT -i c", "-A INPUT -i a"],
    );
    assert_left("-I INPUT -s 10.0.0.1,10.0.0.2", &["-A INPUT -s 10.0.0.2/32", "-A INPUT -s 10.0.0.1/32"]);
    assert_left("-A INPUT -i a\n-A INPUT -i b\n-R INPUT 1 -i c", &["-A INPUT -i c", "-A INPUT -i b"]);
    assert_left("-A INPUT -i a\n-A INPUT -i b\n-D INPUT 1", &["-A INPUT -i b"]);
    assert_left(
        "-A INPUT -p tcp --dport 22\n-A INPUT -i b\n-D INPUT -p 6 -m tcp --dport ssh",
        &["-A INPUT -i b"],
    );
    assert_left("-A INPUT -i a\n-C INPUT -i a", &["-A INPUT -i a"]);
    assert_left("-A INPUT -i a\n-F INPUT\n-A OUTPUT -o b", &["-A OUTPUT -o b"]);
    assert_left("-A INPUT -i a\n-F\n-Z\n-L", &[]);
    assert_left(
        "-N NEW\n-A INPUT -j NEW\n-A NEW -j DROP",
        &[":NEW - [0:0]", "-A INPUT -j NEW", "-A NEW -j DROP"],
    );
    assert_left("--new-chain NEW\n--append INPUT --jump NEW", &[":NEW - [0:0]", "-A INPUT -j NEW"]);
    assert_left("-N OLD\n-A INPUT -g OLD\n-E OLD NEW", &[":NEW - [0:0]", "-A INPUT -g NEW"]);
    assert_left("-N OLD\n-X OLD\n-N A\n-N B\n-X", &[]);
    assert_left("-P INPUT DROP\n-A INPUT -j ACCEPT", &[":INPUT DROP [0:0]", "-A INPUT -j ACCEPT"]);
}

#[test]
fn commands_that_would_fail_are_refused() {
    for (lines, reason) in [
        ("-I INPUT 2 -i a", "too few rules"),
        ("-I INPUT 0 -i a", "begins at 1"),
        ("-R INPUT -i a", "lacks the number"),
        ("-R INPUT 1 -i a", "no rule 1"),
        ("-A INPUT -i a\n-R INPUT 1 -s 1.1.1.1,2.2.2.2", "one source and one destination"),
        ("-D INPUT 1", "no rule 1"),
        ("-D INPUT -i a", "no such rule"),
        ("-C INPUT -i a", "no such rule"),
        ("-F NOSUCH", "no chain `NOSUCH`"),
        ("-N NEW\n-N NEW", "there already, since line 2"),
        (":NEW - [0:0]\n:NEW - [0:0]", "there already, since line 2"),
        ("-N NEW -j DROP", "in a command without a rule"),
        ("-N NEW\n-A INPUT -j NEW\n-X NEW", "line 3 still goes to chain `NEW`"),
        ("-N NEW\n-A NEW -j DROP\n-X NEW", "still has rules"),
        ("-X INPUT", "built-in chain"),
        ("-N INPUT", "there already"),
        ("-N A\n-N B\n-E A B", "`B` is there already"),
        ("-P INPUT REJECT", "not a policy"),
        ("-P INPUT", "lacks the policy"),
        (":NEW DROP [0:0]", "only built-in chains have a policy"),
        (":NEW", "lacks its chain or its policy"),
        (":INPUT DROP 0:0", "[packets:bytes]"),
        ("[1:2 -A INPUT", "lacks its `]`"),
        ("[x:2] -A INPUT", "[packets:bytes]"),
        ("-j DROP", "lacks its command"),
        ("-A INPUT -A OUTPUT", "a second command"),
        ("-A", "`-A` lacks its value"),
        ("-A LOG -j DROP\n-N LOG", "is a target of iptables"),
    ] {
        match left(lines) {
            Ok(left) => panic!("{lines} left {left:?}"),
            Err(reasons) => assert!(reasons.contains(reason), "{lines}: {reasons}"),
        }
    }
}

#[test]
fn chains_may_be_used_before_they_are_declared() {
    let lines = "-A INPUT -j LATER\n-A LATER -j DROP\n:LATER - [0:0]";
    assert_left(lines, &[":LATER - [0:0]", "-A INPUT -j LATER", "-A LATER -j DROP"]);
}
