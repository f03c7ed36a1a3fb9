//! Exit codes and what is said.

use std::io::{self, Write};
use std::process::ExitCode;

/// The exit codes, whose meanings stand in `exit-codes.txt`. 2 is clap's, for a wrong command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    Unformatted = 1,
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

/// Says what went wrong. Where standard error cannot be written there is nobody to tell that.
pub(crate) fn complain(sentence: &str) {
    let _ = writeln!(io::stderr(), "error: {sentence}");
}

/// Prints clap's help or complaint about the command line.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // As for `complain`.
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}
