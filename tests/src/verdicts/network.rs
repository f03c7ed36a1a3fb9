//! A host whose packets go wherever their type of service says, and a sender at the other end of its links.

use std::collections::HashMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::io::Errno;
use rustix::net::sockopt::{set_ip_tos, set_ipv6_tclass};
use rustix::net::{SendFlags, ipproto, sendto};

use fwdsl_runtime::analysis::PacketType;
use fwdsl_runtime::family::Family;

use super::flows::Flow;
use super::observer::{Observed, Observer};
use crate::constructs::network::raw_socket;
use crate::netns::Netns;
use crate::nfnetlink::netfilter_socket;

/// The host's links besides `lo`; random rules speak of them.
pub(super) const LINKS: [&str; 6] = ["eth0", "eth1", "eth0.100", "br-lan", "wg7", "WAN"];
/// How many links there can be at most.
pub(super) const LINKS_MAX: usize = 60;
/// How many links the host can send packets to at a time: `ip rule` knows three bits of the type of service in IPv4.
const ROUTES: usize = 7;
/// The first routing table of these.
const FIRST_TABLE: usize = 100;

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
            Route::Out(link) => 4 * ((link % ROUTES) as u8 + 1),
        }
    }

    /// Of which group of links it is one, to which the host can send at the same time.
    pub(super) fn group(self) -> usize {
        match self {
            Route::Local => 0,
            Route::Out(link) => link / ROUTES,
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
    /// Asks connection tracking.
    pub(super) tracker: OwnedFd,
    /// The connections that there are, once they are made.
    pub(super) flows: HashMap<Family, Vec<Flow>>,
    /// What the observer looks at.
    pub(super) observed: Option<(Family, Observed)>,
    /// The names of the links.
    pub(super) links: Vec<String>,
    /// What is sent by a link, by family.
    outside: [OwnedFd; 2],
    /// By route and family.
    own: Vec<[OwnedFd; 2]>,
    // The sockets above are its.
    _senders: Netns,
}

impl Host {
    /// Makes one whose links are `LINKS`.
    ///
    /// # Panics
    ///
    /// If it cannot be done; ask [`crate::netns::require`] first.
    #[must_use]
    pub fn new(conntrack: Conntrack) -> Host {
        Host::with_links(conntrack, LINKS.map(str::to_owned).into())
    }

    /// Makes one with links of these names.
    ///
    /// # Panics
    ///
    /// If it cannot be done; ask [`crate::netns::require`] first.
    #[must_use]
    pub fn with_links(conntrack: Conntrack, links: Vec<String>) -> Host {
        assert!(links.len() <= LINKS_MAX, "there is an address for each link");
        let (netns, senders) = (Netns::new(), Netns::new());
        netns.sh(
            "for key in all default; do cd /proc/sys/net/ipv4/conf/$key; echo 0 >rp_filter; echo 1 >accept_local\n\
             echo 1 >route_localnet; echo 0 >send_redirects; cd /proc/sys/net/ipv6/conf/$key; echo 0 >accept_ra\n\
             echo 0 >accept_redirects; done; cd /proc/sys/net; echo 1 >ipv4/ip_forward\n\
             echo 1 >ipv6/conf/all/forwarding; echo 0 >ipv4/icmp_ratelimit; echo 0 >ipv6/icmp/ratelimit\n\
             echo 1000000 >ipv4/icmp_msgs_per_sec; echo 100000 >ipv4/icmp_msgs_burst\n\
             echo 0 >ipv4/icmp_echo_ignore_broadcasts",
        );
        let mut outside = format!(
            "link set lo up\n{}",
            "addr add fd99::1/128 dev lo nodad\naddr add 100.65.0.1/32 dev lo\n"
        );
        let (mut inside, mut inside6) = ("link set lo up\n".to_owned(), String::new());
        for (index, link) in links.iter().enumerate() {
            // Both ends have one hardware address and nobody asks for it, so that whatever is sent comes out at the
            // other end as a packet for that host.
            let mac = format!("02:00:00:00:00:{:02x}", index + 1);
            outside.push_str(&format!(
                "link add p{index} address {mac} type veth peer name {link} address {mac} netns {}\n\
                 link set p{index} arp off addrgenmode none up\n",
                netns.name()
            ));
            for (packet_type, mac) in ADDRESSEES {
                for family in Family::ALL {
                    let to = gate(family, index, packet_type);
                    outside.push_str(&format!("route add {to} dev p{index}\n"));
                    if let Some(mac) = mac {
                        outside
                            .push_str(&format!("neigh add {to} lladdr {mac} dev p{index} nud permanent\n"));
                    }
                }
            }
            // An address of each scope, for what is redirected to one.
            inside.push_str(&format!(
                "link set {link} arp off addrgenmode none up\n\
                 addr add fd98:{index:x}::1/128 dev {link} nodad\naddr add 100.64.{index}.1/32 dev {link}\n\
                 addr add fe80::{index:x}:1/128 dev {link} nodad\naddr add ::100.64.{index}.1/128 dev {link} nodad\n"
            ));
        }
        for slot in 0..ROUTES {
            let (table, tos) = (FIRST_TABLE + slot, Route::Out(slot).tos());
            for lines in [&mut inside, &mut inside6] {
                lines.push_str(&format!("rule add pref 10 tos {tos:#x} lookup {table}\n"));
            }
        }
        inside.push_str(
            "route add local default dev lo table local\nroute add local ::/0 dev lo table local\n",
        );
        for lines in [&mut inside, &mut inside6] {
            lines.push_str("rule add pref 20 lookup local\nrule del pref 0\n");
        }
        senders.sh(&format!(
            "for key in all default; do echo 0 >/proc/sys/net/ipv6/conf/$key/accept_ra; done\n\
             ip -batch - <<END\n{outside}END"
        ));
        netns.sh(&format!("ip -batch - <<END && ip -6 -batch - <<END6\n{inside}END\n{inside6}END6"));
        let sockets =
            |netns: &Netns| netns.enter(|| Family::ALL.map(|family| raw_socket(family, ipproto::RAW)));
        let routes = std::iter::once(Route::Local).chain((0..ROUTES).map(Route::Out));
        let own = routes.map(|route| {
            let [ipv4, ipv6] = sockets(&netns);
            set_ip_tos(&ipv4, route.tos()).expect("a type of service");
            set_ipv6_tclass(&ipv6, route.tos().into()).expect("a traffic class");
            [ipv4, ipv6]
        });
        let (own, outside) = (own.collect(), sockets(&senders));
        let (observer, tracker) = (Observer::new(&netns), netns.enter(netfilter_socket));
        let (flows, observed) = (HashMap::new(), None);
        let host = Host {
            netns,
            conntrack,
            observer,
            tracker,
            flows,
            observed,
            links,
            outside,
            own,
            _senders: senders,
        };
        host.send_to_group(0);
        host
    }

    /// Sends packets to the links of a group from now on.
    ///
    /// # Panics
    ///
    /// If it cannot be done.
    pub(super) fn send_to_group(&self, group: usize) {
        let mut lines = String::new();
        for (slot, link) in self.links.iter().skip(group * ROUTES).take(ROUTES).enumerate() {
            for network in ["default", "::/0"] {
                lines.push_str(&format!("route replace {network} dev {link} table {}\n", FIRST_TABLE + slot));
            }
        }
        self.netns.sh(&format!("ip -batch - <<END\n{lines}END"));
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

    /// Sends a packet, which a link brings as one of a type; the route is for what the host sends itself.
    ///
    /// # Panics
    ///
    /// If the kernel does not take it.
    pub(super) fn send(
        &self,
        sender: Sender,
        route: Route,
        packet_type: PacketType,
        to: IpAddr,
        bytes: &[u8],
    ) {
        let family = if to.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
        let of_family = usize::from(to.is_ipv6());
        let (socket, to) = match (sender, route) {
            // What a packet says of its destination is for the host to read.
            (Sender::Link(link), _) => (&self.outside[of_family], gate(family, link, packet_type)),
            (Sender::Host, Route::Local) => (&self.own[0][of_family], to),
            (Sender::Host, Route::Out(link)) => (&self.own[1 + link % ROUTES][of_family], to),
        };
        match sendto(socket, bytes, SendFlags::empty(), &SocketAddr::new(to, 0)) {
            // A rule in OUTPUT has dropped it, which is for the observer to tell.
            Ok(_) | Err(Errno::PERM) => {}
            Err(error) => panic!("to {to} from {sender:?} by {route:?}: {error}\n{bytes:x?}"),
        }
    }
}

/// Whom a link brings packets to, with the hardware address that says so, which is that of the link if there is none.
const ADDRESSEES: [(PacketType, Option<&str>); 3] = [
    (PacketType::Unicast, None),
    (PacketType::Broadcast, Some("ff:ff:ff:ff:ff:ff")),
    (PacketType::Multicast, Some("33:33:00:00:00:01")),
];

/// The address by which senders reach the host over a link, for packets of a type.
fn gate(family: Family, link: usize, packet_type: PacketType) -> IpAddr {
    let number =
        ADDRESSEES.iter().position(|(other, _)| *other == packet_type).expect("links bring such packets");
    match family {
        Family::Ipv4 => Ipv4Addr::new(100, 66, link as u8, 1 + number as u8).into(),
        Family::Ipv6 => Ipv6Addr::new(0xfd97, link as u16, 0, 0, 0, 0, 0, 1 + number as u16).into(),
    }
}
