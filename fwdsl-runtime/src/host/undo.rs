//! Putting the former state back. The same code serves an apply that failed, the guardian, and a later command;
//! it may be run any number of times.

use std::path::Path;
use std::thread;
use std::time::Duration;

use super::error::ApplyError;
use super::files;
use super::generation::Watch;
use super::group::{self, Group};
use super::journal::{self, Journal, Manifest, RulesUndo};
use super::kernel;
use super::nft;
use super::outcome::{self, Ended};
use super::owned::{Goal, Loader};
use super::places;
use super::program::Runner;
use super::report::Recovered;
use super::rules;
use super::sets;
use super::sysctls::{self, SysctlUndo};
use super::variant::Variant;
use super::xtables_lock::XtablesLock;
use crate::family::Family;
use crate::restore_text::{self, Protocols, SavedTable, SavedText, normal_table};

/// How often an undo is tried before it is called failed, and how long it rests in between.
const ATTEMPTS: usize = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// Undoes the apply that died, or that nobody confirmed, if there is one, and leaves nothing of it. The caller holds the
/// lock, and says why it is undone, for whoever asks later.
pub(crate) fn leftover(root: &Path, ended: Ended) -> Result<Option<Recovered>, ApplyError> {
    let Some(journal) = journal::load(root)? else {
        journal::sweep(root);
        return Ok(None);
    };
    let restarted = journal.manifest.boot_id != kernel::boot_id()?;
    if !restarted {
        check_namespace(&journal)?;
    }
    run(root, &journal, restarted, Some(ended)).map(Some).map_err(|problems| ApplyError::NotUndone {
        failed: None,
        problems,
        journal: journal.dir.clone(),
    })
}

/// Refuses to touch another network namespace than the one that the apply changed.
pub(crate) fn check_namespace(journal: &Journal) -> Result<(), ApplyError> {
    let here = kernel::network_namespace()?;
    let there = &journal.manifest.network_namespace;
    if *there == here {
        return Ok(());
    }
    let reason = format!(
        "it changed network namespace {there}, this is {here}; run the command there (`nsenter --net=…`), or, if that \
         namespace is gone, delete the directory. Nothing was changed"
    );
    Err(ApplyError::Unfinished { journal: journal.dir.clone(), reason })
}

/// Puts back what the journal holds, and then removes it.
///
/// After a restart (`restarted`), rules and sysctls have gone by themselves, and only files are put back.
pub(crate) fn run(
    root: &Path,
    journal: &Journal,
    restarted: bool,
    ended: Option<Ended>,
) -> Result<Recovered, Vec<String>> {
    let unconfirmed = ended.is_some_and(|ended| ended != Ended::CutOff);
    let mut recovered = Recovered { restarted, unconfirmed, ..Recovered::default() };
    let mut attempt = 1;
    loop {
        match run_once(root, journal, &mut recovered, ended) {
            problems if problems.is_empty() => return Ok(recovered),
            problems if attempt == ATTEMPTS => return Err(problems),
            _ => {
                attempt += 1;
                thread::sleep(PAUSE);
            }
        }
    }
}

fn run_once(root: &Path, journal: &Journal, recovered: &mut Recovered, ended: Option<Ended>) -> Vec<String> {
    let mut problems = Vec::new();
    let manifest = &journal.manifest;
    if !recovered.restarted {
        // A program of the apply that still runs could commit after the undo.
        if let Err(error) = group::end_all(&manifest.group) {
            return vec![format!(
                "nothing was put back yet, since a program of the apply still runs: {error}"
            )];
        }
    }
    undo_files(root, journal, recovered, &mut problems);
    if !recovered.restarted {
        // Nothing is forwarded a moment longer, or earlier, than there are rules for it.
        undo_sysctls(journal, |undo| sysctls::is_closing(&undo.key, &undo.value), recovered, &mut problems);
        undo_rules(root, journal, recovered, &mut problems);
        undo_sysctls(journal, |_| true, recovered, &mut problems);
    }
    if let Some(ended) = ended.filter(|_| problems.is_empty()) {
        // All is back, whether it can be noted or not.
        let _ = outcome::write(root, journal.id(), ended);
    }
    if problems.is_empty()
        && let Err(error) = journal.remove()
    {
        problems.push(format!("all is back, but the journal is still there: {error}"));
    }
    problems
}

fn undo_files(root: &Path, journal: &Journal, recovered: &mut Recovered, problems: &mut Vec<String>) {
    let late = match journal.late_files() {
        Ok(late) => late,
        Err(error) => {
            problems.push(format!("the files for boot are not as before: {error}"));
            return;
        }
    };
    for undo in late.iter().rev().chain(journal.manifest.files.iter().rev()) {
        let restore = || {
            let path = places::below(root, &undo.path)?;
            files::restore(&path, &journal.file_before(undo)?, &undo.made)
        };
        match restore() {
            Ok(true) => add(&mut recovered.files, undo.path.clone()),
            Ok(false) => {}
            Err(error) => problems.push(format!("file `{}` is not as before: {error}", undo.path.display())),
        }
    }
}

