//! The process group of the programs that change something.
//!
//! If the applier is killed, a program that it started may still be waiting for the xtables lock, and would
//! commit long after the undo. So all of them share one process group, whose leader, the holder, does
//! nothing but wait: on a pipe that only the applier can write to. When the applier dies, the holder
//! reads the pipe's end and kills the whole group, itself included.
//!
//! No program escapes by being young: the pipe's writing end is close-on-exec, so the holder cannot read
//! the end before each child has executed its program, and a child joins the group before that.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, process, sync::mpsc};

use rustix::process::{Pid, Signal, getpgrp, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};

use super::error::ApplyError;
use super::guardian::{HOLDER_ARG, READY};

/// The environment variable by which a process of the group is known for certain, also after process ids were reused.
pub(crate) const MARKER: &str = "FWDSL_APPLY";

/// How long a killed process may take to be gone; one that is busy in the kernel finishes that first.
const END_DEADLINE: Duration = Duration::from_secs(60);

/// How long a re-executed copy of this program may take to answer.
const ANSWER_DEADLINE: Duration = Duration::from_secs(30);

/// A process group, and what proves that it is the one that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupId {
    /// The group's id, the holder's process id.
    pub(crate) pgid: i32,
    /// The value of [`MARKER`] in the environment of its members.
    pub(crate) marker: String,
}

/// The holder, as seen by the applier.
pub(crate) struct Group {
    holder: Child,
    pipe: Option<ChildStdin>,
    pub(crate) id: GroupId,
}

impl Group {
    /// Starts the holder.
    pub(crate) fn start(marker: &str) -> Result<Group, ApplyError> {
        let mut command = own_program(HOLDER_ARG);
        command.env(MARKER, marker).process_group(0);
        let (holder, pipe) = start_and_await(&mut command)?;
        let id = GroupId { pgid: Pid::from_child(&holder).as_raw_pid(), marker: marker.to_owned() };
        Ok(Group { holder, pipe: Some(pipe), id })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // The holder ends itself at once; there is nothing to do about a wait that fails.
        let _ = self.holder.wait();
    }
}

/// A command that runs this very program again, as a helper.
pub(crate) fn own_program(helper: &str) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("fwdsl-helper").arg(helper).env_clear().env("LC_ALL", "C").current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// Starts a helper and waits until it says that it is ready.
pub(crate) fn start_and_await(command: &mut Command) -> Result<(Child, ChildStdin), ApplyError> {
    let mut child = command.spawn().map_err(|error| ApplyError::Helper(error.to_string()))?;
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(ApplyError::Helper("it has no pipes".to_owned()));
    };
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(stdout.take(READY.len() as u64)).read_line(&mut line);
        sender.send(line)
    });
    match receiver.recv_timeout(ANSWER_DEADLINE) {
        Ok(line) if line == READY => Ok((child, stdin)),
        answer => {
            let _ = child.kill();
            let _ = child.wait();
            Err(ApplyError::Helper(match answer {
                Ok(line) => format!("it answered {line:?}"),
                Err(_) => format!("it did not answer within {} seconds", ANSWER_DEADLINE.as_secs()),
            }))
        }
    }
}

/// What the holder does.
pub(crate) fn hold() -> ExitCode {
    let mut stdout = io::stdout();
    if stdout.write_all(READY.as_bytes()).and_then(|()| stdout.flush()).is_err() {
        return ExitCode::FAILURE;
    }
    let _ = io::stdin().read_to_end(&mut Vec::new());
    // Only a group of one's own may be killed: whoever runs the holder by hand keeps his shell.
    if getpgrp().as_raw_pid() == process::id().cast_signed() {
        let _ = kill_process_group(getpgrp(), Signal::KILL);
    }
    ExitCode::SUCCESS
}

/// Ends every process of the group and waits until none is left.
pub(crate) fn end_all(group: &GroupId) -> Result<(), String> {
    end(group, |members| {
        if let Some(pid) = Pid::from_raw(group.pgid) {
            // Already gone is as good as ended; whoever is left is seen in the next round.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        members.is_empty()
    })
}

/// Ends every process of the group but its holder.
pub(crate) fn end_members_but_holder(group: &GroupId) -> Result<(), String> {
    end(group, |members| {
        let others: Vec<i32> = members.iter().copied().filter(|pid| *pid != group.pgid).collect();
        for pid in others.iter().filter_map(|pid| Pid::from_raw(*pid)) {
            let _ = kill_process(pid, Signal::KILL);
        }
        others.is_empty()
    })
}

fn end(group: &GroupId, mut done: impl FnMut(&[i32]) -> bool) -> Result<(), String> {
    let end = Instant::now() + END_DEADLINE;
    loop {
        let members = members(group).map_err(|error| format!("cannot read /proc: {error}"))?;
        // A group of the same id without one certain member is somebody else's by now.
        if !members.iter().any(|member| member.certain) && members.iter().all(|member| member.foreign) {
            return Ok(());
        }
        let pids: Vec<i32> = members.iter().map(|member| member.pid).collect();
        if done(&pids) {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(format!("processes {pids:?} do not end"));
        }
        thread::sleep(Duration::from_millis(2));
    }
}

struct Member {
    pid: i32,
    /// Its environment holds our marker.
    certain: bool,
    /// Its environment could be read and does not hold our marker.
    foreign: bool,
}

/// The living processes of the group. The dead ones that nobody has waited for do nothing any more.
fn members(group: &GroupId) -> io::Result<Vec<Member>> {
    let marker = format!("{MARKER}={}", group.marker);
    let mut members = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process that is gone between the listing and the look is not a member.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        if living_group(&stat) != Some(group.pgid) {
            continue;
        }
        // Empty while a process is being executed: neither certain nor foreign.
        let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
        let certain = environ.split(|byte| *byte == 0).any(|entry| entry == marker.as_bytes());
        members.push(Member { pid, certain, foreign: !certain && !environ.is_empty() });
    }
    Ok(members)
}

/// The process group in a line of /proc/PID/stat (proc(5)), unless the process is dead.
fn living_group(stat: &str) -> Option<i32> {
    // The name before it can hold anything, parentheses too.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let group = fields.nth(1)?.parse().ok()?;
    (!matches!(state, "Z" | "X" | "x")).then_some(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_read_from_a_stat_line() {
        assert_eq!(living_group("12 (a) b) S 1 77 77 0"), Some(77));
        assert_eq!(living_group("12 (a) Z 1 77 77 0"), None);
        assert_eq!(living_group(""), None);
    }
}
