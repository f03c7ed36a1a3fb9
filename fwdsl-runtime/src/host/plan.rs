//! What has to change, and whether it may: snapshot, checks, comparison. Nothing is changed here.

use std::fs;
use std::path::PathBuf;

use super::boot;
use super::change::{FileChange, FileContent, SysctlWrite};
use super::detect::Host;
use super::error::ApplyError;
use super::faithful::{self, Unfaithful};
use super::files::{self, Existing};
use super::foreign;
use super::nft::{self, Ruleset};
use super::options::{Desired, Options};
use super::others;
use super::owned::{self, Goals, Known, Planned};
use super::places;
use super::record::Record;
use super::report::{ChainChange, ChainReport, FileReport, RulesReport, SysctlReport};
use super::retired;
use super::rules::{self, FamilyPrograms};
use super::sets::{self, SetsPlan};
use super::sysctls;
use super::variant::Variant;
use crate::family::Family;
use crate::restore_text::{
    self, NormalTable, ParseError, Protocols, SavedRule, SavedTable, SavedText, builtin_chains, normal_table,
};

/// Everything that an apply is going to do.
pub(crate) struct Plan {
    pub(crate) rules: Vec<RulesPlan>,
    pub(crate) sets: SetsPlan,
    /// All sysctls that are to hold, for the check at the end.
    pub(crate) sysctls: Vec<SysctlWrite>,
    /// Those that do not hold yet, with their values.
    pub(crate) sysctl_changes: Vec<(SysctlWrite, Option<String>)>,
    pub(crate) files: Vec<FilePlan>,
    /// The record, if it changes; not counted as a change of the host.
    pub(crate) record: Option<FilePlan>,
    /// What it holds then.
    pub(crate) recorded: Record,
    pub(crate) protocols: Protocols,
    pub(crate) warnings: Vec<String>,
}

/// The tables of one family that have to change.
pub(crate) struct RulesPlan {
    pub(crate) family: Family,
    pub(crate) programs: FamilyPrograms,
    /// The tables to load.
    pub(crate) new: Vec<SavedTable>,
    /// What was there of these tables, with counters.
    pub(crate) former: SavedText,
    /// What is to change in tables that are not ours as a whole.
    pub(crate) shared: Vec<Planned>,
}

/// One file to put in place.
pub(crate) struct FilePlan {
    pub(crate) change: FileChange,
    /// Where it really is.
    pub(crate) real: PathBuf,
    pub(crate) before: Existing,
}

/// The texts to load, by family.
pub(crate) fn desired_texts(desired: &Desired) -> Result<Vec<(Family, SavedText)>, ApplyError> {
    let mut texts = Vec::new();
    for (family, text) in [(Family::Ipv4, &desired.ipv4), (Family::Ipv6, &desired.ipv6)] {
        let Some(text) = text else { continue };
        let bad = |error| ApplyError::Text { family, error };
        let text = restore_text::parse(text).map_err(bad)?;
        let check = match desired.sharing(family).chains_alone {
            true => check_chains_alone,
            false => check_complete,
        };
        text.tables.iter().try_for_each(check).map_err(|message| bad(ParseError { line: 0, message }))?;
        texts.push((family, text));
    }
    Ok(texts)
}

/// Adds the families that left the policy and in which chains of an earlier apply stand: nothing of theirs is wanted.
pub(crate) fn add_left_families(texts: &mut Vec<(Family, SavedText)>, record: &Record) {
    // Files alone touch no rules.
    if texts.is_empty() {
        return;
    }
    for family in Family::ALL {
        if !texts.iter().any(|(of, _)| *of == family) && !record.chains_of(family).tables.is_empty() {
            texts.push((family, SavedText::default()));
        }
    }
    texts.sort_by_key(|(family, _)| *family);
}

