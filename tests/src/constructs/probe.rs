//! Packets to send, described for both families at once.

use std::net::IpAddr;

use fwdsl_runtime::analysis::{CtState, Packet, PacketType, Tracking};
use fwdsl_runtime::catalogue::{DCCP_NUMBER, SCTP_NUMBER, UDPLITE_NUMBER};
use fwdsl_runtime::family::{Family, FamilySet};
use fwdsl_runtime::model::family_of;
use fwdsl_runtime::table::Hook;

use super::network::{LINKS, beyond, end};
use crate::wire::{Fragment, IpPacket, Transport};

/// The source port of packets that do not say another.
pub const SPORT: u16 = 4000;

/// TCP flags, to be joined by `|`.
pub const FIN: u8 = 1;
/// See [`FIN`].
pub const SYN: u8 = 2;
/// See [`FIN`].
pub const RST: u8 = 4;
/// See [`FIN`].
pub const PSH: u8 = 8;
/// See [`FIN`].
pub const ACK: u8 = 16;
/// See [`FIN`].
pub const URG: u8 = 32;

/// A packet of each family that it fits, which goes from the peer to the host unless it says otherwise.
#[derive(Debug, Clone)]
pub struct Probe {
    transport: Transport,
    families: FamilySet,
    from: Option<IpAddr>,
    to: Option<IpAddr>,
    /// Whether the host sends it.
    pub(super) by_host: bool,
    link: usize,
    out: Option<usize>,
    fragment: Fragment,
    ttl: u8,
    tos: u8,
    headers: Vec<(u8, Vec<u8>)>,
    about: Option<Box<Probe>>,
    /// How often it is sent.
    pub(super) times: u32,
    tracking: Tracking,
}

fn probe(transport: Transport, families: FamilySet) -> Probe {
    Probe {
        transport,
        families,
        from: None,
        to: None,
        by_host: false,
        link: 0,
        out: None,
        fragment: Fragment::Whole,
        ttl: 64,
        tos: 0,
        headers: Vec::new(),
        about: None,
        times: 1,
        tracking: Tracking::of(CtState::New),
    }
}

/// A TCP SYN.
#[must_use]
pub fn tcp(dport: u16) -> Probe {
    probe(Transport::Tcp { ports: [SPORT, dport], flags: SYN, options: Vec::new() }, FamilySet::BOTH)
}

/// A datagram.
#[must_use]
pub fn udp(dport: u16) -> Probe {
    probe(Transport::Udp { ports: [SPORT, dport], payload: Vec::new() }, FamilySet::BOTH)
}

/// An SCTP INIT.
#[must_use]
pub fn sctp(dport: u16) -> Probe {
    probe(Transport::with_ports(SCTP_NUMBER, [SPORT, dport]), FamilySet::BOTH)
}

/// A DCCP-Request.
#[must_use]
pub fn dccp(dport: u16) -> Probe {
    probe(Transport::with_ports(DCCP_NUMBER, [SPORT, dport]), FamilySet::BOTH)
}

/// A datagram of UDP-Lite.
#[must_use]
pub fn udplite(dport: u16) -> Probe {
    probe(Transport::with_ports(UDPLITE_NUMBER, [SPORT, dport]), FamilySet::BOTH)
}

/// An ICMP message.
#[must_use]
pub fn icmp(ty: u8, code: u8) -> Probe {
    probe(Transport::Icmp { kind: (ty, code), about: None }, FamilySet::IPV4)
}

/// An ICMPv6 message.
#[must_use]
pub fn icmpv6(ty: u8, code: u8) -> Probe {
    probe(Transport::Icmp { kind: (ty, code), about: None }, FamilySet::IPV6)
}

/// Echo requests of either family's ICMP.
#[must_use]
pub fn pings() -> [Probe; 2] {
    [icmp(8, 0), icmpv6(128, 0)]
}

