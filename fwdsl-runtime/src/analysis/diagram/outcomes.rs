//! Verdicts as outcomes.

use std::collections::BTreeMap;

use super::rule::VERDICTS;
use super::store::Outcome;
use crate::catalogue::{DROP, Extension};

/// What a packet's way can end with, numbered as it is met.
///
/// A verdict is a target with what the caller holds to matter of its options, as text.
#[derive(Debug)]
pub(in crate::analysis) struct Outcomes {
    numbers: BTreeMap<(&'static str, String), Outcome>,
    verdicts: Vec<(&'static Extension, String)>,
}

impl Outcomes {
    pub(super) fn new() -> Outcomes {
        let mut outcomes = Outcomes { numbers: BTreeMap::new(), verdicts: Vec::new() };
        outcomes.add(&DROP, "");
        outcomes
    }

    /// The outcome of DROP.
    pub(in crate::analysis) const DROPPED: Outcome = VERDICTS;

    /// The number of a verdict.
    pub(super) fn add(&mut self, target: &'static Extension, detail: &str) -> Outcome {
        if let Some(number) = self.find(target, detail) {
            return number;
        }
        let number = VERDICTS + self.verdicts.len() as Outcome;
        self.numbers.insert((target.name, detail.to_owned()), number);
        self.verdicts.push((target, detail.to_owned()));
        number
    }

    /// The number of a verdict that some rule can give.
    pub(in crate::analysis) fn find(&self, target: &Extension, detail: &str) -> Option<Outcome> {
        self.numbers.get(&(target.name, detail.to_owned())).copied()
    }

    /// The verdict of a number; `None` for what is none.
    pub(in crate::analysis) fn verdict(&self, outcome: Outcome) -> Option<(&'static Extension, &str)> {
        let place = outcome.checked_sub(VERDICTS)?;
        self.verdicts.get(place as usize).map(|(target, detail)| (*target, detail.as_str()))
    }
}
