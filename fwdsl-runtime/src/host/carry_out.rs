//! The changes themselves, each after its way back is on disk.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::detect::Host;
use super::error::ApplyError;
use super::files;
use super::group::{Group, GroupId};
use super::guardian::Guardian;
use super::journal::{self, Draft, FormerRules, Journal};
use super::kernel;
use super::options::Options;
use super::owned::{Goal, Loader};
use super::places;
use super::plan::{FilePlan, Plan, RulesPlan};
use super::program::Runner;
use super::sets::{self, SetsUndo};
use super::sysctls::{self, SysctlUndo};
use super::undo;

/// A step that failed, in words, and why.
type Failed = (String, ApplyError);

/// Carries the plan out, or leaves everything as it was.
pub(crate) fn carry_out(host: &Host, plan: &Plan, options: &Options) -> Result<(), ApplyError> {
    // The guardian stands before there is a journal that it could find, so no moment is unguarded.
    let group = Group::start(&marker()?)?;
    let guardian = Guardian::arm(&host.root)?;
    let journal = journal::create(&host.root, draft(host, plan, options, &group.id)?)?;
    let runner = Runner { deadline: options.program_deadline, group: Some(group.id.clone()) };
    let done = run_steps(host, plan, options, &runner, &journal)
        .and_then(|()| journal.finish().map_err(|error| ("completing the apply".to_owned(), error)));
    let result = done.map_err(|(step, cause)| {
        let cause = Box::new(cause);
        match undo::run(&host.root, &journal, false) {
            Ok(_) => ApplyError::Undone { step, cause },
            Err(problems) => {
                ApplyError::NotUndone { failed: Some((step, cause)), problems, journal: journal.dir.clone() }
            }
        }
    });
    drop(guardian);
    result
}

/// Names this apply, among all others of this boot.
fn marker() -> Result<String, ApplyError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Ok(format!("{}-{}", std::process::id(), now.as_nanos()))
}

fn draft(host: &Host, plan: &Plan, options: &Options, group: &GroupId) -> Result<Draft, ApplyError> {
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
    let file =
        |file: &FilePlan| (file.change.path.clone(), file.before.clone(), files::missing_dirs(&file.real));
    let writes: Vec<_> = plan.sysctl_changes.iter().map(|(write, _)| write.clone()).collect();
    Ok(Draft {
        boot_id: kernel::boot_id()?,
        network_namespace: kernel::network_namespace()?,
        group: group.clone(),
        nft: host.nft.clone(),
        lock_wait_seconds: options.lock_wait.as_secs(),
        program_deadline_seconds: options.program_deadline.as_secs(),
        rules: plan.rules.iter().map(rules).collect(),
        sets: SetsUndo::of(&plan.sets),
        sysctls: sysctls::record(&writes)?,
        files: plan.files.iter().chain(&plan.record).map(file).collect(),
    })
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
    // Rules before sysctls: `ip_forward=1` must never come before the policy of FORWARD.
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
        };
        loader.carry_out(goals, &family.order).map_err(step)?;
    }
    for (write, _) in &plan.sysctl_changes {
        let step = |error| (format!("setting sysctl `{}`", write.key), error);
        if let Some(module) = write.module
            && sysctls::read(&write.key).map_err(step)?.is_none()
        {
            load_late(host, runner, journal, &write.key, module).map_err(step)?;
        }
        sysctls::put(write).map_err(step)?;
    }
    for write in &plan.sysctls {
        // One sysctl can reset another.
        sysctls::check(write).map_err(|error| ("checking the sysctls".to_owned(), error))?;
    }
    for file in plan.files.iter().chain(&plan.record) {
        let step =
            |error| (format!("writing `{}` ({})", file.change.path.display(), file.change.purpose), error);
        files::put(&file.real, &file.change.content, &file.before).map_err(step)?;
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
            files::put(&file.real, &file.change.content, &file.before)
        }
        None => Ok(()),
    }
}

/// Destroys the sets that nothing refers to any more, which the apply is complete without. The record forgets those
/// that are gone. Gives back what is left, in words.
pub(crate) fn sweep_sets(host: &Host, plan: &Plan) -> Vec<String> {
    let (left, mut warnings) = sets::sweep(&plan.sets, &host.runner, !plan.rules.is_empty());
    let mut record = plan.recorded.clone();
    record.sets.retain(|set| !plan.sets.is_stale(&set.name) || left.contains(&set.name));
    if record.sets == plan.recorded.sets {
        return warnings;
    }
    let write = || {
        let file = record.as_file()?;
        let real = places::below(&host.root, &file.path)?;
        files::put(&real, &file.content, &files::look(&real)?)
    };
    if let Err(error) = write() {
        warnings
            .push(format!("the record still names sets that are gone, which the next apply mends: {error}"));
    }
    warnings
}
