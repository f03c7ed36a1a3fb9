//! A TCP connection of this host.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A TCP connection of this host: its own end and that of the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Connection {
    /// The other's end.
    pub peer: SocketAddr,
    /// This host's end.
    pub here: SocketAddr,
    /// The interface of a link-local peer, where `SSH_CONNECTION` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

impl Connection {
    /// Whether both are the same connection, wherever it was read.
    pub(crate) fn is(&self, other: &Connection) -> bool {
        (self.peer, self.here) == (other.peer, other.here)
    }
}

impl FromStr for Connection {
    type Err = ();

    /// Reads the value of `SSH_CONNECTION`: the peer's address and port, and this host's (ssh(1)).
    fn from_str(text: &str) -> Result<Connection, ()> {
        let mut words = text.split_whitespace();
        let mut end = || {
            let address = words.next()?;
            let (address, zone) = match address.split_once('%') {
                Some((address, zone)) => (address, Some(zone.to_owned())),
                None => (address, None),
            };
            let address: IpAddr = address.parse().ok()?;
            let port = words.next()?.parse().ok()?;
            Some((SocketAddr::new(address.to_canonical(), port), zone))
        };
        let ((peer, zone), (here, _)) = (end().ok_or(())?, end().ok_or(())?);
        Ok(Connection { peer, here, zone })
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.peer, self.here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sshd_says_is_read() {
        let of = |text: &str| text.parse::<Connection>();
        assert_eq!(
            of("2001:db8::7 50000 2001:db8::1 22").unwrap().peer,
            "[2001:db8::7]:50000".parse().unwrap()
        );
        assert_eq!(
            of("::ffff:192.0.2.7 1 ::ffff:192.0.2.1 22").unwrap().to_string(),
            "192.0.2.7:1 -> 192.0.2.1:22"
        );
        assert_eq!(of("fe80::7%eth0 1 fe80::1%eth0 22").unwrap().zone.as_deref(), Some("eth0"));
        for wrong in ["", "192.0.2.7", "192.0.2.7 1 192.0.2.1", "a 1 b 2", "192.0.2.7 1 192.0.2.1 66000"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
