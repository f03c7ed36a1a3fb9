//! `--drop-revoked`: the connections that lost their permission are ended, and no others.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS};
use fwdsl_tests::steady::{HOST, NEIGHBOUR, neighbour};
use serde_json::{Value, json};

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");

/// A host behind the host.
const INNER: [&str; 2] = ["10.8.0.2", "fd08::2"];

/// Ports of the host: two for TCP; for UDP one that closes, one with a rate, one that closes by a set, one that stays by it.
const CLOSING: u16 = 5001;
const OPEN: u16 = 5002;
const UDP: u16 = 5004;
const LIMITED: u16 = 5005;
const BY_SET: u16 = 5006;
/// Ports of the inner host, and the one of the host from which one of them is reached.
const WEB: u16 = 80;
const MAIL: u16 = 25;
const SENT_ON: u16 = 8080;

fn policy(rest: &str, forward: &str, allowed: &str) -> Value {
    let source = format!(
        "set ALLOWED: net {{ [{allowed}] }}
         chain INPUT policy drop {{
             in lo => accept;
             ct established|related => accept;
             icmpv6 [neighbour-solicitation, neighbour-advertisement] => accept;
             tcp dport {OPEN} => accept;
             udp dport {LIMITED} limit 100/s burst 100 => accept;
             udp dport {BY_SET} from @ALLOWED => accept;
             {rest}
         }}
         chain FORWARD policy drop {{
             ct established|related => accept;
             icmpv6 [neighbour-solicitation, neighbour-advertisement] => accept;
             tcp dport {MAIL} => accept;
             {forward}
         }}
         table nat {{ chain PREROUTING policy accept {{
             family ipv4 tcp dport {SENT_ON} => dnat(to {inner}:{WEB});
             family ipv6 tcp dport {SENT_ON} => dnat(to [{inner6}]:{WEB});
         }} }}",
        inner = INNER[0],
        inner6 = INNER[1],
    );
    json!({ "policy": source })
}

/// Joins another host, which the neighbour reaches through the first.
fn inner(host: &Netns, neighbour: &Netns) -> Netns {
    let inner = Netns::new();
    host.sh(&format!(
        "ip link add eth1 type veth peer name eth0 netns {} && ip link set eth1 up && ip addr add 10.8.0.1/24 dev eth1 && \
         ip addr add fd08::1/64 dev eth1 nodad && echo 1 >/proc/sys/net/ipv4/ip_forward && \
         echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
        inner.name()
    ));
    inner.sh(&format!(
        "ip link set lo up && ip link set eth0 up && ip addr add {}/24 dev eth0 && ip addr add {}/64 dev eth0 nodad && \
         ip route add default via 10.8.0.1 && ip route add default via fd08::1",
        INNER[0], INNER[1]
    ));
    neighbour
        .sh(&format!("ip route add 10.8.0.0/24 via {} && ip route add fd08::/64 via {}", HOST[0], HOST[1]));
    inner
}

/// Both ends of a TCP connection.
struct Tcp {
    client: TcpStream,
    server: TcpStream,
}

impl Tcp {
    fn new(server: &Netns, at: IpAddr, port: u16, client: &Netns, to: IpAddr, by: u16) -> Tcp {
        let listener = server.enter(|| TcpListener::bind((at, port)).expect("the port is free"));
        let client = client.enter(|| TcpStream::connect((to, by)).expect("the server answers"));
        let (server, _) = listener.accept().expect("a connection");
        let limit = Some(Duration::from_millis(400));
        for end in [&client, &server] {
            end.set_read_timeout(limit).expect("a socket");
        }
        Tcp { client, server }
    }

    /// Whether something goes through, there and back.
    fn lives(&mut self) -> bool {
        let through = |from: &mut TcpStream, to: &mut TcpStream| {
            from.write_all(b"x").is_ok() && matches!(to.read(&mut [0; 8]), Ok(1..))
        };
        through(&mut self.client, &mut self.server) && through(&mut self.server, &mut self.client)
    }

    /// Whether the client was told that it is over.
    fn is_reset(&mut self) -> bool {
        let read = self.client.read(&mut [0; 8]);
        matches!(read, Err(error) if error.kind() == ErrorKind::ConnectionReset)
    }
}

/// A flow of datagrams.
struct Udp {
    client: UdpSocket,
    server: UdpSocket,
}

impl Udp {
    fn new(host: &Netns, neighbour: &Netns, to: IpAddr, port: u16) -> Udp {
        let server = host.enter(|| UdpSocket::bind((to, port)).expect("the port is free"));
        server.set_read_timeout(Some(Duration::from_millis(400))).expect("a socket");
        let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let client = neighbour.enter(|| UdpSocket::bind(any).expect("a socket"));
        client.connect((to, port)).expect("an address");
        let flow = Udp { client, server };
        assert!(flow.lives());
        flow
    }

    fn lives(&self) -> bool {
        self.client.send(b"x").is_ok() && self.server.recv(&mut [0; 8]).is_ok()
    }
}

