//! `apply --confirm` and `confirm`, with sessions that really go through the firewall.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::IpAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::{Caller, Variant};
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::processes::{kill, processes, wait_until};
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use fwdsl_tests::session::{Peer, Server, Session};

/// The port that the policy opens, and another.
const OPEN: u16 = 50134;
const SHUT: u16 = 2222;

const HERE: [&str; 2] = ["192.0.2.1", "2001:db8::1"];

/// A host with a peer, and nothing loaded.
struct Site {
    host: Host,
    peer: Peer,
    old: String,
}

impl Site {
    fn new(variant: Variant) -> Site {
        let host = Host::new(variant, env!("CARGO_BIN_EXE_cli_host"));
        let peer = Peer::beside(&host.netns);
        let mut site = Site { host, peer, old: String::new() };
        site.old = site.state();
        site
    }

    fn server(&self, here: &str, port: u16) -> Server {
        Server::listen(&self.host.netns, here.parse::<IpAddr>().unwrap(), port)
    }

    fn session(&self, here: &str, port: u16) -> (Server, Session) {
        let server = self.server(here, port);
        let session = server.open(&self.peer.netns).expect("nothing is loaded yet");
        (server, session)
    }

    /// All that an apply changes. Tables that are empty and accept are as good as none.
    fn state(&self) -> String {
        let mut text = String::new();
        for family in Family::ALL {
            let saved = self.host.saved(family);
            let matters =
                |line: &&str| line.starts_with("-A") || line.starts_with(':') && !line.contains("ACCEPT");
            saved.lines().filter(matters).for_each(|line| text += &format!("{line}\n"));
        }
        for key in ["net/ipv4/tcp_syncookies", "net/ipv4/conf/all/rp_filter", "net/ipv6/conf/all/accept_ra"] {
            text += &format!("{key} {}\n", self.host.sysctl(key));
        }
        let etc = self.host.root.join("etc");
        let files = Command::new("find").arg(&etc).args(["-type", "f", "-o", "-type", "l"]).output().unwrap();
        let mut files: Vec<String> = stdout(&files).lines().map(str::to_owned).collect();
        files.sort();
        text + &files.join("\n")
    }

    fn is_in_force(&self) -> bool {
        self.host.saved(Family::Ipv4).contains("--dport 50134")
    }

    fn root(&self) -> String {
        self.host.root.display().to_string()
    }

    fn journal(&self) -> std::path::PathBuf {
        self.host.root.join("var/lib/fwdsl/journal")
    }

    fn command(&self, connection: Option<&str>, arguments: &[&str]) -> Command {
        let mut command = self.host.command(arguments);
        command.arg("--root").arg(&self.host.root);
        match connection {
            Some(connection) => command.env("SSH_CONNECTION", connection),
            None => command.env_remove("SSH_CONNECTION"),
        };
        command
    }

    /// Runs a command as from a connection.
    fn run(&self, connection: Option<&str>, arguments: &[&str]) -> Output {
        self.command(connection, arguments).output().unwrap()
    }

    /// Applies, and waits until the new rules are in force.
    fn apply(&self, connection: Option<&str>, arguments: &[&str]) -> Applied {
        let arguments = [&["apply", "--save", "--variant", self.host.variant.name()], arguments].concat();
        let mut command = self.command(connection, &arguments);
        Applied::start(command.process_group(0))
    }

    fn watchdogs(&self) -> Vec<u32> {
        processes("__fwdsl-watchdog", &self.root())
    }

    /// Nothing of the apply is left.
    fn assert_undone(&self) {
        assert_eq!(self.state(), self.old, "{}", self.host.variant);
        assert!(!self.journal().exists());
        wait_until("the watchdog to end", || self.watchdogs().is_empty());
    }

    fn wait_for_undo(&self) {
        wait_until("the undo", || !self.journal().exists());
        self.assert_undone();
    }
}

