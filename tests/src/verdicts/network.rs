//! A host whose packets go wherever their type of service says, and a sender on each of its links.

use std::collections::HashMap;
use std::io::Write;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::io::Errno;
use rustix::net::sockopt::{set_ip_tos, set_ipv6_tclass, set_socket_broadcast};
use rustix::net::{SendFlags, ipproto, netdevice, sendto};

use fwdsl_runtime::family::Family;
use fwdsl_runtime::table::TableName;

use super::flows::Flow;
use super::observer::Observer;
use crate::constructs::network::raw_socket;
use crate::netns::Netns;

/// The host's links besides `lo`; random rules speak of them.
pub(super) const LINKS: [&str; 6] = ["eth0", "eth1", "eth0.100", "br-lan", "wg7", "WAN"];
/// On the first link, what is sent to an address with this last byte is sent to everybody.
pub(super) const TO_EVERYBODY: u8 = 9;

/// Whether the host tracks connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conntrack {
    /// It does, and so puts fragments together.
    On,
    /// Nothing asks for it.
    Off,
}

/// Where the host sends a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// To itself.
    Local,
    /// Out by a link.
    Out(usize),
}

impl Route {
    /// The type of service that stands for it.
    pub(super) fn tos(self) -> u8 {
        match self {
            Route::Local => 0,
            Route::Out(link) => 4 * (link as u8 + 1),
        }
    }
}

/// Who sends a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// The host.
    Host,
    /// Whoever is on a link.
    Link(usize),
}

/// The host, its senders and what watches it.
#[derive(Debug)]
pub struct Host {
    pub(super) netns: Netns,
    pub(super) conntrack: Conntrack,
    pub(super) observer: Observer,
    /// The connections that there are, once they are made.
    pub(super) flows: HashMap<Family, Vec<Flow>>,
    /// What the observer looks at.
    pub(super) observed: Option<(Family, TableName)>,
    /// By link and family: what is sent there, and the number of the device.
    links: Vec<([OwnedFd; 2], u32)>,
    /// By route and family.
    own: Vec<[OwnedFd; 2]>,
    // The sockets above are theirs.
    _senders: Vec<Netns>,
}

