//! What may not be replaced, and who else is there.

use super::RulesPlan;
use super::rules::Snapshot;
use crate::family::Family;
use crate::host::detect::Host;
use crate::host::error::ApplyError;
use crate::host::faithful::{self, Unfaithful};
use crate::host::foreign;
use crate::host::nft::Ruleset;
use crate::host::others;
use crate::host::record::Record;
use crate::host::variant::Variant;
use crate::restore_text::{NormalTable, Protocols, SavedTable, SavedText, normal_table};

/// What the checks look at.
pub(super) struct View<'a> {
    pub(super) host: &'a Host,
    pub(super) record: &'a Record,
    pub(super) protocols: &'a Protocols,
}

impl View<'_> {
    pub(super) fn differs(&self, new: &SavedTable, former: &SavedText) -> bool {
        let normal = |table| -> NormalTable { normal_table(table, self.protocols) };
        former.table(&new.name).is_none_or(|former| normal(former) != normal(new))
    }

    /// Refuses to replace what could not be put back.
    pub(super) fn check_faithful(
        &self,
        snapshots: &[Snapshot<'_>],
        ruleset: Option<&Ruleset>,
    ) -> Result<(), ApplyError> {
        if self.host.variant != Some(Variant::Nft) {
            return Ok(());
        }
        let Some(ruleset) = ruleset else { return self.check_explained(snapshots) };
        let mut found = Vec::new();
        for Snapshot { family, goals, .. } in snapshots {
            for table in &goals.whole.tables {
                found.extend(faithful::check(ruleset, *family, &table.name));
            }
            for planned in goals.shared.iter().filter(|planned| planned.edit.is_some()) {
                // The table is never put back as a whole, so what others have in their chains does not matter, however
                // wrongly it is printed. It must be possible to put back what is in ours.
                let ours =
                    |found: &Unfaithful| found.chain.as_ref().is_some_and(|chain| planned.goal.holds(chain));
                let all = faithful::check(ruleset, *family, planned.goal.table());
                found.extend(all.into_iter().filter(ours));
            }
        }
        if found.is_empty() { Ok(()) } else { Err(ApplyError::Unfaithful(found)) }
    }

    /// Without nft, only what fwdsl loaded itself is known to be printed truly.
    fn check_explained(&self, snapshots: &[Snapshot<'_>]) -> Result<(), ApplyError> {
        let mut lines = Vec::new();
        for Snapshot { family, goals, former, .. } in snapshots {
            let known = [self.record.of(*family), self.record.chains_of(*family)];
            for table in goals.whole.tables.iter().filter_map(|table| former.table(&table.name)) {
                lines.extend(foreign::find(*family, table, &known, self.protocols));
            }
            for goal in
                goals.shared.iter().filter(|planned| planned.edit.is_some()).map(|planned| &planned.goal)
            {
                let Some(mut table) = former.table(goal.table()).cloned() else { continue };
                table.chains.retain(|chain| goal.holds(&chain.name));
                table.rules.retain(|rule| goal.holds(rule.chain()));
                lines.extend(foreign::find(*family, &table, &known, self.protocols));
            }
        }
        if lines.is_empty() { Ok(()) } else { Err(ApplyError::FaithfulnessUnknown { lines }) }
    }

    pub(super) fn check_foreign(
        &self,
        rules: &[RulesPlan],
        snapshots: &[Snapshot<'_>],
    ) -> Result<(), ApplyError> {
        let mut found: Vec<_> =
            snapshots.iter().flat_map(|snapshot| snapshot.goals.foreign.clone()).collect();
        for plan in rules {
            let new = SavedText { tables: plan.new.clone() };
            let known = [self.record.of(plan.family), self.record.chains_of(plan.family), &new];
            for table in &plan.former.tables {
                found.extend(foreign::find(plan.family, table, &known, self.protocols));
            }
        }
        if found.is_empty() { Ok(()) } else { Err(ApplyError::Foreign(found)) }
    }

    pub(super) fn warnings_about_others(&self, ruleset: Option<&Ruleset>) -> Vec<String> {
        let host = self.host;
        let managers = others::managers(&host.root, &host.programs, &host.runner);
        // Files alone: at boot they meet the managers, but what is in the kernel now does not matter.
        let Some(variant) = host.variant else { return others::warnings_about_managers(&managers) };
        let families: Vec<Family> = host.families.iter().map(|(family, _)| *family).collect();
        let other = others::other_variant_holds_rules(&host.programs, &host.runner, variant, &families);
        let native = others::native_chains(ruleset, &families);
        others::warnings(&managers, variant, &other, &native)
    }
}
