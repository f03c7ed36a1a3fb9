//! The plan of going back to a former state.

use std::collections::BTreeMap;
use std::path::Path;

use super::refusals::View;
use super::rules::{Snapshot, nft_ruleset};
use super::{FilePlan, Plan, RulesPlan, Seen, generation, plan_file, protocols};
use crate::family::Family;
use crate::host::boot::{program, recovery};
use crate::host::change::{FileChange, FileContent, SysctlWrite};
use crate::host::detect::Host;
use crate::host::error::ApplyError;
use crate::host::files::{self, Existing};
use crate::host::foreign::{self, Foreign};
use crate::host::history::{FileTarget, Former, TableTarget};
use crate::host::options::Options;
use crate::host::order::{self, Order};
use crate::host::owned::{Goal, Goals, Planned, edit};
use crate::host::places;
use crate::host::record::{self, Record};
use crate::host::rules;
use crate::host::sysctls;
use crate::restore_text::{Counters, SavedTable, SavedText};

/// Finds what differs from the former state, and refuses as an apply does. `known` is what fwdsl put into the kernel,
/// `record` what the record says of it.
pub(crate) fn go_back(
    host: &Host,
    former: &Former,
    known: &Record,
    record: &Record,
    options: &Options,
) -> Result<Plan, ApplyError> {
    let generation = generation(host);
    let protocols = protocols();
    let view = View { host, record: known, protocols: &protocols };
    let mut warnings = Vec::new();
    let (rules, seen) = rules_plans(former, &view, options, &mut warnings)?;
    let (of_record, files): (Vec<_>, Vec<_>) =
        former.files.iter().partition(|file| file.path == Path::new(places::RECORD));
    let mut recorded = match of_record.first().map(|file| &file.then) {
        None => record.clone(),
        Some(Existing::Regular { bytes, .. }) => record::parse(bytes).unwrap_or_default(),
        Some(_) => Record::default(),
    };
    let sets = former.sets.plan(host, &recorded.sets, &record.sets, &protocols)?;
    warnings.extend(sets.warnings.iter().cloned());
    // Until they are gone.
    recorded.sets.retain(|set| !sets.is_stale(&set.name));
    recorded.sets.extend(sets.recorded());
    let sysctls = sysctls_then(former, &mut warnings)?;
    let differs = |(write, now): &(&SysctlWrite, String)| !sysctls::same(now, &write.value);
    let changes = sysctls.iter().map(|(write, now)| (write, now.clone())).filter(differs);
    let sysctl_changes = changes.map(|(write, now)| (write.clone(), Some(now))).collect();
    Ok(Plan {
        rules,
        sets,
        sysctls: sysctls.into_iter().map(|(write, _)| write).collect(),
        sysctl_changes,
        files: file_plans(host, files)?,
        record: plan_file(host, &recorded.as_file()?)?,
        recorded,
        protocols: protocols.clone(),
        generation,
        warnings,
        seen,
    })
}

/// What has to change in the tables, and what there is.
fn rules_plans(
    target: &Former,
    view: &View<'_>,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Result<(Vec<RulesPlan>, Vec<Seen>), ApplyError> {
    let host = view.host;
    let ruleset = nft_ruleset(host)?;
    let mut snapshots = Vec::new();
    let mut seen = Vec::new();
    for (family, programs) in &host.families {
        let Some(tables) = target.rules.get(family) else { continue };
        let ours = tables.iter().filter(|(_, table)| matches!(table, TableTarget::Ours(_)));
        let names: Vec<&str> = ours.map(|(name, _)| name.as_str()).collect();
        let (former, printed) = rules::save_of(programs, &host.runner, *family, &names)?;
        let goals = goals(*family, tables, &former, view)?;
        seen.push(Seen { family: *family, printed, tables: former.clone() });
        snapshots.push(Snapshot { family: *family, programs, goals, former });
    }
    view.check_faithful(&snapshots, ruleset.as_ref())?;
    let mut plans = Vec::new();
    for Snapshot { family, programs, goals, former } in &mut snapshots {
        let new = std::mem::take(&mut goals.whole.tables);
        let shared = std::mem::take(&mut goals.shared);
        if new.is_empty() && shared.is_empty() {
            continue;
        }
        let replaced: Vec<SavedTable> =
            new.iter().filter_map(|table| former.table(&table.name)).cloned().collect();
        for table in &replaced {
            warnings.extend(foreign::changed_policies(*family, table, Some(view.record.of(*family))));
        }
        let mut plan = RulesPlan {
            family: *family,
            programs: (*programs).clone(),
            new,
            former: SavedText { tables: replaced },
            shared,
            order: Order::default(),
        };
        order::find(&mut plan, former, view.protocols);
        plans.push(plan);
    }
    if !options.replace_foreign {
        view.check_foreign(&plans, &snapshots)?;
    }
    warnings.extend(view.warnings_about_others(ruleset.as_ref()));
    Ok((plans, seen))
}

