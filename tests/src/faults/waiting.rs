//! Commands about a change that has to be confirmed.

use std::path::{Path, PathBuf};
use std::process::Command;

use fwdsl_runtime::host::Variant;

use super::subject::{Subject, driver, kept_states};
use crate::netns::Netns;
use crate::processes::{kill, processes, wait_until};
use crate::sandbox::{Sandbox, report};
use crate::snapshot::Snapshot;

/// Longer than a test takes.
const WINDOW: [&str; 2] = ["--confirm", "3600"];

/// A command that waits for its confirmation, and the commands that end that.
#[derive(Debug)]
struct Confirmed {
    host: Sandbox,
    before: Snapshot,
}

impl Confirmed {
    fn waits(&self) -> bool {
        self.host.journal().join("pending.json").exists()
    }

    /// With a last line that tells whether it is decided, and how.
    fn state(&self) -> String {
        let waits = if self.waits() { ", waits" } else { "" };
        format!("{}\n{}{waits}", self.host.state(), kept_states(&self.host.root))
    }

    /// Waits until no command is at work.
    fn wait_for_lock(&self) {
        wait_until("the lock to be free", || {
            let lock = std::fs::File::open(self.host.root.join("run/fwdsl/lock"));
            lock.map_or(true, |lock| lock.try_lock().is_ok())
        });
    }
}

/// The command that has to be confirmed: an apply or a rollback, with its watchdog.
#[derive(Debug)]
pub struct Unconfirmed {
    all: Confirmed,
    what: &'static str,
    options: Vec<String>,
}

impl Unconfirmed {
    /// The command `what` with its options.
    #[must_use]
    pub fn new(host: Sandbox, what: &'static str, options: &[&str]) -> Unconfirmed {
        let before = Snapshot::of(&host);
        let options = options.iter().chain(&WINDOW).map(|option| (*option).to_owned()).collect();
        Unconfirmed { all: Confirmed { host, before }, what, options }
    }
}

impl Subject for Unconfirmed {
    fn prepare(&self) {
        self.all.before.bring_back(&self.all.host);
    }

    fn command(&self, wrapper: &[String], options: &[String]) -> Command {
        driver(&self.all.host, wrapper, self.what, self.options.iter().chain(options))
    }

    fn state(&self) -> String {
        self.all.state()
    }

    fn waits(&self) -> bool {
        self.all.waits()
    }

    fn next(&self, _: usize) -> Command {
        self.all.host.command("recover", &[])
    }

    fn settle(&self) {
        // One that is cut off is undone by its watchdog.
        wait_until("the watchdog", || self.waits() || !self.all.host.journal().exists());
        self.all.wait_for_lock();
    }

    fn netns(&self) -> &Netns {
        &self.all.host.netns
    }

    fn variant(&self) -> Variant {
        self.all.host.variant
    }

    fn root(&self) -> &Path {
        &self.all.host.root
    }

    fn scratch(&self, name: &str) -> PathBuf {
        self.all.host.file(name)
    }
}

/// What ends the waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The confirmation. One that is cut off can be made again, and the change can be undone still.
    Confirm,
    /// The undo. One that is cut off is to be made again.
    Recover,
}

/// A command that ends the waiting of an apply, which nobody watches any more.
#[derive(Debug)]
pub struct Decided {
    all: Confirmed,
    decision: Decision,
}

impl Decided {
    /// Applies what the host desires; the command comes after that.
    ///
    /// # Panics
    ///
    /// If the apply fails.
    #[must_use]
    pub fn new(host: Sandbox, decision: Decision) -> Decided {
        let options = [&["--replace-foreign"][..], &WINDOW].concat();
        let applied = report(&host.apply(&options));
        assert_eq!(applied["changed"], true);
        let root = host.root.display().to_string();
        let watchdogs = || processes("__fwdsl-watchdog", &root);
        watchdogs().into_iter().for_each(kill);
        wait_until("the watchdog to be gone", || watchdogs().is_empty());
        let all = Confirmed { before: Snapshot::of(&host), host };
        assert!(all.waits());
        Decided { all, decision }
    }

    fn word(&self) -> &'static str {
        match self.decision {
            Decision::Confirm => "confirm",
            Decision::Recover => "recover",
        }
    }
}

impl Subject for Decided {
    fn prepare(&self) {
        self.all.before.bring_back(&self.all.host);
    }

    fn old(&self) -> String {
        self.prepare();
        if self.decision == Decision::Confirm {
            report(&self.next(0).output().expect("the driver runs"));
        }
        self.state()
    }

    fn command(&self, wrapper: &[String], options: &[String]) -> Command {
        driver(&self.all.host, wrapper, self.word(), options)
    }

    fn state(&self) -> String {
        self.all.state()
    }

    fn next(&self, turn: usize) -> Command {
        let again = turn % 2 == 1 && self.all.waits();
        self.all.host.command(if again { self.word() } else { "recover" }, &[])
    }

    fn again(&self) -> Command {
        self.all.host.command("apply", &["--replace-foreign"])
    }

    fn settle(&self) {
        self.all.wait_for_lock();
    }

    fn netns(&self) -> &Netns {
        &self.all.host.netns
    }

    fn variant(&self) -> Variant {
        self.all.host.variant
    }

    fn root(&self) -> &Path {
        &self.all.host.root
    }

    fn scratch(&self, name: &str) -> PathBuf {
        self.all.host.file(name)
    }
}
