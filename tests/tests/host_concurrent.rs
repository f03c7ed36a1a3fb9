//! Others at work at the same time: a second apply, and programs that change rules between our look and our load.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_tests::netns::require;
use fwdsl_tests::processes::wait_until;
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS, failure, report};
use serde_json::{Value, json};

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");

fn on(variant: Variant, test: impl Fn(Sandbox)) {
    if require(&PROGRAMS) {
        test(Sandbox::new(variant, DRIVER));
    }
}

fn each_variant(test: impl Fn(Sandbox)) {
    VARIANTS.into_iter().for_each(|variant| on(variant, &test));
}

/// A directory with the programs, of which those whose names end so do something else first. In the script, `first` is true
/// the first time.
fn programs(host: &Sandbox, ending: &str, script: &str) -> PathBuf {
    let dir = host.file("programs");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir(&dir).unwrap();
    for family in Family::ALL {
        for action in ["save", "restore"] {
            let name = host.variant.program(family, action);
            let path = dir.join(&name);
            if !name.ends_with(ending) {
                symlink(Path::new("/usr/sbin").join(&name), path).unwrap();
                continue;
            }
            let script = format!(
                "#!/bin/sh\nfirst() {{ mkdir {dir}/begun 2>/dev/null; }}\n{script}\nexec /usr/sbin/{name} \"$@\"\n",
                dir = dir.display()
            );
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    symlink("/usr/sbin/nft", dir.join("nft")).unwrap();
    dir
}

/// Only rules, of a filter for both families.
fn rules(input: &str) -> Value {
    let text = format!(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n{input}COMMIT\n"
    );
    json!({ "ipv4": text, "ipv6": text })
}

fn saved(host: &Sandbox) -> String {
    host.netns.sh(&format!("iptables-{}-save -t filter 2>/dev/null | grep -v '^#'", host.variant))
}

const OTHERS: &str = "-A INPUT -s 192.0.2.66/32 -j DROP";

/// What another program runs.
fn change(host: &Sandbox) -> String {
    format!("env -u XTABLES_LOCKFILE /usr/sbin/iptables-{} -w 1 {OTHERS}", host.variant)
}

/// A command that applies what is in another file.
fn applying(host: &Sandbox, file: &Path) -> Command {
    let usual = host.command("apply", &[]);
    let mut command = Command::new(usual.get_program());
    let ours = host.file("desired.json");
    command.args(usual.get_args().map(|word| if *word == *ours { file.as_os_str() } else { word }));
    command
}

#[test]
fn of_two_applies_the_second_waits_and_each_is_whole() {
    each_variant(|host| {
        host.apply_well(&["--replace-foreign"]);
        let other = host.file("other.json");
        for turn in 0..3 {
            host.desire(&rules(&format!("-A INPUT -p tcp -m tcp --dport {} -j ACCEPT\n", 100 + turn)));
            fs::write(
                &other,
                rules(&format!("-A INPUT -p tcp -m tcp --dport {} -j ACCEPT\n", 200 + turn)).to_string(),
            )
            .unwrap();
            let start = |mut command: Command| {
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the driver runs")
            };
            let both = [host.command("apply", &[]), applying(&host, &other)].map(start);
            for output in both.map(|child| child.wait_with_output().unwrap()) {
                assert_eq!(report(&output)["changed"], true);
            }
            let saved = saved(&host);
            let ports = [100, 200].map(|port| saved.contains(&format!("--dport {}", port + turn)));
            assert!(ports == [true, false] || ports == [false, true], "{saved}");
        }
    });
}

#[test]
fn an_apply_waits_for_the_undo_of_another_and_then_has_its_way() {
    each_variant(|host| {
        host.apply_well(&["--replace-foreign"]);
        host.desire(&rules("-A INPUT -p udp -m udp --dport 53 -j ACCEPT\n"));
        // The first apply gets as far as this, and what undoes it takes its time.
        let dir = programs(
            &host,
            "restore",
            "case \"$*\" in *--test*) ;; *) first && sleep 30 || sleep 0.3;; esac",
        );
        let mut command = host.command("apply", &["--program-dir", dir.to_str().unwrap()]);
        let mut killed = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until("the load", || dir.join("begun").exists());
        killed.kill().unwrap();
        killed.wait().unwrap();
        assert!(host.journal().exists());
        assert_eq!(host.apply_well(&[])["changed"], true);
        assert!(saved(&host).contains("--dport 53"));
        host.wait_for_peace();
        assert!(saved(&host).contains("--dport 53"));
    });
}

#[test]
fn legacy_programs_of_others_wait_until_all_is_loaded() {
    on(Variant::Legacy, |host| {
        // In the midst of it, another one tries.
        let log = host.file("log");
        let tries = format!("{} 2>>{log} && echo done >>{log}", change(&host), log = log.display());
        for ending in ["save", "restore"] {
            let dir = programs(&host, ending, &tries);
            host.apply_well(&["--replace-foreign", "--program-dir", dir.to_str().unwrap()]);
            let log = fs::read_to_string(&log).unwrap();
            assert!(log.contains("holding the xtables lock") && !log.contains("done"), "{log}");
            host.reset();
        }
        host.netns.sh(&change(&host));
        assert!(saved(&host).contains(OTHERS));
    });
}

#[test]
fn an_apply_waits_for_who_holds_the_xtables_lock_but_not_for_ever() {
    on(Variant::Legacy, |host| {
        let before = host.state();
        let hold = |seconds: &str| {
            let mut command = host.netns.command("flock");
            command.args(["/run/xtables.lock", "sh", "-c", "echo; sleep $0", seconds]);
            let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
            std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0]).unwrap();
            child
        };
        let mut holder = hold("1.5");
        let said = failure(&host.apply(&["--replace-foreign", "--lock-wait", "1"]));
        assert!(
            said.contains("another program is changing rules: it has held `/run/xtables.lock`"),
            "{said}"
        );
        assert_eq!(host.state(), before);
        holder.wait().unwrap();
        let mut holder = hold("1");
        let start = Instant::now();
        host.apply_well(&["--replace-foreign"]);
        assert!(start.elapsed() > Duration::from_millis(900));
        holder.wait().unwrap();
    });
}