/// The error of either family that says that a packet's port is unreachable; about one that the host sent.
#[must_use]
pub fn errors(about: &Probe) -> [Probe; 2] {
    [icmp(3, 3), icmpv6(1, 4)].map(|error| Probe { about: Some(Box::new(about.clone())), ..error })
}

/// A packet of another protocol, with zeros behind the IP header.
#[must_use]
pub fn proto(number: u8) -> Probe {
    probe(Transport::Other(number, Vec::new()), FamilySet::BOTH)
}

/// A packet of another protocol that begins with these bytes.
#[must_use]
pub fn proto_with(number: u8, bytes: &[u8]) -> Probe {
    probe(Transport::Other(number, bytes.to_vec()), FamilySet::BOTH)
}

fn link(name: &str) -> usize {
    LINKS.iter().position(|link| *link == name).unwrap_or_else(|| panic!("no link is called {name}"))
}

impl Probe {
    /// From this source port.
    #[must_use]
    pub fn sport(mut self, port: u16) -> Probe {
        match &mut self.transport {
            Transport::Tcp { ports, .. } | Transport::Udp { ports, .. } => ports[0] = port,
            Transport::Other(_, header) => header[..2].copy_from_slice(&port.to_be_bytes()),
            Transport::Icmp { .. } => panic!("ICMP has no ports"),
        }
        self
    }

    /// With these TCP flags instead of SYN.
    #[must_use]
    pub fn flags(mut self, bits: u8) -> Probe {
        let Transport::Tcp { flags, .. } = &mut self.transport else { panic!("only TCP has flags") };
        *flags = bits;
        self
    }

    /// With these TCP options.
    #[must_use]
    pub fn options(mut self, bytes: &[u8]) -> Probe {
        let Transport::Tcp { options, .. } = &mut self.transport else { panic!("only TCP has options") };
        *options = bytes.to_vec();
        self
    }

    /// With this payload.
    #[must_use]
    pub fn payload(mut self, bytes: &[u8]) -> Probe {
        let Transport::Udp { payload, .. } = &mut self.transport else {
            panic!("only a datagram has a payload")
        };
        *payload = bytes.to_vec();
        self
    }

    /// From this address, which also tells the family.
    #[must_use]
    pub fn from(mut self, address: &str) -> Probe {
        self.from = Some(self.narrow(address));
        self
    }

    /// To this address, which also tells the family.
    #[must_use]
    pub fn to(mut self, address: &str) -> Probe {
        self.to = Some(self.narrow(address));
        self
    }

    fn narrow(&mut self, address: &str) -> IpAddr {
        let address = address.parse().unwrap_or_else(|_| panic!("{address} is no address"));
        self.families = self.families.and(FamilySet::only(family_of(address)));
        address
    }

    fn only(mut self, family: Family) -> Probe {
        self.families = self.families.and(FamilySet::only(family));
        self
    }

    /// Of IPv4 only.
    #[must_use]
    pub fn only_ipv4(self) -> Probe {
        self.only(Family::Ipv4)
    }

    /// Of IPv6 only.
    #[must_use]
    pub fn only_ipv6(self) -> Probe {
        self.only(Family::Ipv6)
    }

    /// Over this link of the host.
    #[must_use]
    pub fn via(mut self, name: &str) -> Probe {
        self.link = link(name);
        self
    }

    /// To be forwarded over this link.
    #[must_use]
    pub fn out(mut self, name: &str) -> Probe {
        self.out = Some(link(name));
        self
    }

    /// Sent by the host to its peer.
    #[must_use]
    pub fn by_host(mut self) -> Probe {
        self.by_host = true;
        self
    }

    /// As a fragment.
    #[must_use]
    pub fn fragment(mut self, fragment: Fragment) -> Probe {
        self.fragment = fragment;
        self
    }

    /// With this TTL or hop limit.
    #[must_use]
    pub fn ttl(mut self, ttl: u8) -> Probe {
        self.ttl = ttl;
        self
    }

