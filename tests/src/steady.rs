//! Steady traffic from a neighbour to a host, in both families, and what came through.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_recv_buffer_size_force;

use crate::netns::Netns;

/// The host's addresses.
pub const HOST: [&str; 2] = ["10.9.0.1", "fd09::1"];
/// Those of its neighbour.
pub const NEIGHBOUR: [&str; 2] = ["10.9.0.2", "fd09::2"];

/// A packet of each kind every so often.
const PACE: Duration = Duration::from_millis(1);

/// What is sent to UDP ports, each packet from a port of its own, so that it begins a flow of its own.
#[derive(Debug, Clone, Default)]
pub struct Datagrams {
    /// The port.
    pub port: u16,
    /// How many were sent.
    pub sent: u64,
    /// How many arrived.
    pub arrived: u64,
}

/// What became of the traffic of one family.
#[derive(Debug, Clone)]
pub struct Passed {
    /// The datagrams, by port.
    pub datagrams: Vec<Datagrams>,
    /// Bytes that one TCP connection carried all the time: sent, and arrived.
    pub carried: [u64; 2],
    /// How long each new TCP connection took.
    pub connections: Vec<Duration>,
    /// What failed of TCP, in words.
    pub failed: Vec<String>,
}

/// Joins the host and a neighbour of its own by a cable.
///
/// # Panics
///
/// If that fails.
#[must_use]
pub fn neighbour(host: &Netns) -> Netns {
    let neighbour = Netns::new();
    host.sh(&format!(
        "ip link set lo up; ip link add eth0 type veth peer name eth0 netns {}",
        neighbour.name()
    ));
    for (netns, [v4, v6]) in [(host, HOST), (&neighbour, NEIGHBOUR)] {
        netns.sh(&format!(
            "ip link set lo up && ip link set eth0 up && ip addr add {v4}/24 dev eth0 && \
             ip addr add {v6}/64 dev eth0 nodad"
        ));
    }
    neighbour
}

/// Sends datagrams to the `ports`, and uses and makes TCP connections to `tcp`, in both families, while `body` runs.
///
/// # Panics
///
/// If there can be no traffic at all before `body` runs.
pub fn while_sending<T>(
    host: &Netns,
    neighbour: &Netns,
    ports: &[u16],
    tcp: u16,
    body: impl FnOnce() -> T,
) -> (T, [Passed; 2]) {
    let flowing = AtomicBool::new(true);
    thread::scope(|scope| {
        let families = HOST.map(|address| {
            let address: IpAddr = address.parse().expect("an address");
            let ends = Ends::new(host, neighbour, address, ports, tcp);
            let flowing = &flowing;
            scope.spawn(move || ends.flow(neighbour, flowing))
        });
        // What was sent before the first change, and after the last, shows that the traffic itself is well.
        sleep(Duration::from_millis(100));
        let value = body();
        sleep(Duration::from_millis(100));
        flowing.store(false, Ordering::Relaxed);
        (value, families.map(|family| family.join().expect("the traffic ends")))
    })
}

/// The sockets of one family.
struct Ends {
    sockets: Vec<(u16, UdpSocket)>,
    listener: TcpListener,
    client: TcpStream,
    server: TcpStream,
}

impl Ends {
    fn new(host: &Netns, neighbour: &Netns, address: IpAddr, ports: &[u16], tcp: u16) -> Ends {
        let (sockets, listener) = host.enter(|| {
            let sockets = ports.iter().map(|port| {
                let socket = UdpSocket::bind((address, *port)).expect("the port is free");
                set_socket_recv_buffer_size_force(&socket, 64 << 20).expect("the buffer can be made large");
                socket.set_nonblocking(true).expect("a socket");
                (*port, socket)
            });
            (sockets.collect(), TcpListener::bind((address, tcp)).expect("the port is free"))
        });
        let client = neighbour.enter(|| TcpStream::connect((address, tcp)).expect("the host answers"));
        let (server, _) = listener.accept().expect("a connection");
        Ends { sockets, listener, client, server }
    }

