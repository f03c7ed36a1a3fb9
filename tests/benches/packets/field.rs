//! Two network namespaces, of which one sends packets to the other, which holds rules.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::{Duration, Instant};

use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl_runtime::analysis::Packet;
use fwdsl_tests::netns::Netns;
use fwdsl_tests::wire::{Fragment, IpPacket, Transport};
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, ipproto, sendto, socket_with};

use super::shapes::TARGET;

/// How long one round takes for one kind of rules, about: less than what a scheduler gives a process at once.
const ROUND: Duration = Duration::from_micros(600);
/// How often rules are loaded.
const LOADS: usize = 7;

/// See the module.
pub(crate) struct Field {
    variant: Variant,
    receiver: Netns,
    _sender: Netns,
    socket: OwnedFd,
}

/// The least and the median of some times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) least: f64,
    pub(crate) median: f64,
}

impl Times {
    fn of(mut all: Vec<f64>) -> Times {
        all.sort_by(f64::total_cmp);
        Times { least: all[0], median: all[all.len() / 2] }
    }
}

impl Field {
    /// Makes the namespaces, and loads sets and rules.
    pub(crate) fn new(variant: Variant, sets: &str, rules: &str) -> Field {
        let (receiver, sender) = (Netns::new(), Netns::new());
        let name = receiver.name();
        receiver.sh("for of in all default; do echo 0 >/proc/sys/net/ipv4/conf/$of/rp_filter; done");
        sender.sh(&format!("ip link add out0 type veth peer name in0 netns {name}; ip link set out0 up"));
        receiver.sh(&format!(
            "echo 0 >/proc/sys/net/ipv4/conf/in0/rp_filter; ip addr add {TARGET}/32 dev in0; ip link set in0 up
             ip route add default dev in0"
        ));
        // Nobody is asked for hardware addresses.
        let address = receiver.sh("cat /sys/class/net/in0/address 2>/dev/null || ip -br link show in0");
        let address = address.split_whitespace().find(|word| word.matches(':').count() == 5).expect("one");
        sender.sh(&format!(
            "ip addr add 10.201.0.1/32 dev out0; ip route add {TARGET}/32 dev out0
             ip neigh add {TARGET} lladdr {address} dev out0 nud permanent"
        ));
        let socket = sender.enter(|| {
            let flags = SocketFlags::CLOEXEC;
            socket_with(AddressFamily::INET, SocketType::RAW, flags, Some(ipproto::RAW)).expect("a socket")
        });
        let field = Field { variant, receiver, _sender: sender, socket };
        if !sets.is_empty() {
            field.run("ipset", sets);
        }
        field.load(rules);
        field
    }

    fn load(&self, rules: &str) -> Duration {
        self.run(&self.variant.program(Family::Ipv4, "restore"), rules)
    }

    fn run(&self, program: &str, text: &str) -> Duration {
        let mut command = self.receiver.command(program);
        if program == "ipset" {
            command.arg("restore");
        }
        let start = Instant::now();
        let mut child = command.stdin(Stdio::piped()).spawn().expect("the program runs");
        child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
        let status = child.wait().expect("it ends");
        assert!(status.success(), "{program}: {status}");
        start.elapsed()
    }

    /// Sends a packet so many times, and gives back how long each took.
    fn send(&self, bytes: &[u8], count: usize) -> f64 {
        let to = SocketAddr::new(TARGET.into(), 0);
        let start = Instant::now();
        for _ in 0..count {
            let sent = sendto(&self.socket, bytes, SendFlags::empty(), &to).expect("it is sent");
            debug_assert_eq!(sent, bytes.len());
        }
        start.elapsed().as_secs_f64() * 1e6 / count as f64
    }

    /// How many packets have come to INPUT's rules or end: those of a rule that counts all.
    fn received(&self) -> u64 {
        let text = self.receiver.sh("cat /proc/net/snmp");
        let mut lines = text.lines().filter(|line| line.starts_with("Ip:")).map(str::split_whitespace);
        let (mut names, mut values) = (lines.next().expect("names"), lines.next().expect("values"));
        let place = names.position(|name| name == "InReceives").expect("the name");
        values.nth(place).expect("a value").parse().expect("a number")
    }
}

fn bytes_of(packet: &Packet) -> Vec<u8> {
    let ports = [packet.sport, packet.dport];
    let transport = match packet.protocol {
        6 => Transport::Tcp { ports, flags: 2, options: Vec::new() },
        17 => Transport::Udp { ports, payload: Vec::new() },
        other => Transport::Other(other, vec![0; 8]),
    };
    let (from, to): (IpAddr, IpAddr) = (packet.from, TARGET.into());
    IpPacket { from, to, ttl: 64, tos: 0, fragment: Fragment::Whole, headers: Vec::new(), transport }
        .bytes(60)
}

/// Sends through each field in turn, again and again.
pub(crate) fn send_in_turn(fields: &[Field], packets: &[&Packet], rounds: usize) -> Vec<Times> {
    let bytes: Vec<Vec<u8>> = packets.iter().map(|packet| bytes_of(packet)).collect();
    let counts: Vec<usize> = fields
        .iter()
        .zip(&bytes)
        .map(|(field, bytes)| {
            let before = field.received();
            let each = field.send(bytes, 100);
            assert_eq!(field.received() - before, 100, "every packet comes to the rules");
            let each = each.min(field.send(bytes, 20));
            ((ROUND.as_secs_f64() * 1e6 / each) as usize).clamp(3, 1_000)
        })
        .collect();
    let mut times = vec![Vec::new(); fields.len()];
    for _ in 0..rounds {
        for (number, field) in fields.iter().enumerate() {
            times[number].push(field.send(&bytes[number], counts[number]));
        }
    }
    times.into_iter().map(Times::of).collect()
}

/// Loads texts in turn, again and again, each in its field; in milliseconds.
pub(crate) fn load_in_turn(fields: &[Field], texts: &[&String]) -> Vec<Times> {
    let mut times = vec![Vec::new(); fields.len()];
    for _ in 0..LOADS {
        for (number, field) in fields.iter().enumerate() {
            times[number].push(field.load(texts[number]).as_secs_f64() * 1000.0);
        }
    }
    times.into_iter().map(Times::of).collect()
}
