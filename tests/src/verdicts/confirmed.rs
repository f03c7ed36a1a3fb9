//! How much of what is said of rules was held against the kernel's counters.

use std::collections::BTreeMap;
use std::fmt;

use fwdsl_runtime::analysis::ReachState;

use super::counters::kind_of;
use super::trial::Outcome;

/// What must not be missing, by what it is of.
const WANTED: [(&str, &[&str]); 4] = [
    ("witnesses", &[COUNTED, MAY_COUNT, NOT_SEEN]),
    ("packets at unreachable rules", &[INSIDE]),
    (
        "unreachable rules",
        &["matches_nothing", "covered_by_one", "covered_together", "chain_not_entered", "chain_not_called"],
    ),
    ("counters", &["zero", "exact", "between two numbers"]),
];
const COUNTED: &str = "surely counted";
const MAY_COUNT: &str = "may be counted";
const NOT_SEEN: &str = "kept from the table";
const INSIDE: &str = "with what the rule asks for";

/// See the module.
#[derive(Debug, Default)]
pub struct Confirmed {
    counts: BTreeMap<(&'static str, &'static str), usize>,
    /// Packets that were sent.
    pub packets: usize,
}

impl Confirmed {
    /// Adds what became of the witness of a rule that is said to be reached.
    pub(super) fn witness(&mut self, outcome: Outcome, has_counted: bool) {
        match outcome {
            Outcome::NotMade(why) => self.add("witnesses that cannot be made", why),
            Outcome::NotSeen => self.add("witnesses", NOT_SEEN),
            Outcome::Otherwise => self.add("witnesses", "another packet by then"),
            Outcome::Counted => self.add("witnesses", COUNTED),
            Outcome::MayCount | Outcome::Inside => {
                self.add("witnesses", MAY_COUNT);
                if has_counted {
                    self.add("witnesses", "may be counted, and the rule has counted");
                }
            }
        }
    }

    /// Adds that a witness did not come to its rule, for other rules change it, or ask for what the search takes for
    /// unknown.
    pub(super) fn is_not_reached(&mut self) {
        self.add("witnesses", "on another way: what rules ask or change is not modelled");
    }

    /// Adds what became of a packet that was sent at a rule that is said to be unreachable.
    pub(super) fn at_dead(&mut self, outcome: Outcome) {
        let of = "packets at unreachable rules";
        match outcome {
            Outcome::NotMade(_) => self.add(of, "cannot be made"),
            Outcome::NotSeen => self.add(of, NOT_SEEN),
            Outcome::Inside => self.add(of, INSIDE),
            _ => self.add(of, "without what the rule asks for"),
        }
    }

    /// Adds a rule, and what it has counted.
    pub(super) fn rule(&mut self, state: &ReachState, counted: u64) {
        match state {
            ReachState::Reached(_) if counted > 0 => self.add("reachable rules", "have counted"),
            ReachState::Reached(_) => self.add("reachable rules", "have counted nothing"),
            ReachState::Unreachable(kind, _) => self.add("unreachable rules", kind.name()),
            ReachState::NotDecided => self.add("rules", "not decided"),
        }
    }

    /// Adds a counter, of which the analysis knows that it is between two numbers, if it could tell.
    pub(super) fn counter(&mut self, bounds: Option<[u64; 2]>) {
        self.add("counters", bounds.map_or("not judged", kind_of));
    }

    fn add(&mut self, of: &'static str, kind: &'static str) {
        *self.counts.entry((of, kind)).or_default() += 1;
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Confirmed) {
        self.packets += other.packets;
        for (kind, count) in &other.counts {
            *self.counts.entry(*kind).or_default() += count;
        }
    }

    /// The kinds of which there was nothing.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let kinds = WANTED.into_iter().flat_map(|(of, kinds)| kinds.iter().map(move |kind| (of, *kind)));
        kinds
            .filter(|kind| !self.counts.contains_key(kind))
            .map(|(of, kind)| format!("{of} {kind}"))
            .collect()
    }
}

impl fmt::Display for Confirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} packets", self.packets)?;
        let mut last = "";
        for ((of, kind), count) in &self.counts {
            if *of != last {
                writeln!(f, "  {of}:")?;
                last = of;
            }
            writeln!(f, "    {count} {kind}")?;
        }
        Ok(())
    }
}
