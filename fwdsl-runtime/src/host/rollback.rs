//! Going back to a former state: an apply like any other, whose plan comes from the history instead of a policy.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::access::check_access;
use super::apply::{Done, bring_about, noted, report, undo_leftover};
use super::detect::{self, Host};
use super::error::ApplyError;
use super::history::{self, About, Action, Former, KeptState, TableTarget};
use super::kernel;
use super::lock::Lock;
use super::nft;
use super::options::Options;
use super::outlook::sides;
use super::plan::{self, Plan};
use super::record::{self, Record};
use super::report::Report;
use super::rules;
use super::session::Caller;
use super::variant::Variant;
use super::xtables_lock::XtablesLock;
use crate::family::Family;
use crate::loc::Sources;
use crate::lower::Ruleset;
use crate::restore_text::SavedTable;

/// What a rollback did; with `dry_run`, what it would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rollback {
    /// The state that is back.
    pub state: KeptState,
    /// What was changed for that, in the words of an apply.
    #[serde(flatten)]
    pub report: Report,
}

/// To which state to go back, and for whom.
#[derive(Debug, Clone)]
pub struct GoBack {
    /// The state's number; `None` is the newest one, which is how the host was before the last change.
    pub number: Option<u64>,
    /// Where the command comes from: rules that would cut off its connection, or the next one, are refused.
    pub caller: Caller,
    /// Go back all the same.
    pub force: bool,
}

/// Brings back a former state of the host, or changes nothing.
///
/// Rules, sets, sysctls and files come back as they stood before the change that ended that state, as far as it and all
/// later changes by fwdsl have touched them. It is an apply like any other: what is now becomes a former state, to
/// which the next rollback goes back; with [`Options::confirm`] it is undone unless it is confirmed. What others put into
/// the tables since then is refused or replaced as by an apply.
///
/// # Errors
///
/// As [`apply`](super::apply()), and [`ApplyError::CutOff`]: the host is as it was, except after
/// [`ApplyError::NotUndone`].
pub fn rollback(back: &GoBack, options: &Options) -> Result<Rollback, ApplyError> {
    let root = options.root()?;
    let _lock = match options.dry_run {
        true => None,
        false => Some(Lock::acquire(&root, options.lock_wait)?),
    };
    let mut warnings = Vec::new();
    let recovered = undo_leftover(&root, options, &mut warnings)?;
    match go_back(&root, back, options, &mut warnings) {
        Ok((state, host, done)) => {
            Ok(Rollback { state, report: report(&host, done, options, recovered, warnings) })
        }
        Err(error) => Err(noted(error, warnings, recovered.is_some())),
    }
}

/// Makes the plan and, unless this is a dry run, carries it out. The warnings are to be told also where it fails.
fn go_back(
    root: &Path,
    back: &GoBack,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Result<(KeptState, Host, Done), ApplyError> {
    let (state, former) = history::former(root, back.number)?;
    check_place(&state, &former)?;
    let host = detect_for(&former, options)?;
    let legacy = host.variant == Some(Variant::Legacy) && !options.dry_run;
    let _xtables = legacy.then(|| XtablesLock::acquire(root, options.lock_wait)).transpose()?;
    let (record, warning) = record::load(&host.root)?;
    warnings.extend(warning);
    let known = known(root, &record);
    let done = bring_about(&host, options, warnings, || {
        let mut plan = plan::go_back(&host, &former, &known, &record, options)?;
        let doubts = check_session(&host, &plan, back, options)?;
        plan.warnings.extend(doubts);
        let about = About::now(Action::Rollback(state.number), None, &plan);
        Ok((plan, about))
    })?;
    if !options.dry_run && done.waiting.is_none() {
        unmake(&host, &done.plan, &former);
    }
    Ok((state, host, done))
}

/// Refuses to cut off whoever runs this. Gives back what is not certain.
fn check_session(
    host: &Host,
    plan: &Plan,
    back: &GoBack,
    options: &Options,
) -> Result<Vec<String>, ApplyError> {
    let changed = plan.seen.iter().filter(|seen| plan.rules.iter().any(|rules| rules.family == seen.family));
    let rulesets: Vec<Arc<Ruleset>> = changed
        .map(|seen| {
            let [_, after] = sides(host, plan, seen);
            Arc::new(after)
        })
        .collect();
    // What the kernel held has no places of its own.
    let access = check_access(&rulesets, &Sources::default(), &back.caller, host.variant);
    if !access.cut.is_empty() && !back.force && !options.dry_run {
        return Err(ApplyError::CutOff(access.cut));
    }
    let cut =
        access.cut.into_iter().map(|what| format!("the rules of that state cut this session off: {what}"));
    Ok(cut.chain(access.doubts).collect())
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

/// Takes away tables that were not there, where that can be done. They are empty, so to packets it is the same.
fn unmake(host: &Host, plan: &Plan, former: &Former) {
    let (Some(nft), Some(Variant::Nft)) = (&host.nft, host.variant) else { return };
    for rules in &plan.rules {
        let tables = former.rules.get(&rules.family);
        let was_absent = |table: &&SavedTable| {
            tables.and_then(|tables| tables.get(&table.name)) == Some(&TableTarget::Whole(None))
        };
        for table in rules.new.iter().filter(was_absent) {
            let now = rules::save(&rules.programs, &host.runner, rules.family);
            if now.is_ok_and(|now| now.table(&table.name).is_some_and(SavedTable::is_pristine)) {
                // It stays if that fails.
                let _ = nft::delete_table(nft, &host.runner, rules.family, &table.name);
            }
        }
    }
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
