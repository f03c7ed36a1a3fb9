//! One step over tables, families, sysctls and files.

use std::path::Path;

use super::carry_out;
use super::confirm::{self, Waiting};
use super::detect::{self, Host};
use super::error::ApplyError;
use super::history::About;
use super::journal;
use super::kernel;
use super::lock::Lock;
use super::options::{Desired, Options};
use super::outcome;
use super::plan::{self, Plan};
use super::record;
use super::report::{Recovered, Report};
use super::revoked::{self, Connections};
use super::undo;
use super::variant::Variant;
use super::xtables_lock::XtablesLock;
use crate::family::Family;

/// How often others may change rules between the look at them and the load.
const ATTEMPTS: usize = 5;

/// Brings about what is desired, or changes nothing.
///
/// All tables of both families, the sysctls and the files change as one: whatever fails, everything that was changed
/// is put back, and if this process dies, the guardian does that. What is as it should be already is not touched.
/// The program that calls this calls [`super::guardian::intercept`] first thing in its `main`.
///
/// With [`Options::confirm`], the apply is undone unless [`super::confirm()`] confirms it in time; the report says for
/// what it [waits](Report::waiting). If what is in force does not change, there is nothing to confirm.
///
/// # Errors
///
/// See [`ApplyError`]: the host is as it was before, except after [`ApplyError::NotUndone`], which says what is not.
pub fn apply(desired: &Desired, options: &Options) -> Result<Report, ApplyError> {
    if options.drop_revoked && options.confirm.is_some() {
        let why = "connections that are ended do not come back if an apply is undone, so they are ended by one that is not to \
                   be confirmed: apply once more with that option when this one is confirmed";
        return Err(ApplyError::Impossible(why.to_owned()));
    }
    let mut texts = plan::desired_texts(desired)?;
    plan::add_left_families(&mut texts, &record::load(&options.root()?)?.0);
    let families: Vec<Family> = texts.iter().map(|(family, _)| *family).collect();
    let host = detect::detect(options, &families)?;
    let _lock = match options.dry_run {
        true => None,
        false => Some(Lock::acquire(&host.root, options.lock_wait)?),
    };
    let legacy = host.variant == Some(Variant::Legacy) && !options.dry_run;
    let _xtables = legacy.then(|| XtablesLock::acquire(&host.root, options.lock_wait)).transpose()?;
    let mut warnings = Vec::new();
    let recovered = undo_leftover(&host.root, options, &mut warnings)?;
    let record = record::load(&host.root)?;
    warnings.extend(record.1);
    let done = bring_about(&host, options, &mut warnings, || {
        let plan = plan::make(&host, &texts, record.0.clone(), desired, options)?;
        let about = About::apply(desired, &plan);
        Ok((plan, about))
    });
    match done {
        Ok(done) => Ok(report(&host, done, options, recovered, warnings)),
        Err(error) => Err(noted(error, warnings, recovered.is_some())),
    }
}

