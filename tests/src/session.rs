//! An administrator's session: a TCP connection through the firewall of a host, from another machine.
//!
//! Both ends are sockets of the test itself, made in the namespaces of host and peer. What sshd would set, the commands
//! get: `SSH_CONNECTION`.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::netns::Netns;

/// How long an answer may take, and how long silence is listened to.
const PATIENCE: Duration = Duration::from_secs(30);
const SILENCE: Duration = Duration::from_millis(300);

/// Another machine on the host's interface `eth0`.
#[derive(Debug)]
pub struct Peer {
    /// Its namespace.
    pub netns: Netns,
}

impl Peer {
    /// Makes the machine and the cable.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    #[must_use]
    pub fn beside(host: &Netns) -> Peer {
        let netns = Netns::new();
        host.sh(&format!(
            "ip link set lo up && ip link add eth0 type veth peer name eth0 netns {peer} &&
             ip address add 192.0.2.1/24 dev eth0 && ip address add 2001:db8::1/64 dev eth0 nodad && ip link set eth0 up",
            peer = netns.name()
        ));
        netns.sh(
            "ip address add 192.0.2.7/24 dev eth0 && ip address add 2001:db8::7/64 dev eth0 nodad && ip link set eth0 up",
        );
        Peer { netns }
    }
}

/// Where a host takes sessions.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
}

impl Server {
    /// Listens in the host's namespace.
    ///
    /// # Panics
    ///
    /// If it cannot.
    #[must_use]
    pub fn listen(host: &Netns, address: IpAddr, port: u16) -> Server {
        let listener = host.enter(|| TcpListener::bind((address, port)).expect("the host listens"));
        Server { listener }
    }

    /// Opens a session from the peer; `None` if the host does not answer.
    ///
    /// # Panics
    ///
    /// If something else fails.
    #[must_use]
    pub fn open(&self, peer: &Netns) -> Option<Session> {
        let address = self.listener.local_addr().expect("an address");
        let client = peer.enter(|| TcpStream::connect_timeout(&address, Duration::from_secs(2))).ok()?;
        let (server, peer) = self.listener.accept().expect("the session is taken");
        for end in [&client, &server] {
            end.set_nodelay(true).expect("an option");
        }
        Some(Session { client, server, peer, here: address })
    }
}

/// An open session.
#[derive(Debug)]
pub struct Session {
    client: TcpStream,
    server: TcpStream,
    peer: SocketAddr,
    here: SocketAddr,
}

impl Session {
    /// What sshd puts into the environment.
    #[must_use]
    pub fn variable(&self) -> String {
        let end = |address: SocketAddr| format!("{} {}", address.ip(), address.port());
        format!("{} {}", end(self.peer), end(self.here))
    }

    /// Whether a key that is pressed at the peer comes to the host within a moment.
    pub fn is_alive(&mut self) -> bool {
        self.press(SILENCE)
    }

    /// Presses a key, and waits for what it does for long.
    ///
    /// # Panics
    ///
    /// If nothing comes.
    pub fn revives(&mut self) {
        assert!(self.press(PATIENCE), "the session is dead");
    }

    fn press(&mut self, patience: Duration) -> bool {
        self.client.write_all(b"x").expect("the peer's end is open");
        let mut byte = [0; 64];
        self.server.set_read_timeout(Some(patience)).expect("an option");
        let came = self.server.read(&mut byte).is_ok_and(|count| count > 0);
        if !came {
            return false;
        }
        self.server.write_all(b"y").expect("the host's end is open");
        self.client.set_read_timeout(Some(patience)).expect("an option");
        self.client.read(&mut byte).is_ok_and(|count| count > 0)
    }
}
