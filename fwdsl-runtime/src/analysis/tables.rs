//! The tables of a policy, prepared once for all that is asked of them.

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
    pub(super) programs: Vec<(Family, TableName, Program)>,
}

/// A table, and what a search for each of its rules begins with.
#[derive(Debug)]
pub(crate) struct PreparedTable<'a> {
    pub(super) table: &'a Table,
    pub(super) prepared: Prepared<'a>,
}

impl Tables {
    /// The rules of a policy, as the kernel gets them.
    pub(crate) fn new(model: &Model) -> Tables {
        let rulesets = model.families().iter().filter_map(|family| lower(model, family)).collect();
        Tables { rulesets, programs: Vec::new() }
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

    /// Every table, prepared to ask of each of its rules.
    pub(crate) fn prepared(&mut self, model: &Model) -> Vec<PreparedTable<'_>> {
        let tables = self
            .rulesets
            .iter()
            .flat_map(|ruleset| ruleset.tables.iter().map(|table| (ruleset.family, table.name)));
        let tables: Vec<(Family, TableName)> = tables.collect();
        let places: Vec<(usize, usize)> =
            { tables.iter() }.filter_map(|(family, name)| self.prepare(model, *family, *name)).collect();
        let prepared = places.into_iter().filter_map(|(ruleset, place)| {
            let (ruleset, (_, name, program)) = (&self.rulesets[ruleset], &self.programs[place]);
            let table = ruleset.table(*name)?;
            Some(PreparedTable { table, prepared: Prepared::new(program, table, ruleset) })
        });
        prepared.collect()
    }
}
