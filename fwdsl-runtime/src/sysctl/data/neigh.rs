//! The neighbour tables, ARP and IPv6 neighbour discovery alike, after `ip-sysctl.rst` and `arp(7)`.

use super::*;

pub(super) static ROWS: &[Row] = &[
    hundredths("anycast_delay"),
    bounded("app_solicit", 0, INT_MAX),
    seconds("base_reachable_time"),
    milliseconds("base_reachable_time_ms"),
    seconds("delay_first_probe_time"),
    seconds("gc_stale_time"),
    bounded("interval_probe_time_ms", 1, INT_MAX),
    hundredths("locktime"),
    bounded("mcast_resolicit", 0, INT_MAX),
    bounded("mcast_solicit", 0, INT_MAX),
    hundredths("proxy_delay"),
    bounded("proxy_qlen", 0, INT_MAX),
    hundredths("retrans_time"),
    milliseconds("retrans_time_ms"),
    bounded("ucast_solicit", 0, INT_MAX),
    // Packets, kept as bytes that must fit in 31 bits: about two thousand for each.
    meant("unres_qlen", 0, 500_000),
    bounded("unres_qlen_bytes", 0, INT_MAX),
];

/// What belongs to the whole table and stands in `default` alone.
pub(super) static DEFAULT: &[Row] = &[
    seconds("gc_interval"),
    bounded("gc_thresh1", 0, INT_MAX),
    bounded("gc_thresh2", 0, INT_MAX),
    bounded("gc_thresh3", 0, INT_MAX),
];
