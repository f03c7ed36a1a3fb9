//! One end of a connection, for tests that send packets: runs inside a namespace.
//!
//! `peer send` reads lines `FROM TO BYTES` from standard input and sends a datagram of that many bytes for each.
//! `peer listen ADDR:PORT` prints `ready` and takes TCP connections. `peer tcp ADDR:PORT` prints
//! `connected`, `refused` or `silent`; `peer udp ADDR:PORT` sends a datagram.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    if args.get(1).is_some_and(|what| what == "send") {
        return send();
    }
    let [_, what, address] = args.as_slice() else { panic!("what to do, and an address") };
    let address: SocketAddr = address.parse().expect("an address and a port");
    match what.as_str() {
        "listen" => {
            let listener = TcpListener::bind(address)?;
            println!("ready");
            for connection in listener.incoming() {
                drop(connection?);
            }
        }
        "tcp" => match TcpStream::connect_timeout(&address, Duration::from_secs(3)) {
            Ok(_) => println!("connected"),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => println!("refused"),
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
                println!("silent")
            }
            Err(error) => println!("{error}"),
        },
        "udp" => {
            let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            UdpSocket::bind(any)?.send_to(b"packet", address)?;
        }
        other => panic!("`{other}` is nothing to do"),
    }
    Ok(())
}

fn send() -> std::io::Result<()> {
    for line in std::io::stdin().lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        let [from, to, bytes] = words.as_slice() else { panic!("two ends and a length, not `{line}`") };
        let bytes = vec![0; bytes.parse().expect("a length")];
        UdpSocket::bind(from)?.send_to(&bytes, to)?;
    }
    Ok(())
}
