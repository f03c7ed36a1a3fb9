//! What a plan changes, for the report of the apply.

use super::{Plan, RulesPlan};
use crate::host::change::SysctlWrite;
use crate::host::owned::Planned;
use crate::host::report::{ChainChange, ChainReport, FileReport, RulesReport, SysctlReport};

impl Plan {
    /// Whether the host has to change.
    pub(crate) fn changes_anything(&self) -> bool {
        self.changes_the_kernel() || !self.files.is_empty()
    }

    /// Whether what is in force changes, beside what a boot would bring.
    pub(crate) fn changes_the_kernel(&self) -> bool {
        !(self.rules.is_empty() && self.sysctl_changes.is_empty()) || self.sets.changes_anything()
    }

    pub(crate) fn rules_report(&self) -> Vec<RulesReport> {
        let report = |plan: &RulesPlan| {
            let (order, closed_meanwhile) = plan.order_told();
            RulesReport {
                family: plan.family,
                tables: plan.new.iter().map(|table| table.name.clone()).collect(),
                chains: plan.shared.iter().flat_map(chain_reports).collect(),
                order,
                closed_meanwhile,
            }
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
        self.files.iter().map(|file| FileReport::of(file.change.clone())).collect()
    }
}

impl RulesPlan {
    /// The order in which tables change, if there are several, and whether the filter is closed meanwhile.
    pub(crate) fn order_told(&self) -> (Vec<String>, bool) {
        let several = self.order.tables.len() > 1;
        (if several { self.order.tables.clone() } else { Vec::new() }, self.order.closed)
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