/// A built-in chain that is left out would keep its policy on legacy and lose it under nft.
fn check_complete(table: &SavedTable) -> Result<(), String> {
    let name = &table.name;
    let builtin = builtin_chains(name).ok_or_else(|| format!("iptables has no table `{name}`"))?;
    let given =
        |chain: &&str| table.chains.iter().any(|given| given.name == **chain && given.policy.is_some());
    match builtin.iter().find(|chain| !given(chain)) {
        None => Ok(()),
        Some(chain) => Err(format!("table `{name}` gives no policy for its chain {chain}")),
    }
}

/// Built-in chains are others' where only chains are ours.
fn check_chains_alone(table: &SavedTable) -> Result<(), String> {
    let builtin =
        builtin_chains(&table.name).ok_or_else(|| format!("iptables has no table `{}`", table.name))?;
    let names = table.chains.iter().map(|chain| chain.name.as_str());
    match names.chain(table.rules.iter().map(SavedRule::chain)).find(|name| builtin.contains(name)) {
        None => Ok(()),
        Some(chain) => Err(format!("the built-in chain {chain} of table `{}` is others'", table.name)),
    }
}

/// Looks at the host, refuses what may not be done, and finds what differs. `record` is of the last apply.
pub(crate) fn make(
    host: &Host,
    texts: &[(Family, SavedText)],
    mut record: Record,
    desired: &Desired,
    options: &Options,
) -> Result<Plan, ApplyError> {
    // Without the file, the names that every machine knows are enough.
    let protocols = Protocols::with_file(&fs::read_to_string("/etc/protocols").unwrap_or_default());
    let ruleset = match &host.nft {
        Some(nft) if host.variant.is_some() => nft::list(nft, &host.runner).map(Some),
        _ => Ok(None),
    };
    // On legacy, nft only tells about others: a kernel without nf_tables is no reason to refuse.
    let ruleset = if host.variant == Some(Variant::Nft) { ruleset? } else { ruleset.unwrap_or_default() };
    let mut warnings = Vec::new();
    let mut snapshots = Vec::new();
    let mut missing = Vec::new();
    for (family, programs) in &host.families {
        let Some((_, new)) = texts.iter().find(|(of, _)| of == family) else { continue };
        let sharing = desired.sharing(*family);
        let known = Known { tables: record.of(*family), chains: record.chains_of(*family) };
        let names = owned::tables(new, sharing, known);
        let former = rules::save_of(programs, &host.runner, *family, &names)?;
        // The boot could not load what the record says, and locked the host down instead.
        if let Some(lockdown) = boot::loaded_lockdown(&former) {
            record.set(*family, &SavedText { tables: vec![lockdown] });
        }
        let known = Known { tables: record.of(*family), chains: record.chains_of(*family) };
        let goals = owned::find(*family, new, sharing, known, &former, &protocols);
        missing.extend(goals.missing.iter().cloned());
        snapshots.push(Snapshot { family: *family, programs, goals, former });
    }
    if !missing.is_empty() {
        return Err(ApplyError::Missing(missing));
    }
    let view = View { host, record: &record, protocols: &protocols };
    view.check_faithful(&snapshots, ruleset.as_ref())?;
    let mut rules = Vec::new();
    for Snapshot { family, programs, goals, former } in &mut snapshots {
        let new = &goals.whole;
        let mut changed: Vec<SavedTable> =
            new.tables.iter().filter(|table| view.differs(table, former)).cloned().collect();
        let alone = desired.sharing(*family).chains_alone;
        let mut recorded = record.of(*family).clone();
        // What is left of them is among the goals.
        recorded
            .tables
            .retain(|table| !alone && goals.shared.iter().all(|planned| planned.goal.table() != table.name));
        let retired = retired::find(&recorded, new, former, &protocols, |table| {
            host.variant != Some(Variant::Nft)
                || ruleset.as_ref().is_none_or(|ruleset| faithful::check(ruleset, *family, table).is_empty())
        });
        changed.extend(retired.emptied);
        warnings.extend(retired.kept.iter().map(|table| retired::warning(*family, table)));
        for table in changed.iter().filter_map(|table| former.table(&table.name)) {
            warnings.extend(foreign::changed_policies(*family, table, Some(record.of(*family))));
        }
        warnings.append(&mut goals.warnings);
        let mut shared = std::mem::take(&mut goals.shared);
        shared.retain(|planned| planned.edit.is_some());
        if !changed.is_empty() || !shared.is_empty() {
            let former = SavedText {
                tables: changed.iter().filter_map(|table| former.table(&table.name)).cloned().collect(),
            };
            rules.push(RulesPlan {
                family: *family,
                programs: (*programs).clone(),
                new: changed,
                former,
                shared,
            });
        }
    }
    if !options.replace_foreign {
        view.check_foreign(&rules, &snapshots)?;
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
    let sets = sets::plan(host, &desired.sets, &record.sets, &protocols)?;
    record.sets = sets.recorded();
    warnings.extend(sets.warnings.iter().cloned());
    // Files alone, as for an image, leave no trace of ours.
    let recorded = record;
    let record = if snapshots.is_empty() { None } else { plan_file(host, &recorded.as_file()?)? };
    let mut files = desired.files.clone();
    if let Some(loader) = desired.installs {
        let noted = boot::installed(&host.root)
            .and_then(|former| boot::record(former, loader, &files, &host.root))
            .map_err(|error| ApplyError::Kept(Box::new(error)))?;
        files.push(noted);
    }
    let files = files.iter().map(|change| plan_file(host, change)).collect::<Result<Vec<_>, _>>()?;
    Ok(Plan {
        rules,
        sets,
        recorded,
        sysctls: desired.sysctls.clone(),
        sysctl_changes: sysctl_changes(host, &desired.sysctls)?,
        files: files.into_iter().flatten().collect(),
        record,
        protocols,
        warnings,
    })
}

/// One family's tables: what they are to be, and what they are.
struct Snapshot<'a> {
    family: Family,
    programs: &'a FamilyPrograms,
    goals: Goals,
    former: SavedText,
}

