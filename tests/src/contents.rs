//! What is in sets, read from the source or from what the kernel gets: the yardstick for sets.

use std::collections::BTreeMap;
use std::net::IpAddr;

use fwdsl::ipset::Direction;
use fwdsl::lower::Ruleset;
use fwdsl::model::{Address, ElementOption, ElementPart, Model, family_of, to_bits};

use crate::meaning::Packet;

/// The sets by their names in the policy.
#[derive(Debug, Default)]
pub struct Contents(BTreeMap<String, Vec<Member>>);

/// An element: how large its network is, whether it is taken out of a larger one, and its parts.
#[derive(Debug)]
struct Member {
    size: u128,
    nomatch: bool,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// From the first to the last address.
    Addresses(IpAddr, IpAddr),
    /// Ports of TCP and UDP.
    Ports(u16, u16),
    /// Ports of one protocol.
    Service(u8, u16, u16),
    /// All that is in another set.
    Set(String),
}

impl Contents {
    /// The sets as they are declared.
    #[must_use]
    pub fn of_source(model: &Model) -> Contents {
        let mut contents = Contents::default();
        for set in model.sets() {
            let part = |part: &ElementPart| match part {
                ElementPart::Address(Address::Net(net)) => Part::Addresses(net.ends().0, net.ends().1),
                ElementPart::Address(Address::Range { first, last }) => Part::Addresses(*first, *last),
                ElementPart::Ports(ports) => Part::Ports(ports.first, ports.last),
                ElementPart::Service { protocol, ports } => Part::Service(*protocol, ports.first, ports.last),
                ElementPart::Set(name) => Part::Set(name.clone()),
                other => panic!("the random policies have no {other:?}"),
            };
            let members = set.elements().iter().map(|element| {
                let nomatch = element.options().any(|option| *option == ElementOption::NoMatch);
                Member::new(nomatch, element.parts().map(part).collect())
            });
            contents.0.insert(set.name().to_owned(), members.collect());
        }
        contents
    }

    /// The sets as the kernel gets them.
    ///
    /// # Panics
    ///
    /// If an element is not of the kinds that the random policies have.
    #[must_use]
    pub fn of_lowered(ruleset: &Ruleset) -> Contents {
        let source_of = |name: &str| {
            let set = ruleset.sets.iter().find(|set| set.name == name);
            set.expect("a list names sets that are there").source.clone()
        };
        let mut contents = Contents::default();
        for set in &ruleset.sets {
            let members = set.elements.iter().map(|line| {
                let entry = line.split(' ').next().expect("an element is not empty");
                let parts = entry.split(',').map(|text| match set.kind.name {
                    "list:set" => Part::Set(source_of(text)),
                    "bitmap:port" => {
                        Part::Ports(text.parse().expect("a port"), text.parse().expect("a port"))
                    }
                    _ => part_of(text),
                });
                Member::new(line.contains(" nomatch"), parts.collect())
            });
            contents.0.insert(set.source.clone(), members.collect());
        }
        contents
    }

    /// Whether a packet is in a set. The smallest network that holds it decides; `reversed`, only what is taken out
    /// counts.
    #[must_use]
    pub fn hold(&self, name: &str, directions: &[Direction], packet: &Packet, reversed: bool) -> bool {
        let members = &self.0[name];
        let fits = |part: &Part, direction: &Direction| {
            let end = usize::from(*direction == Direction::Destination);
            self.part_holds(part, end, directions, packet, reversed)
        };
        let holding = members.iter().filter(|member| {
            member.parts.len() <= directions.len()
                && member.parts.iter().zip(directions).all(|(part, direction)| fits(part, direction))
        });
        let is_list = members.iter().any(|member| matches!(member.parts[..], [Part::Set(_)]));
        match holding.min_by_key(|member| member.size) {
            // What a list's sets say has been reversed already.
            Some(_) if is_list => true,
            Some(member) => member.nomatch == reversed,
            None => false,
        }
    }

    fn part_holds(
        &self,
        part: &Part,
        end: usize,
        directions: &[Direction],
        packet: &Packet,
        reversed: bool,
    ) -> bool {
        let has_ports = |protocols: &[u8]| protocols.contains(&packet.protocol) && !packet.fragment;
        match part {
            Part::Addresses(first, last) => {
                let addr = packet.ends[end];
                family_of(*first) == family_of(addr)
                    && (to_bits(*first)..=to_bits(*last)).contains(&to_bits(addr))
            }
            Part::Ports(first, last) => has_ports(&[6, 17]) && (*first..=*last).contains(&packet.ports[end]),
            Part::Service(protocol, first, last) if [6, 17, 132].contains(protocol) => {
                has_ports(&[*protocol]) && (*first..=*last).contains(&packet.ports[end])
            }
            Part::Service(protocol, ..) => packet.protocol == *protocol,
            Part::Set(name) => self.hold(name, directions, packet, reversed),
        }
    }
}

impl Member {
    fn new(nomatch: bool, parts: Vec<Part>) -> Member {
        let size = match parts[..] {
            [Part::Addresses(first, last), ..] => to_bits(last) - to_bits(first),
            _ => 0,
        };
        Member { size, nomatch, parts }
    }
}

/// `10.0.0.0/8`, `tcp:80`, `gre:0`
fn part_of(text: &str) -> Part {
    if let Ok(net) = fwdsl::model::Net::parse(text) {
        let (first, last) = net.ends();
        return Part::Addresses(first, last);
    }
    let (protocol, port) = text.split_once(':').expect("a protocol and a port");
    let number = match protocol {
        "tcp" => 6,
        "udp" => 17,
        "gre" => 47,
        other => panic!("the random policies have no {other}"),
    };
    let port = port.parse().expect("a port");
    Part::Service(number, port, port)
}
