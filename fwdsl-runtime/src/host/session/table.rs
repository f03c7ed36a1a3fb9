//! The established TCP connections, as `/proc` lists them (proc(5)).

use std::collections::HashSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::ancestry;
use super::connection::Connection;

/// `TCP_ESTABLISHED` (net/tcp_states.h).
const ESTABLISHED: &str = "01";

/// The connections of this network namespace, and of those that this process descends from: a shell that was moved
/// into another namespace still has its connection where it came from.
pub(crate) fn connections() -> Vec<Connection> {
    let mut namespaces = HashSet::new();
    let mut found = Vec::new();
    for pid in ancestry::ids() {
        // Where it may not be looked at, it is not looked at again either.
        let Ok(namespace) = fs::read_link(format!("/proc/{pid}/ns/net")) else { continue };
        if !namespaces.insert(namespace) {
            continue;
        }
        for table in ["tcp", "tcp6"] {
            let text = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
            found.extend(text.lines().skip(1).filter_map(established));
        }
    }
    found
}

/// The connection in a line, if it is established.
fn established(line: &str) -> Option<Connection> {
    let mut fields = line.split_whitespace().skip(1);
    let here = end(fields.next()?)?;
    let peer = end(fields.next()?)?;
    (fields.next()? == ESTABLISHED).then_some(Connection { peer, here, zone: None })
}

/// An address in words of the machine's byte order, and a port.
fn end(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| u32::from_str_radix(address.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    let address = match address.len() {
        8 => IpAddr::from(Ipv4Addr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?].concat();
            IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(words).ok()?)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn an_open_connection_is_listed_and_a_closed_one_is_not() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                assert_ne!(address, "127.0.0.1:0");
                continue;
            };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, peer) = listener.accept().unwrap();
            let wanted = Connection { peer, here: server.local_addr().unwrap(), zone: None };
            let is_listed = || connections().iter().any(|found| found.is(&wanted));
            assert!(is_listed(), "{wanted} {:?}", connections());
            drop(client);
            drop(server);
            assert!(!is_listed());
        }
    }

    #[test]
    fn other_lines_are_passed_over() {
        assert_eq!(established(""), None);
        assert_eq!(established("  0: 0100007F:0016 00000000:0000 0A 00000000:00000000"), None);
        assert_eq!(end("0100:0016"), None);
    }
}
