//! The lock-down: rules that come up at boot where the policy cannot be loaded.
//!
//! They let through what a host needs to stay reachable and to be an orderly neighbour, and the ways in that the policy
//! asserts ([`administration`]); whatever else comes to the host or through it is dropped, and what the host itself sends is not
//! restrained. They ask for nothing but what every iptables has, so that they load where the policy did not: no sets, no
//! lists of ports, no limits. Where the kernel has no connection tracking either, a second text does without.
//!
//! All stands in chains of the lock-down's own, and policies stay ACCEPT, so that the next apply knows it for ours and
//! leaves nothing of it, whether it owns the table or only its chains.

pub(super) mod administration;
mod opening;

use std::fmt::Write;

use administration::{Ways, ways};

use crate::family::Family;
use crate::host::change::{FileChange, FileContent};
use crate::lower::lower;
use crate::model::Model;
use crate::restore_text::{SavedTable, SavedText};
use crate::table::TableName;

/// What the names of its chains begin with.
const PREFIX: &str = "fwdsl-lockdown-";
/// The chain that packets for the host go through.
pub(super) const INPUT: &str = "fwdsl-lockdown-in";
/// The chain that packets through the host go through.
const FORWARD: &str = "fwdsl-lockdown-through";

/// What loads it.
pub(super) const SCRIPT: &str = "/etc/fwdsl/lockdown";
const PURPOSE: &str = "lock-down at boot where the policy cannot be loaded";
const HEADER: &str = "# Written by fwdsl; changes made here are lost with its next save.";

/// A lock-down, ready to be kept for boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockdown {
    /// The texts and the script that loads them.
    pub files: Vec<FileChange>,
    /// Whether it leaves a way in for an administrator.
    pub has_way_in: bool,
    /// The asserted ways in that it does not leave open, each where it stands in the source.
    pub left_out: Vec<String>,
}

/// Makes the lock-down for a policy: of the families whose packets it filters.
pub fn lockdown(model: &Model) -> Lockdown {
    let filters = |family: &Family| {
        lower(model, *family).is_some_and(|ruleset| ruleset.table(TableName::Filter).is_some())
    };
    let mut lockdown = Lockdown { files: Vec::new(), has_way_in: false, left_out: Vec::new() };
    let mut families = Vec::new();
    for family in Family::ALL.into_iter().filter(filters) {
        families.push(family);
        for tracking in [Tracking::Used, Tracking::Missing] {
            let ways = ways(model, family, tracking);
            lockdown.files.push(file(&path(family, tracking), text(family, tracking, &ways), 0o644));
            if tracking == Tracking::Used {
                lockdown.has_way_in |= ways.has_way_in;
                let new = ways.left_out.into_iter().filter(|place| !lockdown.left_out.contains(place));
                let new: Vec<String> = new.collect();
                lockdown.left_out.extend(new);
            }
        }
    }
    lockdown.files.push(file(SCRIPT, script(&families), 0o755));
    lockdown
}

/// Whether the rules ask connection tracking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tracking {
    Used,
    Missing,
}

fn path(family: Family, tracking: Tracking) -> String {
    let stateless = match tracking {
        Tracking::Used => "",
        Tracking::Missing => ".stateless",
    };
    format!("{SCRIPT}.{}{stateless}", family.name())
}

fn file(path: &str, text: String, mode: u32) -> FileChange {
    FileChange {
        path: path.into(),
        content: FileContent::Regular { bytes: text.into_bytes(), mode },
        purpose: PURPOSE.to_owned(),
    }
}

/// The rules before those for administrators: what begins at this host or belongs to it, how it gets and keeps its
/// addresses and its neighbours, and what tells it that packets do not arrive.
fn always(family: Family) -> &'static [&'static str] {
    match family {
        // RFC 2131, 4.1, for the ports. Errors of ICMP: RFC 792.
        Family::Ipv4 => &[
            "-p udp -m udp --sport 67 --dport 68",
            "-p icmp -m icmp --icmp-type 3",
            "-p icmp -m icmp --icmp-type 11",
            "-p icmp -m icmp --icmp-type 12",
        ],
        // RFC 8415, 7.2, for the ports. Errors, neighbour and router discovery, and the queries without which a switch
        // forgets who listens: RFC 4890, 4.4.1. The kernel takes discovery from its own link alone (hop limit 255).
        Family::Ipv6 => &[
            "-s fe80::/10 -p udp -m udp --sport 547 --dport 546",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 1",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 2",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 3",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 4",
            "-s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type 130",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 133",
            "-s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type 134",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 135",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 136",
        ],
    }
}

