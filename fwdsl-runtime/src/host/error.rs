//! Why an apply did not happen.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use super::boot::BootError;
use super::faithful::Unfaithful;
use super::foreign::Foreign;
use super::outcome::Outcome;
use super::rules::LOCKED;
use super::variant::Variant;
use crate::family::Family;
use crate::restore_text::ParseError;

/// Why an apply did not happen. Unless it is (or notes) [`ApplyError::NotUndone`], the host is as it was before.
#[derive(Debug)]
pub enum ApplyError {
    /// The text to load is not what it should be: a mistake of the caller.
    Text {
        /// Whose text.
        family: Family,
        /// Where and what.
        error: ParseError,
    },
    /// A program is not installed.
    MissingProgram {
        /// Its name.
        program: String,
        /// Where it was looked for.
        dirs: Vec<PathBuf>,
    },
    /// This process may not do what is needed.
    MissingRights {
        /// The capabilities that are missing (capabilities(7)).
        missing: Vec<&'static str>,
        /// The variant that wants them.
        variant: Variant,
    },
    /// Two of the programs are of different variants.
    MixedVariants {
        /// The name of one, and what it is.
        one: (String, Variant),
        /// The name of the other, and what that is.
        other: (String, Variant),
    },
    /// A program failed.
    Program(ProgramError),
    /// Something of the system could not be read or written.
    System {
        /// What was tried: `read`, `write`.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's answer.
        error: io::Error,
    },
    /// Another apply holds the lock.
    Locked {
        /// The lock.
        path: PathBuf,
        /// How long this one waited.
        waited: Duration,
    },
    /// Another program holds the lock of the legacy variant.
    XtablesLocked {
        /// The lock.
        path: PathBuf,
        /// How long this process waited.
        waited: Duration,
    },
    /// The legacy variant needs more than its capabilities, and this process may not have it.
    LegacyNeeds {
        /// What it needs to do.
        what: String,
        /// The system's answer.
        error: io::Error,
    },
    /// Others changed rules between the look at them and the load.
    ChangedMeanwhile,
    /// Others changed a table in the moment in which it was loaded.
    ChangedTogether {
        /// What was there that is not of the policy.
        what: String,
    },
    /// The tables hold what iptables cannot say, so there would be no way back.
    Unfaithful(Vec<Unfaithful>),
    /// Whether the tables hold what iptables cannot say is not known, because `nft` is not installed.
    FaithfulnessUnknown {
        /// Rules of which it is not known.
        lines: Vec<Foreign>,
    },
    /// `nft` prints something else than its JSON.
    NftOutput(String),
    /// The tables hold rules and chains that fwdsl did not put there.
    Foreign(Vec<Foreign>),
    /// What others are to have made is not there, each in words.
    Missing(Vec<String>),
    /// What is kept for boot cannot be loaded.
    Kept(Box<BootError>),
    /// Something that is asked for cannot be done here.
    Impossible(String),
    /// A helper process (see [`super::guardian::intercept`]) did not start.
    Helper(String),
    /// An earlier apply is unfinished and cannot be undone from here.
    Unfinished {
        /// Its journal.
        journal: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The journal is damaged.
    Journal {
        /// Where it is.
        journal: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another apply waits for its confirmation.
    Pending {
        /// How long it still does.
        left: Duration,
    },
    /// The former rules would cut off whoever wants them back; the packets, each with what decides.
    CutOff(Vec<String>),
    /// No apply waits for a confirmation.
    NothingToConfirm {
        /// How the last one ended that did, if that is known.
        last: Option<Outcome>,
    },
    /// The time for the confirmation is over; the former state is back.
    TooLate {
        /// The machine was restarted since.
        restarted: bool,
    },
    /// A confirmation that does not show that the host can be reached.
    NoProof {
        /// Why not.
        reason: String,
    },
    /// The confirmation failed; the apply waits on.
    NotConfirmed {
        /// Why.
        cause: Box<ApplyError>,
        /// For how long.
        left: Duration,
    },
    /// The kernel does not hold what was loaded, though no program complained.
    Mismatch {
        /// What differs.
        what: String,
    },
    /// A step failed; everything that was changed before it has been put back.
    Undone {
        /// The step.
        step: String,
        /// Why it failed.
        cause: Box<ApplyError>,
    },
    /// An apply failed, and there is more to know about that than why.
    Noted {
        /// Why it failed, and what it left.
        cause: Box<ApplyError>,
        /// What was found before, each a sentence.
        notes: Vec<String>,
    },
    /// The undo of an apply failed: the host is in a state between.
    NotUndone {
        /// The step that failed, and why; absent if the apply died.
        failed: Option<(String, Box<ApplyError>)>,
        /// What could not be put back, each with the reason.
        problems: Vec<String>,
        /// Where the former state is kept.
        journal: PathBuf,
    },
}

/// A program that did not do what it was run for.
#[derive(Debug)]
pub struct ProgramError {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// What happened.
    pub failure: ProgramFailure,
}

/// What happened to a program.
#[derive(Debug)]
pub enum ProgramFailure {
    /// It could not be started or waited for.
    Start(io::Error),
    /// It said no.
    Status {
        /// How it ended.
        status: ExitStatus,
        /// What it wrote to its standard error.
        stderr: String,
    },
    /// It did not end in time, and was ended.
    Deadline {
        /// The time it had.
        seconds: u64,
        /// Whether it could be ended.
        ended: Result<(), String>,
    },
}

/// Makes an [`ApplyError::System`] of an error.
pub(crate) fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ApplyError {
    let path = path.to_owned();
    move |error| ApplyError::System { doing, path, error }
}

impl From<BootError> for ApplyError {
    fn from(error: BootError) -> ApplyError {
        match error {
            BootError::Read { path, error } => ApplyError::System { doing: "read", path, error },
            error => ApplyError::Kept(Box::new(error)),
        }
    }
}

impl From<ProgramError> for ApplyError {
    fn from(error: ProgramError) -> ApplyError {
        ApplyError::Program(error)
    }
}

impl From<rustix::io::Errno> for ProgramFailure {
    fn from(error: rustix::io::Errno) -> ProgramFailure {
        ProgramFailure::Start(error.into())
    }
}

impl std::error::Error for ApplyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ApplyError::Undone { cause, .. }
            | ApplyError::Noted { cause, .. }
            | ApplyError::NotConfirmed { cause, .. } => Some(cause),
            ApplyError::System { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApplyError::Text { family, error } => {
                write!(f, "the {family} rules are not a restore text: {error}")
            }
            ApplyError::MissingProgram { program, dirs } => {
                let dirs: Vec<_> = dirs.iter().map(|dir| dir.display().to_string()).collect();
                write!(f, "`{program}` is not installed (looked in {}); nothing was changed", dirs.join(", "))
            }
            ApplyError::MissingRights { missing, variant } => write!(
                f,
                "this process lacks {}, which the {variant} variant of iptables needs: run it as root; nothing was \
                 changed",
                missing.join(" and ")
            ),
            ApplyError::MixedVariants { one: (one, variant), other: (other, its_variant) } => write!(
                f,
                "`{one}` is the {variant} variant but `{other}` is {its_variant}: name the variant to use (--variant), \
                 or set the system's alternatives alike; nothing was changed"
            ),
            ApplyError::Program(error) => error.fmt(f),
            ApplyError::System { doing, path, error } => {
                write!(f, "cannot {doing} `{}`: {error}", path.display())
            }
            ApplyError::Locked { path, waited } => write!(
                f,
                "another apply is at work: it has held `{}` for the {} seconds that this one waited; nothing was \
                 changed",
                path.display(),
                waited.as_secs()
            ),
            ApplyError::XtablesLocked { path, waited } => write!(
                f,
                "another program is changing rules: it has held `{}` for the {} seconds that this one waited; nothing \
                 was changed",
                path.display(),
                waited.as_secs()
            ),
            ApplyError::LegacyNeeds { what, error } => write!(
                f,
                "the legacy variant of iptables needs {what}, beside CAP_NET_ADMIN and CAP_NET_RAW, and this process \
                 may not ({error}): run it as root; nothing was changed"
            ),
            ApplyError::ChangedMeanwhile => f.write_str(
                "other programs change rules again and again (`nft monitor` tells which), so there was no moment to \
                 load these: try again when they are done",
            ),
            ApplyError::ChangedTogether { what } => write!(
                f,
                "another program changed rules in the moment in which these were loaded; if it is to have its own, \
                 start it again: {what}"
            ),
            ApplyError::Unfaithful(list) => {
                f.write_str(
                    "the tables to replace hold what iptables cannot say, so a failed apply could not put it back; \
                     delete it (`nft delete`, by its handle) or keep it in a table of another name; nothing was \
                     changed:",
                )?;
                lines(f, list)
            }
            ApplyError::FaithfulnessUnknown { lines: list } => {
                f.write_str(
                    "the tables to replace hold rules that fwdsl did not load, and without the program `nft` there is \
                     no telling whether iptables prints them truly: install nftables (the program alone, its service \
                     need not be enabled); nothing was changed:",
                )?;
                lines(f, list)
            }
            ApplyError::NftOutput(what) => {
                write!(f, "`nft -j list ruleset` printed what is not understood: {what}; nothing was changed")
            }
            ApplyError::Foreign(list) => {
                f.write_str(
                    "the tables to replace hold what fwdsl did not put there, and it would be lost; take it over into \
                     the policy, or say that it is to be replaced (--replace-foreign); nothing was changed:",
                )?;
                lines(f, list)
            }
            ApplyError::Missing(list) => {
                f.write_str(
                    "the policy relies on chains and rules of others that are not as it needs them (start what makes \
                     them first, or give the chain a `family` where it is in one alone); nothing was changed:",
                )?;
                lines(f, list)
            }
            ApplyError::Kept(error) => write!(f, "{error}; nothing was changed"),
            ApplyError::Impossible(what) => write!(f, "{what}; nothing was changed"),
            ApplyError::Helper(what) => write!(
                f,
                "the guardian, which undoes an apply that dies, did not start: {what}; nothing was changed (a program \
                 that applies a policy calls `guardian::intercept` first in its `main`)"
            ),
            ApplyError::Unfinished { journal, reason } => {
                write!(f, "an earlier apply is unfinished ({}): {reason}", journal.display())
            }
            ApplyError::Journal { journal, reason } => {
                write!(
                    f,
                    "the journal of an unfinished apply, `{}`, is damaged: {reason}\nwhat it holds of the former state \
                     is in that directory: put back what is needed by hand, then delete it; until then nothing is \
                     changed",
                    journal.display()
                )
            }
            ApplyError::Pending { left } => write!(
                f,
                "an apply waits for its confirmation, for another {} seconds: `confirm` it, or undo it with `recover`; \
                 nothing was changed",
                left.as_secs()
            ),
            ApplyError::NothingToConfirm { last } => {
                f.write_str("there is nothing to confirm: no apply waits for it")?;
                last.as_ref().map_or(Ok(()), |last| write!(f, "; {}", last.words()))
            }
            ApplyError::TooLate { restarted: true } => f.write_str(
                "too late: the machine was restarted before the apply was confirmed; the former state is back",
            ),
            ApplyError::TooLate { restarted: false } => {
                f.write_str("too late: the time for the confirmation is over; the former state is back")
            }
            ApplyError::CutOff(packets) => {
                f.write_str("the rules of that state would cut this session off:")?;
                packets.iter().try_for_each(|packet| write!(f, "\n  {packet}"))?;
                f.write_str("\nhelp: go back to another state, or with --force; nothing was changed")
            }
            ApplyError::NoProof { reason } => write!(
                f,
                "this does not count as a confirmation: {reason}; open a new connection, and run `confirm` there, or \
                 run it at a console of this machine"
            ),
            ApplyError::NotConfirmed { cause, left } => write!(
                f,
                "the apply is not confirmed: {cause}\nit waits for another {} seconds, and is undone then; no file for \
                 boot has changed",
                left.as_secs()
            ),
            ApplyError::Mismatch { what } => write!(f, "the kernel does not hold what was loaded: {what}"),
            ApplyError::Undone { step, cause } => {
                write!(f, "{step} failed: {cause}\nthe former state is back: rules, sysctls and files")
            }
            ApplyError::Noted { cause, notes } => {
                cause.fmt(f)?;
                notes.iter().try_for_each(|note| write!(f, "\nnote: {note}"))
            }
            ApplyError::NotUndone { failed, problems, journal } => {
                match failed {
                    Some((step, cause)) => {
                        write!(f, "{step} failed: {cause}\nand the former state is NOT back:")?
                    }
                    None => f.write_str("the former state is NOT back:")?,
                }
                lines(f, problems)?;
                write!(
                    f,
                    "\nall else is as before; what was there is kept in `{}`, and the next command tries again",
                    journal.display()
                )
            }
        }
    }
}

