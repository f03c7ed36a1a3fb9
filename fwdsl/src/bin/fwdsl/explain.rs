//! `fwdsl explain`

use std::path::Path;
use std::process::ExitCode;

use fwdsl_runtime::analysis::{Explanation, RequestError, explain_request};
use fwdsl_runtime::json::explanation_to_json;
use fwdsl_runtime::loc::Sources;
use serde_json::{Value, json};

use super::args::ExplainArguments;
use super::firewall::{is_stdin, read_to_analyse};
use super::output::{self, Exit};

/// Tells which verdicts the packets of a pattern get from firewalls, each for itself, and why.
pub(crate) fn explain(arguments: &ExplainArguments) -> ExitCode {
    let Some((pattern, files)) = arguments.words.split_last().filter(|(_, files)| !files.is_empty()) else {
        return output::misuse("`explain` wants a file and, last, a pattern, as one word in quotes");
    };
    if files.iter().filter(|file| is_stdin(Path::new(file))).count() > 1 {
        return output::misuse("standard input can be one of the files");
    }
    let mut found: Vec<(Explanation, Sources)> = Vec::new();
    let mut unanswered: Option<RequestError> = None;
    let request = arguments.request(pattern);
    for file in files {
        let (_, imported) = match read_to_analyse(Path::new(file), request.family) {
            Ok(read) => read,
            Err(errors) => {
                output::say(&errors);
                return Exit::Unreadable.into();
            }
        };
        match explain_request(&imported.model, &request) {
            Ok(explanations) => {
                let sources = imported.model.sources();
                found.extend(explanations.into_iter().map(|one| (one, sources.clone())));
            }
            // Of two dumps one may be of the family that the pattern is not for.
            Err(error @ RequestError::NoPacket) => unanswered = Some(error),
            Err(error) => return output::misuse(&error.to_string()),
        }
    }
    if let Some(error) = unanswered.filter(|_| found.is_empty()) {
        return output::misuse(&error.to_string());
    }
    match output::write(&report(&found, arguments.json)) {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            output::complain(&format!("cannot write to standard output: {error}"));
            Exit::Failed.into()
        }
    }
}

fn report(found: &[(Explanation, Sources)], as_json: bool) -> String {
    if as_json {
        let objects: Vec<Value> =
            found.iter().map(|(one, sources)| explanation_to_json(one, sources)).collect();
        return format!("{:#}\n", json!({ "explanations": objects }));
    }
    let texts: Vec<String> = found.iter().map(|(one, sources)| one.text(sources)).collect();
    texts.join("\n")
}
