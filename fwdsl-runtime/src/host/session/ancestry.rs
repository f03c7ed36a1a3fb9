//! This process and those that it descends from, as `/proc` tells.

use std::fs;

use super::connection::Connection;

/// Programs whose children have a terminal that may be anywhere, by the names that the kernel has of them.
const TERMINAL_SERVERS: [&str; 12] = [
    "sshd",
    "sshd-session",
    "sshd-auth",
    "dropbear",
    "mosh-server",
    "tmux: server",
    "tmux",
    "screen",
    "telnetd",
    "in.telnetd",
    "ttyd",
    "ssm-session-wor",
];

/// How many generations are looked at; a circle cannot be, but `/proc` changes while it is read.
const GENERATIONS: usize = 64;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Process {
    name: String,
    parent: u32,
    /// The number of its controlling terminal.
    pub(super) terminal: Option<Terminal>,
    environment: Vec<u8>,
}

/// The device number of a terminal, as in /proc/PID/stat (proc(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terminal {
    pub(super) major: u32,
    pub(super) minor: u32,
}

/// This process, its parent, and so on up to the first.
pub(super) fn line() -> Vec<Process> {
    let mut line = Vec::new();
    let mut pid = std::process::id();
    while pid != 0 && line.len() < GENERATIONS {
        let Some(process) = look(pid) else { break };
        pid = process.parent;
        line.push(process);
    }
    line
}

/// The ids of the same.
pub(super) fn ids() -> Vec<u32> {
    let parents = line().into_iter().map(|process| process.parent);
    std::iter::once(std::process::id()).chain(parents).filter(|pid| *pid != 0).collect()
}

fn look(pid: u32) -> Option<Process> {
    let mut process = parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
    // That of another user's process may not be readable, and tells nothing then.
    process.environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    Some(process)
}

/// Reads a line of /proc/PID/stat.
fn parse(stat: &str) -> Option<Process> {
    // The name can hold anything, parentheses too.
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    let mut fields = after.split_whitespace().skip(1);
    let parent = fields.next()?.parse().ok()?;
    let terminal: i32 = fields.nth(2)?.parse().ok()?;
    let bits = terminal.cast_unsigned();
    let terminal = Terminal { major: (bits >> 8) & 0xfff, minor: (bits & 0xff) | ((bits >> 12) & 0xfff00) };
    Some(Process {
        name: name.to_owned(),
        parent,
        terminal: (bits != 0).then_some(terminal),
        environment: Vec::new(),
    })
}

impl Process {
    /// The connection that its environment names (sshd(8)).
    pub(super) fn ssh_connection(&self) -> Option<Connection> {
        let mut entries = self.environment.split(|byte| *byte == 0);
        let value = entries.find_map(|entry| entry.strip_prefix(b"SSH_CONNECTION="))?;
        std::str::from_utf8(value).ok()?.parse().ok()
    }

    /// Its name, if it is a program whose terminals may be anywhere.
    pub(super) fn serves_terminals(&self) -> Option<String> {
        TERMINAL_SERVERS.contains(&self.name.as_str()).then(|| format!("`{}`", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_proc_is_read() {
        let process = parse("7 (a) b (c)) S 1 7 7 34817 7 4194560 0").unwrap();
        assert_eq!((process.name.as_str(), process.parent), ("a) b (c)", 1));
        assert_eq!(process.terminal, Some(Terminal { major: 136, minor: 1 }));
        assert_eq!(parse("7 (sshd) S 1 7 7 0 -1 4194560 0").unwrap().terminal, None);
        assert_eq!(parse("7 (sshd"), None);
    }

    #[test]
    fn the_line_of_this_process_ends_at_the_first() {
        let line = line();
        assert!(!line.is_empty() && line.last().unwrap().parent == 0, "{line:?}");
        assert_eq!(ids()[0], std::process::id());
    }

    #[test]
    fn the_environment_names_the_connection() {
        let environment = b"TERM=xterm\0SSH_CONNECTION=192.0.2.7 50000 192.0.2.1 22\0".to_vec();
        let process = Process { environment, ..Process::default() };
        assert_eq!(process.ssh_connection().unwrap().to_string(), "192.0.2.7:50000 -> 192.0.2.1:22");
        assert_eq!(Process::default().ssh_connection(), None);
    }
}
