//! The changes themselves, each after its way back is on disk.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::change::SysctlWrite;
use super::clock;
use super::confirm::Waiting;
use super::detect::Host;
use super::error::ApplyError;
use super::files;
use super::generation::Watch;
use super::group::{Group, GroupId};
use super::guardian::Guardian;
use super::history::About;
use super::journal::{self, Draft, FormerFile, FormerRules, Journal, LateFile, PendingDraft, StaleSets};
use super::kernel;
use super::options::Options;
use super::outcome;
use super::owned::{Goal, Loader};
use super::places;
use super::plan::{FilePlan, Plan, RulesPlan};
use super::program::Runner;
use super::record::{self, Record, RecordedSet};
use super::rules;
use super::session::{self, Caller};
use super::sets::{self, SetsUndo};
use super::sysctls::{self, SysctlUndo};
use super::undo;
use super::watchdog::Watchdog;

/// A step that failed, in words, and why.
type Failed = (String, ApplyError);

/// What undoes an apply whose process dies.
enum Guard {
    Guardian(#[expect(dead_code, reason = "held, until there is nothing to guard")] Guardian),
    /// It has to be confirmed, too.
    Watchdog(Watchdog),
}

impl Guard {
    /// Starts it; when this returns, it stands. Gives back what the user should know about it.
    fn arm(host: &Host, options: &Options, marker: &str) -> Result<(Guard, Option<String>), ApplyError> {
        match options.confirm {
            None => Ok((Guard::Guardian(Guardian::arm(&host.root)?), None)),
            Some(window) => {
                let (watchdog, warning) = Watchdog::arm(&host.root, window, marker, &host.programs)?;
                Ok((Guard::Watchdog(watchdog), warning))
            }
        }
    }
}

/// What an apply left to do.
pub(crate) struct Carried {
    /// The confirmation.
    pub(crate) waiting: Option<Waiting>,
    pub(crate) warning: Option<String>,
}

/// Carries the plan out, or leaves everything as it was.
pub(crate) fn carry_out(
    host: &Host,
    plan: &Plan,
    about: About,
    options: &Options,
) -> Result<Carried, ApplyError> {
    // The guard stands before there is a journal that it could find, so no moment is unguarded.
    let marker = marker()?;
    let group = Group::start(&marker)?;
    let (guard, warning) = Guard::arm(host, options, &marker)?;
    let journal = journal::create(&host.root, draft(host, plan, about, options, &group.id)?)?;
    let runner = Runner { deadline: options.program_deadline, group: Some(group.id.clone()) };
    let completed = |error| ("completing the apply".to_owned(), error);
    let done = run_steps(host, plan, options, &runner, &journal).and_then(|()| match options.confirm {
        None => {
            outcome::supersede(&host.root);
            journal.finish().map(|()| None).map_err(completed)
        }
        Some(window) => wait_for_confirmation(host, plan, &journal, window).map(Some).map_err(completed),
    });
    match done {
        Ok(waiting) => {
            match guard {
                Guard::Watchdog(watchdog) if waiting.is_some() => watchdog.hand_over(),
                guard => drop(guard),
            }
            Ok(Carried { waiting, warning })
        }
        Err((step, cause)) => {
            let cause = Box::new(cause);
            let error = match undo::run(&host.root, &journal, false, None) {
                Ok(_) => ApplyError::Undone { step, cause },
                Err(problems) => ApplyError::NotUndone {
                    failed: Some((step, cause)),
                    problems,
                    journal: journal.dir.clone(),
                },
            };
            drop(guard);
            Err(error)
        }
    }
}

/// Ends an apply that has to be confirmed: from here on its time runs.
fn wait_for_confirmation(
    host: &Host,
    plan: &Plan,
    journal: &Journal,
    window: Duration,
) -> Result<Waiting, ApplyError> {
    let caller = Caller::find();
    // Whoever comes from here on comes through the new rules.
    let connections = session::connections();
    let deadline = clock::now() + window;
    journal.make_pending(PendingDraft {
        deadline,
        from_afar: caller.is_from_afar(),
        connections,
        files: plan.files.iter().map(LateFile::from).collect(),
        stale_sets: plan.sets.stale(),
    })?;
    Ok(Waiting::new(&host.root, journal.id(), deadline, caller))
}

/// Names this apply, among all others of this boot.
fn marker() -> Result<String, ApplyError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Ok(format!("{}-{}", std::process::id(), now.as_nanos()))
}

