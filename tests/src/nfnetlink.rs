//! Objects of the kernel that rules name and other programs make, nfct(8) for one: made here through netlink.

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
        attribute(4 | NESTED, &attribute(1, &seconds.to_be_bytes())),
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
fn attribute(number: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).expect("a short value");
    let mut bytes = [length.to_ne_bytes(), number.to_ne_bytes()].concat();
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Sends a request, and gives back the kernel's error number, 0 for none.
fn request(netns: &Netns, message: u16, attributes: &[u8]) -> i32 {
    let length = u32::try_from(20 + attributes.len()).expect("a short message");
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(message.to_ne_bytes());
    bytes.extend(CREATE.to_ne_bytes());
    // The number of the request, the port of the kernel, and the header of nfnetlink.
    bytes.extend([[1, 0, 0, 0], [0; 4], [0; 4]].concat());
    bytes.extend_from_slice(attributes);
    netns.enter(|| {
        let socket = socket(AddressFamily::NETLINK, SocketType::RAW, Some(netlink::NETFILTER));
        let socket = socket.expect("a socket of netlink");
        send(&socket, &bytes, SendFlags::empty()).expect("the kernel takes the request");
        let mut answer = [0; 512];
        let (length, _) = recv(&socket, &mut answer, RecvFlags::empty()).expect("the kernel answers");
        answer[..length]
            .get(16..20)
            .map_or(-1, |error| i32::from_ne_bytes(error.try_into().expect("four bytes")))
    })
}