    /// With this type of service or traffic class.
    #[must_use]
    pub fn tos(mut self, tos: u8) -> Probe {
        self.tos = tos;
        self
    }

    /// With an IPv6 extension header: its protocol number, and its bytes behind the number of the next.
    #[must_use]
    pub fn header(mut self, number: u8, bytes: &[u8]) -> Probe {
        self.headers.push((number, bytes.to_vec()));
        self.only(Family::Ipv6)
    }

    /// Sent so often.
    #[must_use]
    pub fn times(mut self, times: u32) -> Probe {
        self.times = times;
        self
    }

    /// Of this state, as the analysis is to take it; connection tracking decides by itself.
    #[must_use]
    pub fn state(mut self, state: CtState) -> Probe {
        self.tracking = Tracking::of(state);
        self
    }

    /// Whether there is such a packet of the family.
    #[must_use]
    pub fn fits(&self, family: Family) -> bool {
        self.families.contains(family)
    }

    /// The destination port of a TCP segment.
    #[must_use]
    pub fn tcp_dport(&self) -> Option<u16> {
        if let Transport::Tcp { ports, .. } = &self.transport { Some(ports[1]) } else { None }
    }

    /// The packet of a family.
    #[must_use]
    pub fn packet(&self, family: Family) -> IpPacket {
        let (own, other) = if self.by_host { (2, 1) } else { (1, 2) };
        let to = self.out.map_or_else(|| end(family, self.link, other), |out| beyond(family, self.link, out));
        let mut transport = self.transport.clone();
        if let (Transport::Icmp { about, .. }, Some(probe)) = (&mut transport, &self.about) {
            *about = Some(Box::new(probe.packet(family)));
        }
        IpPacket {
            from: self.from.unwrap_or_else(|| end(family, self.link, own)),
            to: self.to.unwrap_or(to),
            ttl: self.ttl,
            tos: self.tos,
            fragment: self.fragment,
            headers: self.headers.clone(),
            transport,
        }
    }

    /// The hooks that it passes.
    #[must_use]
    pub fn way(&self) -> &'static [Hook] {
        match (self.by_host, self.out) {
            (true, _) => &[Hook::Output, Hook::Postrouting],
            (false, Some(_)) => &[Hook::Prerouting, Hook::Forward, Hook::Postrouting],
            (false, None) => &[Hook::Prerouting, Hook::Input],
        }
    }

    /// What the analysis sees of it at a hook that has these interfaces.
    #[must_use]
    pub fn analysed(&self, family: Family, has_in: bool, has_out: bool) -> Packet {
        let IpPacket { from, to, transport, .. } = self.packet(family);
        let (mut ports, mut icmp, mut tcp_flags) = ([0, 0], (0, 0), 0);
        match &transport {
            Transport::Tcp { ports: both, flags, .. } => (ports, tcp_flags) = (*both, *flags),
            Transport::Udp { ports: both, .. } => ports = *both,
            Transport::Icmp { kind, .. } => icmp = *kind,
            Transport::Other(_, header) if header.len() >= 4 => {
                ports = [0, 2].map(|at| u16::from_be_bytes([header[at], header[at + 1]]));
            }
            Transport::Other(..) => {}
        }
        let name = |link: usize| LINKS[link].to_owned();
        let leaves = if self.by_host { Some(self.link) } else { self.out };
        Packet {
            in_interface: (has_in && !self.by_host).then(|| name(self.link)),
            out_interface: leaves.filter(|_| has_out).map(name),
            sport: ports[0],
            dport: ports[1],
            icmp_type: icmp.0,
            icmp_code: icmp.1,
            tcp_flags,
            tracking: self.tracking,
            later_fragment: self.fragment == Fragment::Last,
            packet_type: if to.is_multicast() && !self.by_host {
                PacketType::Multicast
            } else {
                PacketType::Unicast
            },
            ..Packet::new(from, to, transport.protocol(family))
        }
    }
}
