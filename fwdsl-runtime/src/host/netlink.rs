//! What is asked of the kernel's netfilter itself, through netlink (linux/netfilter/nfnetlink.h).

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
};

use crate::family::Family;

/// `NLM_F_REQUEST | NLM_F_ACK`: every request is answered, if only by an error number.
const REQUEST: u16 = 0x1 | 0x4;
/// `NLM_F_ROOT | NLM_F_MATCH`: all that there are.
const DUMP: u16 = 0x100 | 0x200;
/// `NLMSG_ERROR`, also where the number is 0, and `NLMSG_DONE`.
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// The bit of an attribute that holds others.
const NESTED: u16 = 0x8000;
/// The headers of netlink and of nfnetlink.
const HEADERS: usize = 16 + 4;
/// The kernel fills no more than this at once.
const BUFFER: usize = 1 << 16;
/// The kernel answers at once, or never.
const DEADLINE: Duration = Duration::from_secs(20);

/// A socket to netfilter, in the network namespace in which it was opened.
pub(crate) struct Netfilter(OwnedFd);

impl Netfilter {
    pub(crate) fn open() -> io::Result<Netfilter> {
        let flags = SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(netlink::NETFILTER))?;
        set_socket_timeout(&socket, Timeout::Recv, Some(DEADLINE))?;
        Ok(Netfilter(socket))
    }

    /// Sends a message, its subsystem in the upper byte, and gives back the attributes of each that is the answer.
    pub(crate) fn ask(
        &self,
        message: u16,
        family: Option<Family>,
        attributes: &[u8],
    ) -> io::Result<Vec<Vec<u8>>> {
        self.exchange(message, REQUEST, family, attributes)
    }

    /// Asks for everything of a kind.
    pub(crate) fn list(&self, message: u16, family: Option<Family>) -> io::Result<Vec<Vec<u8>>> {
        self.exchange(message, REQUEST | DUMP, family, &[])
    }

    fn exchange(
        &self,
        message: u16,
        flags: u16,
        family: Option<Family>,
        attributes: &[u8],
    ) -> io::Result<Vec<Vec<u8>>> {
        let invalid = || io::Error::new(io::ErrorKind::InvalidData, "the kernel's answer is cut short");
        let length = u32::try_from(HEADERS + attributes.len()).map_err(|_| invalid())?;
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(message.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        // The number of the request, and the port of the kernel; then the header of nfnetlink.
        bytes.extend([0; 8]);
        bytes.extend([family.map_or(0, number), 0, 0, 0]);
        bytes.extend_from_slice(attributes);
        send(&self.0, &bytes, SendFlags::empty())?;
        let mut answers = Vec::new();
        let mut buffer = vec![0; BUFFER];
        loop {
            let (length, _) = recv(&self.0, buffer.as_mut_slice(), RecvFlags::empty())?;
            let mut rest = buffer.get(..length).ok_or_else(invalid)?;
            while let Some(header) = rest.first_chunk::<16>() {
                let [a, b, c, d, e, f, ..] = *header;
                let length = u32::from_ne_bytes([a, b, c, d]) as usize;
                let body = rest.get(16..length).ok_or_else(invalid)?;
                rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
                match u16::from_ne_bytes([e, f]) {
                    DONE => return Ok(answers),
                    ERROR => {
                        let error = i32::from_ne_bytes(*body.first_chunk().ok_or_else(invalid)?);
                        let failed = (error != 0).then(|| io::Error::from_raw_os_error(-error));
                        return failed.map_or(Ok(answers), Err);
                    }
                    _ => answers.push(body.get(4..).ok_or_else(invalid)?.to_vec()),
                }
            }
        }
    }
}

/// `AF_INET`, `AF_INET6`.
fn number(family: Family) -> u8 {
    match family {
        Family::Ipv4 => 2,
        Family::Ipv6 => 10,
    }
}

/// The attributes in some bytes, each with its number, without the bits that are flags.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let [first, second, third, fourth] = *bytes.first_chunk()?;
        let length = usize::from(u16::from_ne_bytes([first, second]));
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((u16::from_ne_bytes([third, fourth]) & 0x3fff, value))
    })
}

/// The value of an attribute.
pub(crate) fn find(bytes: &[u8], number: u16) -> Option<&[u8]> {
    attributes(bytes).find(|(other, _)| *other == number).map(|(_, value)| value)
}

/// The value of an attribute that is a number.
pub(crate) fn find_number(bytes: &[u8], number: u16) -> Option<u32> {
    Some(u32::from_be_bytes(*find(bytes, number)?.first_chunk()?))
}

/// An attribute that holds others.
pub(crate) fn nested(number: u16, value: &[u8]) -> Vec<u8> {
    let length = 4 + value.len();
    // Longer ones are not made here: they hold what one message of the kernel held.
    let short = u16::try_from(length).unwrap_or(u16::MAX);
    let mut bytes = [short.to_ne_bytes(), (number | NESTED).to_ne_bytes()].concat();
    bytes.extend_from_slice(value);
    bytes.resize(length.next_multiple_of(4), 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_they_are_written() {
        let bytes = [nested(3, &[1, 2, 3, 4, 5]), nested(7, &[0, 0, 1, 0])].concat();
        assert_eq!(attributes(&bytes).collect::<Vec<_>>(), [(3, &[1, 2, 3, 4, 5][..]), (7, &[0, 0, 1, 0])]);
        assert_eq!(find_number(&bytes, 7), Some(256));
        assert_eq!(find(&bytes, 1), None);
        assert_eq!(attributes(&[9, 0, 1, 0, 1]).count(), 0, "what is cut short is none");
    }
}
