//! The tables of a policy, prepared once for all that is asked of them.

use super::entry::Surroundings;
use super::program::{Classes, Program, program};
use super::reach::Prepared;
use crate::family::Family;
use crate::lower::{Ruleset, Table, lower};
use crate::model::{Assertion, Model};
use crate::table::TableName;

/// What is prepared once.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(super) rulesets: Vec<Ruleset>,
    /// Of each of these.
    pub(super) surroundings: Vec<Surroundings>,
    pub(super) programs: Vec<(Family, TableName, Program)>,
}

impl Tables {
    /// The rules of a policy, as the kernel gets them.
    pub(crate) fn new(model: &Model) -> Tables {
        let rulesets: Vec<Ruleset> =
            model.families().iter().filter_map(|family| lower(model, family)).collect();
        let surroundings = rulesets.iter().map(Surroundings::new).collect();
        Tables { rulesets, surroundings, programs: Vec::new() }
    }

    /// The rules of a family, if there are any.
    pub(super) fn ruleset(&self, family: Family) -> Option<&Ruleset> {
        self.rulesets.iter().find(|ruleset| ruleset.family == family)
    }

    /// Prepares a table if that is not done, and returns its place.
    pub(super) fn prepare(
        &mut self,
        model: &Model,
        family: Family,
        name: TableName,
    ) -> Option<(usize, usize)> {
        let ruleset = self.rulesets.iter().position(|ruleset| ruleset.family == family)?;
        let table = self.rulesets[ruleset].table(name)?;
        let same = |(of, table, _): &(Family, TableName, Program)| (*of, *table) == (family, name);
        let place = self.programs.iter().position(same).unwrap_or_else(|| {
            let rules = table.chains.iter().flat_map(|chain| &chain.rules).map(|rule| &rule.matches[..]);
            let cases = model.assertions().iter().flat_map(Assertion::cases).map(|case| &case.matches[..]);
            let classes = Classes::new(rules.chain(cases));
            self.programs.push((family, name, program(table, family, classes)));
            self.programs.len() - 1
        });
        Some((ruleset, place))
    }

    /// Prepares every table for the search for what comes to its rules.
    pub(super) fn prepare_all(&mut self, model: &Model) -> Vec<(&Table, Prepared<'_>)> {
        let names: Vec<(Family, TableName)> = self
            .rulesets
            .iter()
            .flat_map(|ruleset| ruleset.tables.iter().map(|table| (ruleset.family, table.name)))
            .collect();
        let places: Vec<(usize, usize)> =
            names.into_iter().filter_map(|(family, name)| self.prepare(model, family, name)).collect();
        let prepare = |(ruleset, place): (usize, usize)| {
            let (_, name, program) = &self.programs[place];
            let table = self.rulesets[ruleset].table(*name)?;
            Some((table, Prepared::new(program, table, self.surroundings[ruleset])))
        };
        places.into_iter().filter_map(prepare).collect()
    }
}