#[test]
fn programs_that_know_no_other_lock_are_left_the_usual_one() {
    on(Variant::Legacy, |host| {
        let dir = programs(&host, "restore", "unset XTABLES_LOCKFILE");
        host.apply_well(&["--replace-foreign", "--program-dir", dir.to_str().unwrap()]);
        assert_eq!(host.apply_well(&[])["changed"], false);
    });
}

#[test]
fn what_others_change_under_nft_between_the_look_and_the_load_is_seen() {
    on(Variant::Nft, |host| {
        host.apply_well(&["--replace-foreign"]);
        host.desire(&rules("-A INPUT -p udp -m udp --dport 53 -j ACCEPT\n"));
        // IPv4 has been looked at when IPv6 is.
        let once = format!("case $0 in *ip6*) first && {};; esac", change(&host));
        let dir = programs(&host, "save", &once);
        let said = failure(&host.apply(&["--program-dir", dir.to_str().unwrap()]));
        assert!(said.contains("did not put there") && said.contains(OTHERS), "{said}");
        let now = saved(&host);
        assert!(now.contains(OTHERS) && !now.contains("--dport 53"), "{now}");
        let dir = programs(&host, "save", &once);
        host.apply_well(&["--replace-foreign", "--program-dir", dir.to_str().unwrap()]);
        let now = saved(&host);
        assert!(!now.contains(OTHERS) && now.contains("--dport 53"), "{now}");
        assert!(!host.journal().exists());
    });
}

#[test]
fn who_changes_rules_without_end_is_named_as_the_reason() {
    on(Variant::Nft, |host| {
        host.apply_well(&["--replace-foreign"]);
        host.desire(&rules("-A INPUT -p udp -m udp --dport 53 -j ACCEPT\n"));
        let before = saved(&host);
        let always = "nft add table inet others; nft add chain inet others c; nft flush chain inet others c";
        let dir = programs(&host, "save", always);
        let said = failure(&host.apply(&["--program-dir", dir.to_str().unwrap()]));
        assert!(said.contains("other programs change rules again and again"), "{said}");
        assert!(said.contains("the former state is back"), "{said}");
        assert_eq!(saved(&host), before);
        host.apply_well(&[]);
    });
}

#[test]
fn what_others_put_into_a_table_in_the_very_moment_is_not_overwritten_without_a_word() {
    on(Variant::Nft, |host| {
        host.apply_well(&["--replace-foreign"]);
        host.desire(&rules("-A INPUT -p udp -m udp --dport 53 -j ACCEPT\n"));
        let dir = programs(&host, "restore", &format!("first && {}", change(&host)));
        let said = failure(&host.apply(&["--program-dir", dir.to_str().unwrap()]));
        assert!(
            said.contains("another program changed rules in the moment in which these were loaded"),
            "{said}"
        );
        assert!(said.contains(OTHERS), "{said}");
        host.apply_well(&[]);
    });
}

#[test]
fn rules_of_others_elsewhere_are_no_reason_to_give_up() {
    on(Variant::Nft, |host| {
        host.apply_well(&["--replace-foreign"]);
        host.desire(&rules("-A INPUT -p udp -m udp --dport 53 -j ACCEPT\n"));
        let dir = programs(&host, "restore", "first && nft add table inet others");
        host.apply_well(&["--program-dir", dir.to_str().unwrap()]);
        assert!(saved(&host).contains("--dport 53"));
    });
}
