//! An apply of own chains killed in the middle, among the rules of others: all old or all new, and these untouched.
//!
//! As in `host_killed.rs` strace counts the process's system calls and kills it at the n-th; here at a sample of them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use fwdsl_runtime::family::Family;
use fwdsl_tests::coexisting::{host, others, state};
use fwdsl_tests::netns::require;
use fwdsl_tests::processes::{kill, processes, wait_until};
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS, report};
use serde_json::json;

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");

/// What an apply does to the host, it does by these or through programs that it starts.
const STEPS: [&str; 4] = ["clone3", "wait4", "rename", "write"];
/// How many kills for each of them, spread over the whole apply.
const SAMPLE: usize = 8;

const FIRST: &str = "own chains;
    chain INPUT { tcp dport 22 => jump web; icmp any => accept; }
    chain FORWARD hook after DOCKER-USER { in eth7 => drop; }
    chain web { _ => accept; }
    table nat { chain OUTPUT hook last { out eth7 => accept; } }";
const SECOND: &str = "own chains;
    chain INPUT hook last { tcp dport 23 => jump shop; }
    chain shop { _ => accept; }
    chain OUTPUT { out eth7 => drop; }";

struct Sweep {
    host: Sandbox,
    /// What stands before the apply that is killed.
    before: Option<&'static str>,
    policy: &'static str,
}

impl Sweep {
    fn prepare(&self) -> String {
        self.host.reset();
        if let Some(policy) = self.before {
            self.host.desire(&json!({ "policy": policy }));
            self.host.apply_well(&[]);
        }
        self.host.desire(&json!({
            "policy": self.policy,
            "sysctls": [{ "key": "net/ipv4/tcp_syncookies", "value": "1" }],
            "files": [{ "path": "/etc/old.rules", "text": "new" }],
        }));
        state(&self.host)
    }

    fn apply_under(&self, strace: &[&str]) -> std::process::Output {
        self.host.command_under(&[&["strace", "-qq"], strace].concat(), "apply", &[]).output().unwrap()
    }

    fn run(&self) {
        let old = self.prepare();
        let log = self.host.file("trace");
        let trace = format!("trace={}", STEPS.join(","));
        report(&self.apply_under(&["-o", log.to_str().unwrap(), "-e", &trace]));
        let new = state(&self.host);
        let log = std::fs::read_to_string(log).unwrap();
        let (mut were_old, mut were_new) = (0, 0);
        for call in STEPS {
            let count = log.lines().filter(|line| line.starts_with(&format!("{call}("))).count();
            assert!(count > 0, "{call}");
            for n in (1..=count).step_by(count.div_ceil(SAMPLE)) {
                let prepared = self.prepare();
                assert_eq!(prepared, old);
                let of_others = others(&self.host.netns, self.host.variant);
                let trace = format!("trace={call}");
                let inject = format!("inject={call}:signal=KILL:when={n}");
                let output = self.apply_under(&["-o", "/dev/null", "-e", &trace, "-e", &inject]);
                let killed = output.status.signal() == Some(9) || output.status.code() == Some(137);
                self.host.wait_for_peace();
                let now = state(&self.host);
                match now == old {
                    true => were_old += 1,
                    false => {
                        assert_eq!(now, new, "{call} {n}: {output:?}");
                        were_new += 1;
                    }
                }
                assert!(killed || now == new, "{call} {n} of {count}: {output:?}");
                assert_eq!(others(&self.host.netns, self.host.variant), of_others, "{call} {n}");
            }
        }
        assert!(were_old > 10 && were_old > were_new, "{were_old} were old, {were_new} new");
    }
}

fn sweeps(before: Option<&'static str>, policy: &'static str) {
    if require(&PROGRAMS) && require(&["strace"]) {
        VARIANTS.into_iter().for_each(|variant| Sweep { host: host(variant, DRIVER), before, policy }.run());
    }
}

#[test]
fn the_first_apply_killed_at_a_sample_of_its_steps() {
    sweeps(None, FIRST);
}

#[test]
fn a_changed_policy_killed_at_a_sample_of_its_steps() {
    sweeps(Some(FIRST), SECOND);
}

#[test]
fn with_the_guardian_dead_too_the_next_command_undoes() {
    if !require(&PROGRAMS) || !require(&["strace"]) {
        return;
    }
    for variant in VARIANTS {
        let sweep = Sweep { host: host(variant, DRIVER), before: Some(FIRST), policy: SECOND };
        for command in ["recover", "apply"] {
            let old = sweep.prepare();
            let of_others = others(&sweep.host.netns, variant);
            leave_in_the_middle(&sweep.host);
            assert!(sweep.host.journal().exists());
            assert_ne!(state(&sweep.host), old);
            // Others go on in between: the undo leaves that alone.
            let program = format!("iptables-{variant}");
            sweep.host.netns.sh(&format!("{program} -I INPUT 1 -p sctp -j f2b-sshd"));
            if command == "apply" {
                sweep.host.desire(&json!({ "policy": FIRST }));
            }
            let said = report(&sweep.host.command(command, &[]).output().unwrap());
            assert!(said.to_string().contains("IPv4 filter"), "{said}");
            sweep.host.netns.sh(&format!("{program} -D INPUT -p sctp -j f2b-sshd"));
            assert_eq!(state(&sweep.host), old);
            assert_eq!(others(&sweep.host.netns, variant), of_others);
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
