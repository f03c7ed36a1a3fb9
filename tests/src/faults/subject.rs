//! Commands into which faults are injected.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fwdsl_runtime::host::Variant;

use crate::netns::Netns;
use crate::sandbox::Sandbox;
use crate::snapshot::Snapshot;

/// A command on a host of its own.
pub trait Subject: Sync + Send {
    /// Brings the host into the state before the command.
    fn prepare(&self);
    /// The state to which a command leads back that is not done: the one before it, as a rule.
    fn old(&self) -> String {
        self.prepare();
        self.state()
    }
    /// The command, run by another program if `wrapper` is not empty, with these options more. One that runs no programs
    /// may pass over options about programs.
    fn command(&self, wrapper: &[String], options: &[String]) -> Command;
    /// Everything that the command could change, in one text.
    fn state(&self) -> String;
    /// What the command must not even touch, seen more closely than in the state: with what tells a thing that was
    /// made anew from one that stayed.
    fn untouched(&self) -> String {
        String::new()
    }
    /// Whether the change that the command made is complete but for its confirmation. Then the state is the new one now,
    /// and the next command leads back.
    fn waits(&self) -> bool {
        false
    }
    /// A command that may come next: it undoes what is left of one that died. `turn` tells one of several.
    fn next(&self, turn: usize) -> Command;
    /// A command that does what a complete one has left to the next.
    fn again(&self) -> Command {
        self.command(&[], &[])
    }
    /// Waits until nobody is at work any more.
    fn settle(&self);
    /// The host's namespace.
    fn netns(&self) -> &Netns;
    /// The variant that the command uses.
    fn variant(&self) -> Variant;
    /// Where the host's files are.
    fn root(&self) -> &Path;
    /// A path for a file of the test.
    fn scratch(&self, name: &str) -> PathBuf;
}

/// A command of the driver on a sandbox's host, whose state before is the one that it is made in.
#[derive(Debug)]
pub struct OnSandbox {
    host: Sandbox,
    what: &'static str,
    options: Vec<String>,
    before: Snapshot,
    observe: fn(&Sandbox) -> String,
    untouched: Option<fn(&Sandbox) -> String>,
}

impl OnSandbox {
    /// The command `what` with its options; `observe` tells the state of the host.
    #[must_use]
    pub fn new(
        host: Sandbox,
        what: &'static str,
        options: &[&str],
        observe: fn(&Sandbox) -> String,
    ) -> OnSandbox {
        let before = Snapshot::of(&host);
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        OnSandbox { host, what, options, before, observe, untouched: None }
    }

    /// The same, which must not touch what `untouched` tells of.
    #[must_use]
    pub fn without_touching(self, untouched: fn(&Sandbox) -> String) -> OnSandbox {
        OnSandbox { untouched: Some(untouched), ..self }
    }
}

impl Subject for OnSandbox {
    fn prepare(&self) {
        self.before.bring_back(&self.host);
    }

    fn command(&self, wrapper: &[String], options: &[String]) -> Command {
        driver(&self.host, wrapper, self.what, self.options.iter().chain(options))
    }

    fn state(&self) -> String {
        format!("{}\n{}", (self.observe)(&self.host), kept_states(&self.host.root))
    }

    fn untouched(&self) -> String {
        self.untouched.map(|untouched| untouched(&self.host)).unwrap_or_default()
    }

    fn next(&self, _: usize) -> Command {
        self.host.command("recover", &[])
    }

    fn settle(&self) {
        self.host.wait_for_peace();
    }

    fn netns(&self) -> &Netns {
        &self.host.netns
    }

    fn variant(&self) -> Variant {
        self.host.variant
    }

    fn root(&self) -> &Path {
        &self.host.root
    }

    fn scratch(&self, name: &str) -> PathBuf {
        self.host.file(name)
    }
}

/// A command of the driver, run by another program if `wrapper` is not empty.
pub(super) fn driver<'o>(
    host: &Sandbox,
    wrapper: &[String],
    what: &str,
    options: impl IntoIterator<Item = &'o String>,
) -> Command {
    let options: Vec<&str> = options.into_iter().map(String::as_str).collect();
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    match wrapper.is_empty() {
        true => host.command(what, &options),
        false => host.command_under(&wrapper, what, &options),
    }
}

/// The last line of a state: which former states are kept. A command that is decided has added its own.
pub(super) fn kept_states(root: &Path) -> String {
    let entries = fs::read_dir(root.join("var/lib/fwdsl/history")).into_iter().flatten().flatten();
    let mut numbers: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    numbers.sort();
    format!("former states {}", numbers.join(" "))
}