/// Undoes what an earlier apply left, and refuses to go on while one waits for its confirmation; a dry run says that it
/// is there.
pub(super) fn undo_leftover(
    root: &Path,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Result<Option<Recovered>, ApplyError> {
    if options.dry_run {
        if journal::exists(root)? {
            warnings.push(journal::UNDER_WAY.to_owned());
        }
        return Ok(None);
    }
    confirm::check_none_is_pending(root)?;
    let recovered = undo::leftover(root, confirm::end_of_leftover(root, false)?)?;
    let news = outcome::news(root).filter(|_| recovered.is_none());
    warnings.extend(news.map(|outcome| outcome.words().to_owned()));
    Ok(recovered)
}

/// What was done, or would be.
pub(super) fn report(
    host: &Host,
    done: Done,
    options: &Options,
    recovered: Option<Recovered>,
    mut warnings: Vec<String>,
) -> Report {
    let Done { plan, waiting, connections } = done;
    if host.ipv6_absent {
        warnings.push(
            "this kernel has no IPv6 (`ipv6.disable=1`), so only the IPv4 rules are applied".to_owned(),
        );
    }
    warnings.extend(plan.warnings.iter().cloned());
    Report {
        dry_run: options.dry_run,
        variant: host.variant,
        rules: plan.rules_report(),
        sets: plan.sets.report(),
        sysctls: plan.sysctls_report(),
        files: plan.files_report(),
        ipv6_absent: host.ipv6_absent,
        recovered,
        connections,
        waiting,
        warnings,
    }
}

/// The error with what else is to be known.
pub(super) fn noted(error: ApplyError, mut notes: Vec<String>, recovered: bool) -> ApplyError {
    if recovered {
        notes.push(
            "an earlier apply, which was ended before it was complete, has been undone first".to_owned(),
        );
    }
    match notes.is_empty() {
        true => error,
        false => ApplyError::Noted { cause: Box::new(error), notes },
    }
}

/// What came of an apply.
pub(super) struct Done {
    pub(super) plan: Plan,
    pub(super) waiting: Option<Waiting>,
    connections: Option<Connections>,
}

/// Makes the plan and, unless this is a dry run, carries it out. The warnings are to be told also where it fails.
pub(super) fn bring_about(
    host: &Host,
    options: &Options,
    warnings: &mut Vec<String>,
    make: impl Fn() -> Result<(Plan, About), ApplyError>,
) -> Result<Done, ApplyError> {
    let mut attempts = 1;
    loop {
        let (plan, about) = make()?;
        let done = match options.dry_run {
            true => Ok(None),
            false => carry_out(host, &plan, about, options, warnings),
        };
        match done {
            Ok(waiting) => {
                let connections = options
                    .drop_revoked
                    .then(|| revoked::drop_revoked(host, &plan, !options.dry_run, warnings));
                if !options.dry_run && waiting.is_none() {
                    warnings.extend(carry_out::sweep_sets(host, &plan));
                }
                return Ok(Done { plan, waiting, connections });
            }
            // What was planned is of the past: others have other rules now, which may be none of ours.
            Err(ApplyError::Undone { cause, .. })
                if matches!(*cause, ApplyError::ChangedMeanwhile) && attempts < ATTEMPTS =>
            {
                attempts += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Carries a plan out. Gives back what waits for a confirmation.
fn carry_out(
    host: &Host,
    plan: &Plan,
    about: About,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Result<Option<Waiting>, ApplyError> {
    let window = options.confirm.filter(|_| plan.changes_the_kernel());
    if options.confirm.is_some() && window.is_none() {
        warnings.push(
            "rules, sets and sysctls are as they are to be already, so there is nothing to confirm"
                .to_owned(),
        );
    }
    let options = Options { confirm: window, ..options.clone() };
    let mut waiting = None;
    match plan.changes_anything() {
        true => {
            let carried = carry_out::carry_out(host, plan, about, &options)?;
            warnings.extend(carried.warning);
            waiting = carried.waiting;
        }
        false => carry_out::write_record_alone(plan)?,
    }
    Ok(waiting)
}

/// Undoes an apply that died and whose guardian died too, as [`apply`] does by itself: for who has to know before what the
/// host's files are.
///
/// # Errors
///
/// [`ApplyError::Pending`] if an apply waits for its confirmation; else as for [`recover`].
pub fn recover_cut_off(options: &Options) -> Result<Option<Recovered>, ApplyError> {
    recover_with(options, false)
}

/// Undoes an apply that died and whose guardian died too, or one that waits for its confirmation, if there is one.
///
/// [`apply`] does the former by itself first. At boot, it puts back files alone, since the kernel has forgotten the rest.
///
/// # Errors
///
/// [`ApplyError::Locked`] if an apply is at work, [`ApplyError::Unfinished`] if the apply belongs to another network
/// namespace, [`ApplyError::NotUndone`] if something cannot be put back.
pub fn recover(options: &Options) -> Result<Option<Recovered>, ApplyError> {
    recover_with(options, true)
}

fn recover_with(options: &Options, asked_for: bool) -> Result<Option<Recovered>, ApplyError> {
    let root = options.root()?;
    if !journal::exists(&root)? && !journal::left(&root)? {
        return Ok(None);
    }
    kernel::check_signals()?;
    let _lock = Lock::acquire(&root, options.lock_wait)?;
    if !asked_for {
        confirm::check_none_is_pending(&root)?;
    }
    undo::leftover(&root, confirm::end_of_leftover(&root, asked_for)?)
}
