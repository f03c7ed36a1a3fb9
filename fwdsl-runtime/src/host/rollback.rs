//! Going back to a former state: an apply like any other, whose plan comes from the history instead of a policy.

use std::path::Path;

use serde::Serialize;

use super::apply::{execute, noted, report, undo_leftover};
use super::detect::{self, Host};
use super::error::ApplyError;
use super::history::{self, About, Action, Former, KeptState, TableTarget};
use super::kernel;
use super::lock::Lock;
use super::nft;
use super::options::Options;
use super::plan::{self, Plan};
use super::record::{self, Record};
use super::report::Report;
use super::rules;
use super::variant::Variant;
use crate::family::Family;
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
    let plan = plan::go_back(&host, &former, &known(root, &record), &record, options)?;
    if !options.dry_run {
        let about = About::now(Action::Rollback(state.number), None, &plan);
        warnings.extend(execute(&host, &plan, about, options)?);
        unmake(&host, &plan, &former);
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
