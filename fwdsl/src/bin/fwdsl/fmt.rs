//! `fwdsl fmt`

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use fwdsl_runtime::format::{FormatError, format_source};

use super::args::FmtArguments;
use super::diff::diff;
use super::output::{self, Exit};
use super::replace::replace;
use super::walk::walk;

/// What became of the files.
#[derive(Default)]
struct Tally {
    files: usize,
    changed: usize,
    failed: usize,
    /// What is to be said on standard output.
    text: String,
}

/// Formats the files, or says what would change.
pub(crate) fn fmt(arguments: &FmtArguments) -> ExitCode {
    let mut tally = Tally::default();
    let is_stdin = |path: &Path| path == Path::new("-");
    if arguments.paths.iter().any(|path| is_stdin(path)) {
        if arguments.paths.len() > 1 {
            return output::misuse("`-` is standard input and stands alone");
        }
        format_stdin(arguments.check, &mut tally);
    } else {
        format_trees(arguments, &mut tally);
    }
    if let Err(error) = output::write(&tally.text) {
        output::complain(&format!("cannot write to standard output: {error}"));
        return Exit::Failed.into();
    }
    match (tally.failed, tally.changed) {
        (1.., _) => Exit::Failed.into(),
        (0, 1..) if arguments.check => Exit::Found.into(),
        _ => Exit::Done.into(),
    }
}

fn format_stdin(check: bool, tally: &mut Tally) {
    let mut source = String::new();
    if let Err(error) = io::stdin().lock().read_to_string(&mut source) {
        return tally.fail(&format!("cannot read standard input: {error}"));
    }
    let formatted = match format_source(&source) {
        Ok(formatted) => formatted,
        Err(error) => return tally.fail(&located("<stdin>", &error)),
    };
    tally.changed += usize::from(formatted != source);
    tally.text = if check { diff("<stdin>", &source, &formatted) } else { formatted };
}

fn format_trees(arguments: &FmtArguments, tally: &mut Tally) {
    let mut seen = BTreeSet::new();
    for path in &arguments.paths {
        let (files, failed) = walk(path);
        for (directory, error) in failed {
            tally.fail(&format!("cannot read `{}`: {error}", directory.display()));
        }
        for file in files {
            // The same file may lie below two of the paths.
            if seen.insert(fs::canonicalize(&file).unwrap_or_else(|_| file.clone())) {
                tally.files += 1;
                format_file(&file, arguments.check, tally);
            }
        }
    }
    let files = if tally.files == 1 { "file" } else { "files" };
    let said = if arguments.check { "are not formatted" } else { "formatted" };
    let _ = match (arguments.check, tally.changed) {
        (true, 0) => writeln!(tally.text, "{} {files} checked", tally.files),
        (true, 1) => writeln!(tally.text, "1 of {} {files} is not formatted", tally.files),
        (_, changed) => writeln!(tally.text, "{changed} of {} {files} {said}", tally.files),
    };
}

fn format_file(path: &Path, check: bool, tally: &mut Tally) {
    let name = path.strip_prefix("./").unwrap_or(path).display().to_string();
    let source = match fs::read_to_string(path) {
        Ok(source) => source,
        Err(error) => return tally.fail(&format!("cannot read `{name}`: {error}")),
    };
    let formatted = match format_source(&source) {
        Ok(formatted) => formatted,
        Err(error) => return tally.fail(&located(&name, &error)),
    };
    if formatted == source {
        return;
    }
    if check {
        tally.text.push_str(&diff(&name, &source, &formatted));
    } else if let Err(error) = replace(path, &formatted) {
        return tally.fail(&format!("cannot write `{name}`: {error}"));
    } else {
        let _ = writeln!(tally.text, "{name}");
    }
    tally.changed += 1;
}

fn located(name: &str, error: &FormatError) -> String {
    let column = match error {
        FormatError::Lex { column, .. } => format!(":{column}"),
        FormatError::TooDeep { .. } | FormatError::Changed { .. } => String::new(),
    };
    format!("{name}:{}{column}: {error}", error.line())
}

impl Tally {
    fn fail(&mut self, sentence: &str) {
        self.failed += 1;
        output::complain(sentence);
    }
}