impl Drop for Site {
    /// A watchdog that finds no file tree any more cannot know that there is nothing left to watch.
    fn drop(&mut self) {
        if thread::panicking() {
            self.watchdogs().into_iter().for_each(kill);
        }
        wait_until("the watchdog to end", || self.watchdogs().is_empty());
    }
}

/// An `apply --confirm` that waits.
struct Applied {
    process: Child,
    said: thread::JoinHandle<String>,
}

impl Applied {
    fn start(command: &mut Command) -> Applied {
        let mut process =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("the new state is in force") {
            line.clear();
            if lines.read_line(&mut line).unwrap() == 0 {
                let mut said = String::new();
                process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("the apply ended: {said}");
            }
        }
        let said = thread::spawn(move || {
            let mut rest = String::new();
            lines.read_to_string(&mut rest).unwrap();
            rest
        });
        Applied { process, said }
    }

    fn pid(&self) -> u32 {
        // `ip netns exec` has become the binary.
        self.process.id()
    }

    fn kill(mut self) {
        kill(self.pid());
        self.process.wait().unwrap();
    }

    /// How it ended: its exit code, and what it said.
    fn end(mut self) -> (Option<i32>, String) {
        let status = self.process.wait().unwrap();
        let mut said = self.said.join().unwrap();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (status.code(), said)
    }
}

/// Runs a test on both variants at once.
fn each_variant(test: impl Fn(Site) + Sync) {
    if require(&PROGRAMS) {
        thread::scope(|scope| {
            let test = &test;
            for variant in VARIANTS {
                scope.spawn(move || test(Site::new(variant)));
            }
        });
    }
}

#[track_caller]
fn assert_refused(output: &Output, words: &str) {
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(output), stderr(output));
    assert!(stderr(output).contains(words), "{words} is not in\n{}", stderr(output));
}

#[test]
fn a_second_connection_confirms_and_the_first_does_not() {
    each_variant(|site| {
        for here in HERE {
            let (server, mut first) = site.session(here, OPEN);
            let applied = site.apply(Some(&first.variable()), &["--confirm", "60s"]);
            assert!(first.is_alive() && site.is_in_force());
            assert!(!site.host.root.join("etc/iptables").exists(), "the files for boot wait");

            let confirm = |connection: Option<&str>| site.run(connection, &["confirm"]);
            assert_refused(&confirm(Some(&first.variable())), "was open before the new rules");
            let gone = first.variable().replace(" 50134", " 22");
            assert_refused(&confirm(Some(&gone)), "is not open any more");
            assert_refused(&confirm(None), "started from another machine");
            assert_refused(&site.run(None, &["apply"]), "an apply waits for its confirmation");
            assert_refused(&site.run(None, &["save"]), "an apply waits for its confirmation");
            assert!(site.is_in_force());

            let second = server.open(&site.peer.netns).expect("the new rules let it in");
            let confirmed = confirm(Some(&second.variable()));
            assert!(confirmed.status.success(), "{}", stderr(&confirmed));
            assert!(stdout(&confirmed).contains("/etc/iptables/rules.v4 updated"), "{}", stdout(&confirmed));
            let (code, said) = applied.end();
            assert_eq!(code, Some(0), "{said}");
            assert!(said.contains("confirmed: the new state stays"), "{said}");
            assert!(site.host.text("etc/iptables/rules.v4").contains("50134"));
            assert!(!site.journal().exists() && first.is_alive());
            wait_until("the watchdog to end", || site.watchdogs().is_empty());
            assert_refused(&confirm(None), "the last apply was confirmed");

            // As before, for the other family.
            for family in ["ip", "ip6"] {
                site.host.netns.sh(&format!("{family}tables-{}-restore < /dev/null; {family}tables-{} -P INPUT ACCEPT && {family}tables-{} -P FORWARD ACCEPT && {family}tables-{} -F && {family}tables-{} -X", site.host.variant, site.host.variant, site.host.variant, site.host.variant, site.host.variant));
            }
            fs::remove_dir_all(site.host.root.join("etc/iptables")).unwrap();
        }
    });
}

