//! Sets and their elements.

use serde_json::Value;

use super::address::{
    ADDRESS_TAGS, read_address, read_mac, read_numbers, read_ports, write_address, write_ports,
};
use super::chain::{read_families, write_families};
use super::node::{Node, Reading};
use super::object::Object;
use super::place::{Writer, read_loc};
use crate::ipset::{KINDS, SetKind, UNKNOWN};
use crate::loc::{Loc, Located};
use crate::model::{Element, ElementOption, ElementPart, Mac, Set, SetOption};

pub(super) fn write_set(set: &Set, writer: Writer<'_>) -> Value {
    Object::default()
        .with("name", set.name.as_str())
        .if_any("kind", set.kind.name)
        .with("families", write_families(set.families))
        .if_true("foreign", set.foreign)
        .list("options", &set.options, |option| {
            located(write_option(&option.value), option.loc, set.loc, writer)
        })
        .list("elements", &set.elements, |element| write_element(element, set.loc, writer))
        .maybe("loc", writer.loc(set.loc, Loc::default()))
        .into()
}

pub(super) fn read_set(node: &Node<'_>, reading: &mut Reading) -> Option<Set> {
    let known = ["name", "kind", "families", "foreign", "options", "elements", "loc"];
    let fields = node.fields(&known, reading)?;
    let loc = read_loc(&fields, "loc", Loc::default(), reading)?;
    let foreign = fields.is_true("foreign", reading)?;
    let kind = match fields.optional("kind") {
        // Of a set of others the policy may know the name alone.
        None if foreign => Some(&UNKNOWN),
        _ => fields.required("kind", reading).and_then(|node| read_kind(&node, reading)),
    };
    let options = fields.each("options", reading, |node, reading| read_option(node, loc, reading));
    let elements = fields.each("elements", reading, |node, reading| read_element(node, loc, reading));
    Some(Set {
        name: fields.text("name", reading)?,
        kind: kind?,
        families: read_families(&fields.required("families", reading)?, reading)?,
        foreign,
        options: options?,
        elements: elements?,
        loc,
    })
}

