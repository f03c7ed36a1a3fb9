//! The catalogue's tables: a group per directory below `/proc/sys`, a row per parameter.
//!
//! A row's constructor tells what bounds its numbers: `bounded` and `switch` what the kernel enforces,
//! `meant` and `flag` what its documentation gives a meaning to, `seconds` and the like what every kernel
//! takes, whatever clock rate it was built for.

mod beside;
mod core;
mod ipv4;
mod ipv4_tcp;
mod ipv6;
mod neigh;
mod netfilter;

use super::value::ValueKind;

/// The parameters of one directory.
#[derive(Debug)]
pub(super) struct Group {
    /// The directory below `/proc/sys`; `*` stands for an interface, `all` or `default`.
    pub(super) directory: &'static str,
    /// The module that brings them.
    pub(super) module: Option<&'static str>,
    /// The parameters.
    pub(super) rows: &'static [Row],
}

/// One parameter.
#[derive(Debug)]
pub(super) struct Row {
    /// Its file's name, or a path of further directories.
    pub(super) name: &'static str,
    /// The values it takes.
    pub(super) kind: ValueKind,
    /// The module that brings it, where it is another than its group's.
    pub(super) module: Option<&'static str>,
    /// Whether some value of it stays until the next boot, whatever is written then.
    pub(super) one_way: bool,
}

/// All groups.
pub(super) static GROUPS: &[Group] = &[
    Group { directory: "net/ipv4", module: None, rows: ipv4::GLOBAL },
    Group { directory: "net/ipv4", module: None, rows: ipv4_tcp::ROWS },
    Group { directory: "net/ipv4/conf/*", module: None, rows: ipv4::CONF },
    Group { directory: "net/ipv4/neigh/*", module: None, rows: neigh::ROWS },
    Group { directory: "net/ipv4/neigh/default", module: None, rows: neigh::DEFAULT },
    Group { directory: "net/ipv4/route", module: None, rows: ipv4::ROUTE },
    Group { directory: "net/ipv4/vs", module: Some("ip_vs"), rows: netfilter::IPVS },
    Group { directory: "net/ipv6", module: None, rows: ipv6::GLOBAL },
    Group { directory: "net/ipv6/conf/*", module: None, rows: ipv6::CONF },
    Group { directory: "net/ipv6/neigh/*", module: None, rows: neigh::ROWS },
    Group { directory: "net/ipv6/neigh/default", module: None, rows: neigh::DEFAULT },
    Group { directory: "net/ipv6/icmp", module: None, rows: ipv6::ICMP },
    Group { directory: "net/ipv6/route", module: None, rows: ipv6::ROUTE },
    Group { directory: "net/core", module: None, rows: core::ROWS },
    Group { directory: "net/unix", module: None, rows: beside::UNIX },
    Group { directory: "net/mptcp", module: None, rows: beside::MPTCP },
    Group { directory: "net/bridge", module: Some("br_netfilter"), rows: netfilter::BRIDGE },
    Group { directory: "net/netfilter", module: Some("nf_conntrack"), rows: netfilter::CONNTRACK },
    Group { directory: "net/netfilter", module: None, rows: netfilter::ALWAYS },
    Group { directory: "net", module: Some("nf_conntrack"), rows: netfilter::TOP },
    Group { directory: "kernel", module: None, rows: beside::KERNEL },
    Group { directory: "fs", module: None, rows: beside::FS },
    Group { directory: "vm", module: None, rows: beside::VM },
];

const INT_MIN: i128 = i32::MIN as i128;
const INT_MAX: i128 = i32::MAX as i128;
const UINT_MAX: i128 = u32::MAX as i128;
const ULONG_MAX: i128 = u64::MAX as i128;

const fn row(name: &'static str, kind: ValueKind) -> Row {
    Row { name, kind, module: None, one_way: false }
}

const fn integer(name: &'static str, min: i128, max: i128, enforced: bool) -> Row {
    row(name, ValueKind::Integer { min, max, enforced })
}

/// A number that the kernel keeps within the bounds.
const fn bounded(name: &'static str, min: i128, max: i128) -> Row {
    integer(name, min, max, true)
}

/// A number that means something only within the bounds.
const fn meant(name: &'static str, min: i128, max: i128) -> Row {
    integer(name, min, max, false)
}

/// Off or on; the kernel takes nothing else.
const fn switch(name: &'static str) -> Row {
    bounded(name, 0, 1)
}

/// Off or on; the kernel takes every number but not all of its code reads it alike.
const fn flag(name: &'static str) -> Row {
    meant(name, 0, 1)
}

/// A number or size, not negative.
const fn count(name: &'static str) -> Row {
    meant(name, 0, INT_MAX)
}

/// Any 32-bit number; negative ones have a meaning or none is ruled out.
const fn any(name: &'static str) -> Row {
    bounded(name, INT_MIN, INT_MAX)
}

/// A time in seconds, which the kernel keeps in ticks: 2,147,483 seconds fit at 1000 ticks a second, the
/// fastest clock it can be built for.
const fn seconds(name: &'static str) -> Row {
    meant(name, 0, INT_MAX / 1000)
}

/// A time in hundredths of a second, kept in ticks that may be ten times as many.
const fn hundredths(name: &'static str) -> Row {
    meant(name, 0, INT_MAX / 10)
}

/// A time in milliseconds.
const fn milliseconds(name: &'static str) -> Row {
    bounded(name, 0, INT_MAX)
}

/// The parameter has a value that cannot be taken back.
const fn one_way(row: Row) -> Row {
    Row { one_way: true, ..row }
}

const fn integers(name: &'static str, count: usize, min: i128, max: i128) -> Row {
    row(name, ValueKind::Integers { count, min, max, ascending: false })
}

const fn word(name: &'static str) -> Row {
    row(name, ValueKind::Word)
}

const fn text(name: &'static str) -> Row {
    row(name, ValueKind::Text)
}

const fn read_only(name: &'static str) -> Row {
    row(name, ValueKind::ReadOnly)
}
