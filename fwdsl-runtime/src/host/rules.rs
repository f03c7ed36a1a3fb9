//! The kernel's rules, read and written through the programs.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::{ApplyError, ProgramError, ProgramFailure};
use super::program::{Programs, Runner};
use super::variant::{self, Variant};
use super::xtables_lock;
use crate::family::Family;
use crate::restore_text::{self, SavedTable, SavedText};

/// The two programs of one family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FamilyPrograms {
    pub(crate) save: PathBuf,
    pub(crate) restore: PathBuf,
    pub(crate) variant: Variant,
}

impl FamilyPrograms {
    /// The programs of the variant; by their plain names unless the variant was asked for.
    pub(crate) fn find(
        programs: &Programs,
        family: Family,
        variant: Variant,
        forced: bool,
    ) -> Result<FamilyPrograms, ApplyError> {
        let name = |action: &str| match forced {
            true => variant.program(family, action),
            false => format!("{}-{action}", variant::base(family)),
        };
        Ok(FamilyPrograms {
            save: programs.need(&name("save"))?,
            restore: programs.need(&name("restore"))?,
            variant,
        })
    }
}

/// The family's tables with counters. Without naming a table: naming one would make it.
pub(crate) fn save(
    programs: &FamilyPrograms,
    runner: &Runner,
    family: Family,
) -> Result<SavedText, ApplyError> {
    parse(programs, &print(programs, runner, family)?)
}

/// The same, where these tables must be among what is printed if they are there. `iptables-nft-save` leaves out a
/// table that holds an expression unknown to it, with a comment that says so; it would pass for an empty one. Beside the
/// tables comes the text that was printed.
pub(crate) fn save_of(
    programs: &FamilyPrograms,
    runner: &Runner,
    family: Family,
    tables: &[&str],
) -> Result<(SavedText, String), ApplyError> {
    let text = print(programs, runner, family)?;
    let left_out = |table: &&&str| text.contains(&format!("# Table `{table}' is incompatible"));
    if let Some(table) = tables.iter().find(left_out) {
        return Err(ApplyError::Impossible(format!(
            "the {family} table `{table}` holds native nft rules for which `{}` leaves it out, so where ours stand \
             there is not to be seen: `nft list table` shows it; keep such rules in a table of another name",
            programs.save.display()
        )));
    }
    Ok((parse(programs, &text)?, text))
}

fn print(programs: &FamilyPrograms, runner: &Runner, family: Family) -> Result<String, ApplyError> {
    if programs.variant == Variant::Legacy && !super::kernel::has_legacy_tables(family)? {
        return Ok(String::new());
    }
    Ok(runner.read(&programs.save, &["-c"])?)
}

fn parse(programs: &FamilyPrograms, text: &str) -> Result<SavedText, ApplyError> {
    restore_text::parse(text).map_err(|error| {
        ApplyError::Impossible(format!(
            "`{} -c` printed what is not a restore text: {error}",
            programs.save.display()
        ))
    })
}

/// What the programs say of the lock.
pub(crate) const LOCKED: &str = "holding the xtables lock";

/// Replaces tables, all of them in one call; chains and rules get the counters that they come with.
pub(crate) fn restore(
    programs: &FamilyPrograms,
    runner: &Runner,
    tables: &[SavedTable],
    lock_wait: Duration,
) -> Result<(), ApplyError> {
    let text: String = tables.iter().map(ToString::to_string).collect();
    load(programs, runner, text, lock_wait, &["-c"])
}

/// Changes tables by lines that leave alone what they do not name; rules get the counters that stand before them.
pub(crate) fn edit(
    programs: &FamilyPrograms,
    runner: &Runner,
    text: String,
    lock_wait: Duration,
) -> Result<(), ApplyError> {
    load(programs, runner, text, lock_wait, &["--noflush", "-c"])
}

fn load(
    programs: &FamilyPrograms,
    runner: &Runner,
    text: String,
    lock_wait: Duration,
    args: &[&str],
) -> Result<(), ApplyError> {
    let seconds = lock_wait.as_secs().max(1);
    let wait = seconds.to_string();
    let mut args = args.to_vec();
    let mut runner = runner.clone();
    // nft takes no lock: the kernel's generation id tells it when somebody else was first.
    if programs.variant == Variant::Legacy {
        args.extend(["-w", wait.as_str()]);
        runner.deadline += Duration::from_secs(seconds);
    }
    runner.run(&programs.restore, &args, text)?;
    Ok(())
}

/// Sees whether the legacy programs take the lock that they are told to; if they do not, they are left the usual one. The
/// table is one that is there, or will be.
pub(crate) fn check_lock(programs: &FamilyPrograms, runner: &Runner, table: &str) -> Result<(), ApplyError> {
    if programs.variant != Variant::Legacy || xtables_lock::of_programs().is_none() {
        return Ok(());
    }
    let nothing = format!("*{table}\nCOMMIT\n");
    match runner.run(&programs.restore, &["--test", "--noflush", "-w", "1"], nothing) {
        Err(ProgramError { failure: ProgramFailure::Status { stderr, .. }, .. })
            if stderr.contains(LOCKED) =>
        {
            xtables_lock::leave_to_programs();
            Ok(())
        }
        done => Ok(done.map(|_| ())?),
    }
}
