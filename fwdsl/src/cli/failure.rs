//! What a command can fail of, and the exit code of each.

use std::fmt;
use std::io;
use std::path::PathBuf;

use fwdsl_runtime::analysis::RequestError;
use fwdsl_runtime::diagnostic::Diagnostics;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::boot::BootError;
use fwdsl_runtime::host::sysctl::ExpandError;
use fwdsl_runtime::host::{ApplyError, Ended};

use super::fleet::ChoiceError;
use super::save::NO_WAY_IN;

/// Why a command did not do its work.
#[derive(Debug)]
pub(super) enum Failure {
    /// The policy is wrong.
    Policy(Diagnostics),
    /// A question has no answer.
    Question(RequestError),
    /// The policy has no rules for the family that was asked for.
    NoFamily(Family),
    /// The sysctls cannot be set here.
    Sysctls(ExpandError),
    /// The rules cannot be kept for boot here.
    Boot(BootError),
    /// The policy asserts no way into the host.
    NoWayIn,
    /// By these files, a shutdown would save what nobody has confirmed.
    SavesOnStop(Vec<PathBuf>),
    /// The files that set sysctls at boot cannot be read.
    SysctlFiles(io::Error),
    /// The apply was undone, because nobody confirmed it or somebody recalled it; how, if that is known.
    Unconfirmed(Option<Ended>),
    /// The policy would cut off whoever loads it; the packets, each with what decides.
    CutOff(Vec<String>),
    /// It is not clear which of several policies is this host's.
    Choice(ChoiceError),
    /// Several policies of one program are wrong, or cannot be told apart; what of each.
    Fleet(Vec<String>),
    /// The page of a manual cannot be had.
    Page(io::Error),
    /// The engine's own errors.
    Apply(ApplyError),
}

/// The exit codes, whose meanings stand in `exit-codes.txt`. 2 is clap's too, for a wrong command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    NotDone = 1,
    Usage = 2,
    Policy = 3,
    Foreign = 4,
    Undone = 5,
    Between = 6,
    Unsaid = 7,
    Unconfirmed = 8,
    CutOff = 9,
    /// Not a failure: what was asked for is not in force.
    Differs = 10,
    /// Not a failure: this process may not look at all of it.
    Unknown = 11,
}

impl Failure {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Failure::Policy(_) | Failure::Fleet(_) => Exit::Policy,
            Failure::Choice(_) => Exit::Usage,
            Failure::Question(RequestError::NoFamily(_)) => Exit::NotDone,
            Failure::Question(_) => Exit::Usage,
            Failure::NoFamily(_)
            | Failure::Sysctls(_)
            | Failure::Boot(_)
            | Failure::NoWayIn
            | Failure::SavesOnStop(_)
            | Failure::SysctlFiles(_)
            | Failure::Page(_) => Exit::NotDone,
            Failure::Unconfirmed(_) => Exit::Unconfirmed,
            Failure::CutOff(_) => Exit::CutOff,
            Failure::Apply(error) => of_apply(error),
        }
    }

    /// What is wrong, without a word on what was changed.
    pub(super) fn reason(&self) -> String {
        self.to_string().replacen("; nothing was changed", "", 1)
    }

    /// The word for the exit code in JSON.
    pub(super) fn kind(&self) -> &'static str {
        match self.exit() {
            Exit::NotDone => "not-done",
            Exit::Usage => "usage",
            Exit::Policy => "policy",
            Exit::Foreign => "foreign",
            Exit::Undone => "undone",
            Exit::Between => "between",
            Exit::Unsaid => "unsaid",
            Exit::Unconfirmed => "unconfirmed",
            Exit::CutOff => "cut-off",
            Exit::Differs => "differs",
            Exit::Unknown => "unknown",
        }
    }
}

