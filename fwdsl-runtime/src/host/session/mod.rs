//! Who is at work here: from another machine over SSH, at a console of this one, or neither.
//!
//! A confirmation is worth something only if it came through the new rules. An established connection survives nearly
//! any policy, so of those who come from afar only a connection counts that was opened under the new rules.

mod ancestry;
mod connection;
mod login;
mod table;

pub use connection::Connection;

pub(crate) use table::connections;

use ancestry::Process;

/// Where a command comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Over SSH, by this connection.
    Ssh(Connection),
    /// Through a program that serves terminals which may be anywhere, and no connection is known.
    Remote {
        /// The program, or what else tells that it is remote.
        by: String,
    },
    /// A terminal of this machine.
    Console,
    /// Neither a terminal nor a remote session: a service, a configuration tool.
    Unattended,
}

/// The SSH connection by which the running command comes, if it does.
pub(crate) fn ssh_connection() -> Option<Connection> {
    connection_of(&ancestry::line())
}

/// Whoever is nearest knows best, but `sudo` and `su` may hand nothing on.
fn connection_of(line: &[Process]) -> Option<Connection> {
    line.iter().find_map(Process::ssh_connection)
}

impl Caller {
    /// Where the running command comes from.
    #[must_use]
    pub fn find() -> Caller {
        let line = ancestry::line();
        if let Some(connection) = connection_of(&line) {
            return Caller::Ssh(connection);
        }
        if let Some(by) = line.iter().find_map(Process::serves_terminals) {
            return Caller::Remote { by };
        }
        match line.first().and_then(|own| own.terminal) {
            None => Caller::Unattended,
            Some(terminal) => match login::from_elsewhere(terminal) {
                Some(host) => Caller::Remote { by: format!("the login from {host}") },
                None => Caller::Console,
            },
        }
    }

    /// Whether it comes from another machine, or may.
    #[must_use]
    pub fn is_from_afar(&self) -> bool {
        matches!(self, Caller::Ssh(_) | Caller::Remote { .. })
    }
}