/// Puts those sysctls back that `part` takes.
fn undo_sysctls(
    journal: &Journal,
    part: impl Fn(&SysctlUndo) -> bool,
    recovered: &mut Recovered,
    problems: &mut Vec<String>,
) {
    match journal.sysctls() {
        Err(error) => problems.push(format!("the sysctls are not as before: {error}")),
        Ok(mut values) => {
            values.retain(part);
            let (restored, failed) = sysctls::undo(&values);
            restored.into_iter().for_each(|key| add(&mut recovered.sysctls, key));
            problems.extend(failed);
        }
    }
}

fn undo_rules(root: &Path, journal: &Journal, recovered: &mut Recovered, problems: &mut Vec<String>) {
    let manifest = &journal.manifest;
    // Should this process be ended too, its programs must not outlive it. If the holder cannot be started, putting
    // the rules back still comes first.
    let group = Group::start(&format!("{}-undo", manifest.group.marker)).ok();
    let runner = Runner {
        deadline: Duration::from_secs(manifest.program_deadline_seconds),
        group: group.as_ref().map(|group| group.id.clone()),
    };
    let mut lock = None;
    for family in [Family::Ipv6, Family::Ipv4] {
        let Some(undo) = journal.changed_rules(family) else { continue };
        match undo_family(root, journal, &runner, family, undo, &mut lock) {
            Ok(tables) => {
                tables.iter().for_each(|table| add(&mut recovered.tables, format!("{family} {table}")))
            }
            Err(error) => problems.push(format!("the {family} rules are not as before: {error}")),
        }
    }
    // Nothing refers any more to the sets that the apply made.
    if let Some(undo) = &manifest.sets {
        let (restored, failed) = sets::undo(undo, &runner);
        restored.into_iter().for_each(|name| add(&mut recovered.sets, name));
        problems.extend(failed);
    }
}

fn add<T: PartialEq>(list: &mut Vec<T>, entry: T) {
    if !list.contains(&entry) {
        list.push(entry);
    }
}

/// Puts a family's tables back; gives back those that differed. Whoever undoes on legacy holds the `lock` from here on.
fn undo_family(
    root: &Path,
    journal: &Journal,
    runner: &Runner,
    family: Family,
    undo: &RulesUndo,
    lock: &mut Option<XtablesLock>,
) -> Result<Vec<String>, ApplyError> {
    let former = restore_text::parse(&journal.text(&undo.text)?)
        .map_err(|error| ApplyError::Journal { journal: journal.dir.clone(), reason: error.to_string() })?;
    // Both were printed by this machine, so names of protocols are the same in both.
    let protocols = Protocols::default();
    let lock_wait = Duration::from_secs(journal.manifest.lock_wait_seconds);
    // What was there comes back, whoever else has changed it since.
    let watch = Watch::from(None);
    let programs = &undo.programs;
    let loader = Loader { programs, runner, family, lock_wait, protocols: &protocols, watch: &watch };
    let look = || -> Result<[Vec<String>; 2], ApplyError> {
        Ok([differing_tables(runner, family, undo, &former)?, loader.unreached(&undo.shared)?])
    };
    let [mut differing, mut shared] = look()?;
    if differing.is_empty() && shared.is_empty() {
        return Ok(Vec::new());
    }
    if programs.variant == Variant::Legacy && lock.is_none() {
        // If it cannot be had, the programs try for themselves, and say so.
        *lock = XtablesLock::acquire(root, lock_wait).ok();
        [differing, shared] = look()?;
    }
    // One that was not there is the same to packets if it is empty and accepts.
    let table = |name: &String| former.table(name).cloned().unwrap_or_else(|| SavedTable::pristine(name));
    let whole: Vec<SavedTable> = differing.iter().map(table).collect();
    let goals: Vec<Goal> = whole.iter().map(Goal::whole).collect();
    let order = undo.order.back();
    if loader.carry_out(goals.iter().chain(&undo.shared), &order).is_err() {
        // Whatever tables hold by now, to replace them leads back. What they named of our chains is gone then.
        rules::restore(programs, runner, &whole, lock_wait)?;
        loader.carry_out(&undo.shared, &order)?;
    }
    for name in differing.iter().filter(|name| former.table(name).is_none()) {
        delete_if_possible(&journal.manifest, runner, family, undo, name);
    }
    let still = differing_tables(runner, family, undo, &former)?;
    if still.is_empty() {
        differing.extend(shared);
        return Ok(differing);
    }
    Err(ApplyError::Mismatch { what: format!("table {} differs from what it was", still.join(", ")) })
}

/// Deletes a table that is empty, so that nothing is there that was not.
fn delete_if_possible(manifest: &Manifest, runner: &Runner, family: Family, undo: &RulesUndo, table: &str) {
    if let (Some(nft), Variant::Nft) = (&manifest.nft, undo.programs.variant) {
        // One that is left is the same to packets.
        let _ = nft::delete_table(nft, runner, family, table);
    }
}

fn differing_tables(
    runner: &Runner,
    family: Family,
    undo: &RulesUndo,
    former: &SavedText,
) -> Result<Vec<String>, ApplyError> {
    let now = rules::save(&undo.programs, runner, family)?;
    // Both texts were printed by this machine, so names of protocols are the same in both.
    let protocols = Protocols::default();
    let normal = |text: &SavedText, name: &str| {
        let pristine = SavedTable::pristine(name);
        normal_table(text.table(name).unwrap_or(&pristine), &protocols)
    };
    let differs = |name: &&String| normal(&now, name) != normal(former, name);
    Ok(undo.tables.iter().filter(differs).cloned().collect())
}