impl Host {
    /// Makes it.
    ///
    /// # Panics
    ///
    /// If it cannot be done; ask [`crate::netns::require`] first.
    #[must_use]
    pub fn new(conntrack: Conntrack) -> Host {
        let netns = Netns::new();
        let senders: Vec<Netns> = LINKS.iter().map(|_| Netns::new()).collect();
        netns.sh(
            "for key in all default; do cd /proc/sys/net/ipv4/conf/$key; echo 0 >rp_filter; echo 1 >accept_local\n\
             echo 1 >route_localnet; echo 0 >send_redirects; cd /proc/sys/net/ipv6/conf/$key; echo 0 >accept_ra\n\
             echo 0 >accept_redirects; done; cd /proc/sys/net; echo 1 >ipv4/ip_forward\n\
             echo 1 >ipv6/conf/all/forwarding; echo 0 >ipv4/icmp_ratelimit; echo 0 >ipv6/icmp/ratelimit\n\
             echo 1000000 >ipv4/icmp_msgs_per_sec; echo 100000 >ipv4/icmp_msgs_burst\n\
             echo 0 >ipv4/icmp_echo_ignore_broadcasts",
        );
        let (mut lines, mut lines6) = ("link set lo up\n".to_owned(), String::new());
        for (index, (link, sender)) in LINKS.iter().zip(&senders).enumerate() {
            // Both ends have one hardware address and nobody asks for it, so that whatever is sent comes out at the
            // other end as a packet for that host.
            let address = format!("address 02:00:00:00:00:{:02x}", index + 1);
            sender.sh(&format!(
                "for key in all default; do echo 0 >/proc/sys/net/ipv6/conf/$key/accept_ra; done\n\
                 ip -batch - <<END\n\
                 link set lo up\n\
                 link add p {address} type veth peer name {link} {address} netns {}\n\
                 link set p arp off addrgenmode none up\n\
                 addr add fd99:{index}::1/128 dev p nodad\n\
                 route add default dev p\n\
                 route add ::/0 dev p\n\
                 END",
                netns.name()
            ));
            lines.push_str(&format!("link set {link} arp off addrgenmode none up\n"));
            lines.push_str(&format!("addr add fd98:{index}::1/128 dev {link} nodad\n"));
            let (table, tos) = (100 + index, Route::Out(index).tos());
            lines.push_str(&format!("route add default dev {link} table {table}\n"));
            lines.push_str(&format!("route add ::/0 dev {link} table {table}\n"));
            lines.push_str(&format!("rule add pref 10 tos {tos:#x} lookup {table}\n"));
            lines6.push_str(&format!("rule add pref 10 tos {tos:#x} lookup {table}\n"));
        }
        lines.push_str(
            "route add local default dev lo table local\nroute add local ::/0 dev lo table local\n",
        );
        for lines in [&mut lines, &mut lines6] {
            lines.push_str("rule add pref 20 lookup local\nrule del pref 0\n");
        }
        netns.sh(&format!("ip -batch - <<END\n{lines}END\nip -6 -batch - <<END\n{lines6}END"));
        senders[0].sh(&everybody());
        let sockets =
            |netns: &Netns| netns.enter(|| Family::ALL.map(|family| raw_socket(family, ipproto::RAW)));
        let links = senders.iter().map(|sender| {
            let [ipv4, ipv6] = sockets(sender);
            set_socket_broadcast(&ipv4, true).expect("root may send to everybody");
            let device = netdevice::name_to_index(&ipv4, "p").expect("the link is there");
            ([ipv4, ipv6], device)
        });
        let routes = std::iter::once(Route::Local).chain((0..LINKS.len()).map(Route::Out));
        let own = routes.map(|route| {
            let [ipv4, ipv6] = sockets(&netns);
            set_ip_tos(&ipv4, route.tos()).expect("a type of service");
            set_ipv6_tclass(&ipv6, route.tos().into()).expect("a traffic class");
            [ipv4, ipv6]
        });
        let (links, own) = (links.collect(), own.collect());
        let observer = Observer::new(&netns);
        let flows = HashMap::new();
        Host { netns, conntrack, observer, flows, observed: None, links, own, _senders: senders }
    }

    /// Loads rules of `nft`.
    ///
    /// # Panics
    ///
    /// If the kernel refuses them.
    pub(super) fn load(&self, rules: &str) {
        let mut nft = self.netns.command("nft");
        let mut nft = nft.args(["-f", "-"]).stdin(Stdio::piped()).spawn().expect("nft runs");
        nft.stdin.take().expect("a pipe").write_all(rules.as_bytes()).expect("nft reads");
        assert!(nft.wait().expect("nft ends").success(), "{rules}");
    }

    /// Sends a packet; the route is for what the host sends itself.
    ///
    /// # Panics
    ///
    /// If the kernel does not take it.
    pub(super) fn send(&self, sender: Sender, route: Route, to: IpAddr, bytes: &[u8]) {
        let family = usize::from(to.is_ipv6());
        let (socket, device) = match (sender, route) {
            (Sender::Link(link), _) => (&self.links[link].0[family], self.links[link].1),
            (Sender::Host, Route::Local) => (&self.own[0][family], 0),
            (Sender::Host, Route::Out(link)) => (&self.own[1 + link][family], 0),
        };
        let to = match to {
            IpAddr::V4(_) => SocketAddr::new(to, 0),
            IpAddr::V6(to) => SocketAddrV6::new(to, 0, 0, device).into(),
        };
        match sendto(socket, bytes, SendFlags::empty(), &to) {
            // A rule in OUTPUT has dropped it, which is for the observer to tell.
            Ok(_) | Err(Errno::PERM) => {}
            Err(error) => panic!("to {to} from {sender:?} by {route:?}: {error}\n{bytes:x?}"),
        }
    }
}

/// Commands for the sender of the first link that send what is for some addresses to everybody.
fn everybody() -> String {
    let addresses = [format!("10.0.0.{TO_EVERYBODY}"), format!("2001:db8::{TO_EVERYBODY:x}")];
    let entry = |address| format!("ip neigh add {address} lladdr ff:ff:ff:ff:ff:ff dev p nud permanent\n");
    addresses.map(entry).concat()
}
