//! Sets as bytes.

use super::super::{Address, Element, ElementOption, ElementPart, Set, SetOption, SetRef, Value};
use super::{Pack, Unpacked, bad, take, unpack_within};
use crate::ipset::{Direction, SetKind};

pack_fields!(Set { name, kind, families, foreign, options, elements, loc });
pack_fields!(Element { parts, options, loc });

impl Pack for &'static SetKind {
    fn pack(&self, out: &mut Vec<u8>) {
        self.number().pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<&'static SetKind> {
        SetKind::of_number(u8::unpack(input)?).ok_or_else(|| bad("kind of set"))
    }
}

impl Pack for Address {
    fn pack(&self, out: &mut Vec<u8>) {
        Value::Address(*self).pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Address> {
        match Value::unpack(input)? {
            Value::Address(address) => Ok(address),
            _ => Err(bad("address")),
        }
    }
}

impl Pack for SetOption {
    fn pack(&self, out: &mut Vec<u8>) {
        let (tag, number) = match self {
            SetOption::Timeout(number) => (0, Some(number)),
            SetOption::Counters => (1, None),
            SetOption::Comment => (2, None),
            SetOption::SkbInfo => (3, None),
            SetOption::ForceAdd => (4, None),
            SetOption::Keep => (5, None),
            SetOption::HashSize(number) => (6, Some(number)),
            SetOption::MaxElem(number) => (7, Some(number)),
            SetOption::BucketSize(number) => (8, Some(number)),
            SetOption::Netmask(number) => (9, Some(number)),
            SetOption::MarkMask(number) => (10, Some(number)),
            SetOption::AddressRange(_) => (11, None),
            SetOption::PortRange(_) => (12, None),
        };
        out.push(tag);
        if let Some(number) = number {
            number.pack(out);
        }
        match self {
            SetOption::AddressRange(range) => range.pack(out),
            SetOption::PortRange(range) => range.pack(out),
            _ => {}
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<SetOption> {
        Ok(match u8::unpack(input)? {
            0 => SetOption::Timeout(Pack::unpack(input)?),
            1 => SetOption::Counters,
            2 => SetOption::Comment,
            3 => SetOption::SkbInfo,
            4 => SetOption::ForceAdd,
            5 => SetOption::Keep,
            6 => SetOption::HashSize(Pack::unpack(input)?),
            7 => SetOption::MaxElem(Pack::unpack(input)?),
            8 => SetOption::BucketSize(Pack::unpack(input)?),
            9 => SetOption::Netmask(Pack::unpack(input)?),
            10 => SetOption::MarkMask(Pack::unpack(input)?),
            11 => SetOption::AddressRange(Pack::unpack(input)?),
            12 => SetOption::PortRange(Pack::unpack(input)?),
            _ => return Err(bad("set option")),
        })
    }
}

impl Pack for ElementPart {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            ElementPart::Address(address) => {
                out.push(0);
                address.pack(out);
            }
            ElementPart::Ports(ports) => {
                out.push(1);
                ports.pack(out);
            }
            ElementPart::Service { protocol, ports } => {
                out.extend_from_slice(&[2, *protocol]);
                ports.pack(out);
            }
            ElementPart::Interface { name, bridge_port } => {
                out.push(3);
                name.pack(out);
                bridge_port.pack(out);
            }
            ElementPart::Mac(mac) => {
                out.push(4);
                out.extend_from_slice(mac);
            }
            ElementPart::Mark(mark) => {
                out.push(5);
                mark.pack(out);
            }
            ElementPart::Set(name) => {
                out.push(6);
                name.pack(out);
            }
            ElementPart::Rust { place, word } => {
                out.extend_from_slice(&[7, *place]);
                word.pack(out);
            }
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<ElementPart> {
        Ok(match u8::unpack(input)? {
            0 => ElementPart::Address(Pack::unpack(input)?),
            1 => ElementPart::Ports(Pack::unpack(input)?),
            2 => ElementPart::Service { protocol: Pack::unpack(input)?, ports: Pack::unpack(input)? },
            3 => ElementPart::Interface { name: Pack::unpack(input)?, bridge_port: Pack::unpack(input)? },
            4 => ElementPart::Mac(take(input, 6, "MAC address")?.try_into().map_err(|_| bad("MAC address"))?),
            5 => ElementPart::Mark(Pack::unpack(input)?),
            6 => ElementPart::Set(Pack::unpack(input)?),
            7 => ElementPart::Rust { place: Pack::unpack(input)?, word: Pack::unpack(input)? },
            _ => return Err(bad("element")),
        })
    }
}

impl Pack for ElementOption {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            ElementOption::Timeout(seconds) => {
                out.push(0);
                seconds.pack(out);
            }
            ElementOption::NoMatch => out.push(1),
            ElementOption::Comment(text) => {
                out.push(2);
                text.pack(out);
            }
            ElementOption::SkbMark(mark, mask) => {
                out.push(3);
                u64::from(*mark).pack(out);
                u64::from(*mask).pack(out);
            }
            ElementOption::SkbPrio(major, minor) => {
                out.push(4);
                u64::from(*major).pack(out);
                u64::from(*minor).pack(out);
            }
            ElementOption::SkbQueue(queue) => {
                out.push(5);
                u64::from(*queue).pack(out);
            }
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<ElementOption> {
        Ok(match u8::unpack(input)? {
            0 => ElementOption::Timeout(Pack::unpack(input)?),
            1 => ElementOption::NoMatch,
            2 => ElementOption::Comment(Pack::unpack(input)?),
            3 => ElementOption::SkbMark(unpack_within(input, "mark")?, unpack_within(input, "mark")?),
            4 => ElementOption::SkbPrio(unpack_within(input, "class")?, unpack_within(input, "class")?),
            5 => ElementOption::SkbQueue(unpack_within(input, "queue")?),
            _ => return Err(bad("element option")),
        })
    }
}

/// Without the kernel's set, which only lowered rules have.
impl Pack for SetRef {
    fn pack(&self, out: &mut Vec<u8>) {
        self.name.pack(out);
        self.directions.pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<SetRef> {
        Ok(SetRef { name: Pack::unpack(input)?, directions: Pack::unpack(input)?, kernel: None })
    }
}

impl Pack for Direction {
    fn pack(&self, out: &mut Vec<u8>) {
        (*self == Direction::Destination).pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Direction> {
        Ok(if bool::unpack(input)? { Direction::Destination } else { Direction::Source })
    }
}