fn read_kind(node: &Node<'_>, reading: &mut Reading) -> Option<&'static SetKind> {
    let kinds: Vec<&'static SetKind> = KINDS.iter().collect();
    node.one_of("kind of set", &kinds, |kind| kind.name, reading)
}

fn located(object: Object, loc: Loc, around: Loc, writer: Writer<'_>) -> Value {
    object.maybe("loc", writer.loc(loc, around)).into()
}

/// An option under its tag; those without a value are `true`.
fn write_option(option: &SetOption) -> Object {
    match option {
        SetOption::Timeout(number)
        | SetOption::HashSize(number)
        | SetOption::MaxElem(number)
        | SetOption::BucketSize(number)
        | SetOption::Netmask(number)
        | SetOption::MarkMask(number) => Object::one(option.word(), *number),
        SetOption::Counters
        | SetOption::Comment
        | SetOption::SkbInfo
        | SetOption::ForceAdd
        | SetOption::Keep => Object::one(option.word(), true),
        SetOption::AddressRange(address) => Object::one("address_range", write_address(address)),
        SetOption::PortRange(ports) => Object::one("port_range", write_ports(*ports)),
    }
}

const OPTION_TAGS: [&str; 13] = [
    "timeout",
    "hashsize",
    "maxelem",
    "bucketsize",
    "netmask",
    "markmask",
    "counters",
    "comment",
    "skbinfo",
    "forceadd",
    "keep",
    "address_range",
    "port_range",
];

fn read_option(node: &Node<'_>, around: Loc, reading: &mut Reading) -> Option<Located<SetOption>> {
    let (tag, inner, fields) = node.tagged(&OPTION_TAGS, reading)?;
    let loc = read_loc(&fields, "loc", around, reading)?;
    let option = match tag {
        "timeout" => SetOption::Timeout(inner.number(reading)?),
        "hashsize" => SetOption::HashSize(inner.number(reading)?),
        "maxelem" => SetOption::MaxElem(inner.number(reading)?),
        "bucketsize" => SetOption::BucketSize(inner.number(reading)?),
        "netmask" => SetOption::Netmask(inner.number(reading)?),
        "markmask" => SetOption::MarkMask(inner.number(reading)?),
        "counters" => inner.flag(reading).map(|()| SetOption::Counters)?,
        "comment" => inner.flag(reading).map(|()| SetOption::Comment)?,
        "skbinfo" => inner.flag(reading).map(|()| SetOption::SkbInfo)?,
        "forceadd" => inner.flag(reading).map(|()| SetOption::ForceAdd)?,
        "keep" => inner.flag(reading).map(|()| SetOption::Keep)?,
        "address_range" => {
            let (tag, inner, _) = inner.tagged(&ADDRESS_TAGS, reading)?;
            SetOption::AddressRange(read_address(tag, &inner, reading)?)
        }
        _ => SetOption::PortRange(read_ports(&inner, reading)?),
    };
    Some(Located::new(option, loc))
}

fn write_element(element: &Element, around: Loc, writer: Writer<'_>) -> Value {
    Object::default()
        .list("parts", &element.parts, |part| located(write_part(&part.value), part.loc, element.loc, writer))
        .list("options", &element.options, |option| {
            located(write_element_option(&option.value), option.loc, element.loc, writer)
        })
        .maybe("loc", writer.loc(element.loc, around))
        .into()
}

fn read_element(node: &Node<'_>, around: Loc, reading: &mut Reading) -> Option<Element> {
    let fields = node.fields(&["parts", "options", "loc"], reading)?;
    let loc = read_loc(&fields, "loc", around, reading)?;
    Some(Element {
        parts: fields.each("parts", reading, |node, reading| read_part(node, loc, reading))?,
        options: fields.each("options", reading, |node, reading| read_element_option(node, loc, reading))?,
        loc,
    })
}

fn write_part(part: &ElementPart) -> Object {
    match part {
        ElementPart::Address(address) => write_address(address),
        ElementPart::Ports(ports) => Object::one("ports", write_ports(*ports)),
        ElementPart::Service { protocol, ports } => {
            Object::one("service", Object::one("protocol", *protocol).with("ports", write_ports(*ports)))
        }
        ElementPart::Interface { name, bridge_port } => {
            Object::one("interface", Object::one("name", name.as_str()).if_true("bridge_port", *bridge_port))
        }
        ElementPart::Mac(octets) => Object::one("mac", Mac(*octets).to_string()),
        ElementPart::Mark(mark) => Object::one("mark", *mark),
        ElementPart::Set(name) => Object::one("set", name.as_str()),
        ElementPart::Rust { place, word } => {
            Object::one("rust", Object::one("place", *place).maybe("word", word.as_deref()))
        }
    }
}

fn read_part(node: &Node<'_>, around: Loc, reading: &mut Reading) -> Option<Located<ElementPart>> {
    let tags = [&ADDRESS_TAGS[..], &["ports", "service", "interface", "mac", "mark", "set"]].concat();
    let (tag, inner, fields) = node.tagged(&tags, reading)?;
    let loc = read_loc(&fields, "loc", around, reading)?;
    let part = match tag {
        _ if ADDRESS_TAGS.contains(&tag) => ElementPart::Address(read_address(tag, &inner, reading)?),
        "ports" => ElementPart::Ports(read_ports(&inner, reading)?),
        "service" => {
            let fields = inner.fields(&["protocol", "ports"], reading)?;
            let protocol = fields.number("protocol", reading)?;
            ElementPart::Service {
                protocol,
                ports: read_ports(&fields.required("ports", reading)?, reading)?,
            }
        }
        "interface" => {
            let fields = inner.fields(&["name", "bridge_port"], reading)?;
            let name = fields.text("name", reading)?;
            ElementPart::Interface { name, bridge_port: fields.is_true("bridge_port", reading)? }
        }
        "mac" => ElementPart::Mac(read_mac(&inner, reading)?.0),
        "mark" => ElementPart::Mark(inner.number(reading)?),
        _ => ElementPart::Set(inner.text(reading)?.to_owned()),
    };
    Some(Located::new(part, loc))
}

fn write_element_option(option: &ElementOption) -> Object {
    match option {
        ElementOption::Timeout(seconds) => Object::one("timeout", *seconds),
        ElementOption::NoMatch => Object::one("nomatch", true),
        ElementOption::Comment(text) => Object::one("comment", text.as_str()),
        ElementOption::SkbMark(mark, mask) => {
            Object::one("skbmark", Object::one("mark", *mark).with("mask", *mask))
        }
        ElementOption::SkbPrio(major, minor) => {
            Object::one("skbprio", Object::one("major", *major).with("minor", *minor))
        }
        ElementOption::SkbQueue(queue) => Object::one("skbqueue", *queue),
    }
}

fn read_element_option(
    node: &Node<'_>,
    around: Loc,
    reading: &mut Reading,
) -> Option<Located<ElementOption>> {
    let tags = ["timeout", "nomatch", "comment", "skbmark", "skbprio", "skbqueue"];
    let (tag, inner, fields) = node.tagged(&tags, reading)?;
    let loc = read_loc(&fields, "loc", around, reading)?;
    let option = match tag {
        "timeout" => ElementOption::Timeout(inner.number(reading)?),
        "nomatch" => inner.flag(reading).map(|()| ElementOption::NoMatch)?,
        "comment" => ElementOption::Comment(inner.text(reading)?.to_owned()),
        "skbmark" => {
            let (mark, mask) = read_numbers(&inner, ["mark", "mask"], reading)?;
            ElementOption::SkbMark(mark, mask)
        }
        "skbprio" => {
            let (major, minor) = read_numbers(&inner, ["major", "minor"], reading)?;
            ElementOption::SkbPrio(major, minor)
        }
        _ => ElementOption::SkbQueue(inner.number(reading)?),
    };
    Some(Located::new(option, loc))
}
