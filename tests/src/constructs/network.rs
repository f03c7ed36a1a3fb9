//! Two namespaces, host and peer, joined by several links on which nobody talks of himself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{AddressFamily, Protocol, SendFlags, SocketType, ipproto, sendto, socket};

use fwdsl_runtime::family::Family;

use crate::netns::Netns;
use crate::nfnetlink::{add_account, add_udp_timeout};
use crate::wire::IpPacket;

/// The host's interfaces; the peer's are `p0`, `p1` and so on. Packets use the first unless they say otherwise.
pub const LINKS: [&str; 8] = ["eth0", "eth1", "wg7", "WAN", "br-lan", "eth0.100", "port0", "port1"];
/// Of these, the ports of the bridge `br0`.
const PORTS: [usize; 2] = [6, 7];

/// What the host takes for its own beside the addresses of its links, so that a packet to any of them comes
/// to INPUT.
const OWN: [&str; 10] = [
    "10.0.0.0/8",
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "255.255.255.254/32",
    "2001:db8::/32",
    "2001:db9::/32",
    "fd77::/16",
    "::ffff:0:0/96",
    "::/96",
];

/// The host that rules are loaded in, and its peer.
#[derive(Debug)]
pub struct Network {
    /// Where the rules are.
    pub host: Netns,
    /// Where most packets come from.
    pub peer: Netns,
}

impl Network {
    /// Makes both.
    ///
    /// # Panics
    ///
    /// If it cannot be done; ask [`crate::netns::require`] first.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a network is not a default of anything")]
    pub fn new() -> Network {
        let [host, peer] = [Netns::new(), Netns::new()];
        let sysctls = "for key in all default; do cd /proc/sys/net/ipv4/conf/$key; echo 0 >rp_filter; echo 1 >accept_local; \
                       echo 0 >send_redirects; cd /proc/sys/net/ipv6/conf/$key; echo 0 >accept_ra; echo 0 >accept_redirects; done; \
                       ip link set lo up;";
        // An answer for each packet that is rejected, however many they are.
        host.sh(&format!(
            "{sysctls} echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding;\n\
             echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; echo 0 >/proc/sys/net/ipv6/icmp/ratelimit\n\
             echo 1 >/proc/sys/net/netfilter/nf_conntrack_acct"
        ));
        peer.sh(sysctls);
        let (mut on_host, mut on_peer) = (String::new(), String::new());
        for (index, link) in LINKS.into_iter().enumerate() {
            // Both ends have one hardware address and nobody asks for it: what is sent here comes out there,
            // whatever address it is for, and nothing else does.
            let address = format!("address 02:00:00:00:00:{:02x}", index + 1);
            on_peer.push_str(&format!(
                "link add p{index} {address} type veth peer name {link} {address} netns {}\n",
                host.name()
            ));
            for (lines, name, own) in [(&mut on_host, link, 2), (&mut on_peer, &*format!("p{index}"), 1)] {
                lines.push_str(&format!("link set {name} arp off addrgenmode none up\n"));
                for family in Family::ALL {
                    let length = if family == Family::Ipv4 { 24 } else { 64 };
                    lines.push_str(&format!("addr add {}/{length} dev {name}\n", end(family, index, own)));
                }
            }
            on_peer.push_str(&format!("route add 172.{}.0.0/16 dev p{index}\n", 20 + index));
            on_peer.push_str(&format!("route add fd01:0:{index:x}::/48 dev p{index}\n"));
            for via in 0..LINKS.len() {
                let realm = if link == "br-lan" { "realm 5" } else { "" };
                let ipv4 = beyond(Family::Ipv4, via, index);
                on_host.push_str(&format!("route add {ipv4}/32 dev {link} {realm}\n"));
                on_host.push_str(&format!("route add {}/128 dev {link}\n", beyond(Family::Ipv6, via, index)));
            }
        }
        for own in OWN {
            on_host.push_str(&format!("route add local {own} dev lo\n"));
        }
        on_host.push_str("link set wg7 group 5\n");
        for (lines, name) in [(&mut on_host, "eth0"), (&mut on_peer, "p0")] {
            lines.push_str(&format!("route add default dev {name}\nroute add ::/0 dev {name}\n"));
        }
        on_host.push_str(
            "link add br0 type bridge mcast_snooping 0\nlink set br0 arp off addrgenmode none up\n",
        );
        for port in PORTS {
            on_host.push_str(&format!("link set {} master br0\n", LINKS[port]));
        }
        // A bridge wants to know one from the other; and what is for nobody that it knows, it sends on.
        let [port, other] = PORTS;
        on_peer.push_str(&format!("link set p{port} address 02:00:00:00:01:01\n"));
        for family in Family::ALL {
            let routed = (0..LINKS.len()).filter(|out| *out != other).map(|out| beyond(family, port, out));
            let host = routed.chain([end(family, port, 2)]).map(|address| (address, port + 1));
            for (address, mac) in host.chain([(beyond(family, port, other), 0x99)]) {
                on_peer.push_str(&format!(
                    "neigh add {address} lladdr 02:00:00:00:00:{mac:02x} dev p{port} nud permanent\n"
                ));
            }
        }
        peer.sh(&format!("ip -batch - <<END\n{on_peer}END"));
        host.sh(&format!("ip -batch - <<END\n{on_host}END"));
        for (family, name) in [(Family::Ipv4, "udp4"), (Family::Ipv6, "udp6")] {
            add_udp_timeout(&host, name, family, 4000);
        }
        add_account(&host, "fwdsl");
        Network { host, peer }
    }
}

