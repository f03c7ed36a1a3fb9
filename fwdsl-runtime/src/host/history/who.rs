//! Who runs this process, as far as the system tells.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::process;

use rustix::process::getuid;
use serde::{Deserialize, Serialize};

/// How many processes up it is looked for a variable that `sudo` takes out of the environment.
const ANCESTORS: usize = 16;
/// What the kernel gives as the login's user id where nobody has logged in.
const NO_LOGIN: u32 = u32::MAX;

/// Who runs a program. None of it is proof: root can say what it likes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Who {
    /// The user whose rights the program has: a name, or a number where there is none.
    pub user: String,
    /// The user who logged in, where that is another one.
    pub login: Option<String>,
    /// The address from which the SSH session comes, if it is one.
    pub ssh_peer: Option<IpAddr>,
}

impl Who {
    /// Whoever runs this process.
    pub(crate) fn of_this_process() -> Who {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let user = user_name(&passwd, getuid().as_raw());
        let login = fs::read_to_string("/proc/self/loginuid").ok().and_then(|id| id.trim().parse().ok());
        let login = login.filter(|id| *id != NO_LOGIN).map(|id| user_name(&passwd, id));
        // Where the kernel does not know, `sudo` does.
        let login = login.or_else(|| std::env::var("SUDO_USER").ok());
        Who { login: login.filter(|login| *login != user), user, ssh_peer: ssh_peer() }
    }
}

fn user_name(passwd: &str, id: u32) -> String {
    let id = id.to_string();
    let entry = passwd.lines().find(|line| line.split(':').nth(2) == Some(&id));
    entry.and_then(|line| line.split(':').next()).map_or(id, str::to_owned)
}

/// The peer in `SSH_CONNECTION` (ssh(1)), of this process or of the nearest one above that has it.
fn ssh_peer() -> Option<IpAddr> {
    let mut pid = process::id();
    for _ in 0..ANCESTORS {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        if let Some(connection) = variables(&environ).get("SSH_CONNECTION") {
            return connection.split(' ').next()?.parse().ok();
        }
        pid = parent(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?)?;
    }
    None
}

fn variables(environ: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(environ);
    text.split('\0')
        .filter_map(|entry| entry.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// The parent in the text of /proc/PID/status (proc(5)); `None` for the first process.
fn parent(status: &str) -> Option<u32> {
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()?;
    (parent != 0).then_some(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parents_and_variables_are_read() {
        assert_eq!(user_name("root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/:/bin/sh\n", 1000), "ann");
        assert_eq!(user_name("root:x:0:0::/root:/bin/sh\n", 7), "7");
        assert_eq!(parent("Name:\tsh\nPPid:\t12\n"), Some(12));
        assert_eq!(parent("PPid:\t0\n"), None);
        assert_eq!(variables(b"A=1\0SSH_CONNECTION=::1 2 ::1 22\0")["SSH_CONNECTION"], "::1 2 ::1 22");
    }
}
