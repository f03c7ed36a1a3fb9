//! The other programs, and the provisioning binary, each as a process.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use fwdsl::Policy;
use fwdsl_tests::netns::Netns;

use super::{POLICY, cases};

/// The files that the programs read, and a place where rules can be loaded.
pub(crate) struct Peers {
    directory: PathBuf,
    netns: Netns,
}

impl Peers {
    pub(crate) fn new() -> Peers {
        let directory = std::env::temp_dir().join(format!("fwdsl-bench-text-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory for the files");
        Peers { directory, netns: Netns::new() }
    }

    /// Writes the files of so many rules.
    pub(crate) fn write(&self, rules: usize, packed: &[u8]) {
        let write = |kind: &str, content: &[u8]| {
            std::fs::write(self.file(rules, kind), content).expect("the file is written");
        };
        write("saved", cases::saved(rules).as_bytes());
        write("ferm", cases::for_ferm(rules).as_bytes());
        write("packed", packed);
    }

    /// A file of so many rules.
    pub(crate) fn file(&self, rules: usize, kind: &str) -> PathBuf {
        self.directory.join(format!("{rules}.{kind}"))
    }

    /// The text that a provisioning binary shows.
    pub(crate) fn show(&self, rules: usize) -> String {
        let own = std::env::current_exe().expect("the path of this program");
        text_of(Command::new(own).arg("show").env(POLICY, self.file(rules, "packed")))
    }

    /// The text that ferm makes.
    pub(crate) fn ferm(&self, rules: usize) -> String {
        text_of(Command::new("ferm").args(["--noexec", "--lines"]).arg(self.file(rules, "ferm")))
    }

    /// Loads the rules, or does what the options say.
    pub(crate) fn restore(&self, rules: usize, options: &[&str]) {
        let mut command = self.netns.command("iptables-legacy-restore");
        run(command.args(options).arg(self.file(rules, "saved")));
    }

    /// Starts a program that does nothing.
    pub(crate) fn nothing(&self) {
        run(&mut self.netns.command("true"));
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn run(command: &mut Command) {
    let status = command.status().expect("the program starts");
    assert!(status.success(), "{command:?}: {status}");
}

fn text_of(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// What the `main` of a provisioning binary does. That has the policy in itself, and this one reads it from a file first.
pub(crate) fn provisioning_binary(file: &OsStr) -> ExitCode {
    let bytes = std::fs::read(file).expect("the packed policy can be read").leak();
    fwdsl::cli::run(&Policy::from_packed("text.rs", bytes))
}
