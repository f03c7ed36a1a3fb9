//! The generation of nftables' rules (linux/netfilter/nf_tables.h).

use rustix::net::netlink;

use super::{ask, find};

/// `NFNL_SUBSYS_NFTABLES` and its messages.
const GET: u16 = (10 << 8) | 16;
const NEW: u16 = (10 << 8) | 15;
/// `NFTA_GEN_ID`.
const ID: u16 = 1;

/// A number that every transaction in this network namespace counts up, whoever makes it; `None` where there are no
/// nftables.
pub(crate) fn generation() -> Option<u32> {
    // struct nfgenmsg.
    let answer = ask(Some(netlink::NETFILTER), GET, &[0; 4], NEW).ok()?;
    Some(u32::from_be_bytes(*find(answer.get(4..)?, ID)?.first_chunk()?))
}
