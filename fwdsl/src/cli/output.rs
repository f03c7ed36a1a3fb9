//! What a command prints: text for people, or one JSON object for machines.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::failure::{Exit, Failure};

/// What a command did.
#[derive(Debug)]
pub(super) struct Done {
    /// For people, lines that each end.
    pub(super) text: String,
    /// For machines: the same.
    pub(super) json: Map<String, Value>,
    /// What the reader should know, each a sentence.
    pub(super) warnings: Vec<String>,
}

/// What a command did, and what that means to scripts.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) done: Done,
    /// `None` if it is done, or there was nothing to do.
    pub(super) exit: Option<Exit>,
}

impl From<Done> for Answer {
    fn from(done: Done) -> Answer {
        Answer { done, exit: None }
    }
}

/// Prints what became of a command and returns the exit code for it.
pub(super) fn print(json: bool, result: Result<Answer, Failure>) -> ExitCode {
    let code = match &result {
        Ok(answer) => answer.exit.map_or(0, |exit| exit as u8),
        Err(failure) => failure.exit() as u8,
    };
    let text = match (json, result.map(|answer| answer.done)) {
        (true, result) => format!("{:#}\n", object(result)),
        (false, Ok(done)) => {
            done.warnings.iter().for_each(|warning| say("warning", warning));
            done.text
        }
        (false, Err(Failure::Policy(diagnostics))) => {
            // Each of them says where it is and what it is.
            complain(&diagnostics.to_string());
            String::new()
        }
        (false, Err(failure)) => {
            say("error", &failure.to_string());
            String::new()
        }
    };
    match write(&text) {
        Ok(()) => ExitCode::from(code),
        Err(error) => {
            say("error", &format!("cannot write to standard output: {error}"));
            // A command that failed is known by its own code, whether it could be said or not.
            ExitCode::from(if code == 0 { Exit::Unsaid as u8 } else { code })
        }
    }
}

fn object(result: Result<Done, Failure>) -> Value {
    match result {
        Ok(mut done) => {
            done.json.insert("warnings".to_owned(), json!(done.warnings));
            Value::Object(done.json)
        }
        Err(failure) => json!({
            "error": {
                "kind": failure.kind(),
                "message": failure.to_string(),
                "exit_code": failure.exit() as u8,
            }
        }),
    }
}

/// Writes to standard output. That nobody reads it (`show | head`) is no failure.
pub(super) fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

pub(super) fn say(kind: &str, sentence: &str) {
    complain(&format!("{kind}: {sentence}"));
}

/// Where standard error cannot be written there is nobody to tell that.
pub(super) fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints clap's help or complaint about the command line.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    // As for `complain`.
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}
