//! `fwdsl check`

mod finding;
mod json;
mod levels;
mod sarif;
mod text;

use std::path::Path;
use std::process::ExitCode;

use fwdsl_runtime::check::lint;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::import::ImportError;

pub(crate) use levels::Levels;

use self::finding::{Finding, findings};
use super::args::CheckArguments;
use super::firewall::{Source, is_stdin, read_to_analyse};
use super::output::{self, Exit};

/// A firewall that was checked.
struct Checked {
    source: Source,
    /// How many rules it has.
    rules: usize,
    /// What iptables would refuse of it.
    unread: Vec<ImportError>,
    findings: Vec<Finding>,
}

/// Checks firewalls, each for itself.
pub(crate) fn check(arguments: &CheckArguments) -> ExitCode {
    if arguments.files.iter().filter(|path| is_stdin(path)).count() > 1 {
        return output::misuse("standard input can be one of the files");
    }
    let (mut checked, mut is_all_read) = (Vec::new(), true);
    for path in &arguments.files {
        match check_file(path, arguments) {
            Ok(firewall) => checked.push(firewall),
            Err(errors) => {
                output::say(&errors);
                is_all_read = false;
            }
        }
    }
    let report = match (arguments.json, arguments.sarif) {
        (true, _) => json::report(&checked),
        (_, true) => sarif::report(&checked, is_all_read),
        _ => text::report(&checked),
    };
    if let Err(error) = output::write(&report) {
        output::complain(&format!("cannot write to standard output: {error}"));
        return Exit::Failed.into();
    }
    let is_denied = checked.iter().flat_map(|firewall| &firewall.findings).any(|finding| finding.is_denied());
    match (is_all_read, is_denied) {
        (false, _) => Exit::Unreadable.into(),
        (true, true) => Exit::Found.into(),
        (true, false) => Exit::Done.into(),
    }
}

fn check_file(path: &Path, arguments: &CheckArguments) -> Result<Checked, String> {
    let family = match (arguments.ipv4, arguments.ipv6) {
        (true, _) => Some(Family::Ipv4),
        (_, true) => Some(Family::Ipv6),
        _ => None,
    };
    let (source, mut imported) = read_to_analyse(path, family)?;
    arguments.levels.settings().for_each(|setting| imported.model.set_level(setting));
    let found = lint(&imported.model);
    let rules = imported.model.chains().iter().map(|chain| chain.rules().len()).sum();
    Ok(Checked {
        findings: findings(found, &imported.model, &source),
        rules,
        unread: imported.unread,
        source,
    })
}
