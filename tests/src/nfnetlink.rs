//! What other programs ask of the kernel's netfilter through netlink, nfct(8) and conntrack(8) for two, asked here.

use std::net::IpAddr;
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, netlink, recv, send, socket};

use fwdsl_runtime::family::Family;

use crate::netns::Netns;

/// `NFNL_SUBSYS_CTNETLINK_TIMEOUT` and its message `IPCTNL_MSG_TIMEOUT_NEW` (linux/netfilter/nfnetlink_cttimeout.h).
const NEW_TIMEOUT: u16 = 8 << 8;
/// `NFNL_SUBSYS_ACCT` and its message `NFNL_MSG_ACCT_NEW` (linux/netfilter/nfnetlink_acct.h).
const NEW_ACCOUNT: u16 = 7 << 8;
/// `NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE`.
const CREATE: u16 = 0x1 | 0x4 | 0x400;
/// The bit of an attribute that holds others.
const NESTED: u16 = 0x8000;

/// Makes a timeout policy, as `nfct timeout add NAME inet udp unreplied SECONDS` does: UDP flows without an answer
/// are forgotten after so many seconds.
///
/// # Panics
///
/// If the kernel refuses it.
pub fn add_udp_timeout(netns: &Netns, name: &str, family: Family, seconds: u32) {
    add_timeout(netns, name, family, 17, seconds);
}

/// The same for TCP's first packet.
///
/// # Panics
///
/// If the kernel refuses it.
pub fn add_tcp_timeout(netns: &Netns, name: &str, family: Family, seconds: u32) {
    add_timeout(netns, name, family, 6, seconds);
}

fn add_timeout(netns: &Netns, name: &str, family: Family, protocol: u8, seconds: u32) {
    let family: u16 = if family == Family::Ipv4 { 2 } else { 10 };
    let body = [
        attribute(1, format!("{name}\0").as_bytes()),
        attribute(2, &family.to_be_bytes()),
        attribute(3, &[protocol]),
        nested(4, &[attribute(1, &seconds.to_be_bytes())]),
    ];
    let error = request(netns, NEW_TIMEOUT, &body.concat());
    assert_eq!(error, 0, "the timeout policy {name}");
}

/// Makes an account, as `nfacct add NAME` does.
///
/// # Panics
///
/// If the kernel refuses it.
pub fn add_account(netns: &Netns, name: &str) {
    let error = request(netns, NEW_ACCOUNT, &attribute(1, format!("{name}\0").as_bytes()));
    assert_eq!(error, 0, "the account {name}");
}

/// An attribute: its length, its type and its value, filled up to four bytes.
pub(crate) fn attribute(number: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).expect("a short value");
    let mut bytes = [length.to_ne_bytes(), number.to_ne_bytes()].concat();
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// An attribute that holds others.
pub(crate) fn nested(number: u16, attributes: &[Vec<u8>]) -> Vec<u8> {
    attribute(number | NESTED, &attributes.concat())
}

/// The attributes in a message, each with its number, without the bits that are flags.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let [first, second, third, fourth] = *bytes.first_chunk()?;
        let length = usize::from(u16::from_ne_bytes([first, second]));
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((u16::from_ne_bytes([third, fourth]) & 0x3fff, value))
    })
}

/// The messages in what was received, each with its type and what stands behind the header of netlink.
pub(crate) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = u32::from_ne_bytes(*bytes.first_chunk()?) as usize;
        let message = bytes.get(..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((u16::from_ne_bytes([message[4], message[5]]), message.get(16..)?))
    })
}

/// A socket to netfilter in the namespace of the calling thread.
pub(crate) fn netfilter_socket() -> OwnedFd {
    socket(AddressFamily::NETLINK, SocketType::RAW, Some(netlink::NETFILTER)).expect("a socket of netlink")
}

/// A message to netfilter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// Subsystem and message.
    pub(crate) message: u16,
    /// `AF_INET` or `AF_INET6` where it matters.
    pub(crate) family: u8,
    /// What the message is about, in some subsystems.
    pub(crate) resource: u16,
    pub(crate) attributes: Vec<u8>,
}