/// What is to become of one family's tables, as far as it is not so already.
fn goals(
    family: Family,
    targets: &BTreeMap<String, TableTarget>,
    now: &SavedText,
    view: &View<'_>,
) -> Result<Goals, ApplyError> {
    let mut goals = Goals::default();
    for (name, target) in targets {
        match target {
            TableTarget::Whole(table) => {
                // One that was not there is empty and accepts, which is the same to packets.
                let table = table.as_ref().map_or_else(|| SavedTable::pristine(name), without_counters);
                let is_there = now.table(name).is_some();
                if (is_there || !table.is_pristine()) && view.differs(&table, now) {
                    goals.whole.tables.push(table);
                }
            }
            TableTarget::Ours(goal) => {
                let empty =
                    SavedTable { name: goal.table().to_owned(), chains: Vec::new(), rules: Vec::new() };
                let now = now.table(goal.table()).unwrap_or(&empty);
                let goal = goal.clone().without_counters();
                let Some(edit) = edit(now, &goal, view.protocols).map_err(ApplyError::Impossible)? else {
                    continue;
                };
                goals.foreign.extend(foreign_in(family, now, &goal, view));
                let former = goal.former(now, view.protocols);
                goals.shared.push(Planned { goal, former, edit: Some(edit) });
            }
        }
    }
    Ok(goals)
}

/// What others put into chains that are ours, or made under the name of one.
fn foreign_in(family: Family, now: &SavedTable, goal: &Goal, view: &View<'_>) -> Vec<Foreign> {
    let mut ours = now.clone();
    ours.chains.retain(|chain| goal.holds(&chain.name));
    ours.rules.retain(|rule| goal.holds(rule.chain()));
    let then = SavedText { tables: vec![goal.chains.clone()] };
    foreign::find(
        family,
        &ours,
        &[view.record.of(family), view.record.chains_of(family), &then],
        view.protocols,
    )
}

/// A table without what it counted then: what comes back counts anew.
fn without_counters(table: &SavedTable) -> SavedTable {
    let mut table = table.clone();
    table.chains.iter_mut().for_each(|chain| chain.counters = Counters::default());
    table.rules.iter_mut().for_each(|rule| rule.counters = None);
    table
}

/// All sysctls as they were, each with what it is now.
fn sysctls_then(
    former: &Former,
    warnings: &mut Vec<String>,
) -> Result<Vec<(SysctlWrite, String)>, ApplyError> {
    let mut then = Vec::new();
    for undo in &former.sysctls {
        let write = SysctlWrite { key: undo.key.clone(), value: undo.value.clone(), module: None };
        match sysctls::read(&undo.key)? {
            Some(now) => then.push((write, now)),
            // With its interface, all that was set there has gone.
            None if sysctls::is_of_absent_interface(&write) => {}
            None => warnings.push(format!("this kernel has no sysctl `{}` any more", undo.key)),
        }
    }
    Ok(then)
}

/// The files that are not as they were, in the order in which they are put back: the service that undoes what a power
/// failure cuts off is there before all others and goes after them, and so does the program that it runs.
fn file_plans(host: &Host, targets: Vec<&FileTarget>) -> Result<Vec<FilePlan>, ApplyError> {
    let mut plans = Vec::new();
    for FileTarget { path, purpose, then, made } in targets {
        let real = places::below(&host.root, path)?;
        let before = files::look(&real)?;
        let (content, emptied) = match then {
            Existing::Absent => (FileContent::Absent, made.clone()),
            Existing::Regular { bytes, mode, .. } => {
                (FileContent::Regular { bytes: bytes.clone(), mode: *mode }, Vec::new())
            }
            Existing::Symlink(target) => (FileContent::Symlink(target.clone()), Vec::new()),
        };
        if before != *then {
            let change = FileChange { path: path.clone(), content, purpose: purpose.clone() };
            plans.push(FilePlan { change, real, before, owner: then.owner(), emptied });
        }
    }
    plans.sort_by_key(|plan| {
        let rank = [program::PURPOSE, recovery::PURPOSE].iter().position(|of| *of == plan.change.purpose);
        match (rank, &plan.change.content) {
            (None, _) => 2,
            (Some(rank), FileContent::Absent) => 4 - rank,
            (Some(rank), _) => rank,
        }
    });
    Ok(plans)
}
