//! Numbers, marks, rates and names that iptables or the kernel refuses.

use fwdsl::prelude::*;

static POLICY: Policy = firewall! {
    chain INPUT {
        mark 0x1ffffffff => accept;
        mark x/0xff => accept;
        length(70000) => accept;
        length(100..=50) => accept;
        length(0..=65535) => accept;
        dscp(64) => accept;
        dscp(af14) => accept;
        tos(0x100) => accept;
        mac(source "00:16:3e:00:00") => accept;
        statistic(random, probability 1.5) => accept;
        hashlimit(upto 2000000/s, name a) => accept;
        hashlimit(upto 1/day, name b) => accept;
        hashlimit(upto 8b/s, name c) => accept;
        hashlimit(upto 3mb/s, burst 1mb, name d) => accept;
        hashlimit(upto 3/s, name "a/b") => accept;
        hashlimit(upto 3/s, name e) => accept;
        hashlimit(upto 4/s, name e) => accept;
        recent(update, hitcount 65536) => accept;
        string(hex "|f|", algo bm) => accept;
        string("", algo bm) => accept;
        time(start 24:00) => accept;
        time(datestart "2026-02-30") => accept;
        time(!weekdays [mon, tue, wed, thu, fri, sat, sun]) => accept;
        connlimit(above 5, mask 129) => accept;
        recent(set, name other, mask 255.255.255.0) from fd00::1 => accept;
        quota(!5) => accept;
        limit !3/s => accept;
    }
};

fn main() {}
