//! What is said of each rule of a firewall, whether packets come to it, held against the kernel's counters.

use fwdsl_runtime::analysis::RuleReach;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::lower::Ruleset;

use super::confirmed::Confirmed;
use super::directed::{Directed, Links};
use super::network::{Conntrack, Host};
use super::stand::Stand;
use super::trial::{Outcome, Trial};
use super::wanted::wanted;
use crate::random::Random;

/// A firewall, and what the analysis says of it.
#[derive(Debug)]
pub struct Suspect<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The restore text.
    pub text: &'a str,
    /// What `ipset restore` makes first.
    pub sets: &'a str,
    /// The same as the analysis has it.
    pub ruleset: &'a Ruleset,
    /// What it says of each rule.
    pub said: &'a [RuleReach],
}

/// How many packets are sent.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// At each rule that is said to be unreachable.
    pub at_dead: usize,
    /// At any rule of each table.
    pub at_random: usize,
    /// Of the rules that are said to be reached, one in so many gets its witness.
    pub witness_of: usize,
}

/// The words of rules that make the kernel track connections, or may.
const TRACKING: [&str; 18] = [
    "-m conn",
    "-m state",
    "-m ct",
    "-m helper",
    "-m cluster",
    "-m socket",
    "-j CT",
    "-j CONN",
    "-j NOTRACK",
    "-j DNAT",
    "-j SNAT",
    "-j MASQUERADE",
    "-j REDIRECT",
    "-j NETMAP",
    "-j TPROXY",
    "-j SYNPROXY",
    "-j TRACE",
    "--ctstate",
];

/// Loads a firewall, sends packets at its rules, and gives back where the counters say otherwise than the analysis.
///
/// # Panics
///
/// If the rules cannot be loaded, or packets are lost.
pub fn confirm(
    suspect: &Suspect<'_>,
    variant: Variant,
    effort: Effort,
    random: &mut Random,
    confirmed: &mut Confirmed,
) -> Vec<String> {
    let tracks = TRACKING.iter().any(|word| suspect.text.contains(word));
    let conntrack = if tracks { Conntrack::On } else { Conntrack::Off };
    let wanted = wanted(suspect, effort, random);
    let mut links = Links::default();
    wanted.iter().for_each(|wanted| links.add(&wanted.packet));
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(wanted.len());
    let mut made: Vec<(usize, Directed)> = Vec::with_capacity(wanted.len());
    for (index, wanted) in wanted.iter().enumerate() {
        match Directed::new(&wanted.packet, &links, conntrack) {
            Ok(directed) => {
                made.push((index, directed));
                outcomes.push(Outcome::NotSeen);
            }
            Err(why) => outcomes.push(Outcome::NotMade(why)),
        }
    }
    confirmed.packets += made.len();
    let mut stand = Stand::new(Host::with_links(conntrack, links.names), suspect, variant, &made);
    let mut sights = stand.send(&made);
    let counters = stand.count(&mut sights);
    let mut trial = Trial::new(suspect, variant, &wanted, outcomes);
    sights.iter().for_each(|sight| trial.see(sight));
    trial.judge(&counters, confirmed)
}