fn draft(
    host: &Host,
    plan: &Plan,
    about: About,
    options: &Options,
    group: &GroupId,
) -> Result<Draft, ApplyError> {
    let rules = |plan: &RulesPlan| {
        let tables = plan.new.iter().map(|table| table.name.clone()).collect();
        let shared = plan.shared.iter().map(|planned| planned.former.clone()).collect();
        FormerRules {
            family: plan.family,
            programs: plan.programs.clone(),
            tables,
            text: plan.former.to_string(),
            shared,
            order: plan.order.clone(),
        }
    };
    let file = |file: &FilePlan| FormerFile {
        path: file.change.path.clone(),
        purpose: file.change.purpose.clone(),
        before: file.before.clone(),
        made: files::missing_dirs(&file.real),
    };
    let writes: Vec<_> = plan.sysctl_changes.iter().map(|(write, _)| write.clone()).collect();
    Ok(Draft {
        about,
        keep: (!options.just_started).then_some(options.keep),
        boot_id: kernel::boot_id()?,
        network_namespace: kernel::network_namespace()?,
        group: group.clone(),
        nft: host.nft.clone(),
        lock_wait_seconds: options.lock_wait.as_secs(),
        program_deadline_seconds: options.program_deadline.as_secs(),
        rules: plan.rules.iter().map(rules).collect(),
        sets: SetsUndo::of(&plan.sets),
        sysctls: sysctls::record(&writes)?,
        files: files_now(plan, options).map(file).collect(),
    })
}

/// The files that are put in place with the rules: those for boot wait for the confirmation, if there has to be one.
fn files_now<'p>(plan: &'p Plan, options: &Options) -> impl Iterator<Item = &'p FilePlan> {
    let waiting = options.confirm.is_some();
    plan.files.iter().filter(move |_| !waiting).chain(&plan.record)
}

fn run_steps(
    host: &Host,
    plan: &Plan,
    options: &Options,
    runner: &Runner,
    journal: &Journal,
) -> Result<(), Failed> {
    sets::put(&plan.sets, runner)
        .and_then(|()| sets::check(&plan.sets, runner, &plan.protocols))
        .map_err(|error| ("making the sets".to_owned(), error))?;
    // `ip_forward=1` must never come before the policy of FORWARD, nor that go before `ip_forward=0`.
    let (closing, others): (Vec<_>, Vec<_>) =
        plan.sysctl_changes.iter().partition(|(write, _)| sysctls::is_closing(&write.key, &write.value));
    set_sysctls(closing, host, runner, journal)?;
    let watch = Watch::from(plan.generation);
    for family in &plan.rules {
        let step = |error| (format!("loading the {} rules", family.family), error);
        let goals: Vec<Goal> = family.new.iter().map(Goal::whole).collect();
        let goals = goals.iter().chain(family.shared.iter().map(|planned| &planned.goal));
        let loader = Loader {
            programs: &family.programs,
            runner,
            family: family.family,
            lock_wait: options.lock_wait,
            protocols: &plan.protocols,
            watch: &watch,
        };
        if let Some(table) = family.order.tables.first() {
            rules::check_lock(&family.programs, runner, table).map_err(step)?;
        }
        journal.begin(family.family).map_err(step)?;
        let loaded = loader.carry_out(goals, &family.order);
        if matches!(loaded, Err(ApplyError::ChangedMeanwhile)) {
            journal.not_begun(family.family).map_err(step)?;
        }
        loaded.map_err(step)?;
    }
    set_sysctls(others, host, runner, journal)?;
    // One sysctl can reset another, also one that held already.
    for write in plan.sysctls.iter().filter(|write| sysctls::check(write).is_err()) {
        sysctls::put(write).map_err(|error| (format!("setting sysctl `{}`", write.key), error))?;
    }
    for write in &plan.sysctls {
        sysctls::check(write).map_err(|error| ("checking the sysctls".to_owned(), error))?;
    }
    for file in files_now(plan, options) {
        let step =
            |error| (format!("writing `{}` ({})", file.change.path.display(), file.change.purpose), error);
        files::put(&file.real, &file.change.content, file.owner).map_err(step)?;
        files::remove_empty_dirs(&file.emptied).map_err(step)?;
    }
    Ok(())
}

