//! Rules that part of the packets meet in common, and about which the one that stands first decides.

use super::area::Area;
use super::prepare::Prepared;
use crate::analysis::program::Action;
use crate::analysis::region::meets;
use crate::catalogue::{ACCEPT, DROP, REJECT};

impl Prepared<'_> {
    /// The earlier rules of a rule's chain that decide otherwise, accept against drop or reject, of some of its packets but
    /// not of all, while it would match some of theirs but not all. If one holds the other, it is an exception from it, and meant so.
    pub(in crate::analysis) fn conflicting(&self, (chain, rule): (usize, usize)) -> Vec<usize> {
        let Some(accepts) = self.accepts(chain, rule) else { return Vec::new() };
        let mut found = Vec::new();
        for own in self.areas(chain, rule).iter().filter(|area| !area.is_headless) {
            for other in self.meeting(chain, own) {
                let number = other.rule as usize;
                if number < rule && self.accepts(chain, number) == Some(!accepts) && own.overlaps(other) {
                    found.push(number);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        let holds = |one: usize, other: usize| {
            let others = self.areas(chain, other).iter().filter(|area| !area.is_headless);
            { others }.all(|area| self.areas(chain, one).iter().any(|own| own.covers(area)))
        };
        found.retain(|other| !holds(rule, *other) && !holds(*other, rule));
        found
    }

    /// The areas of rules that surely decide in a chain which an area may meet.
    fn meeting<'a>(&'a self, chain: usize, area: &Area) -> impl Iterator<Item = &'a Area> {
        let here = &self.chains[chain];
        let (mut cubes, mut without) = (Vec::new(), Vec::new());
        area.cut(&self.anything, &mut cubes, &mut without);
        let found = match (&here.index, cubes.as_slice()) {
            (Some(index), [cube]) => index.candidates(cube),
            _ => None,
        };
        let list = found.unwrap_or_else(|| here.walked.clone());
        list.into_iter().map(|at| &here.areas[at as usize])
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
