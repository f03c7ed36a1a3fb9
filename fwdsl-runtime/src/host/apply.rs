//! One step over tables, families, sysctls and files.

use super::carry_out;
use super::detect::{self, Host};
use super::error::ApplyError;
use super::journal;
use super::kernel;
use super::lock::Lock;
use super::options::{Desired, Options};
use super::plan::{self, Plan};
use super::record;
use super::report::{Recovered, Report};
use super::undo;
use crate::family::Family;
use crate::restore_text::SavedText;

/// Brings about what is desired, or changes nothing.
///
/// All tables of both families, the sysctls and the files change as one: whatever fails, everything that was changed
/// is put back, and if this process dies, the guardian does that. What is as it should be already is not touched.
/// The program that calls this calls [`super::guardian::intercept`] first thing in its `main`.
///
/// # Errors
///
/// See [`ApplyError`]: the host is as it was before, except after [`ApplyError::NotUndone`], which says what is not.
pub fn apply(desired: &Desired, options: &Options) -> Result<Report, ApplyError> {
    let mut texts = plan::desired_texts(desired)?;
    plan::add_left_families(&mut texts, &record::load(&options.root()?)?.0);
    let families: Vec<Family> = texts.iter().map(|(family, _)| *family).collect();
    let host = detect::detect(options, &families)?;
    let _lock = match options.dry_run {
        true => None,
        false => Some(Lock::acquire(&host.root, options.lock_wait)?),
    };
    let mut warnings = Vec::new();
    let mut recovered = None;
    if !options.dry_run {
        recovered = undo::leftover(&host.root)?;
    } else if journal::exists(&host.root)? {
        warnings.push(journal::UNDER_WAY.to_owned());
    }
    let plan = bring_about(&host, &texts, desired, options, &mut warnings).map_err(|error| {
        let mut notes = std::mem::take(&mut warnings);
        if recovered.is_some() {
            notes.push(
                "an earlier apply, which was ended before it was complete, has been undone first".to_owned(),
            );
        }
        match notes.is_empty() {
            true => error,
            false => ApplyError::Noted { cause: Box::new(error), notes },
        }
    })?;
    if host.ipv6_absent {
        warnings.push(
            "this kernel has no IPv6 (`ipv6.disable=1`), so only the IPv4 rules are applied".to_owned(),
        );
    }
    warnings.extend(plan.warnings.iter().cloned());
    Ok(Report {
        dry_run: options.dry_run,
        variant: host.variant,
        rules: plan.rules_report(),
        sets: plan.sets.report(),
        sysctls: plan.sysctls_report(),
        files: plan.files_report(),
        ipv6_absent: host.ipv6_absent,
        recovered,
        warnings,
    })
}

/// Makes the plan and, unless this is a dry run, carries it out. The warnings are to be told also where it fails.
fn bring_about(
    host: &Host,
    texts: &[(Family, SavedText)],
    desired: &Desired,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Result<Plan, ApplyError> {
    let record = record::load(&host.root)?;
    warnings.extend(record.1);
    let plan = plan::make(host, texts, record.0, desired, options)?;
    if !options.dry_run {
        match plan.changes_anything() {
            true => carry_out::carry_out(host, &plan, options)?,
            false => carry_out::write_record_alone(&plan)?,
        }
        warnings.extend(carry_out::sweep_sets(host, &plan));
    }
    Ok(plan)
}

/// Undoes an apply that died and whose guardian died too, if there is one.
///
/// [`apply`] does this by itself first. At boot, it puts back files alone, since the kernel has forgotten the rest.
///
/// # Errors
///
/// [`ApplyError::Locked`] if an apply is at work, [`ApplyError::Unfinished`] if the apply belongs to another network
/// namespace, [`ApplyError::NotUndone`] if something cannot be put back.
pub fn recover(options: &Options) -> Result<Option<Recovered>, ApplyError> {
    let root = options.root()?;
    if !journal::exists(&root)? {
        return Ok(None);
    }
    kernel::check_signals()?;
    let _lock = Lock::acquire(&root, options.lock_wait)?;
    undo::leftover(&root)
}
