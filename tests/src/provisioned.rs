//! A host that a provisioning binary works on: a network namespace and a file tree.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use serde_json::Value;

use crate::netns::Netns;

/// See the module.
#[derive(Debug)]
pub struct Host {
    /// The namespace.
    pub netns: Netns,
    /// The variant that the binary is told to use.
    pub variant: Variant,
    /// Where the file tree begins.
    pub root: PathBuf,
    binary: PathBuf,
}

impl Host {
    /// Makes a host of Debian's kind with two interfaces, on which nothing is loaded yet.
    ///
    /// # Panics
    ///
    /// If it cannot be made; ask [`crate::netns::require`] first.
    #[must_use]
    pub fn new(variant: Variant, binary: &str) -> Host {
        let netns = fresh_netns();
        let root = std::env::temp_dir().join(format!("{}-root", netns.name()));
        let host = Host { netns, variant, root, binary: PathBuf::from(binary) };
        let unit = "usr/lib/systemd/system/netfilter-persistent.service";
        host.file("etc/os-release", "ID=debian\n");
        host.file(unit, "[Install]\nWantedBy=multi-user.target\n");
        host.file("usr/share/netfilter-persistent/plugins.d/15-ip4tables", "");
        host.file("usr/share/netfilter-persistent/plugins.d/25-ip6tables", "");
        host
    }

    /// Puts a file into the tree.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn file(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("the path is below the root"))
            .expect("the directory can be made");
        fs::write(path, text).expect("the file can be written");
    }

    /// The text of a file of the tree.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Runs the binary in the namespace.
    ///
    /// # Panics
    ///
    /// If it cannot be run.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    /// Applies with the host's variant and tree.
    ///
    /// # Panics
    ///
    /// If the binary cannot be run.
    pub fn apply(&self, arguments: &[&str]) -> Output {
        self.act("apply", arguments)
    }

    /// Runs a command with the host's variant and tree.
    ///
    /// # Panics
    ///
    /// If the binary cannot be run.
    pub fn act(&self, command: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(&[command, "--variant", self.variant.name(), "--root"]);
        command.arg(&self.root).args(arguments).output().expect("the binary runs")
    }

    /// The same as an ordinary user.
    ///
    /// # Panics
    ///
    /// If the binary, or `setpriv`, cannot be run.
    pub fn act_without_rights(&self, command: &str, arguments: &[&str]) -> Output {
        // Where cargo builds, others than root need not come.
        let copy = self.root.with_extension("binary");
        fs::copy(&self.binary, &copy).expect("the binary can be copied");
        let mut setpriv = self.netns.command("setpriv");
        setpriv.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]).arg(&copy);
        setpriv.args([command, "--variant", self.variant.name(), "--root"]).arg(&self.root);
        let output = setpriv.args(arguments).output().expect("setpriv runs");
        fs::remove_file(&copy).expect("the copy can be removed");
        output
    }

    /// A command that runs the binary in the namespace.
    pub fn command(&self, arguments: &[&str]) -> Command {
        // Under nohup(1) and its like, tests too ignore the end of a terminal.
        let mut command = self.netns.command("env");
        command.arg("--default-signal=HUP").arg(&self.binary).args(arguments);
        command
    }

    /// What the variant saves of the family's rules, comments left out.
    ///
    /// # Panics
    ///
    /// If the program fails.
    #[must_use]
    pub fn saved(&self, family: Family) -> String {
        let text = self.netns.sh(&format!("{} 2>/dev/null", self.variant.program(family, "save")));
        text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
    }

    /// The value of a sysctl, its key in slash form.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn sysctl(&self, key: &str) -> String {
        self.netns.sh(&format!("cat /proc/sys/{key}")).trim().to_owned()
    }

    /// A directory with the system's programs, but one of which is replaced by a shell script.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    #[must_use]
    pub fn programs_with(&self, replaced: &str, script: &str) -> PathBuf {
        let directory = self.root.join("programs");
        fs::create_dir_all(&directory).expect("the directory can be made");
        for family in Family::ALL {
            for action in ["save", "restore"] {
                link_program(&directory, &self.variant.program(family, action));
            }
        }
        link_program(&directory, "nft");
        let path = directory.join(replaced);
        // A link that stands there must not be written through.
        let _ = fs::remove_file(&path);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("the script can be written");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, mode).expect("the script can be made executable");
        directory
    }
}

/// A namespace with the interfaces of a host, as a boot makes them.
#[must_use]
pub fn fresh_netns() -> Netns {
    let netns = Netns::new();
    netns.sh("ip link add v.0 type veth peer name v1");
    netns
}

impl Drop for Host {
    fn drop(&mut self) {
        // A test that fails shows its own reason.
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn link_program(directory: &Path, name: &str) {
    let dirs = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
    let program = dirs.iter().map(|dir| Path::new(dir).join(name)).find(|path| path.exists());
    symlink(program.unwrap_or_else(|| panic!("{name} is installed")), directory.join(name))
        .expect("a link can be made");
}

/// The object that the binary printed.
///
/// # Panics
///
/// If it printed something else.
#[must_use]
pub fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{}", stderr(output)))
}

/// What went to standard output.
#[must_use]
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What went to standard error.
#[must_use]
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
