//! Deaths in the middle of an apply: of the applier, of its guardian, of everybody; and what becomes of their programs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_tests::coexisting::{self, others};
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::processes::{kill, processes, wait_until};
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS, failure, report};
use serde_json::json;

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");
/// An apply that stands still in the middle: IPv4 is loaded, and `ip6tables-restore` waits to be let on.
struct Halted {
    host: Sandbox,
    old: String,
    starter: Child,
    applier: u32,
}

impl Halted {
    fn new(variant: Variant) -> Halted {
        let host = Sandbox::new(variant, DRIVER);
        let old = host.state();
        let dir = host.file("programs");
        fs::create_dir(&dir).unwrap();
        for (family, action) in
            Family::ALL.into_iter().flat_map(|family| [(family, "save"), (family, "restore")])
        {
            let name = variant.program(family, action);
            symlink(format!("/usr/sbin/{name}"), dir.join(name)).unwrap();
        }
        symlink("/usr/sbin/nft", dir.join("nft")).unwrap();
        let restore = dir.join(variant.program(Family::Ipv6, "restore"));
        let script = format!(
            "#!/bin/sh\nif [ -e {d}/halt ]; then mv {d}/halt {d}/halted; while [ -e {d}/halted ]; do sleep 0.01; done; fi\n\
             exec /usr/sbin/{name} \"$@\"\n",
            d = dir.display(),
            name = variant.program(Family::Ipv6, "restore")
        );
        fs::remove_file(&restore).unwrap();
        fs::write(&restore, script).unwrap();
        fs::set_permissions(&restore, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(dir.join("halt"), "").unwrap();
        // Signals that whoever runs the tests ignores (`nohup`) would be ignored here too.
        let mut command = host.command_under(
            &["env", "--default-signal=INT,HUP"],
            "apply",
            &["--replace-foreign", "--program-dir", dir.to_str().unwrap()],
        );
        // `ip netns exec` becomes the program, and so does `env`; this is the applier's own id.
        let starter = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let applier = starter.id();
        wait_until("the apply to stand still", || dir.join("halted").exists());
        assert_ne!(host.state(), old, "IPv4 is loaded");
        Halted { host, old, starter, applier }
    }

    fn root(&self) -> String {
        self.host.root.display().to_string()
    }

    fn guardian(&self) -> u32 {
        let guardians = processes("__fwdsl-guardian", &self.root());
        assert_eq!(guardians.len(), 1, "{guardians:?}");
        guardians[0]
    }

    /// The program that stands still.
    fn program(&self) -> Vec<u32> {
        processes("ip6tables-", &self.host.file("programs").display().to_string())
            .into_iter()
            .filter(|pid| *pid != self.applier)
            .collect()
    }

    fn holder(&self) -> u32 {
        let manifest = fs::read_to_string(self.host.journal().join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        u32::try_from(manifest["group"]["pgid"].as_u64().unwrap()).unwrap()
    }

    fn kill_applier(&mut self) {
        kill(self.applier);
        self.starter.wait().unwrap();
    }

    /// Whoever still waits would commit now.
    fn let_on(&self) {
        let _ = fs::remove_file(self.host.file("programs").join("halted"));
    }
}

fn each_variant(test: impl Fn(Halted)) {
    if require(&PROGRAMS) {
        VARIANTS.into_iter().for_each(|variant| test(Halted::new(variant)));
    }
}

#[test]
fn the_guardian_ends_the_programs_and_then_restores() {
    each_variant(|mut apply| {
        assert!(!apply.program().is_empty());
        apply.kill_applier();
        apply.host.wait_for_peace();
        assert_eq!(apply.host.state(), apply.old);
        assert_eq!(apply.program(), [0; 0]);
        apply.let_on();
        wait_until("the guardian to end", || processes("__fwdsl-", &apply.root()).is_empty());
        assert_eq!(apply.host.state(), apply.old);
    });
}

#[test]
fn a_program_that_nobody_kills_lets_the_apply_finish() {
    each_variant(|mut apply| {
        apply.let_on();
        assert!(apply.starter.wait().unwrap().success());
        assert!(!apply.host.journal().exists());
        assert!(apply.host.state().contains("-A INPUT -p ipv6-icmp -j ACCEPT"));
        assert_eq!(processes("__fwdsl-", &apply.root()), [0; 0]);
    });
}

#[test]
fn a_signal_from_the_terminal_is_a_death_like_any_other() {
    each_variant(|mut apply| {
        for signal in ["-INT", "-HUP"] {
            // All that the terminal would reach: the applier, as the others are not of its process group.
            assert!(
                Command::new("kill").args([signal, &apply.applier.to_string()]).status().unwrap().success()
            );
        }
        apply.starter.wait().unwrap();
        apply.host.wait_for_peace();
        assert_eq!(apply.host.state(), apply.old);
    });
}

#[test]
fn without_guardian_the_next_command_undoes_it() {
    each_variant(|mut apply| {
        kill(apply.guardian());
        apply.kill_applier();
        // The holder still ends the programs.
        wait_until("the programs to end", || apply.program().is_empty());
        assert!(apply.host.journal().exists());
        let left = apply.host.state();
        assert_ne!(left, apply.old);
        let dry = apply.host.apply_well(&["--replace-foreign", "--dry-run"]);
        assert!(dry["report"]["warnings"].to_string().contains("ended before it was complete"), "{dry}");
        assert_eq!(apply.host.state(), left, "a dry run undoes nothing");

        let elsewhere = Netns::new();
        let output = elsewhere
            .command(DRIVER)
            .arg("recover")
            .arg(apply.host.file("desired.json"))
            .args(["--root", &apply.root()])
            .output();
        let said = failure(&output.unwrap());
        assert!(
            said.contains("an earlier apply is unfinished") && said.contains("network namespace"),
            "{said}"
        );
        assert_eq!(apply.host.state(), left);

        let output = report(&apply.host.command("recover", &[]).output().unwrap());
        assert_eq!(output["recovered"]["tables"].as_array().map(Vec::len), Some(2), "{output}");
        assert_eq!(apply.host.state(), apply.old);
        let again = report(&apply.host.command("recover", &[]).output().unwrap());
        assert!(again["recovered"].is_null());
    });
}

#[test]
fn an_apply_undoes_what_it_finds_before_it_begins() {
    each_variant(|mut apply| {
        kill(apply.guardian());
        apply.kill_applier();
        // Refused for the foreign rules that are back by then.
        assert!(failure(&apply.host.apply(&[])).contains("-A OLD -j ACCEPT"));
        assert_eq!(apply.host.state(), apply.old);
        let report = apply.host.apply_well(&["--replace-foreign"]);
        assert!(report["report"]["recovered"].is_null());
    });
}

#[test]
fn programs_that_outlive_everybody_are_ended_by_the_next_command() {
    each_variant(|mut apply| {
        kill(apply.holder());
        kill(apply.guardian());
        apply.kill_applier();
        assert!(!apply.program().is_empty());
        report(&apply.host.command("recover", &[]).output().unwrap());
        assert_eq!(apply.program(), [0; 0]);
        assert_eq!(apply.host.state(), apply.old);
        apply.let_on();
        assert_eq!(apply.host.state(), apply.old);
    });
}

#[test]
fn after_a_restart_only_files_are_put_back() {
    each_variant(|mut apply| {
        kill(apply.guardian());
        apply.kill_applier();
        // As if the apply had come as far as its files, and the machine had been started again.
        let etc = apply.host.root.join("etc");
        fs::write(etc.join("old.rules"), "the new rules\n").unwrap();
        fs::remove_file(etc.join("gone")).unwrap();
        fs::create_dir_all(etc.join("iptables/deep")).unwrap();
        fs::write(etc.join("iptables/deep/.rules.v6.fwdsl-new"), "de").unwrap();
        let manifest = apply.host.journal().join("manifest.json");
        let text = fs::read_to_string(&manifest).unwrap();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        assert!(text.contains(boot.trim()));
        fs::write(&manifest, text.replace(boot.trim(), "another-boot")).unwrap();
        let ruleset =
            || apply.host.netns.sh(&format!("iptables-{}-save -c | grep -v '^#'", apply.host.variant));
        let rules = ruleset();
        let output = report(&apply.host.command("recover", &[]).output().unwrap());
        assert_eq!(output["recovered"]["restarted"], true);
        assert_eq!(ruleset(), rules);
        let files = |state: &str| state[state.find("etc/").unwrap()..].to_owned();
        assert_eq!(files(&apply.host.state()), files(&apply.old));
    });
}

#[test]
fn a_journal_that_is_damaged_is_not_guessed_at() {
    each_variant(|mut apply| {
        kill(apply.guardian());
        apply.kill_applier();
        let left = apply.host.state();
        let manifest = apply.host.journal().join("manifest.json");
        let text = fs::read_to_string(&manifest).unwrap();
        for damaged in ["{", &text.replace("\"format\": 1", "\"format\": 2")] {
            fs::write(&manifest, damaged).unwrap();
            let said = failure(&apply.host.apply(&["--replace-foreign"]));
            assert!(
                said.contains("the journal of an unfinished apply") && said.contains("damaged"),
                "{said}"
            );
        }
        assert_eq!(apply.host.state(), left);
    });
}

#[test]
fn a_program_without_a_guardian_changes_nothing() {
    if !require(&PROGRAMS) {
        return;
    }
    let host = Sandbox::new(Variant::Nft, DRIVER);
    let before = host.state();
    let deaf: PathBuf = host.file("driver-deaf");
    fs::copy(DRIVER, &deaf).unwrap();
    let output = host
        .netns
        .command(&deaf)
        .arg("apply")
        .arg(host.file("desired.json"))
        .args(["--variant", "nft", "--replace-foreign", "--root"])
        .arg(&host.root)
        .output()
        .unwrap();
    let said = failure(&output);
    assert!(said.contains("guardian::intercept") && said.contains("nothing was changed"), "{said}");
    assert_eq!(host.state(), before);
}

#[test]
fn a_child_that_waits_for_the_xtables_lock_never_commits_late() {
    if !require(&PROGRAMS) || !require(&["flock"]) {
        return;
    }
    let host = Sandbox::new(Variant::Legacy, DRIVER);
    let old = host.state();
    // Programs that know no lock but the usual one, which is left to them then: they may have to wait.
    let programs = host.file("programs");
    fs::create_dir(&programs).unwrap();
    for family in Family::ALL {
        for action in ["save", "restore"] {
            let name = host.variant.program(family, action);
            let script = format!("#!/bin/sh\nunset XTABLES_LOCKFILE\nexec /usr/sbin/{name} \"$@\"\n");
            fs::write(programs.join(&name), script).unwrap();
            fs::set_permissions(programs.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    // The shell takes the lock once it is left to the programs, and holds it until its standard input ends.
    let script = "exec 9>/run/xtables.lock\n\
                  \"$@\" 9>&- >/dev/null 2>&1 & echo $!\n\
                  while flock -n 9; do flock -u 9; sleep 0.01; done; flock 9; cat >/dev/null";
    let options = ["--replace-foreign", "--program-dir", programs.to_str().unwrap()];
    let mut shell = host
        .command_under(&["sh", "-c", script, "sh"], "apply", &options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let applier: u32 = line.trim().parse().unwrap();
    let children = || {
        let ids = fs::read_to_string(format!("/proc/{applier}/task/{applier}/children")).unwrap_or_default();
        let ids: Vec<u32> = ids.split_whitespace().map(|id| id.parse().unwrap()).collect();
        ids
    };
    let waits = |pid: &u32| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        // Not the one by which the lock is tried.
        line.contains("iptables-legacy-restore") && !line.contains("--test")
    };
    wait_until("a child that waits for the lock", || children().iter().any(waits));
    let child = children().into_iter().find(waits).unwrap();
    kill(applier);
    host.wait_for_peace();
    assert!(!waits(&child), "the child was ended");
    assert_eq!(host.state(), old);
    drop(shell.stdin.take());
    shell.wait().unwrap();
    assert_eq!(host.state(), old);
}

#[test]
fn without_guardian_chains_are_put_back_among_what_others_changed_since() {
    const FIRST: &str = "own chains; chain INPUT { tcp dport 22 => jump web; } chain web { _ => accept; }
        chain FORWARD hook after DOCKER-USER { in eth7 => drop; }";
    const SECOND: &str =
        "own chains; chain INPUT hook last { tcp dport 23 => jump shop; } chain shop { _ => accept; }
        chain OUTPUT { out eth7 => drop; }";
    if !require(&PROGRAMS) {
        return;
    }
    for variant in VARIANTS {
        let host = coexisting::host(variant, DRIVER);
        host.desire(&json!({ "policy": FIRST }));
        host.apply_well(&[]);
        let (old, theirs) = (coexisting::state(&host), others(&host.netns, variant));
        for command in ["recover", "apply"] {
            host.desire(&json!({ "policy": SECOND }));
            leave_in_the_middle(&host);
            assert!(host.journal().exists());
            assert_ne!(coexisting::state(&host), old);
            // Others go on in between: the undo leaves that alone.
            let program = format!("iptables-{variant}");
            host.netns.sh(&format!("{program} -I INPUT 1 -p sctp -j f2b-sshd"));
            host.desire(&json!({ "policy": FIRST }));
            let said = report(&host.command(command, &[]).output().unwrap());
            assert!(said.to_string().contains("IPv4 filter"), "{said}");
            host.netns.sh(&format!("{program} -D INPUT -p sctp -j f2b-sshd"));
            assert_eq!(coexisting::state(&host), old);
            assert_eq!(others(&host.netns, variant), theirs);
        }
    }
}

/// An apply that dies with its guardian when IPv4 is loaded and IPv6 is not.
fn leave_in_the_middle(host: &Sandbox) {
    let dir = host.file("programs");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir(&dir).unwrap();
    for family in Family::ALL {
        for action in ["save", "restore"] {
            let name = host.variant.program(family, action);
            symlink(format!("/usr/sbin/{name}"), dir.join(name)).unwrap();
        }
    }
    symlink("/usr/sbin/nft", dir.join("nft")).unwrap();
    let restore = dir.join(host.variant.program(Family::Ipv6, "restore"));
    fs::remove_file(&restore).unwrap();
    fs::write(&restore, format!("#!/bin/sh\ntouch {}/halted; exec sleep 60\n", dir.display())).unwrap();
    fs::set_permissions(&restore, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = host.command("apply", &["--program-dir", dir.to_str().unwrap()]);
    // `ip netns exec` becomes the program, so this is the applier's own id.
    let mut applier = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the apply to stand still", || dir.join("halted").exists());
    let guardians = processes("__fwdsl-guardian", &host.root.display().to_string());
    assert_eq!(guardians.len(), 1, "{guardians:?}");
    guardians.into_iter().for_each(kill);
    kill(applier.id());
    applier.wait().unwrap();
    // The programs that an undo runs are those of the apply.
    fs::remove_file(&restore).unwrap();
    symlink(format!("/usr/sbin/{}", host.variant.program(Family::Ipv6, "restore")), &restore).unwrap();
}