impl Request {
    /// Sends it, and gives back the kernel's error number, 0 for none.
    pub(crate) fn send(&self, socket: &OwnedFd) -> i32 {
        let length = u32::try_from(20 + self.attributes.len()).expect("a short message");
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(self.message.to_ne_bytes());
        bytes.extend(CREATE.to_ne_bytes());
        // The number of the request and the port of the kernel, then the header of nfnetlink.
        bytes.extend([[1, 0, 0, 0], [0; 4]].concat());
        bytes.extend([self.family, 0]);
        bytes.extend(self.resource.to_be_bytes());
        bytes.extend_from_slice(&self.attributes);
        send(socket, &bytes, SendFlags::empty()).expect("the kernel takes the request");
        let mut answer = [0; 512];
        let (length, _) = recv(socket, &mut answer, RecvFlags::empty()).expect("the kernel answers");
        answer[..length]
            .get(16..20)
            .map_or(-1, |error| i32::from_ne_bytes(error.try_into().expect("four bytes")))
    }
}

/// Sends a request from a namespace, and gives back the kernel's error number, 0 for none.
fn request(netns: &Netns, message: u16, attributes: &[u8]) -> i32 {
    let request = Request { message, attributes: attributes.to_vec(), ..Request::default() };
    netns.enter(|| request.send(&netfilter_socket()))
}

/// `NFNL_SUBSYS_CTNETLINK` and its message `IPCTNL_MSG_CT_NEW` (linux/netfilter/nfnetlink_conntrack.h).
const NEW_CONNECTION: u16 = 1 << 8;
/// `IPCTNL_MSG_CT_DELETE`.
const DELETE_CONNECTION: u16 = 1 << 8 | 2;

/// The ends of a connection as its first packet names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tuple {
    /// Source and destination.
    pub ends: [IpAddr; 2],
    /// One with ports.
    pub protocol: u8,
    /// Source and destination port.
    pub ports: [u16; 2],
}

impl Tuple {
    fn attribute(&self, number: u16, reply: bool) -> Vec<u8> {
        let [mut ends, mut ports] = [[0, 1]; 2];
        if reply {
            (ends, ports) = ([1, 0], [1, 0]);
        }
        let end = |place: u16, index: usize| match self.ends[index] {
            IpAddr::V4(address) => attribute(1 + place, &address.octets()),
            IpAddr::V6(address) => attribute(3 + place, &address.octets()),
        };
        let port = |place: u16, index: usize| attribute(2 + place, &self.ports[index].to_be_bytes());
        let protocol = [attribute(1, &[self.protocol]), port(0, ports[0]), port(1, ports[1])];
        nested(number, &[nested(1, &[end(0, ends[0]), end(1, ends[1])]), nested(2, &protocol)])
    }
}

/// Tells connection tracking of a connection, as `conntrack -I` does: with these bits of its status, for ten minutes;
/// a connection that another one lets expect has that for its master.
///
/// # Panics
///
/// If the kernel refuses it.
pub(crate) fn add_connection(socket: &OwnedFd, tuple: &Tuple, status: u32, master: Option<&Tuple>) {
    let mut attributes = [tuple.attribute(1, false), tuple.attribute(2, true)].concat();
    attributes.extend(attribute(3, &status.to_be_bytes()));
    attributes.extend(attribute(7, &600u32.to_be_bytes()));
    if tuple.protocol == 6 {
        // Established, and whatever its sequence numbers are.
        let liberal = [8, 8];
        let tcp = [attribute(1, &[3]), attribute(4, &liberal), attribute(5, &liberal)];
        attributes.extend(nested(4, &[nested(1, &tcp)]));
    }
    attributes.extend(master.into_iter().flat_map(|master| master.attribute(14, false)));
    let family = if tuple.ends[0].is_ipv4() { 2 } else { 10 };
    let request = Request { message: NEW_CONNECTION, family, attributes, ..Request::default() };
    let error = request.send(socket);
    // One of these ends may be there already (EEXIST).
    assert!([0, -17].contains(&error), "{tuple:?}: error {error}");
}

/// Makes connection tracking forget all connections, as `conntrack -F` does.
///
/// # Panics
///
/// If the kernel refuses it.
pub(crate) fn forget_connections(socket: &OwnedFd) {
    let request = Request { message: DELETE_CONNECTION, ..Request::default() };
    assert_eq!(request.send(socket), 0, "all connections can be forgotten");
}
