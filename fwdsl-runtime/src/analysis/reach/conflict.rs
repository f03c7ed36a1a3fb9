//! Rules that part of the packets meet in common, and about which the one that stands first decides.

use super::cube::Area;
use super::prepare::Prepared;
use crate::analysis::program::Action;
use crate::analysis::region::meets;
use crate::catalogue::{ACCEPT, DROP, REJECT};

impl Prepared<'_> {
    /// The earlier rules of a rule's chain that decide otherwise, accept against drop or reject, of some of its packets but
    /// not of all, while it would match some of theirs but not all. If one holds the other, it is an exception from it, and meant so.
    pub(in crate::analysis) fn conflicting(&self, (chain, rule): (usize, usize)) -> Vec<usize> {
        let mut found = Vec::new();
        let Some(accepts) = self.accepts(chain, rule) else { return found };
        let here = &self.chains[chain];
        let own = self.areas(chain, rule);
        for area in &here.areas[..here.starts[rule] as usize] {
            let other = area.rule as usize;
            if found.last() == Some(&other) || self.accepts(chain, other) != Some(!accepts) {
                continue;
            }
            let holds = |one: usize, other: usize| {
                let others = self.areas(chain, other).iter().filter(|area| !area.is_headless);
                { others }.all(|area| self.areas(chain, one).iter().any(|own| own.covers(area)))
            };
            let overlaps = own.iter().any(|own| !own.is_headless && !area.is_headless && own.overlaps(area));
            if overlaps && !holds(rule, other) && !holds(other, rule) {
                found.push(other);
            }
        }
        found
    }

    /// Whether a rule accepts; `None` if it does not decide.
    fn accepts(&self, chain: usize, rule: usize) -> Option<bool> {
        match self.program.chains[chain][rule].action {
            Action::Verdict(verdict) if *verdict == ACCEPT => Some(true),
            Action::Verdict(verdict) if *verdict == DROP || *verdict == REJECT => Some(false),
            _ => None,
        }
    }
}

impl Area {
    /// Whether some packet has all of both.
    fn overlaps(&self, other: &Area) -> bool {
        for (choice, bits) in &self.bits {
            if other.bits.iter().any(|(also, of)| also == choice && bits & of == 0) {
                return false;
            }
        }
        for (axis, set) in &self.spans {
            if other.spans.iter().any(|(also, of)| also == axis && !meets(set, of)) {
                return false;
            }
        }
        true
    }
}
