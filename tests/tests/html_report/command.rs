//! The commands that write a page.

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Output};

use fwdsl_runtime::digest::sha256;
use fwdsl_tests::netns::require;
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};

use super::{Directory, article_host, assert_holds, read};

const ARTICLE: &str = env!("CARGO_BIN_EXE_article-host-tested");
const COUNTED: &str = env!("CARGO_BIN_EXE_counted_host");
const FLEET: &str = env!("CARGO_BIN_EXE_fleet_host");

fn article(arguments: &[&str]) -> Output {
    Command::new(ARTICLE).args(arguments).output().expect("the binary runs")
}

#[test]
fn the_command_writes_the_page_and_says_what_it_is_of() {
    let directory = Directory::new("command");
    let file = directory.0.join("page.html");
    let path = file.to_str().unwrap();
    let output = article(&["report", "--html", path]);
    assert!(output.status.success(), "{}", stderr(&output));
    let written = fs::read_to_string(&file).unwrap();
    assert_eq!(stdout(&output), format!("wrote {path} ({} bytes)\n", written.len()));
    let printed = stdout(&article(&["report", "--html", "-"]));
    assert_eq!(printed, written, "the page is the same, wherever it goes");
    let read = read(&written);
    assert_holds(&read, &article_host::HOST);

    let shown = article(&["show", "--format", "json"]).stdout;
    let hash = sha256(&shown);
    assert!(read.named("code").any(|code| code.text == hash), "the digest is that of what is shown");
    let object = json(&article(&["report", "--html", path, "--json"]));
    assert_eq!((&object["sha256"], &object["file"]), (&hash.into(), &path.into()));
    assert_eq!(json(&article(&["report", "--html", "-", "--json"]))["html"], written.as_str());

    // Somebody else's file behind a link, a directory, and one that is not there.
    let link = directory.0.join("link");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    for wrong in [link.to_str().unwrap(), directory.0.to_str().unwrap(), "/nowhere/page.html"] {
        let output = article(&["report", "--html", wrong]);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""), "{wrong}");
        assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
    }
    assert_eq!(article(&["report"]).status.code(), Some(2));
    assert_eq!(article(&["report", "--html", "-", "--root", "/"]).status.code(), Some(2), "without --status");
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
}

#[test]
fn of_several_policies_it_is_about_the_one_that_is_chosen() {
    let run = |arguments: &[&str]| {
        let output =
            Command::new(FLEET).args(arguments).args(["--policy", "mail"]).output().expect("it runs");
        assert!(output.status.success(), "{}", stderr(&output));
        output
    };
    let read = read(&stdout(&run(&["report", "--html", "-"])));
    assert_eq!(read.named("h1").next().unwrap().text, "mail (fleet_host)");
    let hash = sha256(&run(&["show", "--format", "json"]).stdout);
    assert!(read.named("code").any(|code| code.text == hash));
    assert!(read.named("code").any(|code| code.text == "fleet_host show --format json --policy mail"));
    assert!(read.element("open").text.contains("Of IPv6 the policy says nothing"));
}

/// The dump of `docs/matrix.md`, brought in by the tool.
#[test]
fn the_tool_makes_a_page_of_a_dump() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fwdsl-tested"));
        command.args(arguments).current_dir(fixtures).output().expect("the tool runs")
    };
    let output = run(&["report", "office.v4", "--html", "-"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    let read = read(&stdout(&output));
    assert_eq!(read.named("h1").next().unwrap().text, "office.v4");
    assert!(read.element("open").text.contains("Of IPv6 the policy says nothing"));
    let dump = fs::read_to_string(Path::new(fixtures).join("office.v4")).unwrap();
    let shown: String = read.named("pre").map(|pre| format!("{}\n", pre.text)).collect();
    for (place, line) in dump.lines().enumerate().filter(|(_, line)| line.starts_with("-A ")) {
        assert!(shown.lines().any(|shown| shown == line), "{line}");
        let place = format!("office.v4:{} ", place + 1);
        assert_eq!(read.named("li").filter(|item| item.text.contains(&place)).count(), 1, "{place}");
    }
    let hash = sha256(&run(&["import", "office.v4", "--to", "json"]).stdout);
    assert!(read.named("code").any(|code| code.text == hash));
    assert_eq!(run(&["report", "office.v4"]).status.code(), Some(2));
    assert_eq!(run(&["report", "office.v4", "--html", "/nowhere/page.html"]).status.code(), Some(3));
}

#[test]
fn on_a_host_it_tells_what_is_loaded_and_what_was_counted() {
    if !require(&[&PROGRAMS[..], &["setpriv"]].concat()) {
        return;
    }
    std::thread::scope(|scope| {
        for variant in VARIANTS {
            scope.spawn(move || {
                let host = Host::new(variant, COUNTED);
                let report = || {
                    let output = host.act("report", &["--status", "--html", "-"]);
                    assert!(output.status.success(), "{}", stderr(&output));
                    read(&stdout(&output))
                };
                let before = report();
                assert!(before.element("host").text.contains("missing"), "{}", before.element("host").text);
                assert!(host.apply(&[]).status.success());
                host.netns.sh("ip link set lo up; ip addr add 10.9.0.1/32 dev lo");
                host.netns.enter(|| {
                    let socket = UdpSocket::bind("10.9.0.1:0").unwrap();
                    socket.send_to(b"x", "10.9.0.1:1001").unwrap();
                });
                let after = report();
                let text = &after.element("host").text;
                assert!(text.contains("in force: all that is loaded is as the policy says"), "{text}");
                let source = include_str!("../../src/bin/counted_host.rs");
                let line = 1 + source.lines().position(|line| line.contains("udp dport 1001")).unwrap();
                let rule = after
                    .named("li")
                    .find(|item| item.text.contains(&format!("counted_host.rs:{line}")))
                    .unwrap();
                assert!(rule.text.contains("IPv4: 1 packets, "), "{}", rule.text);
                assert!(rule.text.contains("IPv6: 0 packets, 0 bytes"), "{}", rule.text);

                let output = host.act_without_rights("report", &["--status", "--html", "-"]);
                assert!(output.status.success(), "{}", stderr(&output));
                let page = read(&stdout(&output));
                assert!(
                    page.element("host").text.contains("rules: unknown: "),
                    "{}",
                    page.element("host").text
                );
            });
        }
    });
}