#[test]
fn what_cuts_the_session_off_is_undone_in_time() {
    each_variant(|site| {
        for here in HERE {
            let (server, mut session) = site.session(here, SHUT);
            let begun = Instant::now();
            let applied = site.apply(Some(&session.variable()), &["--confirm", "2s", "--force"]);
            assert!(!session.is_alive(), "the policy has no rule for it");
            assert!(server.open(&site.peer.netns).is_none());
            let (code, said) = applied.end();
            assert_eq!(code, Some(8), "{said}");
            assert!(said.contains("not confirmed in time; the former state is back"), "{said}");
            assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
            site.assert_undone();
            session.revives();
            let late = site.run(Some(&session.variable()), &["confirm"]);
            assert_refused(&late, "the last apply was not confirmed in time");
        }
    });
}

#[test]
fn an_apply_that_would_cut_the_session_off_is_refused() {
    each_variant(|site| {
        for (here, peer) in HERE.into_iter().zip(["192.0.2.7", "2001:db8::7"]) {
            let (_server, mut session) = site.session(here, SHUT);
            let apply = |arguments: &[&str]| {
                let arguments = [&["apply", "--variant", site.host.variant.name()], arguments].concat();
                site.run(Some(&session.variable()), &arguments)
            };
            let refused = apply(&["--json"]);
            assert_eq!(refused.status.code(), Some(9), "{}", stdout(&refused));
            let error = &json(&refused)["error"];
            assert_eq!(error["kind"], "cut-off");
            let message = error["message"].as_str().unwrap();
            for words in [
                &format!(
                    "a new connection from the same peer to the same port: `in eth0 from {peer} to {here} tcp"
                ),
                "is stopped by the policy of INPUT in table filter (drop)",
                "nothing was changed",
            ] {
                assert!(message.contains(words), "{words} is not in\n{message}");
            }
            assert_eq!(site.state(), site.old);
            assert!(
                stderr(&apply(&["--dry-run"])).contains("the policy cuts this session off: a new connection")
            );
            assert_eq!(apply(&["--confirm", "5s"]).status.code(), Some(9));
            // The connection of a session in another namespace is not this one's.
            let elsewhere = site.run(
                Some(&session.variable().replace(here, peer)),
                &["apply", "--dry-run", "--variant", site.host.variant.name()],
            );
            assert!(stderr(&elsewhere).contains("not of this network namespace"), "{}", stderr(&elsewhere));
            assert!(session.is_alive());
        }
        let (_server, session) = site.session(HERE[1], OPEN);
        let open = site.run(Some(&session.variable()), &["apply", "--dry-run"]);
        assert!(!stderr(&open).contains("session"), "{}", stderr(&open));
    });
}

#[test]
fn the_watchdog_outlives_the_applier_its_session_and_its_terminal() {
    each_variant(|site| {
        let (_server, session) = site.session(HERE[0], OPEN);
        let connection = session.variable();
        let apply = |time: &str| site.apply(Some(&connection), &["--confirm", time]);

        let applied = apply("5s");
        applied.kill();
        assert!(site.is_in_force(), "the time is not up yet");
        site.wait_for_undo();

        // What a terminal that goes away does to its session.
        let mut applied = apply("60s");
        let group = format!("-{}", applied.pid());
        assert!(Command::new("kill").args(["-HUP", "--", &group]).status().unwrap().success());
        applied.process.wait().unwrap();
        site.watchdogs().iter().for_each(|pid| {
            for signal in ["-HUP", "-INT", "-QUIT", "-USR1"] {
                assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
            }
        });
        assert!(site.is_in_force());
        // Whoever ends it in an orderly way has it undone at once.
        assert!(Command::new("kill").arg(site.watchdogs()[0].to_string()).status().unwrap().success());
        site.wait_for_undo();

        // One that is stopped neither waits nor undoes.
        let applied = apply("2s");
        let stop = |signal: &str| Command::new("kill").args([signal, &applied.pid().to_string()]).status();
        assert!(stop("-STOP").unwrap().success());
        site.wait_for_undo();
        assert!(stop("-CONT").unwrap().success());
        let (code, said) = applied.end();
        assert_eq!(code, Some(8), "{said}");
    });
}

