//! Network namespaces that tests make for themselves, and whether this machine can run tests on its kernel.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Set to `required`, what a test lacks is a failure instead of a reason to skip it.
const SWITCH: &str = "FWDSL_KERNEL_TESTS";

/// The lock of the legacy programs.
const XTABLES_LOCK: &str = "/run/xtables.lock";

/// Whether the calling test can run here: as root, with these programs.
///
/// If not, it says so loudly and gives back false, and the test returns. With `FWDSL_KERNEL_TESTS=required` in the
/// environment, it panics instead.
#[must_use]
pub fn require(programs: &[&str]) -> bool {
    let mut missing: Vec<String> = ["ip"]
        .iter()
        .chain(programs)
        .filter(|name| !installed(name))
        .map(|name| format!("the program `{name}`"))
        .collect();
    if !is_root() {
        missing.push("root".to_owned());
    } else if missing.is_empty() && !can_make_namespaces() {
        missing.push("the right to make network namespaces".to_owned());
    }
    if missing.is_empty() {
        return true;
    }
    skip_without(&missing.join(", "));
    false
}

/// Says loudly that the calling test lacks something and is skipped.
///
/// # Panics
///
/// With `FWDSL_KERNEL_TESTS=required` in the environment.
pub fn skip_without(what: &str) {
    assert!(std::env::var_os(SWITCH).is_none_or(|value| value != "required"), "this test needs {what}");
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    // Not by `eprintln!`: the test harness would keep that to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED {name}: it needs {what}");
}

fn installed(program: &str) -> bool {
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter().any(|dir| Path::new(dir).join(program).is_file())
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"))
}

fn can_make_namespaces() -> bool {
    std::panic::catch_unwind(Netns::new).is_ok()
}

/// A network namespace, removed when this is dropped.
#[derive(Debug)]
pub struct Netns {
    name: String,
}

impl Netns {
    /// Makes a namespace of a name that no other test has. Its interfaces are down.
    ///
    /// # Panics
    ///
    /// If it cannot be made; ask [`require`] first.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a namespace is not a default of anything")]
    pub fn new() -> Netns {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("fwdsl-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let output = Command::new("ip").args(["netns", "add", &name]).output().expect("ip runs");
        assert!(output.status.success(), "ip netns add: {}", String::from_utf8_lossy(&output.stderr));
        let netns = Netns { name };
        for lock in [Path::new(XTABLES_LOCK), &netns.xtables_lock()] {
            File::options().create(true).append(true).open(lock).expect("a lock can be made");
        }
        netns
    }

    /// What the programs that run in the namespace take for `/run/xtables.lock`: a machine has one for all namespaces, but
    /// tests are machines of their own.
    #[must_use]
    pub fn xtables_lock(&self) -> PathBuf {
        std::env::temp_dir().join(format!("{}-xtables.lock", self.name))
    }

    /// The name, as `ip netns` knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command that will run `program` in the namespace.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        // That command has mounts of its own already.
        command.args(["netns", "exec", &self.name, "sh", "-c"]);
        command.arg(format!("mount --bind \"$0\" {XTABLES_LOCK} && exec \"$@\""));
        command.arg(self.xtables_lock()).arg(program);
        command
    }

    /// Runs `body` on a thread that is in the namespace, where `/proc/sys/net` is the namespace's.
    ///
    /// # Panics
    ///
    /// If the thread cannot enter, or `body` panics.
    pub fn enter<T: Send>(&self, body: impl FnOnce() -> T + Send) -> T {
        let inside = || {
            self.stay();
            body()
        };
        std::thread::scope(|scope| match scope.spawn(inside).join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }

    /// Moves the calling thread into the namespace, and with it what it starts from here on.
    ///
    /// # Panics
    ///
    /// If it cannot enter.
    pub fn stay(&self) {
        let file = File::open(format!("/run/netns/{}", self.name)).expect("the namespace has a file");
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("the namespace can be entered");
    }

    /// Runs a shell script in the namespace.
    ///
    /// # Panics
    ///
    /// If the shell cannot be run.
    pub fn try_sh(&self, script: &str) -> Output {
        self.command("sh").args(["-c", script]).output().expect("the shell runs")
    }

    /// Runs a shell script in the namespace and gives back what it printed.
    ///
    /// # Panics
    ///
    /// If the script fails.
    pub fn sh(&self, script: &str) -> String {
        let output = self.try_sh(script);
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        // A test that fails shows its own reason, not that its namespace is still in use.
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).output();
        let _ = std::fs::remove_file(self.xtables_lock());
    }
}
