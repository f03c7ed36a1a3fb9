//! Network namespaces that a test makes for itself, and what a test does where it cannot have one.

use std::fs::File;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A network namespace of the test's own, removed when it is dropped.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// A fresh namespace, or `None` after saying why there is none: tests then return. `what` names the
    /// test in that message.
    ///
    /// # Panics
    /// Where `FWDSL_KERNEL_TESTS` is `required` and there is no namespace to be had.
    pub fn new(what: &str) -> Option<Namespace> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fwdsl-{}-{count}", std::process::id());
        match ip(&["netns", "add", &name]) {
            Ok(()) => Some(Namespace { name }),
            Err(error) => {
                skip(what, &format!("cannot make a network namespace: {error}"));
                None
            }
        }
    }

    /// The name that `ip netns` knows it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command that runs `program` in the namespace.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }

    /// Runs `ip` on the namespace: `["link", "set", "lo", "up"]`.
    ///
    /// # Panics
    /// When `ip` fails.
    pub fn ip(&self, args: &[&str]) {
        let all: Vec<&str> = ["-n", &self.name].into_iter().chain(args.iter().copied()).collect();
        if let Err(error) = ip(&all) {
            panic!("ip {}: {error}", all.join(" "));
        }
    }

    /// Runs `body` on a thread that is in the namespace; `/proc/sys/net` is the namespace's there.
    ///
    /// # Panics
    /// When `body` does, or the thread cannot enter.
    pub fn enter<T: Send>(&self, body: impl FnOnce() -> T + Send) -> T {
        let path = format!("/run/netns/{}", self.name);
        let inside = || {
            let file = File::open(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            move_into_link_name_space(std::os::fd::AsFd::as_fd(&file), Some(LinkNameSpaceType::Network))
                .unwrap_or_else(|error| panic!("enter {path}: {error}"));
            body()
        };
        std::thread::scope(|scope| match scope.spawn(inside).join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if let Err(error) = ip(&["netns", "del", &self.name]) {
            eprintln!("the namespace {} is left behind: {error}", self.name);
        }
    }
}

/// Says that a test does not run here, and why.
///
/// # Panics
/// Where `FWDSL_KERNEL_TESTS` is `required`.
pub fn skip(what: &str, why: &str) {
    let required = std::env::var_os("FWDSL_KERNEL_TESTS").is_some_and(|value| value == "required");
    assert!(!required, "{what} cannot run: {why}");
    eprintln!("SKIPPED {what}: {why}");
}

fn ip(args: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(args).output().map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
