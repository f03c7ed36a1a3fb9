//! A command of a provisioning binary on a system of its own, whose boot it is about.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fwdsl_runtime::host::Variant;

use super::subject::{Subject, kept_states};
use crate::netns::Netns;
use crate::processes::wait_until;
use crate::provisioned::Host;
use crate::sandbox::list_files;

/// Gives a command the system's own directories, and becomes it.
const BOOTED: &str =
    "for d in etc var run usr/local; do mount --bind \"$0/$d\" /$d || exit 1; done && exec \"$@\"";

/// A command of a provisioning binary that changes files alone. The binary sees the host's `/etc`, `/var`,
/// `/run` and `/usr/local`.
#[derive(Debug)]
pub struct Booted {
    host: Host,
    binary: PathBuf,
    arguments: Vec<String>,
    before: PathBuf,
}

impl Booted {
    /// The command on a host that systemd starts; `before` are commands that are done first.
    ///
    /// # Panics
    ///
    /// If the host cannot be made.
    #[must_use]
    pub fn new(variant: Variant, binary: &str, before: &[&[&str]], arguments: &[&str]) -> Booted {
        let host = Host::new(variant, binary);
        let unit = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";
        host.file("etc/systemd/system/netfilter-persistent.service", unit);
        for directory in ["run", "var/lib", "usr/local"] {
            fs::create_dir_all(host.root.join(directory)).expect("the directory can be made");
        }
        let tree = host.root.with_extension("before");
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let booted = Booted { host, binary: PathBuf::from(binary), arguments, before: tree };
        for arguments in before {
            let output = booted.line(&[], arguments).output().expect("the binary runs");
            assert!(output.status.success(), "{output:?}");
        }
        copy(&booted.host.root, &booted.before);
        booted
    }

    fn line(&self, wrapper: &[String], arguments: &[&str]) -> Command {
        let unshare = ["unshare", "--mount", "sh", "-c", BOOTED];
        let line: Vec<&str> = wrapper.iter().map(String::as_str).chain(unshare).collect();
        let mut command = self.host.netns.command(line[0]);
        command.args(&line[1..]).arg(&self.host.root).arg(&self.binary).args(arguments);
        command
    }
}

impl Subject for Booted {
    fn prepare(&self) {
        fs::remove_dir_all(&self.host.root).expect("the tree can be removed");
        copy(&self.before, &self.host.root);
    }

    fn command(&self, wrapper: &[String], _: &[String]) -> Command {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.line(wrapper, &arguments)
    }

    fn state(&self) -> String {
        let mut files = Vec::new();
        list_files(&self.host.root, &self.host.root, &mut files);
        files.sort();
        format!("{}\n{}", files.join("\n"), kept_states(&self.host.root))
    }

    fn next(&self, _: usize) -> Command {
        self.line(&[], &["--json", "recover"])
    }

    fn settle(&self) {
        let lib = self.host.root.join("var/lib/fwdsl/journal");
        wait_until("the guardian to be done", || {
            let lock = fs::File::open(self.host.root.join("run/fwdsl/lock"));
            !lib.exists() && lock.map_or(true, |lock| lock.try_lock().is_ok())
        });
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
        self.before.with_extension(name)
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        // A test that fails shows its own reason.
        for name in ["before", "trace"] {
            let path = self.before.with_extension(name);
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status().expect("cp runs");
    assert!(status.success(), "cp -a {} {}", from.display(), to.display());
}