#[test]
fn without_a_watchdog_whoever_comes_undoes_it() {
    each_variant(|site| {
        let (server, session) = site.session(HERE[0], OPEN);
        let connection = session.variable();
        // The applier that waits.
        let applied = site.apply(Some(&connection), &["--confirm", "1s"]);
        site.watchdogs().into_iter().for_each(kill);
        assert_eq!(applied.end().0, Some(8));
        site.assert_undone();

        // A confirmation that comes too late.
        let applied = site.apply(Some(&connection), &["--confirm", "1s"]);
        site.watchdogs().into_iter().for_each(kill);
        applied.kill();
        thread::sleep(Duration::from_millis(1200));
        assert!(site.is_in_force(), "nobody is left");
        let second = server.open(&site.peer.netns).unwrap();
        let late = site.run(Some(&second.variable()), &["confirm", "--json"]);
        assert_eq!(late.status.code(), Some(8));
        assert_eq!(json(&late)["error"]["kind"], "unconfirmed");
        site.assert_undone();

        // The next apply, while there would be time left.
        let applied = site.apply(Some(&connection), &["--confirm", "60s"]);
        site.watchdogs().into_iter().for_each(kill);
        applied.kill();
        let next = site.run(Some(&connection), &["apply", "--variant", site.host.variant.name()]);
        assert!(next.status.success(), "{}", stderr(&next));
        assert!(stdout(&next).contains("an apply was not confirmed; what it had changed is put back"));
        assert!(!site.journal().exists());
    });
}

#[test]
fn recover_undoes_it_at_once() {
    each_variant(|site| {
        let (_server, session) = site.session(HERE[0], OPEN);
        let applied = site.apply(Some(&session.variable()), &["--confirm", "60s"]);
        let recovered = site.run(None, &["recover"]);
        assert!(recovered.status.success(), "{}", stderr(&recovered));
        let (code, said) = applied.end();
        assert_eq!(code, Some(8), "{said}");
        assert!(said.contains("undone by `recover`"), "{said}");
        site.assert_undone();
    });
}

#[test]
fn after_a_restart_nothing_of_it_is_left() {
    each_variant(|mut site| {
        let (server, session) = site.session(HERE[0], OPEN);
        let applied = site.apply(Some(&session.variable()), &["--confirm", "60s"]);
        site.watchdogs().into_iter().for_each(kill);
        applied.kill();
        drop((server, session));
        // The kernel has forgotten all but another boot id; `/run` is empty.
        site.host.netns = Netns::new();
        fs::remove_dir_all(site.host.root.join("run")).unwrap();
        let manifest = site.journal().join("manifest.json");
        let text = fs::read_to_string(&manifest).unwrap();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        fs::write(&manifest, text.replace(boot.trim(), "another-boot")).unwrap();
        let recovered = site.run(None, &["recover", "--json"]);
        assert!(recovered.status.success(), "{}", stderr(&recovered));
        let recovered = &json(&recovered)["recovered"];
        assert_eq!((&recovered["restarted"], &recovered["unconfirmed"]), (&true.into(), &true.into()));
        assert!(!site.journal().exists() && !site.host.root.join("etc/iptables").exists());
        assert!(!site.host.root.join("var/lib/fwdsl/record.json").exists());
    });
}