/// An address on a link: the peer's is 1, the host's 2.
#[must_use]
pub fn end(family: Family, link: usize, own: u16) -> IpAddr {
    match family {
        Family::Ipv4 => Ipv4Addr::new(172, 16, link as u8, own as u8).into(),
        Family::Ipv6 => Ipv6Addr::new(0xfd00, 0, 0, link as u16, 0, 0, 0, own).into(),
    }
}

/// An address for which the peer sends packets over link `via`, and the host sends them on over link `out`.
#[must_use]
pub fn beyond(family: Family, via: usize, out: usize) -> IpAddr {
    match family {
        Family::Ipv4 => Ipv4Addr::new(172, 20 + via as u8, out as u8, 1).into(),
        Family::Ipv6 => Ipv6Addr::new(0xfd01, 0, via as u16, out as u16, 0, 0, 0, 1).into(),
    }
}

/// Sends packets from the namespace of the calling thread, each padded to its length, in order.
///
/// # Panics
///
/// If the kernel does not take one.
pub fn send<'a>(family: Family, packets: impl Iterator<Item = (&'a IpPacket, usize)>) {
    // One CPU takes packets in the order in which it got them.
    let mut cpus = rustix::thread::CpuSet::new();
    let cpu = rustix::thread::sched_getcpu();
    cpus.set(cpu);
    rustix::thread::sched_setaffinity(None, &cpus).expect("the thread may stay on its CPU");
    let socket = raw_socket(family, ipproto::RAW);
    for (packet, length) in packets {
        let to = SocketAddr::new(packet.to, 0);
        match sendto(&socket, &packet.bytes(length), SendFlags::empty(), &to) {
            // A rule in OUTPUT has dropped it, which is for the counters to tell.
            Ok(_) | Err(Errno::PERM) => {}
            Err(error) => panic!("{packet:?}: {error}"),
        }
    }
}

/// A socket for whole packets of a protocol.
pub(crate) fn raw_socket(family: Family, protocol: Protocol) -> OwnedFd {
    let family = match family {
        Family::Ipv4 => AddressFamily::INET,
        Family::Ipv6 => AddressFamily::INET6,
    };
    socket(family, SocketType::RAW, Some(protocol)).expect("root may open a raw socket")
}
