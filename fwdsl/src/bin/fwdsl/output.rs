//! Exit codes and what is said.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use super::replace::write_file;

/// The exit code for a wrong command line, which is clap's too.
const USAGE: u8 = 2;

/// The other exit codes, whose meanings stand in `exit-codes.txt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    /// Something was found that should not be: an unformatted file, a mistake in a firewall.
    Found = 1,
    /// A firewall that was to be analysed could not be read; for those who only look at the code, as wrong as a wrong
    /// command line.
    Unreadable = 2,
    Failed = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Writes to standard output. That nobody reads it (`fmt --check | head`) is no failure.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes to a file, whole or not at all, or else to standard output.
///
/// # Errors
///
/// What went wrong, in words.
pub(crate) fn write_to(file: Option<&Path>, text: &str) -> Result<(), String> {
    match file {
        Some(path) => {
            write_file(path, text).map_err(|error| format!("cannot write `{}`: {error}", path.display()))
        }
        None => write(text).map_err(|error| format!("cannot write to standard output: {error}")),
    }
}

/// Says what kept something from being written, and returns the code for that.
pub(crate) fn written(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => Exit::Done.into(),
        Err(sentence) => {
            complain(&sentence);
            Exit::Failed.into()
        }
    }
}

/// Says something. Where standard error cannot be written there is nobody to tell that.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Says what went wrong.
pub(crate) fn complain(sentence: &str) {
    say(&format!("error: {sentence}"));
}

/// Says what the reader should know.
pub(crate) fn warn(sentence: &str) {
    say(&format!("warning: {sentence}"));
}

/// Says what is wrong with a command line that clap takes, and returns the code for that.
pub(crate) fn misuse(sentence: &str) -> ExitCode {
    complain(sentence);
    ExitCode::from(USAGE)
}

/// Prints clap's help or complaint about the command line.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // As for `say`.
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}
