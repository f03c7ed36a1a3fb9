//! What a plan changes, for the report of the apply.

use super::{FilePlan, Plan, RulesPlan};
use crate::host::change::{FileContent, SysctlWrite};
use crate::host::owned::Planned;
use crate::host::report::{ChainChange, ChainReport, FileReport, RulesReport, SysctlReport};

impl Plan {
    /// Whether the host has to change.
    pub(crate) fn changes_anything(&self) -> bool {
        let others = self.sysctl_changes.is_empty() && self.files.is_empty();
        !(self.rules.is_empty() && others) || self.sets.changes_anything()
    }

    pub(crate) fn rules_report(&self) -> Vec<RulesReport> {
        let report = |plan: &RulesPlan| RulesReport {
            family: plan.family,
            tables: plan.new.iter().map(|table| table.name.clone()).collect(),
            chains: plan.shared.iter().flat_map(chain_reports).collect(),
            order: if plan.order.tables.len() > 1 { plan.order.tables.clone() } else { Vec::new() },
            closed_meanwhile: plan.order.closed,
        };
        self.rules.iter().map(report).collect()
    }

    pub(crate) fn sysctls_report(&self) -> Vec<SysctlReport> {
        let report = |(write, old): &(SysctlWrite, Option<String>)| SysctlReport {
            key: write.key.clone(),
            old: old.clone(),
            new: write.value.clone(),
        };
        self.sysctl_changes.iter().map(report).collect()
    }

    pub(crate) fn files_report(&self) -> Vec<FileReport> {
        let report = |file: &FilePlan| FileReport {
            path: file.change.path.clone(),
            purpose: file.change.purpose.clone(),
            removed: file.change.content == FileContent::Absent,
        };
        self.files.iter().map(report).collect()
    }
}

fn chain_reports(planned: &Planned) -> Vec<ChainReport> {
    let Some(edit) = &planned.edit else { return Vec::new() };
    let report = |change| {
        move |chain: &String| ChainReport {
            table: planned.goal.table().to_owned(),
            chain: chain.clone(),
            change,
        }
    };
    let filled = edit.written.iter().map(report(ChainChange::Filled));
    let removed = edit.removed.iter().map(report(ChainChange::Removed));
    filled.chain(removed).chain(edit.moved.iter().map(report(ChainChange::Hooked))).collect()
}