fn set_sysctls(
    changes: Vec<&(SysctlWrite, Option<String>)>,
    host: &Host,
    runner: &Runner,
    journal: &Journal,
) -> Result<(), Failed> {
    for (write, _) in changes {
        let step = |error| (format!("setting sysctl `{}`", write.key), error);
        if let Some(module) = write.module
            && sysctls::read(&write.key).map_err(step)?.is_none()
        {
            load_late(host, runner, journal, &write.key, module).map_err(step)?;
        }
        sysctls::put(write).map_err(step)?;
    }
    Ok(())
}

/// Loads the module of a sysctl, and takes note of the value that it came with before that is changed.
fn load_late(
    host: &Host,
    runner: &Runner,
    journal: &Journal,
    key: &str,
    module: &str,
) -> Result<(), ApplyError> {
    let value = sysctls::load_module(&host.programs, runner, key, module)?;
    let mut sysctls = journal.sysctls()?.split_off(journal.manifest.sysctls.len());
    sysctls.push(SysctlUndo { key: key.to_owned(), value });
    journal.add_sysctls(&sysctls)
}

/// Writes the record where nothing else changes: the rules are in force already, whoever loaded them.
pub(crate) fn write_record_alone(plan: &Plan) -> Result<(), ApplyError> {
    match &plan.record {
        Some(file) => {
            file.real.parent().map_or(Ok(()), files::make_private_dir)?;
            files::put(&file.real, &file.change.content, file.owner)
        }
        None => Ok(()),
    }
}

/// Destroys the sets that nothing refers to any more, which the apply is complete without. The record forgets those
/// that are gone. Gives back what is left, in words.
pub(crate) fn sweep_sets(host: &Host, plan: &Plan) -> Vec<String> {
    let (left, mut warnings) = sets::sweep(&plan.sets, &host.runner, !plan.rules.is_empty());
    let is_gone = |set: &RecordedSet| plan.sets.is_stale(&set.name) && !left.contains(&set.name);
    warnings.extend(forget_sets(&host.root, &plan.recorded, is_gone));
    warnings
}

/// The same for an apply that was confirmed.
pub(crate) fn sweep_stale_sets(root: &Path, stale: &StaleSets, runner: &Runner) -> Vec<String> {
    let (left, mut warnings) = sets::sweep_stale(stale, runner);
    let is_gone = |set: &RecordedSet| stale.names.contains(&set.name) && !left.contains(&set.name);
    match record::load(root) {
        Ok((recorded, _)) => warnings.extend(forget_sets(root, &recorded, is_gone)),
        Err(error) => warnings.push(names_too_many(&error)),
    }
    warnings
}

/// Writes the record without the sets that are gone; gives back why that failed.
fn forget_sets(root: &Path, recorded: &Record, is_gone: impl Fn(&RecordedSet) -> bool) -> Option<String> {
    let mut record = recorded.clone();
    record.sets.retain(|set| !is_gone(set));
    if record.sets == recorded.sets {
        return None;
    }
    let write = || {
        let file = record.as_file()?;
        let real = places::below(root, &file.path)?;
        files::put(&real, &file.content, files::look(&real)?.owner())
    };
    write().err().map(|error| names_too_many(&error))
}

fn names_too_many(error: &ApplyError) -> String {
    format!("the record still names sets that are gone, which the next apply mends: {error}")
}
