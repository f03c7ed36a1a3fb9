//! What the sender of a packet hears.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use fwdsl_runtime::family::Family;
use rustix::net::{RecvFlags, ipproto, recv};

use super::case::{Answer, Step};
use super::network::raw_socket;

/// How long an answer may take that is to come.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long silence is listened to. The kernel answers before it takes the next packet, and all have arrived.
const SILENCE: Duration = Duration::from_millis(50);

/// Sockets that hear ICMP errors and TCP resets.
#[derive(Debug)]
pub(super) struct Answers {
    family: Family,
    icmp: OwnedFd,
    tcp: OwnedFd,
    heard: std::cell::RefCell<Vec<Heard>>,
}

/// An answer, and by what its packet is known: its length in an error, its destination port in a reset.
#[derive(Debug)]
enum Heard {
    Icmp { kind: (u8, u8), length: usize },
    Reset { port: u16 },
}

impl Answers {
    /// Listens in the namespace of the calling thread.
    pub(super) fn listen(family: Family) -> Answers {
        let icmp = if family == Family::Ipv4 { ipproto::ICMP } else { ipproto::ICMPV6 };
        let [icmp, tcp] = [icmp, ipproto::TCP].map(|protocol| raw_socket(family, protocol));
        Answers { family, icmp, tcp, heard: Vec::new().into() }
    }

    /// What came back for a packet of this length.
    pub(super) fn to(&self, step: &Step, length: usize) -> Answer {
        let patience = if step.answer == Some(Answer::Silence) { SILENCE } else { PATIENCE };
        let deadline = Instant::now() + patience;
        loop {
            self.take();
            for heard in self.heard.borrow().iter() {
                match heard {
                    Heard::Icmp { kind: (ty, code), length: quoted } if *quoted == length => {
                        return Answer::Icmp(*ty, *code);
                    }
                    Heard::Reset { port } if step.probe.tcp_dport() == Some(*port) => return Answer::Reset,
                    _ => {}
                }
            }
            if Instant::now() > deadline {
                return Answer::Silence;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Takes what the sockets have heard.
    fn take(&self) {
        // An IPv4 socket gives the IP header along.
        let header = if self.family == Family::Ipv4 { 20 } else { 0 };
        let word = |bytes: &[u8], at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let mut buffer = [0u8; 2048];
        while let Ok((count, _)) = recv(&self.icmp, &mut buffer[..], RecvFlags::DONTWAIT) {
            let bytes = &buffer[header..count];
            let (at, more) = if self.family == Family::Ipv4 { (10, 0) } else { (12, 40) };
            if bytes.len() > at + 1 {
                let length = usize::from(word(bytes, at)) + more;
                self.heard.borrow_mut().push(Heard::Icmp { kind: (bytes[0], bytes[1]), length });
            }
        }
        while let Ok((count, _)) = recv(&self.tcp, &mut buffer[..], RecvFlags::DONTWAIT) {
            let bytes = &buffer[header..count];
            if bytes.len() >= 20 && bytes[13] & super::probe::RST != 0 {
                self.heard.borrow_mut().push(Heard::Reset { port: word(bytes, 0) });
            }
        }
    }
}