    fn flow(mut self, neighbour: &Netns, flowing: &AtomicBool) -> Passed {
        let to = self.listener.local_addr().expect("an address");
        let limit = Some(Duration::from_secs(20));
        self.server.set_read_timeout(limit).expect("a socket");
        self.client.set_write_timeout(limit).expect("a socket");
        let ports: Vec<u16> = self.sockets.iter().map(|(port, _)| *port).collect();
        let listener = self.listener;
        let mut client = self.client;
        thread::scope(|scope| {
            let sending = scope.spawn(|| neighbour.enter(|| send(to.ip(), &ports, flowing)));
            let connecting = scope.spawn(|| neighbour.enter(|| connect(to, flowing)));
            let writing = scope.spawn(move || write(&mut client, flowing));
            let reading = scope.spawn(move || read_all(&mut self.server));
            scope.spawn(move || accept(&listener, flowing));
            let mut arrived = vec![0; ports.len()];
            while flowing.load(Ordering::Relaxed) {
                receive(&self.sockets, &mut arrived);
                sleep(PACE);
            }
            let sent = sending.join().expect("the sender ends");
            sleep(Duration::from_millis(50));
            receive(&self.sockets, &mut arrived);
            let (connections, mut failed) = connecting.join().expect("the connecting ends");
            let written = writing.join().expect("the writer ends");
            let read = reading.join().expect("the reader ends");
            let carried = [written, read].map(|result| {
                result.unwrap_or_else(|error| {
                    failed.push(format!("the connection that was there broke: {error}"));
                    0
                })
            });
            let datagrams = ports.iter().zip(sent).zip(arrived);
            let datagrams =
                datagrams.map(|((port, sent), arrived)| Datagrams { port: *port, sent, arrived }).collect();
            Passed { datagrams, carried, connections, failed }
        })
    }
}

fn send(to: IpAddr, ports: &[u16], flowing: &AtomicBool) -> Vec<u64> {
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let mut sent = vec![0; ports.len()];
    while flowing.load(Ordering::Relaxed) {
        for (port, sent) in ports.iter().zip(&mut sent) {
            let socket = UdpSocket::bind(any).expect("a socket");
            socket.send_to(&port.to_be_bytes(), (to, *port)).expect("the neighbour may send");
            *sent += 1;
        }
        sleep(PACE);
    }
    sent
}

/// Counts what has arrived by the port that it was sent to, which it tells itself: rules may have sent it to another.
fn receive(sockets: &[(u16, UdpSocket)], arrived: &mut [u64]) {
    let mut sent_to = [0; 2];
    for (_, socket) in sockets {
        loop {
            match socket.recv(&mut sent_to) {
                Ok(_) => {
                    let port = u16::from_be_bytes(sent_to);
                    let place = sockets.iter().position(|(other, _)| *other == port).expect("a port of ours");
                    arrived[place] += 1;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn connect(to: SocketAddr, flowing: &AtomicBool) -> (Vec<Duration>, Vec<String>) {
    let (mut took, mut failed) = (Vec::new(), Vec::new());
    while flowing.load(Ordering::Relaxed) {
        let start = Instant::now();
        match TcpStream::connect_timeout(&to, Duration::from_secs(3)) {
            // By now nobody may listen any more.
            _ if !flowing.load(Ordering::Relaxed) => {}
            Ok(_) => took.push(start.elapsed()),
            Err(error) => failed.push(format!("a new connection to {to}: {error}")),
        }
        sleep(PACE * 5);
    }
    (took, failed)
}

fn accept(listener: &TcpListener, flowing: &AtomicBool) {
    listener.set_nonblocking(true).expect("a socket");
    while flowing.load(Ordering::Relaxed) {
        // Whoever connects closes at once; what is left is closed with the listener.
        while listener.accept().is_ok() {}
        sleep(PACE);
    }
}

fn write(client: &mut TcpStream, flowing: &AtomicBool) -> std::io::Result<u64> {
    let mut written = 0;
    while flowing.load(Ordering::Relaxed) {
        client.write_all(&[1; 64])?;
        written += 64;
        sleep(PACE);
    }
    client.shutdown(std::net::Shutdown::Write)?;
    Ok(written)
}

fn read_all(server: &mut TcpStream) -> std::io::Result<u64> {
    let (mut read, mut buffer) = (0, [0; 4096]);
    loop {
        match server.read(&mut buffer)? {
            0 => return Ok(read),
            length => read += length as u64,
        }
    }
}