/// What the checks look at.
struct View<'a> {
    host: &'a Host,
    record: &'a Record,
    protocols: &'a Protocols,
}

impl View<'_> {
    fn differs(&self, new: &SavedTable, former: &SavedText) -> bool {
        let normal = |table| -> NormalTable { normal_table(table, self.protocols) };
        former.table(&new.name).is_none_or(|former| normal(former) != normal(new))
    }

    /// Refuses to replace what could not be put back.
    fn check_faithful(
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

    fn check_foreign(&self, rules: &[RulesPlan], snapshots: &[Snapshot<'_>]) -> Result<(), ApplyError> {
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

    fn warnings_about_others(&self, ruleset: Option<&Ruleset>) -> Vec<String> {
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

fn sysctl_changes(
    host: &Host,
    wanted: &[SysctlWrite],
) -> Result<Vec<(SysctlWrite, Option<String>)>, ApplyError> {
    let mut changes = Vec::new();
    for write in wanted {
        match sysctls::read(&write.key)? {
            Some(value) if sysctls::same(&value, &write.value) => {}
            None if sysctls::is_of_absent_interface(write) => {}
            None if write.module.is_none() => {
                return Err(ApplyError::Impossible(format!("this kernel has no sysctl `{}`", write.key)));
            }
            old => {
                if old.is_none() {
                    // Better missed now than in the middle.
                    host.programs.need("modprobe")?;
                }
                changes.push((write.clone(), old));
            }
        }
    }
    Ok(changes)
}

/// The plan for a file, or `None` if it is as it should be.
fn plan_file(host: &Host, change: &FileChange) -> Result<Option<FilePlan>, ApplyError> {
    let real = places::below(&host.root, &change.path)?;
    let before = files::look(&real)?;
    Ok((!before.is(&change.content)).then(|| FilePlan { change: change.clone(), real, before }))
}

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
            removed: file.change.content == FileContent::Absent,
            purpose: file.change.purpose.clone(),
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
