//! The programs that are run: where they are found, how they are run and ended.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::error::{ApplyError, ProgramError, ProgramFailure};
use super::group::{self, GroupId};
use super::xtables_lock;

/// Where programs are looked for, first match wins. Never `PATH`: this runs as root.
const TRUSTED_DIRS: [&str; 6] =
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];

/// What programs see as their `PATH`.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin";

/// The directories in which programs are found.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    dirs: Vec<PathBuf>,
}

impl Programs {
    pub(crate) fn new(program_dir: Option<&Path>) -> Programs {
        let dirs = match program_dir {
            // Programs run in the root directory, so a path from here must be made whole.
            Some(dir) => vec![std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned())],
            None => TRUSTED_DIRS.iter().map(PathBuf::from).collect(),
        };
        Programs { dirs }
    }

    /// The program's path, if it is installed.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        self.dirs.iter().map(|dir| dir.join(name)).find(|path| path.is_file())
    }

    /// The program's path.
    pub(crate) fn need(&self, name: &str) -> Result<PathBuf, ApplyError> {
        self.find(name)
            .ok_or_else(|| ApplyError::MissingProgram { program: name.to_owned(), dirs: self.dirs.clone() })
    }
}

/// How programs are run: for how long, and in which process group.
#[derive(Debug, Clone)]
pub(crate) struct Runner {
    /// How long a program may run.
    pub(crate) deadline: Duration,
    /// The group of those who change something, so that they can be ended when the applier dies. A program that
    /// only looks has a group of its own.
    pub(crate) group: Option<GroupId>,
}

impl Runner {
    /// Runs a program that reads nothing and gives back what it printed.
    pub(crate) fn read(&self, program: &Path, args: &[&str]) -> Result<String, ProgramError> {
        self.run(program, args, String::new())
    }

    /// Runs a program with `input` as its standard input and gives back what it printed.
    pub(crate) fn run(&self, program: &Path, args: &[&str], input: String) -> Result<String, ProgramError> {
        let fail = |failure| ProgramError {
            program: program.to_owned(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            failure,
        };
        let mut child = self.spawn(program, args).map_err(|error| fail(ProgramFailure::Start(error)))?;
        match self.talk(&mut child, input) {
            Ok((status, stdout, _)) if status.success() => Ok(stdout),
            Ok((status, _, stderr)) => Err(fail(ProgramFailure::Status { status, stderr })),
            Err(failure) => Err(fail(failure)),
        }
    }

    fn spawn(&self, program: &Path, args: &[&str]) -> io::Result<Child> {
        let mut command = Command::new(program);
        command.args(args).env_clear().env("PATH", PATH).env("LC_ALL", "C").current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(xtables_lock::of_programs().map(|lock| (xtables_lock::VARIABLE, lock)));
        match &self.group {
            None => command.process_group(0),
            Some(group) => command.process_group(group.pgid).env(group::MARKER, &group.marker),
        };
        command.spawn()
    }

    fn talk(&self, child: &mut Child, input: String) -> Result<(ExitStatus, String, String), ProgramFailure> {
        let end = Instant::now() + self.deadline;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ends without reading all makes this fail; its exit status says why.
            thread::spawn(move || stdin.write_all(input.as_bytes()));
        }
        let stdout = read_in_background(child.stdout.take());
        let stderr = read_in_background(child.stderr.take());
        let late = |child: &mut Child| {
            let ended = self.end(child);
            ProgramFailure::Deadline { seconds: self.deadline.as_secs(), ended }
        };
        let Some(stdout) = receive(&stdout, end) else { return Err(late(child)) };
        let Some(stderr) = receive(&stderr, end) else { return Err(late(child)) };
        let mut pause = Duration::from_micros(100);
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok((status, stdout, stderr)),
                Ok(None) if Instant::now() >= end => return Err(late(child)),
                Ok(None) => thread::sleep(pause),
                Err(error) => return Err(ProgramFailure::Start(error)),
            }
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// Ends a program that ran too long, together with whatever it started.
    fn end(&self, child: &mut Child) -> Result<(), String> {
        let ended = match &self.group {
            Some(group) => group::end_members_but_holder(group),
            None => {
                // Nobody has waited for the child yet, so its id and its group's are still its own.
                let group = Pid::from_child(child);
                kill_process_group(group, Signal::KILL).map_err(|error| error.to_string())
            }
        };
        if ended.is_ok() {
            child.wait().map_err(|error| error.to_string())?;
        }
        ended
    }
}

fn read_in_background(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error still tells something.
            let _ = pipe.read_to_end(&mut bytes);
        }
        sender.send(String::from_utf8_lossy(&bytes).into_owned())
    });
    receiver
}

fn receive(receiver: &mpsc::Receiver<String>, end: Instant) -> Option<String> {
    receiver.recv_timeout(end.saturating_duration_since(Instant::now())).ok()
}
