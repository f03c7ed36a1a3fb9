//! Commands into which faults are injected.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fwdsl_runtime::host::Variant;

use crate::netns::Netns;
use crate::sandbox::Sandbox;
use crate::snapshot::Snapshot;

/// A command on a host of its own.
pub trait Subject: Sync + Send {
    /// Brings the host into the state before the command.
    fn prepare(&self);
    /// The command, run by another program if `wrapper` is not empty. With `programs`, the host's programs are taken from
    /// there, and one that does not end in a second hangs; a command that runs none may pass over that.
    fn command(&self, wrapper: &[String], programs: Option<&Path>) -> Command;
    /// Everything that the command could change, in one text.
    fn state(&self) -> String;
    /// What the command must not even touch, seen more closely than in the state: with what tells a thing that was
    /// made anew from one that stayed.
    fn untouched(&self) -> String {
        String::new()
    }
    /// The command that undoes what is left of one that died.
    fn recover(&self) -> Output;
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

    fn command(&self, wrapper: &[String], programs: Option<&Path>) -> Command {
        let mut options: Vec<&str> = self.options.iter().map(String::as_str).collect();
        if let Some(dir) = programs {
            options.extend(["--program-dir", dir.to_str().expect("a plain path")]);
            options.extend(["--program-deadline", "1", "--lock-wait", "1"]);
        }
        let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
        match wrapper.is_empty() {
            true => self.host.command(self.what, &options),
            false => self.host.command_under(&wrapper, self.what, &options),
        }
    }

    fn state(&self) -> String {
        format!(
            "{}
{}",
            (self.observe)(&self.host),
            kept_states(&self.host.root)
        )
    }

    fn untouched(&self) -> String {
        self.untouched.map(|untouched| untouched(&self.host)).unwrap_or_default()
    }

    fn recover(&self) -> Output {
        self.host.command("recover", &[]).output().expect("the driver runs")
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

/// The last line of a state: which former states are kept. A command that is decided has added its own.
pub(super) fn kept_states(root: &Path) -> String {
    let entries = fs::read_dir(root.join("var/lib/fwdsl/history")).into_iter().flatten().flatten();
    let mut numbers: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    numbers.sort();
    format!("former states {}", numbers.join(" "))
}
