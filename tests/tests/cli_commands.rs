//! The command line where it needs neither root nor iptables.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use fwdsl::Policy;
use fwdsl::family::Family;
use fwdsl_runtime::json::from_json;
use fwdsl_tests::provisioned::{json, stderr, stdout};
use fwdsl_tests::schema::Schema;
use serde_json::{Value, json};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cli_host")).args(arguments).output().unwrap()
}

/// An image in a directory, removed when it is dropped.
struct Image(PathBuf);

impl Image {
    fn new(name: &str, os_release: &str) -> Image {
        let path = std::env::temp_dir().join(format!("fwdsl-cli-{name}-{}", std::process::id()));
        fs::create_dir_all(path.join("etc")).unwrap();
        fs::write(path.join("etc/os-release"), os_release).unwrap();
        Image(path)
    }

    fn save(&self, arguments: &[&str]) -> Output {
        run(&[&["save", "--root", self.0.to_str().unwrap()], arguments].concat())
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn show_prints_each_family_or_both() {
    let ipv4 = stdout(&run(&["show", "--family", "ipv4"]));
    let ipv6 = stdout(&run(&["show", "--family", "ipv6"]));
    assert!(
        ipv4.starts_with("*filter\n") && ipv4.contains("-p icmp ") && !ipv4.contains("ipv6-icmp"),
        "{ipv4}"
    );
    assert!(ipv6.starts_with("*filter\n") && ipv6.contains("-p ipv6-icmp "), "{ipv6}");
    assert_eq!(stdout(&run(&["show"])), format!("# IPv4\n{ipv4}# IPv6\n{ipv6}"));
    let object = json(&run(&["show", "--json"]));
    assert_eq!(object["ipv4"], ipv4);
    assert_eq!(object["ipv6"], ipv6);
    assert_eq!(object["sysctls"][0]["key"], "net.ipv4.tcp_syncookies");
    assert_eq!(object["warnings"], serde_json::json!([]));
}

#[test]
fn show_prints_the_policy_as_json_that_is_the_same_policy() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schema/policy-v1.json");
    let schema = Schema::new(&fs::read_to_string(path).unwrap()).unwrap();
    let output = run(&["show", "--format", "json"]);
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    schema.check(&document).unwrap();
    let policy = Policy::from_model(from_json(&stdout(&output)).unwrap()).unwrap();
    for family in Family::ALL {
        let shown = stdout(&run(&["show", "--family", family.name()]));
        assert_eq!(policy.emit(family).unwrap().unwrap(), shown);
        let chains = document["lowered"][family.name()]["tables"][0]["chains"].as_array().unwrap();
        let rules = chains.iter().flat_map(|chain| chain["rules"].as_array().unwrap());
        let texts: Vec<&str> = rules.map(|rule| rule["text"].as_str().unwrap()).collect();
        let lines: Vec<&str> = shown.lines().filter(|line| line.starts_with("-A ")).collect();
        assert_eq!(texts, lines);
    }
    // With `--json` the document stands beside what is said about it.
    assert_eq!(
        json(&run(&["show", "--format", "json", "--json"])),
        json!({ "policy": document, "warnings": [] })
    );
    let ipv6: Value =
        serde_json::from_str(&stdout(&run(&["show", "--format", "json", "--family", "ipv6"]))).unwrap();
    assert_eq!(ipv6["lowered"], json!({ "ipv6": document["lowered"]["ipv6"] }));
    assert_eq!(run(&["show", "--format", "json", "--sets"]).status.code(), Some(2));
}

#[test]
fn check_says_that_the_policy_is_sound() {
    let output = run(&["check"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output), "the policy is sound\n");
    assert_eq!(json(&run(&["check", "--json"]))["lints"], serde_json::json!([]));
}

#[test]
fn a_wrong_command_line_is_exit_code_2_and_help_tells_the_codes() {
    let output = run(&["aply"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("'apply'"), "{}", stderr(&output));
    for arguments in [&["--help"][..], &["apply", "--help"]] {
        let help = stdout(&run(arguments));
        assert!(help.contains("Usage: cli_host") && help.contains("Exit codes:"), "{help}");
    }
}

#[test]
fn an_image_gets_its_files_and_a_second_save_changes_nothing() {
    let image = Image::new("arch", "ID=arch\n");
    let output = image.save(&[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let package = "saved rules will not be loaded at boot, because `iptables.service` is missing or incomplete: \
                   install the package `iptables`, then save again";
    assert!(stderr(&output).contains(package), "{}", stderr(&output));
    assert!(image.text("etc/iptables/iptables.rules").contains("\n*filter\n:INPUT DROP [0:0]\n"));
    assert!(image.text("etc/iptables/ip6tables.rules").contains("-p ipv6-icmp "));
    let sysctls = image.text("etc/sysctl.d/zz-fwdsl.conf");
    for line in [
        "net.ipv4.conf.all.send_redirects = 0\n",
        "net.ipv4.conf.default.send_redirects = 0\n",
        "-net.ipv4.conf.*.send_redirects = 0\n",
    ] {
        assert!(sysctls.contains(line), "{line} is not in\n{sysctls}");
    }
    let second = image.save(&["--json"]);
    assert_eq!(json(&second)["changed"], false);
}

#[test]
fn a_dry_save_writes_nothing() {
    let image = Image::new("dry", "ID=arch\n");
    let output = image.save(&["--dry-run"]);
    assert!(
        stdout(&output).contains("/etc/iptables/iptables.rules would be updated (IPv4 rules for boot)\n")
    );
    assert_eq!(fs::read_dir(&image.0).unwrap().count(), 1);
    assert_eq!(fs::read_dir(image.0.join("etc")).unwrap().count(), 1);
}

#[test]
fn other_files_that_set_our_sysctls_are_named() {
    let image = Image::new("elsewhere", "ID=arch\n");
    fs::write(image.0.join("etc/sysctl.conf"), "net.ipv4.conf.all.rp_filter = 1\n").unwrap();
    let output = image.save(&[]);
    let expected = "warning: /etc/sysctl.conf:1 sets `net.ipv4.conf.all.rp_filter` to 1, the policy to 2; ";
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
}

#[test]
fn an_unknown_distribution_is_refused_before_anything_is_written() {
    let image = Image::new("unknown", "ID=plan9\n");
    let output = image.save(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("`plan9`") && stderr(&output).contains("known are Alpine, Arch"));
    assert_eq!(fs::read_dir(&image.0).unwrap().count(), 1);
    let error = &json(&image.save(&["--json"]))["error"];
    assert_eq!((&error["kind"], &error["exit_code"]), (&"not-done".into(), &1.into()));
}

#[test]
fn there_is_nothing_to_recover_where_nothing_was_begun() {
    let image = Image::new("recover", "ID=arch\n");
    let output = run(&["recover", "--root", image.0.to_str().unwrap(), "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(json(&output)["recovered"].is_null());
}
