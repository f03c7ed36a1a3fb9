//! Reads the text of `iptables-save` on standard input and prints the canonical text, or what was refused and why.
//!
//! Arguments: `6` for IPv6, `raw` to keep unknown extensions as text, `lines` to read each line as a text of its own
//! and print one line for it: `OK` or `FAIL`, a tab, and the text or the reason with `\n` for line ends.

use std::io::{Read, Write};
use std::process::ExitCode;

use fwdsl_runtime::emit::{Protocols, emit};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::import::{Unknown, import};
use fwdsl_runtime::lower::lower;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let family = if has("6") { Family::Ipv6 } else { Family::Ipv4 };
    let unknown = if has("raw") { Unknown::Raw } else { Unknown::Refuse };
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        eprintln!("error: standard input: {error}");
        return ExitCode::FAILURE;
    }
    let convert = |text: &str| match import(text, "stdin", family, unknown) {
        Ok(imported) => {
            Ok(lower(&imported.model, family).map_or(String::new(), |rules| emit(&rules, Protocols::Named)))
        }
        Err(errors) => Err(errors.to_string()),
    };
    let mut out = std::io::stdout().lock();
    if has("lines") {
        for line in text.lines() {
            let (word, result) = match convert(&line.replace("\\n", "\n")) {
                Ok(text) => ("OK", text),
                Err(reason) => ("FAIL", reason),
            };
            if writeln!(out, "{word}\t{}", result.replace('\n', "\\n")).is_err() {
                return ExitCode::FAILURE;
            }
        }
        return ExitCode::SUCCESS;
    }
    match convert(&text) {
        Ok(text) if out.write_all(text.as_bytes()).is_ok() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(reasons) => {
            eprintln!("{reasons}");
            ExitCode::FAILURE
        }
    }
}
