//! Reading a firewall, as every command that works on one takes it: a dump of each family, or a policy as JSON.

use std::fmt::Display;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;

use clap::{Args, ValueEnum};
use fwdsl_runtime::check::check;
use fwdsl_runtime::diagnostic::{Diagnostic, Diagnostics};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::import::{self, Imported};
use fwdsl_runtime::json::from_json;
use fwdsl_runtime::model::Model;

use super::output;

/// Which firewall is meant.
#[derive(Debug, Args)]
pub(crate) struct FirewallArguments {
    /// What `iptables-save` printed, or a file for `iptables-restore`; or a policy as JSON, which begins with `{`
    ///
    /// `-` reads standard input.
    #[arg(value_name = "FILE", required_unless_present = "ipv6")]
    pub(crate) file: Option<PathBuf>,
    /// What `ip6tables-save` printed, or a file for `ip6tables-restore`
    #[arg(long, value_name = "FILE6")]
    pub(crate) ipv6: Option<PathBuf>,
    /// What becomes of matches and targets that nobody knows here
    #[arg(long, value_name = "HOW", default_value = "refuse")]
    unknown: Unknown,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Unknown {
    /// Their lines are refused
    Refuse,
    /// They are kept as text, `raw "…"`, which nothing checks
    Raw,
}

impl From<Unknown> for import::Unknown {
    fn from(unknown: Unknown) -> import::Unknown {
        match unknown {
            Unknown::Refuse => import::Unknown::Refuse,
            Unknown::Raw => import::Unknown::Raw,
        }
    }
}

/// Why there is no firewall.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The command line asks for what cannot be.
    Usage(String),
    /// What is wrong with the files, in lines that say `error`.
    Files(String),
}

/// The text of a file.
pub(crate) struct Source {
    /// How messages name it.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Reads the firewall that the arguments name.
pub(crate) fn read_firewall(arguments: &FirewallArguments) -> Result<Imported, Unread> {
    let FirewallArguments { file, ipv6, unknown } = arguments;
    if [file, ipv6].into_iter().flatten().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Unread::Usage("standard input can be one of the two files".into()));
    }
    let [file, ipv6] = [file, ipv6].map(|path| path.as_deref().map(read_source).transpose());
    let (file, ipv6) = match (file, ipv6) {
        (Ok(file), Ok(ipv6)) => (file, ipv6),
        (file, ipv6) => {
            let errors = [file.err(), ipv6.err()].into_iter().flatten().collect::<Vec<_>>();
            return Err(Unread::Files(errors.join("\n")));
        }
    };
    match (&file, &ipv6) {
        (Some(file), None) if file.is_json() => read_json(file).map_err(Unread::Files),
        (Some(file), Some(_)) if file.is_json() => {
            let sentence = format!(
                "`{}` is a policy as JSON, which is of both families: no `--ipv6` beside it",
                file.name
            );
            Err(Unread::Usage(sentence))
        }
        (_, Some(file)) if file.is_json() => {
            let sentence =
                format!("`{}` is a policy as JSON, which is of both families: leave out `--ipv6`", file.name);
            Err(Unread::Usage(sentence))
        }
        _ => {
            let [ipv4, ipv6] = [&file, &ipv6]
                .map(|source| source.as_ref().map(|source| (source.text.as_str(), source.name.as_str())));
            let imported = import::import_both(ipv4, ipv6, (*unknown).into())
                .map_err(|errors| Unread::Files(errors.to_string()))?;
            say_what_is_missing(&imported)?;
            Ok(imported)
        }
    }
}

/// Reads a firewall to say something about it: a dump of a family, or a policy as JSON. The family is what the text shows
/// unless it is given. Lines of a dump that iptables would refuse are told as warnings, and what is left of them counts.
pub(crate) fn read_to_analyse(path: &Path, family: Option<Family>) -> Result<(Source, Imported), String> {
    let source = read_source_leniently(path)?;
    if source.is_json() {
        let imported = read_json(&source)?;
        return Ok((source, imported));
    }
    let text = Some((source.text.as_str(), source.name.as_str()));
    let imported = match family.unwrap_or_else(|| import::family_of_text(&source.text)) {
        Family::Ipv4 => import::import_leniently(text, None),
        Family::Ipv6 => import::import_leniently(None, text),
    };
    for unread in &imported.unread {
        output::say(&unread.to_string().replacen(": error: ", ": warning: ", 1));
    }
    match say_what_is_missing(&imported) {
        Ok(()) => Ok((source, imported)),
        Err(Unread::Usage(sentence) | Unread::Files(sentence)) => Err(sentence),
    }
}