impl ApplyError {
    /// The error without a word on what was changed, for those who only look.
    pub fn reason(&self) -> String {
        self.to_string().replacen("; nothing was changed", "", 1)
    }
}

fn lines(f: &mut fmt::Formatter<'_>, list: &[impl fmt::Display]) -> fmt::Result {
    list.iter().try_for_each(|line| write!(f, "\n  {line}"))
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}", self.program.display())?;
        self.args.iter().try_for_each(|arg| write!(f, " {arg}"))?;
        f.write_str("` ")?;
        match &self.failure {
            ProgramFailure::Start(error) => write!(f, "could not be run: {error}"),
            ProgramFailure::Deadline { seconds, ended } => {
                write!(f, "did not end within {seconds} seconds")?;
                match ended {
                    Ok(()) => f.write_str(" and was ended"),
                    Err(error) => write!(f, " and could not be ended: {error}"),
                }
            }
            ProgramFailure::Status { status, stderr } => {
                match stderr.trim() {
                    "" => write!(f, "failed ({status}) and said nothing")?,
                    words => write!(f, "failed ({status}): {words}")?,
                }
                explain(stderr).map_or(Ok(()), |meaning| write!(f, "\n{meaning}"))
            }
        }
    }
}

/// What lies behind a program's own words, where that is known.
fn explain(stderr: &str) -> Option<&'static str> {
    if stderr.contains("can't initialize") || stderr.contains("unable to initialize table") {
        return Some(
            "the kernel gave no such table. Most often the kernel was upgraded and the modules of the one that runs \
             are gone: reboot. Else its module (such as `iptable_filter`) is not installed or may not be loaded, or \
             this is a container whose host has to load it",
        );
    }
    if stderr.contains(LOCKED) {
        return Some("another program is changing rules and did not finish in time");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn a_table_that_the_kernel_lacks_is_explained_in_the_programs_words_and_ours() {
        let words = "iptables v1.6.2: can't initialize iptables table `filter': Table does not exist (do you need to \
                     insmod?)\nPerhaps iptables or your kernel needs to be upgraded.\n";
        let error = ProgramError {
            program: PathBuf::from("/usr/sbin/iptables-restore"),
            args: vec!["-w".to_owned(), "5".to_owned()],
            failure: ProgramFailure::Status { status: ExitStatus::from_raw(0x300), stderr: words.to_owned() },
        };
        let text = error.to_string();
        assert!(
            text.starts_with("`/usr/sbin/iptables-restore -w 5` failed (exit status: 3): iptables v1.6.2"),
            "{text}"
        );
        assert!(text.contains(words.trim()), "{text}");
        assert!(text.contains("reboot"), "{text}");
    }
}