/// What belongs to a connection; without tracking, what opens none is taken for that.
fn established(tracking: Tracking) -> &'static str {
    match tracking {
        Tracking::Used => "-m conntrack --ctstate RELATED,ESTABLISHED",
        Tracking::Missing => "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN",
    }
}

fn text(family: Family, tracking: Tracking, ways: &Ways) -> String {
    let mut text = format!(
        "{HEADER}\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:{FORWARD} - [0:0]\n"
    );
    let mut line = |line: std::fmt::Arguments<'_>| {
        // Writing into a `String` cannot fail.
        let _ = writeln!(text, "{line}");
    };
    let chains =
        ways.table.as_ref().map(|table| table.user_chains().collect()).unwrap_or_else(|| vec![INPUT]);
    chains.iter().for_each(|chain| line(format_args!(":{chain} - [0:0]")));
    line(format_args!("-A INPUT -j {INPUT}\n-A FORWARD -j {FORWARD}"));
    let established = established(tracking);
    line(format_args!("-A {FORWARD} {established} -j ACCEPT\n-A {FORWARD} -j DROP"));
    line(format_args!("-A {INPUT} -i lo -j ACCEPT\n-A {INPUT} {established} -j ACCEPT"));
    for matches in always(family) {
        line(format_args!("-A {INPUT} {matches} -j ACCEPT"));
    }
    for rule in ways.table.iter().flat_map(|table| &table.rules) {
        line(format_args!("{}", rule.text));
    }
    line(format_args!("-A {INPUT} -j DROP\nCOMMIT"));
    text
}

/// Loads the texts of the families: first with the programs by which the policy would have been loaded, then with those
/// of each variant. It does not end before it has tried everything.
fn script(families: &[Family]) -> String {
    let load = |family: &Family| {
        let (program, base) = (crate::host::variant::base(*family), path(*family, Tracking::Used));
        match family {
            Family::Ipv4 => format!("load {program} {base} || code=1\n"),
            // Without IPv6 in the kernel there is nothing to lock.
            Family::Ipv6 => format!("[ ! -e /proc/sys/net/ipv6 ] || load {program} {base} || code=1\n"),
        }
    };
    format!(
        "#!/bin/sh\n\
         {HEADER}\n\
         PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin\n\
         export PATH\n\
         \n\
         load() {{\n\
         \tfor text in \"$2\" \"$2.stateless\"; do\n\
         \t\tfor program in \"$1-restore\" \"$1-nft-restore\" \"$1-legacy-restore\"; do\n\
         \t\t\tif \"$program\" -w 10 <\"$text\"; then\n\
         \t\t\t\techo \"the policy could not be loaded: this host is locked down with $text ($program)\"\n\
         \t\t\t\treturn 0\n\
         \t\t\tfi\n\
         \t\tdone\n\
         \tdone\n\
         \techo \"neither the policy nor the lock-down $2 could be loaded: THIS HOST IS OPEN\"\n\
         \treturn 1\n\
         }}\n\
         \n\
         code=0\n\
         {}\
         exit $code\n",
        families.iter().map(load).collect::<String>()
    )
}

/// What of a family's tables is a lock-down that is in force: its chains and the jumps to them.
pub(crate) fn loaded(now: &SavedText) -> Option<SavedTable> {
    let table = now.table(TableName::Filter.name())?;
    let is_ours = |name: &str| name.starts_with(PREFIX);
    table.user_chains().find(|name| is_ours(name))?;
    let mut ours = SavedTable::pristine(&table.name);
    ours.chains.extend(table.chains.iter().filter(|chain| is_ours(&chain.name)).cloned());
    let rules = table.rules.iter().filter(|rule| is_ours(rule.chain()) || rule.target().is_some_and(is_ours));
    ours.rules.extend(rules.cloned().map(|mut rule| {
        rule.counters = None;
        rule
    }));
    Some(ours)
}