#[test]
fn an_applier_that_stands_still_in_the_middle_is_ended() {
    each_variant(|site| {
        let restore = site.host.variant.program(Family::Ipv6, "restore");
        let mark = site.host.root.join("halted");
        // The first time only, which is the apply's.
        let script = format!(
            "[ ! -e {journal} ] || [ -e {mark} ] || {{ touch {mark}; sleep 60; }}; exec /usr/sbin/{restore} \"$@\"",
            journal = site.journal().display(),
            mark = mark.display()
        );
        let directory = site.host.programs_with(&restore, &script).display().to_string();
        let variant = site.host.variant.name();
        let arguments =
            ["apply", "--confirm", "2s", "--variant", variant, "--program-dir", directory.as_str()];
        let mut applier = site.command(None, &arguments).stdout(Stdio::null()).spawn().unwrap();
        wait_until("the apply to stand still", || mark.exists());
        assert!(Command::new("kill").args(["-STOP", &applier.id().to_string()]).status().unwrap().success());
        assert!(site.is_in_force() && site.journal().exists(), "IPv4 is loaded");
        assert!(!applier.wait().unwrap().success(), "it was killed");
        site.wait_for_undo();
    });
}

#[test]
fn a_confirmation_that_fails_or_stands_still_confirms_nothing() {
    if !require(&["strace"]) {
        return;
    }
    each_variant(|site| {
        let (server, session) = site.session(HERE[0], OPEN);
        let applied = site.apply(Some(&session.variable()), &["--confirm", "8s"]);
        let open = server.open(&site.peer.netns).unwrap();
        let second = open.variable();
        // No directory can be made where a file is.
        site.host.file("etc/iptables", "in the way");
        let failed = site.run(Some(&second), &["confirm"]);
        assert_refused(&failed, "the apply is not confirmed");
        assert!(stderr(&failed).contains("no file for boot has changed"), "{}", stderr(&failed));
        assert!(site.is_in_force() && site.journal().exists());
        fs::remove_file(site.host.root.join("etc/iptables")).unwrap();

        // Killed when some files are there: the second attempt begins anew. Then stopped, holding the lock.
        let inject = |signal: &str, count: u32| {
            let calls = "?rename,?renameat,?renameat2";
            let inject = format!("inject={calls}:signal={signal}:when={count}");
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &inject]);
            command.args(["ip", "netns", "exec", site.host.netns.name(), env!("CARGO_BIN_EXE_cli_host")]);
            command.args(["confirm", "--root", &site.root()]).env("SSH_CONNECTION", &second);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        assert!(!inject("KILL", 4).status().unwrap().success());
        assert!(site.journal().exists() && site.journal().join("late-files.json").exists());
        let mut stopped = inject("STOP", 4).spawn().unwrap();
        let (code, said) = applied.end();
        assert_eq!(code, Some(8), "{said}");
        stopped.wait().unwrap();
        site.assert_undone();
    });
}

