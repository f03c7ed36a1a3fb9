//! The rules: what the kernel holds, and what of it has to change.

use super::refusals::View;
use super::{Problem, RulesPlan, Seen, note};
use crate::family::Family;
use crate::host::boot;
use crate::host::detect::Host;
use crate::host::error::ApplyError;
use crate::host::faithful;
use crate::host::foreign;
use crate::host::nft::{self, Ruleset};
use crate::host::options::{Desired, Options};
use crate::host::order::{self, Order};
use crate::host::owned::{self, Goals, Known};
use crate::host::record::Record;
use crate::host::report::Part;
use crate::host::retired;
use crate::host::rules::{self, FamilyPrograms};
use crate::host::variant::Variant;
use crate::restore_text::{Protocols, SavedTable, SavedText};

/// What was found of the rules.
pub(super) struct RulesSurvey {
    pub(super) rules: Vec<RulesPlan>,
    pub(super) seen: Vec<Seen>,
    /// What the record is to hold of rules.
    pub(super) recorded: Record,
    pub(super) warnings: Vec<String>,
}

/// One family's tables: what they are to be, and what they are.
pub(super) struct Snapshot<'a> {
    pub(super) family: Family,
    pub(super) programs: &'a FamilyPrograms,
    pub(super) goals: Goals,
    pub(super) former: SavedText,
}

/// Looks at the kernel's rules, and notes why they may not be replaced.
pub(super) fn survey(
    host: &Host,
    texts: &[(Family, SavedText)],
    mut record: Record,
    desired: &Desired,
    options: &Options,
    protocols: &Protocols,
    problems: &mut Vec<Problem>,
) -> RulesSurvey {
    let known_problems = problems.len();
    let ruleset = note(problems, Part::Rules, nft_ruleset(host)).flatten();
    let mut warnings = Vec::new();
    let mut snapshots = Vec::new();
    let mut seen = Vec::new();
    let mut missing = Vec::new();
    for (family, programs) in &host.families {
        let Some((_, new)) = texts.iter().find(|(of, _)| of == family) else { continue };
        let sharing = desired.sharing(*family);
        let known = Known { tables: record.of(*family), chains: record.chains_of(*family) };
        let names = owned::tables(new, sharing, known);
        let saved = rules::save_of(programs, &host.runner, *family, &names);
        let Some((former, printed)) = note(problems, Part::Rules, saved) else { continue };
        // The boot could not load what the record says, and locked the host down instead.
        if let Some(lockdown) = boot::loaded_lockdown(&former) {
            record.set(*family, &SavedText { tables: vec![lockdown] });
        }
        let known = Known { tables: record.of(*family), chains: record.chains_of(*family) };
        let mut goals = owned::find(*family, new, sharing, known, &former, protocols);
        missing.append(&mut goals.missing);
        seen.push(Seen { family: *family, printed, tables: former.clone() });
        snapshots.push(Snapshot { family: *family, programs, goals, former });
    }
    let view = View { host, record: &record, protocols };
    if !missing.is_empty() {
        problems.push(Problem { part: Part::Rules, error: ApplyError::Missing(missing) });
    }
    // What could not be looked at is no reason to call the rest untrue.
    if problems.len() == known_problems {
        note(problems, Part::Rules, view.check_faithful(&snapshots, ruleset.as_ref()));
    }
    let mut rules = Vec::new();
    for snapshot in &mut snapshots {
        let alone = desired.sharing(snapshot.family).chains_alone;
        rules.extend(family_plan(snapshot, &view, alone, ruleset.as_ref(), &mut warnings));
    }
    if !options.replace_foreign {
        note(problems, Part::Rules, view.check_foreign(&rules, &snapshots));
    }
    warnings.extend(view.warnings_about_others(ruleset.as_ref()));
    for Snapshot { family, goals, .. } in &mut snapshots {
        if desired.sharing(*family).chains_alone {
            record.forget_tables(*family);
        }
        record.set(*family, &goals.tables);
        record.set_chains(*family, std::mem::take(&mut goals.chains));
    }
    // Tables that left the policy are recorded as emptied, so that they are not looked for again.
    for plan in &rules {
        record.set(plan.family, &SavedText { tables: plan.new.clone() });
    }
    RulesSurvey { rules, seen, recorded: record, warnings }
}

/// What nft says of the rules.
pub(super) fn nft_ruleset(host: &Host) -> Result<Option<Ruleset>, ApplyError> {
    let ruleset = match &host.nft {
        Some(nft) if host.variant.is_some() => nft::list(nft, &host.runner).map(Some),
        _ => Ok(None),
    };
    // On legacy, nft only tells about others: a kernel without nf_tables is no reason to refuse.
    if host.variant == Some(Variant::Nft) { ruleset } else { Ok(ruleset.unwrap_or_default()) }
}

/// What has to change in a family's tables, if anything.
fn family_plan(
    snapshot: &mut Snapshot<'_>,
    view: &View<'_>,
    chains_alone: bool,
    ruleset: Option<&Ruleset>,
    warnings: &mut Vec<String>,
) -> Option<RulesPlan> {
    let Snapshot { family, programs, goals, former } = snapshot;
    let new = &goals.whole;
    let mut changed: Vec<SavedTable> =
        new.tables.iter().filter(|table| view.differs(table, former)).cloned().collect();
    let mut recorded = view.record.of(*family).clone();
    // What is left of them is among the goals.
    recorded.tables.retain(|table| {
        !chains_alone && goals.shared.iter().all(|planned| planned.goal.table() != table.name)
    });
    let retired = retired::find(&recorded, new, former, view.protocols, |table| {
        view.host.variant != Some(Variant::Nft)
            || ruleset.is_none_or(|ruleset| faithful::check(ruleset, *family, table).is_empty())
    });
    changed.extend(retired.emptied);
    warnings.extend(retired.kept.iter().map(|table| retired::warning(*family, table)));
    for table in changed.iter().filter_map(|table| former.table(&table.name)) {
        warnings.extend(foreign::changed_policies(*family, table, Some(view.record.of(*family))));
    }
    warnings.append(&mut goals.warnings);
    let mut shared = std::mem::take(&mut goals.shared);
    shared.retain(|planned| planned.edit.is_some());
    if changed.is_empty() && shared.is_empty() {
        return None;
    }
    let tables = changed.iter().filter_map(|table| former.table(&table.name)).cloned().collect();
    let mut plan = RulesPlan {
        family: *family,
        programs: (*programs).clone(),
        new: changed,
        former: SavedText { tables },
        shared,
        order: Order::default(),
    };
    order::find(&mut plan, former, view.protocols);
    Some(plan)
}
