//! What values and elements of sets have in common: addresses, ports, octets.

use std::net::IpAddr;

use serde_json::Value;

use super::node::{Fields, Node, Reading};
use super::object::Object;
use crate::model::{Address, Mac, MaskedAddr, Net, PortRange, family_of};

/// The tags of an address.
pub(super) const ADDRESS_TAGS: [&str; 3] = ["masked_address", "network", "range"];

/// `{"network": "10.0.0.0/8"}`, `{"range": {"first": …, "last": …}}`, `{"masked_address": {"address": …, "mask": …}}`.
pub(super) fn write_address(address: &Address) -> Object {
    match address {
        Address::Net(net) => Object::one("network", format!("{}/{}", net.addr, net.prefix)),
        Address::Range { first, last } => Object::one("range", write_ends(*first, *last)),
        Address::Masked(MaskedAddr { addr, mask }) => {
            Object::one("masked_address", write_pair(["address", "mask"], *addr, *mask))
        }
    }
}

/// Reads what stands behind one of [`ADDRESS_TAGS`].
pub(super) fn read_address(tag: &str, node: &Node<'_>, reading: &mut Reading) -> Option<Address> {
    if tag == "range" {
        let (first, last) = read_ends(node, reading)?;
        return Some(Address::Range { first, last });
    }
    if tag == "masked_address" {
        let (addr, mask) = read_pair(node, ["address", "mask"], reading)?;
        if family_of(addr) != family_of(mask) {
            return reading.fail(node, "an address and a mask of different families", None);
        }
        return Some(MaskedAddr { addr, mask }.simplified());
    }
    let text = node.text(reading)?;
    match Net::parse(text) {
        Ok(net) => Some(Address::Net(net)),
        Err(error) => reading.fail(node, error.message, error.help),
    }
}

/// The first and the last of a range of addresses.
pub(super) fn write_ends(first: IpAddr, last: IpAddr) -> Value {
    write_pair(["first", "last"], first, last)
}

pub(super) fn read_ends(node: &Node<'_>, reading: &mut Reading) -> Option<(IpAddr, IpAddr)> {
    read_pair(node, ["first", "last"], reading)
}

fn write_pair([first, second]: [&str; 2], one: IpAddr, other: IpAddr) -> Value {
    Object::one(first, one.to_string()).with(second, other.to_string()).into()
}

fn read_pair(node: &Node<'_>, names: [&'static str; 2], reading: &mut Reading) -> Option<(IpAddr, IpAddr)> {
    let fields = node.fields(&names, reading)?;
    let end = |name, reading: &mut Reading| {
        let node = fields.required(name, reading)?;
        node.parsed("an address", |text| text.parse().ok(), reading)
    };
    Some((end(names[0], reading)?, end(names[1], reading)?))
}

/// `{"first": 22, "last": 22}`.
pub(super) fn write_ports(ports: PortRange) -> Value {
    Object::one("first", ports.first).with("last", ports.last).into()
}

pub(super) fn read_ports(node: &Node<'_>, reading: &mut Reading) -> Option<PortRange> {
    let (first, last) = read_numbers(node, ["first", "last"], reading)?;
    Some(PortRange { first, last })
}

/// An object of two numbers.
pub(super) fn read_numbers<T: TryFrom<u64>>(
    node: &Node<'_>,
    [first, second]: [&'static str; 2],
    reading: &mut Reading,
) -> Option<(T, T)> {
    let fields: Fields<'_> = node.fields(&[first, second], reading)?;
    Some((fields.number(first, reading)?, fields.number(second, reading)?))
}

/// `"00:16:3e:00:00:01"`.
pub(super) fn read_mac(node: &Node<'_>, reading: &mut Reading) -> Option<Mac> {
    node.parsed("an Ethernet address", Mac::parse, reading)
}
