//! Values as bytes.

use std::net::IpAddr;

use super::super::*;
use super::{Pack, Unpacked, bad, take, unpack_within};

impl Pack for u16 {
    fn pack(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<u16> {
        octets(input).map(u16::from_be_bytes)
    }
}

impl Pack for u32 {
    fn pack(&self, out: &mut Vec<u8>) {
        u64::from(*self).pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<u32> {
        unpack_within(input, "number")
    }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn pack(&self, out: &mut Vec<u8>) {
        self.0.pack(out);
        self.1.pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<(A, B)> {
        Ok((A::unpack(input)?, B::unpack(input)?))
    }
}

pack_fields!(TcpFlags { mask, set });
pack_fields!(PortRange { first, last });
pack_fields!(Masked { value, mask });
pack_fields!(Span { first, last });
pack_fields!(Endpoint { addresses, ports, base });
pack_fields!(Class { major, minor });
pack_fields!(HeaderOption { ty, length });

fn octets<const N: usize>(input: &mut &[u8]) -> Unpacked<[u8; N]> {
    take(input, N, "bytes")?.try_into().map_err(|_| bad("bytes"))
}

impl Pack for IpAddr {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            IpAddr::V4(addr) => {
                out.push(4);
                out.extend_from_slice(&addr.octets());
            }
            IpAddr::V6(addr) => {
                out.push(6);
                out.extend_from_slice(&addr.octets());
            }
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<IpAddr> {
        match u8::unpack(input)? {
            4 => Ok(IpAddr::from(octets::<4>(input)?)),
            6 => Ok(IpAddr::from(octets::<16>(input)?)),
            _ => Err(bad("address")),
        }
    }
}

impl Pack for Value {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Value::Interface(name) => {
                out.push(0);
                name.pack(out);
            }
            Value::Address(Address::Net(net)) => {
                out.push(1);
                net.addr.pack(out);
                net.prefix.pack(out);
            }
            Value::Address(Address::Range { first, last }) => {
                out.push(2);
                first.pack(out);
                last.pack(out);
            }
            Value::Address(Address::Masked(MaskedAddr { addr, mask })) => {
                out.push(24);
                addr.pack(out);
                mask.pack(out);
            }
            Value::Protocol(number) => {
                out.push(3);
                number.pack(out);
            }
            Value::Ports(ports) => {
                out.push(4);
                ports.pack(out);
            }
            Value::Icmp(IcmpMatch::Any) => out.push(5),
            Value::Icmp(IcmpMatch::Type { ty, code }) => {
                out.push(6);
                ty.pack(out);
                code.pack(out);
            }
            Value::Word(index) => {
                out.push(7);
                index.pack(out);
            }
            Value::Rate(rate) => {
                out.push(8);
                u64::from(rate.count).pack(out);
                out.push(rate.per as u8);
            }
            Value::Number(number) => {
                out.push(9);
                number.pack(out);
            }
            Value::Text(text) => {
                out.push(10);
                text.pack(out);
            }
            Value::TcpFlags(flags) => {
                out.push(11);
                flags.pack(out);
            }
            Value::Masked(masked) => {
                out.push(12);
                masked.pack(out);
            }
            Value::Span(span) => {
                out.push(13);
                span.pack(out);
            }
            Value::Endpoint(endpoint) => {
                out.push(14);
                endpoint.pack(out);
            }
            Value::Bytes(bytes) => {
                out.push(15);
                bytes.pack(out);
            }
            Value::Pattern(bytes) => {
                out.push(16);
                bytes.pack(out);
            }
            Value::Mac(mac) => {
                out.push(17);
                out.extend_from_slice(&mac.0);
            }
            Value::Share(share) => {
                out.push(18);
                share.0.pack(out);
            }
            Value::Class(class) => {
                out.push(19);
                class.pack(out);
            }
            Value::Time(time) => {
                out.push(20);
                time.0.pack(out);
            }
            Value::Rust(place) => {
                out.push(22);
                place.pack(out);
            }
            Value::Set(set) => {
                out.push(23);
                set.pack(out);
            }
            Value::Moment(moment) => {
                out.push(21);
                moment.0.pack(out);
            }
            Value::Chunk(Chunk::All) => out.push(25),
            Value::Chunk(Chunk::None) => out.push(26),
            Value::Chunk(Chunk::Kind { number, set, mask }) => {
                out.push(27);
                number.pack(out);
                (*set, *mask).pack(out);
            }
            Value::HeaderOption(option) => {
                out.push(28);
                option.pack(out);
            }
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Value> {
        Ok(match u8::unpack(input)? {
            0 => Value::Interface(Pack::unpack(input)?),
            1 => {
                let (addr, prefix) = (IpAddr::unpack(input)?, u8::unpack(input)?);
                if prefix > width(family_of(addr)) {
                    return Err(bad("prefix length"));
                }
                Value::Address(Address::Net(Net { addr, prefix }))
            }
            2 => Value::Address(Address::Range { first: Pack::unpack(input)?, last: Pack::unpack(input)? }),
            3 => Value::Protocol(Pack::unpack(input)?),
            4 => Value::Ports(Pack::unpack(input)?),
            5 => Value::Icmp(IcmpMatch::Any),
            6 => Value::Icmp(IcmpMatch::Type { ty: Pack::unpack(input)?, code: Pack::unpack(input)? }),
            7 => Value::Word(Pack::unpack(input)?),
            8 => {
                let count = unpack_within(input, "rate")?;
                let unit = usize::from(u8::unpack(input)?);
                let per = TimeUnit::ALL.get(unit).copied().ok_or_else(|| bad("rate"))?;
                Value::Rate(Rate { count, per })
            }
            9 => Value::Number(Pack::unpack(input)?),
            10 => Value::Text(Pack::unpack(input)?),
            11 => Value::TcpFlags(Pack::unpack(input)?),
            12 => Value::Masked(Pack::unpack(input)?),
            13 => Value::Span(Pack::unpack(input)?),
            14 => Value::Endpoint(Pack::unpack(input)?),
            15 => Value::Bytes(Pack::unpack(input)?),
            16 => Value::Pattern(Pack::unpack(input)?),
            17 => Value::Mac(Mac(octets(input)?)),
            18 => Value::Share(Share(Pack::unpack(input)?)),
            19 => Value::Class(Pack::unpack(input)?),
            20 => Value::Time(TimeOfDay(Pack::unpack(input)?)),
            21 => Value::Moment(Moment(Pack::unpack(input)?)),
            22 => Value::Rust(Pack::unpack(input)?),
            23 => Value::Set(Pack::unpack(input)?),
            24 => {
                let (addr, mask) = (IpAddr::unpack(input)?, IpAddr::unpack(input)?);
                if family_of(addr) != family_of(mask) {
                    return Err(bad("mask"));
                }
                Value::Address(Address::Masked(MaskedAddr { addr, mask }))
            }
            25 => Value::Chunk(Chunk::All),
            26 => Value::Chunk(Chunk::None),
            27 => {
                let (number, (set, mask)) = Pack::unpack(input)?;
                Value::Chunk(Chunk::Kind { number, set, mask })
            }
            28 => Value::HeaderOption(Pack::unpack(input)?),
            _ => return Err(bad("value")),
        })
    }
}
