//! Going back to a former state: an apply like any other, whose plan comes from the history instead of a policy.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::apply::{execute, noted, report, undo_leftover};
use super::boot::recovery;
use super::change::{FileChange, FileContent, SysctlWrite};
use super::detect::{self, Host};
use super::error::ApplyError;
use super::files::{self, Existing};
use super::foreign::{self, Foreign};
use super::history::{self, About, Action, FileTarget, Former, KeptState, TableTarget};
use super::kernel;
use super::lock::Lock;
use super::nft;
use super::options::Options;
use super::owned::{Goal, Goals, Planned, edit};
use super::places;
use super::plan::{self, FilePlan, Plan, RulesPlan, Snapshot, View};
use super::record::{self, Record};
use super::report::Report;
use super::rules;
use super::sysctls;
use super::variant::Variant;
use crate::family::Family;
use crate::restore_text::{Counters, SavedTable, SavedText};

/// What a rollback did; with `dry_run`, what it would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rollback {
    /// The state that is back.
    pub state: KeptState,
    /// What was changed for that, in the words of an apply.
    #[serde(flatten)]
    pub report: Report,
}

/// Brings back a former state of the host, or changes nothing: the one with this number, or the newest one, which is
/// how the host was before the last change.
///
/// Rules, sets, sysctls and files come back as they stood before the change that ended that state, as far as it and all
/// later changes by fwdsl have touched them. It is an apply like any other: what is now becomes a former state, to
/// which the next rollback goes back. What others put into the tables since then is refused or replaced as by an apply.
///
/// # Errors
///
/// As [`apply`](super::apply()): the host is as it was, except after [`ApplyError::NotUndone`].
pub fn rollback(number: Option<u64>, options: &Options) -> Result<Rollback, ApplyError> {
    let root = options.root()?;
    let _lock = match options.dry_run {
        true => None,
        false => Some(Lock::acquire(&root, options.lock_wait)?),
    };
    let mut warnings = Vec::new();
    let recovered = undo_leftover(&root, options, &mut warnings)?;
    match go_back(&root, number, options, &mut warnings) {
        Ok((state, host, plan)) => {
            Ok(Rollback { state, report: report(&host, &plan, options, recovered, warnings) })
        }
        Err(error) => Err(noted(error, warnings, recovered.is_some())),
    }
}

