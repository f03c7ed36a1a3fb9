//! Connections that the former rules let begin and the new ones do not.
//!
//! ```text
//! tracked connections ──routes──▶ their first packets ──evaluate──▶ let begin before, and not now: ended
//!                                                              └──▶ not certain: told, and left
//! ```
//!
//! Most policies let packets of established connections pass, whatever the rules about new ones say by now. What is asked
//! here is whether the connection could begin: its first packet is evaluated by both.

mod judge;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use super::detect::Host;
use super::error::ApplyError;
use super::netlink::{self, Connection, Tuple};
use super::outlook;
use super::plan::{Plan, Seen};
use super::report::family_name;
use crate::family::Family;
use crate::protocols;
use judge::{Judge, Judgement};

/// What becomes of tracked connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Connections {
    /// Those that lost their permission, and were ended.
    pub ended: Vec<TrackedConnection>,
    /// Those of which it is not certain, which were left.
    pub undecided: Vec<TrackedConnection>,
}

/// A tracked connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrackedConnection {
    /// Its family.
    #[serde(serialize_with = "family_name")]
    pub family: Family,
    /// Its protocol: a name, or a number where there is none.
    pub protocol: String,
    /// Who began it.
    pub from: IpAddr,
    /// With whom, as the first packet said.
    pub to: IpAddr,
    /// The ports, where the protocol has them: the source's and the destination's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ports: Option<[u16; 2]>,
    /// What else there is to know of it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl fmt::Display for TrackedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.protocol)?;
        match self.ports {
            Some([sport, dport]) => {
                let (from, to) = (SocketAddr::new(self.from, sport), SocketAddr::new(self.to, dport));
                write!(f, "{from} -> {to}")
            }
            None => write!(f, "{} -> {}", self.from, self.to),
        }
    }
}

impl TrackedConnection {
    fn new(tuple: &Tuple, note: Option<String>) -> TrackedConnection {
        let Tuple { from, to, protocol, sport, dport, .. } = *tuple;
        TrackedConnection {
            family: if from.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 },
            protocol: protocols::save_name(protocol).map_or_else(|| protocol.to_string(), str::to_owned),
            from,
            to,
            ports: ((sport, dport) != (0, 0)).then_some([sport, dport]),
            note,
        }
    }
}

/// Ends the connections that lost their permission by what has been loaded; without `for_real`, only names them. What could
/// not be ended is told in `warnings`.
pub(crate) fn drop_revoked(
    host: &Host,
    plan: &Plan,
    for_real: bool,
    warnings: &mut Vec<String>,
) -> Connections {
    let mut found = Connections::default();
    for seen in &plan.seen {
        // Where no rule has changed, no permission was lost.
        if plan.rules.iter().any(|rules| rules.family == seen.family) {
            let done = drop_of_family(host, plan, seen, for_real, &mut found, warnings);
            warnings.extend(done.err().map(|error| {
                format!("which {} connections lost their permission is not known: {error}", seen.family)
            }));
        }
    }
    found
}

fn drop_of_family(
    host: &Host,
    plan: &Plan,
    seen: &Seen,
    for_real: bool,
    found: &mut Connections,
    warnings: &mut Vec<String>,
) -> Result<(), ApplyError> {
    let connections = netlink::connections(seen.family)
        .map_err(|error| ApplyError::Impossible(format!("the kernel does not list them: {error}")))?;
    if connections.is_empty() {
        return Ok(());
    }
    let judge = Judge::new(outlook::sides(host, plan, seen), seen.family, host.variant);
    for connection in connections {
        match judge.judge(&connection) {
            Judgement::Kept => {}
            Judgement::Undecided(why) => {
                found.undecided.push(TrackedConnection::new(&connection.original, Some(why.to_owned())));
            }
            Judgement::Revoked => {
                let closed = for_real && close_sockets(&connection);
                let note = (!closed && judge.may_begin_again(&connection)).then(|| {
                    "the policy lets the other end begin it, so it may come again from there".to_owned()
                });
                let told = TrackedConnection::new(&connection.original, note);
                match if for_real { netlink::forget(&connection) } else { Ok(()) } {
                    Ok(()) => found.ended.push(told),
                    Err(error) => warnings.push(format!("the connection {told} could not be ended: {error}")),
                }
            }
        }
    }
    Ok(())
}

/// Closes the TCP sockets of a connection that are on this host, while its reset still passes. Connection tracking would
/// take up again what they send.
fn close_sockets(connection: &Connection) -> bool {
    let Tuple { from, to, protocol, sport, dport, .. } = connection.original;
    if protocol != 6 {
        return false;
    }
    let reply = &connection.reply;
    let began = (SocketAddr::new(from, sport), SocketAddr::new(to, dport));
    let taken = (SocketAddr::new(reply.from, reply.sport), SocketAddr::new(reply.to, reply.dport));
    // Either end may be here, or both. What the kernel cannot close is ended all the same, if less surely.
    let closed = [began, taken].map(|(here, peer)| netlink::close(here, peer).unwrap_or(false));
    closed.contains(&true)
}