/// Warns of a text that is not all of a firewall, and refuses one without any table: `iptables-save` prints that to those
/// who may not read the rules.
fn say_what_is_missing(imported: &Imported) -> Result<(), Unread> {
    let sources = imported.model.sources();
    if imported.model.chains().is_empty() {
        let files: Vec<String> = sources.files.iter().map(|file| format!("`{file}`")).collect();
        return Err(Unread::Files(format!("error: there is no table in {}", files.join(" and "))));
    }
    for (loc, text) in imported.warnings() {
        output::say(&format!("{}: warning: there is more on the host than this: {text}", sources.place(loc)));
    }
    Ok(())
}

pub(super) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn read_source(path: &Path) -> Result<Source, String> {
    let (name, bytes) = read_bytes(path)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source { name, text }),
        Err(error) => Err(format!("{}: error: the text is not UTF-8", not_utf8_at(&name, &error))),
    }
}

/// The same, in which bytes that are no UTF-8 stand for the characters that they are in Latin-1, as in old files.
fn read_source_leniently(path: &Path) -> Result<Source, String> {
    let (name, bytes) = read_bytes(path)?;
    let text = String::from_utf8(bytes).unwrap_or_else(|error| {
        output::say(&format!(
            "{}: warning: the text is not UTF-8; taken for Latin-1",
            not_utf8_at(&name, &error)
        ));
        error.as_bytes().iter().map(|byte| char::from(*byte)).collect()
    });
    Ok(Source { name, text })
}

fn read_bytes(path: &Path) -> Result<(String, Vec<u8>), String> {
    let (name, bytes) = if is_stdin(path) {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        ("<stdin>".to_owned(), read.map(|_| bytes))
    } else {
        (path.display().to_string(), fs::read(path))
    };
    let bytes = bytes.map_err(|error| format!("error: cannot read `{name}`: {error}"))?;
    Ok((name, bytes))
}

/// Where a text stops being UTF-8.
fn not_utf8_at(name: &str, error: &FromUtf8Error) -> String {
    let sound = error.utf8_error().valid_up_to();
    let line = 1 + error.as_bytes()[..sound].iter().filter(|byte| **byte == b'\n').count();
    format!("{name}:{line}")
}

impl Source {
    pub(crate) fn is_json(&self) -> bool {
        self.text.trim_start().starts_with('{')
    }

    fn error(&self, error: impl Display) -> String {
        format!("{}: error: {error}", self.name)
    }

    /// The findings of the checks, each at its place if the policy was ever written in a file.
    fn refused(&self, model: &Model, wrong: Vec<Diagnostic>) -> String {
        let say = |diagnostic: Diagnostic| match model.sources().file_of(diagnostic.loc) {
            "" => self.error(diagnostic.text(model.sources())),
            _ => {
                let sources = model.sources().clone();
                format!("{}: {}", self.name, Diagnostics { sources, list: vec![diagnostic] })
            }
        };
        wrong.into_iter().map(say).collect::<Vec<_>>().join("\n")
    }
}

/// What lints say is no reason to refuse a firewall that a host may hold, as it is none with a dump.
fn read_json(source: &Source) -> Result<Imported, String> {
    let model = from_json(&source.text).map_err(|errors| {
        let errors: Vec<String> = errors.list.iter().map(|error| source.error(error)).collect();
        errors.join("\n")
    })?;
    let wrong: Vec<Diagnostic> = check(&model).into_iter().filter(|found| found.lint.is_none()).collect();
    if wrong.is_empty() {
        Ok(Imported { model, ..Imported::default() })
    } else {
        Err(source.refused(&model, wrong))
    }
}
