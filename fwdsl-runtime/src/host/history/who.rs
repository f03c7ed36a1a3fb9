//! Who runs this process, as far as the system tells.

use std::fs;
use std::net::IpAddr;

use rustix::process::getuid;
use serde::{Deserialize, Serialize};

use crate::host::session;

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
        let ssh_peer = session::ssh_connection().map(|connection| connection.peer.ip());
        Who { login: login.filter(|login| *login != user), user, ssh_peer }
    }
}

fn user_name(passwd: &str, id: u32) -> String {
    let id = id.to_string();
    let entry = passwd.lines().find(|line| line.split(':').nth(2) == Some(&id));
    entry.and_then(|line| line.split(':').next()).map_or(id, str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_users_are_read() {
        assert_eq!(user_name("root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/:/bin/sh\n", 1000), "ann");
        assert_eq!(user_name("root:x:0:0::/root:/bin/sh\n", 7), "7");
    }
}
