//! `fwdsl compare`

use std::path::Path;
use std::process::ExitCode;

use fwdsl_runtime::analysis::{COMPARE_BUDGET, Comparison, Side, compare};
use fwdsl_runtime::family::{Family, FamilySet};
use fwdsl_runtime::json::comparison_to_json;
use fwdsl_runtime::model::Model;

use super::args::CompareArguments;
use super::firewall::{Source, is_stdin, read_to_analyse};
use super::output::{self, Exit};

/// A firewall that was read.
struct Firewall {
    source: Source,
    model: Model,
}

/// Tells what two firewalls do differently.
pub(crate) fn compare_command(arguments: &CompareArguments) -> ExitCode {
    if is_stdin(&arguments.old) && is_stdin(&arguments.new) {
        return output::misuse("standard input can be one of the two files");
    }
    let family = match (arguments.ipv4, arguments.ipv6) {
        (true, _) => Some(Family::Ipv4),
        (_, true) => Some(Family::Ipv6),
        _ => None,
    };
    let read = |path: &Path| {
        let read = read_to_analyse(path, family);
        read.map(|(source, imported)| Firewall { source, model: imported.model })
    };
    let (old, new) = match (read(&arguments.old), read(&arguments.new)) {
        (Ok(old), Ok(new)) => (old, new),
        (old, new) => {
            [old.err(), new.err()].into_iter().flatten().for_each(|errors| output::say(&errors));
            return Exit::Unreadable.into();
        }
    };
    let families = common_families(&old, &new);
    let families = family.map_or(families, |family| families.and(FamilySet::only(family)));
    if families.is_empty() {
        output::complain(&format!(
            "`{}` and `{}` have no family in common, so there is nothing to compare\n\
             help: `--ipv4` or `--ipv6` says what dumps are of that do not show it",
            old.source.name, new.source.name
        ));
        return Exit::Unreadable.into();
    }
    let budget = arguments.budget.unwrap_or(COMPARE_BUDGET);
    let comparison = match compare(&old.model, &new.model, families, budget) {
        Ok(comparison) => comparison,
        Err(stop) => {
            output::complain(&stop.to_string());
            output::say(&format!("help: allow more, `--budget {}`", budget.saturating_mul(10)));
            return Exit::Unreadable.into();
        }
    };
    match output::write(&written(&comparison, &old, &new, arguments.json)) {
        Ok(()) if comparison.is_same() => Exit::Done.into(),
        Ok(()) => Exit::Found.into(),
        Err(error) => {
            output::complain(&format!("cannot write to standard output: {error}"));
            Exit::Failed.into()
        }
    }
}

/// The families that both speak of. A dump says nothing about the other family; a policy without rules for one leaves
/// it open.
fn common_families(old: &Firewall, new: &Firewall) -> FamilySet {
    let (of_old, of_new) = (old.model.families(), new.model.families());
    if old.source.is_json() && new.source.is_json() { of_old.or(of_new) } else { of_old.and(of_new) }
}

fn written(comparison: &Comparison, old: &Firewall, new: &Firewall, as_json: bool) -> String {
    let (old, new) = (side(old), side(new));
    if as_json {
        return format!("{:#}\n", comparison_to_json(comparison, &old, &new));
    }
    comparison.text(&old, &new)
}

/// Where its rules stand; the places of a policy as JSON are in the source that it was made from.
fn side(firewall: &Firewall) -> Side<'_> {
    let texts = if firewall.source.is_json() { Vec::new() } else { vec![firewall.source.text.as_str()] };
    Side { sources: firewall.model.sources(), texts }
}