pub(super) fn of_apply(error: &ApplyError) -> Exit {
    match error {
        ApplyError::Foreign(_) => Exit::Foreign,
        ApplyError::Undone { .. } => Exit::Undone,
        ApplyError::TooLate { .. } => Exit::Unconfirmed,
        ApplyError::CutOff(_) => Exit::CutOff,
        ApplyError::NotUndone { .. } | ApplyError::Unfinished { .. } | ApplyError::Journal { .. } => {
            Exit::Between
        }
        ApplyError::Noted { cause, .. } => of_apply(cause),
        _ => Exit::NotDone,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Policy(diagnostics) => diagnostics.fmt(f),
            Failure::Question(error) => error.fmt(f),
            Failure::NoFamily(family) => write!(f, "the policy has no rules for {family}"),
            Failure::Sysctls(error) => write!(f, "{error}; nothing was changed"),
            Failure::Boot(error) => write!(f, "{error}; nothing was changed"),
            Failure::NoWayIn => write!(
                f,
                "{NO_WAY_IN}; nothing was changed\nhelp: assert how it is administered, such as `assert INPUT {{ from \
                 192.0.2.0/24 tcp dport ssh ct new => accept; }}`, or say that it needs no way in (--without-way-in)"
            ),
            Failure::SavesOnStop(paths) => {
                let paths: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
                write!(
                    f,
                    "a service saves the rules that are loaded when it stops, so a shutdown would keep for boot what nobody \
                     has confirmed ({paths}); nothing was changed\nhelp: set that to `no` there (an `install` or a \
                     `save` does it too), or go on all the same with --force",
                    paths = paths.join(", ")
                )
            }
            Failure::SysctlFiles(error) => {
                write!(
                    f,
                    "cannot look for other files that set sysctls at boot: {error}; nothing was changed"
                )
            }
            Failure::Unconfirmed(Some(Ended::Recalled)) => {
                f.write_str("the apply was undone by `recover` before it was confirmed; the former state is back")
            }
            Failure::Unconfirmed(Some(_)) => {
                f.write_str("the apply was not confirmed in time; the former state is back")
            }
            Failure::Unconfirmed(None) => f.write_str(
                "the apply is over, but how it ended was not noted; `apply --dry-run` tells whether it is in force",
            ),
            Failure::CutOff(packets) => {
                f.write_str("the policy would cut this session off:")?;
                packets.iter().try_for_each(|packet| write!(f, "\n  {packet}"))?;
                f.write_str("\nhelp: let these packets pass, or apply with --force; nothing was changed")
            }
            Failure::Choice(error) => error.fmt(f),
            Failure::Fleet(wrong) => f.write_str(wrong.join("\n").trim_end()),
            Failure::Page(error) => error.fmt(f),
            Failure::Apply(error) => say_apply(error, f),
        }
    }
}

/// EACCES (errno(3)): what root may do. EPERM is another thing, which root may not do either.
const NO_ACCESS: i32 = 13;

fn say_apply(error: &ApplyError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        ApplyError::System { doing, path, error } if error.raw_os_error() == Some(NO_ACCESS) => {
            let path = path.display();
            write!(f, "this process may not {doing} `{path}` ({error}): run it as root; nothing was changed")
        }
        // Where something was changed first, these are the cause within an error that says what became of it.
        ApplyError::System { .. } | ApplyError::Program(_) => {
            write!(f, "{error}; nothing was changed")
        }
        ApplyError::Noted { cause, notes } => {
            say_apply(cause, f)?;
            notes.iter().try_for_each(|note| write!(f, "\nnote: {note}"))
        }
        error => fmt::Display::fmt(error, f),
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Failure {
        Failure::Policy(diagnostics)
    }
}

impl From<ExpandError> for Failure {
    fn from(error: ExpandError) -> Failure {
        Failure::Sysctls(error)
    }
}

impl From<BootError> for Failure {
    fn from(error: BootError) -> Failure {
        Failure::Boot(error)
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Failure {
        Failure::Apply(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::EXIT_CODES;

    #[test]
    fn every_exit_code_is_in_the_help() {
        for exit in [
            Exit::NotDone,
            Exit::Usage,
            Exit::Policy,
            Exit::Foreign,
            Exit::Undone,
            Exit::Between,
            Exit::Unsaid,
            Exit::Unconfirmed,
            Exit::CutOff,
            Exit::Differs,
            Exit::Unknown,
        ] {
            assert!(EXIT_CODES.contains(&format!("\n {:2}  ", exit as u8)), "{exit:?}");
        }
    }

    #[test]
    fn what_was_refused_and_what_is_between_are_told_apart() {
        assert_eq!(Failure::from(ApplyError::Foreign(Vec::new())).exit(), Exit::Foreign);
        let cause = Box::new(ApplyError::NftOutput(String::new()));
        assert_eq!(Failure::from(ApplyError::Undone { step: String::new(), cause }).exit(), Exit::Undone);
        assert_eq!(Failure::NoFamily(Family::Ipv6).exit(), Exit::NotDone);
        let wrong = Diagnostics { sources: Default::default(), list: Vec::new() };
        assert_eq!(Failure::from(wrong).exit(), Exit::Policy);
    }
}
