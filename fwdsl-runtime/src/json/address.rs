//! What values and elements of sets have in common: addresses, ports, octets.

use std::net::IpAddr;

use serde_json::Value;

use super::node::{Fields, Node, Reading};
use super::object::Object;
use crate::model::{Address, Mac, Net, PortRange};

/// The two tags of an address.
pub(super) const ADDRESS_TAGS: [&str; 2] = ["network", "range"];

/// `{"network": "10.0.0.0/8"}` or `{"range": {"first": …, "last": …}}`.
pub(super) fn write_address(address: &Address) -> Object {
    match address {
        Address::Net(net) => Object::one("network", format!("{}/{}", net.addr, net.prefix)),
        Address::Range { first, last } => Object::one("range", write_ends(*first, *last)),
    }
}

/// Reads what stands behind one of [`ADDRESS_TAGS`].
pub(super) fn read_address(tag: &str, node: &Node<'_>, reading: &mut Reading) -> Option<Address> {
    if tag == "range" {
        let (first, last) = read_ends(node, reading)?;
        return Some(Address::Range { first, last });
    }
    let text = node.text(reading)?;
    match Net::parse(text) {
        Ok(net) => Some(Address::Net(net)),
        Err(error) => reading.fail(node, error.message, error.help),
    }
}

/// The first and the last of a range of addresses.
pub(super) fn write_ends(first: IpAddr, last: IpAddr) -> Value {
    Object::one("first", first.to_string()).with("last", last.to_string()).into()
}

pub(super) fn read_ends(node: &Node<'_>, reading: &mut Reading) -> Option<(IpAddr, IpAddr)> {
    let fields = node.fields(&["first", "last"], reading)?;
    let end = |name, reading: &mut Reading| {
        let node = fields.required(name, reading)?;
        node.parsed("an address", |text| text.parse().ok(), reading)
    };
    Some((end("first", reading)?, end("last", reading)?))
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