/// Makes the plan and, unless this is a dry run, carries it out. The warnings are to be told also where it fails.
fn go_back(
    root: &Path,
    number: Option<u64>,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Result<(KeptState, Host, Plan), ApplyError> {
    let (state, former) = history::former(root, number)?;
    check_place(&state, &former)?;
    let host = detect_for(&former, options)?;
    let (record, warning) = record::load(&host.root)?;
    warnings.extend(warning);
    let (plan, unmade) = plan(&host, &former, record, options)?;
    if !options.dry_run {
        let about = About::now(Action::Rollback(state.number), None, &plan);
        warnings.extend(execute(&host, &plan, about, options)?);
        unmake(&host, &unmade);
    }
    Ok((state, host, plan))
}

/// Refuses what belongs to another network namespace. After a restart there is no telling, and no need to: a namespace
/// does not live so long.
fn check_place(state: &KeptState, former: &Former) -> Result<(), ApplyError> {
    let (boot, here) = (kernel::boot_id()?, kernel::network_namespace()?);
    match former.places.iter().find(|(of_boot, namespace)| *of_boot == boot && *namespace != here) {
        None => Ok(()),
        Some((_, there)) => Err(ApplyError::Impossible(format!(
            "what would bring the state {} back was changed in network namespace {there}, and this is {here}; run the \
             command there (`nsenter --net=…`)",
            state.number
        ))),
    }
}

/// Looks around for the programs that the state needs, of the variant that loaded its rules.
fn detect_for(former: &Former, options: &Options) -> Result<Host, ApplyError> {
    let mut families: Vec<Family> =
        former.rules.iter().filter(|(_, tables)| !tables.is_empty()).map(|(family, _)| *family).collect();
    if families.is_empty() && !former.sets.is_empty() {
        families.push(Family::Ipv4);
    }
    let variant = match former.variants.as_slice() {
        [] => return detect::detect(options, &families),
        [variant] => *variant,
        _ => {
            return Err(ApplyError::Impossible(
                "since that state, rules were loaded by both variants of iptables, and they cannot be put back in one \
                 step; go back to a newer state first"
                    .to_owned(),
            ));
        }
    };
    if let Some(asked) = options.variant.filter(|asked| *asked != variant) {
        return Err(ApplyError::Impossible(format!(
            "the rules of that state were loaded by the {variant} variant of iptables, not by {asked}"
        )));
    }
    match detect::detect(options, &families) {
        Ok(host) if host.variant.is_none_or(|found| found == variant) => Ok(host),
        // Under its plain names, the machine has the other one, or a mixture.
        _ => detect::detect(&Options { variant: Some(variant), ..options.clone() }, &families),
    }
}

/// Finds what differs from the former state, and refuses as an apply does. Beside the plan, the tables that were not
/// there.
fn plan(
    host: &Host,
    former: &Former,
    record: Record,
    options: &Options,
) -> Result<(Plan, Vec<(Family, String)>), ApplyError> {
    let protocols = plan::protocols();
    let ruleset = plan::ruleset(host)?;
    let known = known(&host.root, &record);
    let view = View { host, record: &known, protocols: &protocols };
    let mut snapshots = Vec::new();
    for (family, programs) in &host.families {
        let Some(tables) = former.rules.get(family) else { continue };
        let ours = |(name, target): (&'_ String, &TableTarget)| {
            matches!(target, TableTarget::Ours(_)).then(|| name.clone())
        };
        let names: Vec<String> = tables.iter().filter_map(ours).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let now = rules::save_of(programs, &host.runner, *family, &names)?;
        let goals = goals(*family, tables, &now, &view)?;
        snapshots.push(Snapshot { family: *family, programs, goals, former: now });
    }
    view.check_faithful(&snapshots, ruleset.as_ref())?;
    let mut warnings = Vec::new();
    let mut rules = Vec::new();
    for Snapshot { family, programs, goals, former } in &mut snapshots {
        let new = std::mem::take(&mut goals.whole.tables);
        for table in new.iter().filter_map(|table| former.table(&table.name)) {
            warnings.extend(foreign::changed_policies(*family, table, Some(record.of(*family))));
        }
        let shared = std::mem::take(&mut goals.shared);
        if new.is_empty() && shared.is_empty() {
            continue;
        }
        let of_new = |table: &&SavedTable| new.iter().any(|new| new.name == table.name);
        let former = SavedText { tables: former.tables.iter().filter(of_new).cloned().collect() };
        rules.push(RulesPlan { family: *family, programs: (*programs).clone(), new, former, shared });
    }
    if !options.replace_foreign {
        view.check_foreign(&rules, &snapshots)?;
    }
    warnings.extend(view.warnings_about_others(ruleset.as_ref()));
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
    let (sysctls, sysctl_changes) = sysctl_changes(former, &mut warnings)?;
    let unmade = rules.iter().flat_map(|rules| unmade(rules, former)).collect();
    let plan = Plan {
        rules,
        sets,
        sysctls,
        sysctl_changes,
        files: file_plans(host, files)?,
        record: plan::plan_file(host, &recorded.as_file()?)?,
        recorded,
        protocols: protocols.clone(),
        warnings,
    };
    Ok((plan, unmade))
}

/// What fwdsl put there: by the last apply, or by the last rollback, which also brings rules of others back.
fn known(root: &Path, record: &Record) -> Record {
    let mut known = record.clone();
    let put_back = history::last_put_back(root).unwrap_or_default();
    for (family, tables) in &put_back.rules {
        for table in tables.values() {
            match table {
                TableTarget::Whole(Some(table)) => known.know(*family, table),
                TableTarget::Whole(None) => {}
                TableTarget::Ours(goal) => known.know(*family, &goal.chains),
            }
        }
    }
    known
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

/// The tables that were not there.
fn unmade(rules: &RulesPlan, former: &Former) -> Vec<(Family, String)> {
    let was_absent = |table: &&SavedTable| {
        let target = former.rules.get(&rules.family).and_then(|tables| tables.get(&table.name));
        target == Some(&TableTarget::Whole(None))
    };
    rules.new.iter().filter(was_absent).map(|table| (rules.family, table.name.clone())).collect()
}

/// Takes away tables that were not there, where that can be done. They are empty, so to packets it is the same.
fn unmake(host: &Host, tables: &[(Family, String)]) {
    let (Some(nft), Some(Variant::Nft)) = (&host.nft, host.variant) else { return };
    for (family, name) in tables {
        let Some((_, programs)) = host.families.iter().find(|(of, _)| of == family) else { continue };
        let now = rules::save(programs, &host.runner, *family);
        if now.is_ok_and(|now| now.table(name).is_some_and(SavedTable::is_pristine)) {
            // It stays if that fails.
            let _ = nft::delete_table(nft, &host.runner, *family, name);
        }
    }
}

/// All sysctls as they were, and those of them that are not so now.
#[expect(clippy::type_complexity, reason = "the two parts of a plan that are about sysctls")]
fn sysctl_changes(
    former: &Former,
    warnings: &mut Vec<String>,
) -> Result<(Vec<SysctlWrite>, Vec<(SysctlWrite, Option<String>)>), ApplyError> {
    let mut all = Vec::new();
    for undo in &former.sysctls {
        let write = SysctlWrite { key: undo.key.clone(), value: undo.value.clone(), module: None };
        match sysctls::read(&undo.key)? {
            Some(now) => all.push((write, Some(now))),
            // With its interface, all that was set there has gone.
            None if sysctls::is_of_absent_interface(&write) => {}
            None => warnings.push(format!("this kernel has no sysctl `{}` any more", undo.key)),
        }
    }
    let writes = all.iter().map(|(write, _)| write.clone()).collect();
    all.retain(|(write, now)| now.as_ref().is_none_or(|now| !sysctls::same(now, &write.value)));
    Ok((writes, all))
}

/// The files that are not as they were, in the order in which they are put back: the service that undoes what a power
/// failure cuts off is there before all others and goes after them.
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
    plans.sort_by_key(|plan| match (&plan.change.purpose, &plan.change.content) {
        (purpose, _) if purpose != recovery::PURPOSE => 1,
        (_, FileContent::Absent) => 2,
        _ => 0,
    });
    Ok(plans)
}