/// The lines of a report about connections: protocol and destination port.
fn told(report: &Value, list: &str, family: Family) -> Vec<String> {
    let all = report["report"]["connections"][list].as_array().expect("a list");
    let of_family = all.iter().filter(|connection| connection["family"] == family.name());
    let mut lines: Vec<String> = of_family
        .map(|connection| format!("{} {}", connection["protocol"].as_str().unwrap(), connection["ports"][1]))
        .collect();
    lines.sort();
    lines
}

fn each_variant(test: impl Fn(Variant) + Sync) {
    if require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        thread::scope(|scope| {
            for variant in VARIANTS {
                let test = &test;
                scope.spawn(move || test(variant));
            }
        });
    }
}

#[test]
fn connections_that_lost_their_permission_are_ended_and_no_others() {
    each_variant(|variant| {
        let host = Sandbox::new(variant, DRIVER);
        let neighbour = neighbour(&host.netns);
        let inner = inner(&host.netns, &neighbour);
        let all = format!("{}, {}", NEIGHBOUR[0], NEIGHBOUR[1]);
        let more = format!("tcp dport {CLOSING} => accept; udp dport {UDP} => accept;");
        host.desire(&policy(&more, &format!("tcp dport {WEB} => accept;"), &all));
        host.apply_well(&["--replace-foreign"]);
        let mut flows = Vec::new();
        for (family, index) in Family::ALL.into_iter().zip(0..) {
            let [at, behind] = [HOST[index], INNER[index]].map(|address| address.parse::<IpAddr>().unwrap());
            let own = |port| Tcp::new(&host.netns, at, port, &neighbour, at, port);
            let through = |port, to, by| Tcp::new(&inner, behind, port, &neighbour, to, by);
            let tcp = [own(CLOSING), own(OPEN), through(MAIL, behind, MAIL), through(WEB, at, SENT_ON)];
            let udp = [UDP, LIMITED, BY_SET].map(|port| Udp::new(&host.netns, &neighbour, at, port));
            flows.push((family, tcp, udp));
        }
        // Only the IPv4 neighbour stays in the set.
        host.desire(&policy("", "", NEIGHBOUR[0]));
        let told_before = host.apply_well(&["--dry-run", "--drop-revoked"]);
        let report = host.apply_well(&["--drop-revoked"]);
        for (family, tcp, udp) in &mut flows {
            let case = format!("{variant} {family}: {}", report["report"]["connections"]);
            let mut ended = vec![format!("tcp {CLOSING}"), format!("tcp {SENT_ON}"), format!("udp {UDP}")];
            if *family == Family::Ipv6 {
                ended.push(format!("udp {BY_SET}"));
            }
            ended.sort();
            assert_eq!(told(&report, "ended", *family), ended, "{case}");
            assert_eq!(told(&report, "undecided", *family), [format!("udp {LIMITED}")], "{case}");
            // What is in a set that is not made yet, nobody knows yet.
            ended.retain(|line| !line.ends_with(&BY_SET.to_string()));
            assert_eq!(told(&told_before, "ended", *family), ended, "{told_before}");
            assert!(tcp[0].is_reset(), "{case}");
            assert_eq!([1, 2, 3].map(|at| tcp[at].lives()), [true, true, false], "{case}");
            let by_set = *family == Family::Ipv4;
            assert_eq!([0, 1, 2].map(|at| udp[at].lives()), [false, true, by_set], "{case}");
        }
        // Nothing more has lost its permission.
        let again = host.apply_well(&["--drop-revoked"]);
        assert_eq!(again["report"]["connections"], json!({ "ended": [], "undecided": [] }));
    });
}

#[test]
fn without_the_option_and_where_the_kernel_routes_by_more_than_addresses_nothing_is_ended() {
    each_variant(|variant| {
        let host = Sandbox::new(variant, DRIVER);
        let neighbour = neighbour(&host.netns);
        let open = policy(&format!("tcp dport {CLOSING} => accept;"), "", NEIGHBOUR[0]);
        let closed = policy("", "", NEIGHBOUR[0]);
        host.desire(&open);
        host.apply_well(&["--replace-foreign"]);
        let at: IpAddr = HOST[0].parse().unwrap();
        let mut tcp = Tcp::new(&host.netns, at, CLOSING, &neighbour, at, CLOSING);
        host.desire(&closed);
        assert_eq!(host.apply_well(&[])["report"].get("connections"), None);
        assert!(tcp.lives());
        host.desire(&open);
        host.apply_well(&[]);
        host.netns.sh("ip rule add fwmark 1 table 7");
        host.desire(&closed);
        let report = host.apply_well(&["--drop-revoked"]);
        assert_eq!(told(&report, "ended", Family::Ipv4), [""; 0]);
        assert_eq!(told(&report, "undecided", Family::Ipv4), [format!("tcp {CLOSING}")]);
        assert!(
            report["report"]["connections"]["undecided"][0]["note"].as_str().unwrap().contains("interfaces")
        );
        assert!(tcp.lives());
    });
}
