//! What the kernel is asked through netlink(7): the route of a packet, an interface, a tracked connection.

mod connections;
mod generation;
mod route;
mod socket;
mod tracked;

pub(crate) use connections::{Connection, Tuple, connections, forget};
pub(crate) use generation::generation;
pub(crate) use route::{Leads, Route, is_by_address_alone, leads, route};
pub(crate) use socket::close;
pub(crate) use tracked::{Found, Tracked, tracked};

use std::net::IpAddr;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with,
};

/// `NLMSG_ERROR` (linux/netlink.h).
const ERROR: u16 = 2;
/// `NLMSG_DONE`.
const DONE: u16 = 3;
/// `NLM_F_REQUEST`.
const REQUEST: u16 = 1;
/// `NLM_F_ROOT | NLM_F_MATCH`: all that there are.
const DUMP: u16 = 0x100 | 0x200;
/// `NLM_F_ACK`: an answer also where there is nothing to say.
const ACKNOWLEDGE: u16 = 4;
/// `AF_INET` and `AF_INET6`, as they stand in headers.
const INET: u8 = 2;
const INET6: u8 = 10;
/// The bit of an attribute that holds others.
const NESTED: u16 = 0x8000;
/// Larger than any single answer to what is asked here; of a list, the kernel sends no more at once.
const ANSWER: usize = 1 << 15;

/// Asks for one thing, and gives back the answer behind netlink's header: a message of type `wanted`. Without a
/// protocol it is asked of rtnetlink, whose number is 0.
fn ask(protocol: Option<Protocol>, message: u16, body: &[u8], wanted: u16) -> Result<Vec<u8>, Errno> {
    let socket = request(protocol, message, REQUEST, body)?;
    let mut found = Err(Errno::PROTO);
    receive(&socket, |kind, body| match kind {
        kind if kind == wanted => found = Ok(body.to_vec()),
        ERROR => found = Err(result(body).err().unwrap_or(Errno::PROTO)),
        _ => {}
    })?;
    found
}

/// Asks for everything of a kind: the messages of type `wanted`.
fn list(protocol: Option<Protocol>, message: u16, body: &[u8], wanted: u16) -> Result<Vec<Vec<u8>>, Errno> {
    let socket = request(protocol, message, REQUEST | DUMP, body)?;
    let (mut found, mut end) = (Vec::new(), None);
    while end.is_none() {
        receive(&socket, |kind, body| match kind {
            kind if kind == wanted => found.push(body.to_vec()),
            DONE => end = Some(Ok(())),
            ERROR => end = Some(result(body)),
            _ => {}
        })?;
    }
    end.unwrap_or(Ok(())).map(|()| found)
}

/// Has something done.
fn order(protocol: Option<Protocol>, message: u16, body: &[u8]) -> Result<(), Errno> {
    let socket = request(protocol, message, REQUEST | ACKNOWLEDGE, body)?;
    let mut done = Err(Errno::PROTO);
    receive(&socket, |kind, body| {
        if kind == ERROR {
            done = result(body);
        }
    })?;
    done
}

fn request(protocol: Option<Protocol>, message: u16, flags: u16, body: &[u8]) -> Result<OwnedFd, Errno> {
    let kind = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, kind, protocol)?;
    let length = u32::try_from(16 + body.len()).map_err(|_| Errno::MSGSIZE)?;
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(message.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    // The number of the request, and the kernel's port.
    bytes.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(body);
    send(&socket, &bytes, SendFlags::empty())?;
    Ok(socket)
}

/// Takes what the kernel has sent: to each message its type and what is behind netlink's header.
fn receive(socket: &OwnedFd, mut each: impl FnMut(u16, &[u8])) -> Result<(), Errno> {
    let mut answer = vec![0; ANSWER];
    // It was put there while the request was sent, or the part of a list before it was received.
    let (length, _) = recv(socket, answer.as_mut_slice(), RecvFlags::DONTWAIT)?;
    let mut rest = answer.get(..length).unwrap_or_default();
    while let Some([a, b, c, d, e, f, ..]) = rest.first_chunk::<16>() {
        let length = u32::from_ne_bytes([*a, *b, *c, *d]) as usize;
        each(u16::from_ne_bytes([*e, *f]), rest.get(16..length).ok_or(Errno::PROTO)?);
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(())
}

/// What an error message says: its number stands there negated, and 0 is none.
fn result(body: &[u8]) -> Result<(), Errno> {
    match body.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code)) {
        0 => Ok(()),
        // `MAX_ERRNO` (linux/err.h).
        code @ -4095..0 => Err(Errno::from_raw_os_error(-code)),
        _ => Err(Errno::PROTO),
    }
}

/// An attribute: its length, its type and its value, filled up to four bytes.
fn attribute(number: u16, value: &[u8]) -> Vec<u8> {
    // What is asked for is short.
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    let mut bytes = [length.to_ne_bytes(), number.to_ne_bytes()].concat();
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// An attribute that holds others.
fn nested(number: u16, attributes: &[Vec<u8>]) -> Vec<u8> {
    attribute(number | NESTED, &attributes.concat())
}

/// The value of an attribute in a message, without the bits of its number that are flags.
fn find(mut bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let [first, second, third, fourth] = *bytes.first_chunk()?;
        let length = usize::from(u16::from_ne_bytes([first, second]));
        let value = bytes.get(4..length)?;
        if u16::from_ne_bytes([third, fourth]) & 0x3fff == wanted {
            return Some(value);
        }
        bytes = bytes.get(length.next_multiple_of(4)..)?;
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => Some(IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        16 => Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?)),
        _ => None,
    }
}

fn family(address: IpAddr) -> u8 {
    if address.is_ipv4() { INET } else { INET6 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_among_others() {
        let bytes = [attribute(1, b"a"), nested(2, &[attribute(7, b"inner")]), attribute(3, b"")].concat();
        assert_eq!(find(&bytes, 1), Some(&b"a"[..]));
        assert_eq!(find(find(&bytes, 2).unwrap(), 7), Some(&b"inner"[..]));
        assert_eq!(find(&bytes, 3), Some(&b""[..]));
        assert_eq!(find(&bytes, 4), None);
        assert_eq!(find(&[1, 0, 1, 0], 1), None);
        assert_eq!(address(&[192, 0, 2, 1]), Some("192.0.2.1".parse().unwrap()));
        assert_eq!(address(&[1]), None);
    }
}
