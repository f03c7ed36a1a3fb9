//! TCP sockets of this network namespace, and their end (linux/sock_diag.h, linux/inet_diag.h).

use std::net::SocketAddr;

use rustix::io::Errno;
use rustix::net::Protocol;
use rustix::net::netlink;

use super::{family, octets, order};

/// `SOCK_DESTROY`.
const DESTROY: u16 = 21;
const TCP: u8 = 6;
const SOCK_DIAG: Protocol = netlink::SOCK_DIAG;

/// Closes the socket between these ends with an error, and resets its connection. Whether there was one.
pub(crate) fn close(here: SocketAddr, peer: SocketAddr) -> Result<bool, Errno> {
    // struct inet_diag_req_v2: all states; then struct inet_diag_sockid, whichever socket it is.
    let mut body = vec![family(here.ip()), TCP, 0, 0, 0xff, 0xff, 0xff, 0xff];
    body.extend(here.port().to_be_bytes());
    body.extend(peer.port().to_be_bytes());
    for end in [here, peer] {
        let mut address = octets(end.ip());
        address.resize(16, 0);
        body.extend(address);
    }
    body.extend([0; 4]);
    body.extend([0xff; 8]);
    match order(Some(SOCK_DIAG), DESTROY, &body) {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error),
    }
}