#[test]
fn a_console_confirms_with_a_key() {
    if !require(&["script"]) {
        return;
    }
    // Whoever runs the tests over SSH is at no console.
    if Caller::find().is_from_afar() {
        eprintln!(
            "a_console_confirms_with_a_key is SKIPPED: these tests run in a session from another machine"
        );
        return;
    }
    each_variant(|site| {
        let (name, root) = (site.host.netns.name(), site.root());
        let binary = env!("CARGO_BIN_EXE_cli_host");
        let variant = site.host.variant;
        let line = format!(
            "ip netns exec {name} {binary} apply --confirm 60s --save --variant {variant} --root {root}"
        );
        let mut script = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env_remove("SSH_CONNECTION")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(script.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("press Enter to confirm") {
            assert_ne!(lines.read_line(&mut said).unwrap(), 0, "{said}");
        }
        assert!(site.is_in_force() && site.journal().exists());
        std::io::Write::write_all(script.stdin.as_mut().unwrap(), b"no\n\n").unwrap();
        lines.read_to_string(&mut said).unwrap();
        assert!(script.wait().unwrap().success(), "{said}");
        assert!(said.contains("confirmed: the new state stays"), "{said}");
        assert!(!site.journal().exists() && site.host.text("etc/iptables/rules.v4").contains("50134"));
    });
}

#[test]
fn what_is_in_force_already_needs_no_confirmation() {
    each_variant(|site| {
        let variant = site.host.variant.name();
        let apply = |arguments: &[&str]| {
            let output = site.run(None, &[&["apply", "--variant", variant], arguments].concat());
            assert!(output.status.success(), "{}", stderr(&output));
            output
        };
        apply(&[]);
        let saved = apply(&["--save", "--confirm", "1s"]);
        assert!(stderr(&saved).contains("there is nothing to confirm"), "{}", stderr(&saved));
        assert!(site.host.text("etc/iptables/rules.v4").contains("50134"));
        assert!(!site.journal().exists());
        // Left to the watchdog, an apply gives back at once.
        site.host.netns.sh("sysctl -qw net.ipv4.tcp_syncookies=1");
        let left = apply(&["--confirm", "60s", "--detach", "--json"]);
        assert_eq!(json(&left)["waiting"]["seconds"], 60);
        assert_eq!(json(&site.run(None, &["confirm", "--json"]))["confirmed"], true);
        assert_eq!(site.host.sysctl("net/ipv4/tcp_syncookies"), "2");
    });
}

#[test]
fn a_rollback_is_held_to_the_same() {
    each_variant(|site| {
        let host = &site.host;
        assert!(site.run(None, &["apply", "--save", "--variant", host.variant.name()]).status.success());
        let closed = site.state();
        assert!(site.run(None, &["rollback"]).status.success());
        assert_eq!(site.state(), site.old);

        // To a session at another port, the policy's state is one that cuts it off.
        let (_server, mut session) = site.session(HERE[0], SHUT);
        let refused = site.run(Some(&session.variable()), &["rollback"]);
        assert_eq!(refused.status.code(), Some(9), "{}", stderr(&refused));
        for words in ["the rules of that state would cut this session off:\n  a new connection", "--force"] {
            assert!(stderr(&refused).contains(words), "{}", stderr(&refused));
        }
        let dry = stderr(&site.run(Some(&session.variable()), &["rollback", "--dry-run"]));
        assert!(dry.contains("the rules of that state cut this session off: a new connection"), "{dry}");
        assert_eq!(site.state(), site.old);
        let rollback = |connection: &str, arguments: &[&str]| {
            Applied::start(
                site.command(Some(connection), &[&["rollback"], arguments].concat()).process_group(0),
            )
        };
        let applied = rollback(&session.variable(), &["--confirm", "2s", "--force"]);
        assert!(site.is_in_force() && !session.is_alive());
        let (code, said) = applied.end();
        assert_eq!(code, Some(8), "{said}");
        site.assert_undone();
        session.revives();

        // One that was undone is none of the former states.
        let number = |output: &Output| json(output)["states"][0]["number"].clone();
        let history = || site.run(None, &["history", "--json"]);
        assert_eq!(number(&history()), 2);
        let (server, mut session) = site.session(HERE[0], OPEN);
        let applied = rollback(&session.variable(), &["--confirm", "60s"]);
        assert!(!host.root.join("etc/iptables").exists(), "the files for boot wait");
        assert_eq!(number(&history()), 2);
        let second = server.open(&site.peer.netns).expect("the rules let it in");
        let confirmed = site.run(Some(&second.variable()), &["confirm"]);
        assert!(confirmed.status.success(), "{}", stderr(&confirmed));
        assert_eq!(applied.end().0, Some(0));
        assert_eq!(site.state(), closed);
        assert_eq!(number(&history()), 3);
        assert!(session.is_alive());
        // The files that waited are a part of what goes back.
        assert!(site.run(None, &["rollback"]).status.success());
        assert_eq!(site.state(), site.old);
        let status = json(&site.run(None, &["status", "--json", "--variant", host.variant.name()]));
        assert_eq!(status["last_change"]["number"], 4, "{status}");
        assert_eq!(status["last_change"]["action"]["rollback"], 3, "{status}");
        let text = stdout(&site.run(None, &["status", "--variant", host.variant.name()]));
        assert!(text.contains("\nlast change: rollback to 3 of 20"), "{text}");
    });
}
