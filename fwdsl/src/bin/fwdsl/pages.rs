//! `completions` and `man`: what the program tells of its command line.

use std::io;
use std::process::ExitCode;

use fwdsl::pages::{self, CompletionsArguments, ManArguments, program_name};

use super::args;
use super::output::{Exit, say, write};

/// Of what a user runs (man-pages(7)).
const SECTION: &str = "1";

pub(crate) fn completions_command(arguments: &CompletionsArguments) -> ExitCode {
    told(Ok(pages::completions(&args::definition(), &program_name(), arguments)))
}

pub(crate) fn man_command(arguments: &ManArguments) -> ExitCode {
    told(pages::man(&args::definition(), &program_name(), SECTION, arguments))
}

fn told(text: io::Result<String>) -> ExitCode {
    match text.and_then(|text| write(&text)) {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            say(&format!("error: {error}"));
            Exit::Failed.into()
        }
    }
}
