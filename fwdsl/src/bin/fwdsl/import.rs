//! `fwdsl import`

use std::process::ExitCode;

use fwdsl_runtime::emit::{Protocols, emit};
use fwdsl_runtime::family::{Family, FamilySet};
use fwdsl_runtime::import::Imported;
use fwdsl_runtime::json::to_json;
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::source::{SourceOptions, write_rust};

use super::args::{Form, ImportArguments};
use super::firewall::{Unread, read_firewall};
use super::output::{self, Exit};

/// Reads a firewall and writes it in another form.
pub(crate) fn import(arguments: &ImportArguments) -> ExitCode {
    if arguments.family.is_some() && arguments.to != Form::Restore {
        return output::misuse("`--family` chooses the text of one family: it goes with `--to restore`");
    }
    let imported = match read_firewall(&arguments.firewall) {
        Ok(imported) => imported,
        Err(Unread::Usage(sentence)) => return output::misuse(&sentence),
        Err(Unread::Files(errors)) => {
            output::say(&errors);
            return Exit::Failed.into();
        }
    };
    let text = match arguments.to {
        Form::Rust => write_rust(&imported.model, &options(&imported)).map_err(|error| error.to_string()),
        Form::Json => Ok(format!("{:#}\n", to_json(&imported.model, FamilySet::BOTH))),
        Form::Restore => match chosen(&imported, arguments.family.map(Family::from)) {
            Ok(family) => Ok(restore(&imported, family)),
            Err(sentence) => return output::misuse(&sentence),
        },
    };
    output::written(text.and_then(|text| output::write_to(arguments.output.as_deref(), &text)))
}

/// What stands around the rules in Rust: where they come from, and the comments that a person wrote there.
fn options(imported: &Imported) -> SourceOptions {
    let files: Vec<String> = imported.model.sources().files.iter().map(|file| format!("`{file}`")).collect();
    SourceOptions {
        title: format!("The firewall of a host, as it was imported from {}.", files.join(" and ")),
        notes: imported.notes(),
        ..SourceOptions::default()
    }
}

/// The family whose text is asked for.
fn chosen(imported: &Imported, asked: Option<Family>) -> Result<Family, String> {
    let mut families = imported.model.families().iter();
    match (asked, families.next(), families.next()) {
        (Some(family), ..) if imported.model.families().contains(family) => Ok(family),
        (Some(family), ..) => Err(format!("the firewall is not for {family}")),
        (None, Some(family), None) => Ok(family),
        (None, ..) => Err("the firewall is for both families, and the text is of one: \
                           say `--family ipv4` or `--family ipv6`"
            .into()),
    }
}

/// The canonical text: what `iptables-save` prints once it is loaded.
fn restore(imported: &Imported, family: Family) -> String {
    let Some(ruleset) = lower(&imported.model, family) else { return String::new() };
    if ruleset.sets.iter().any(|set| !set.foreign) {
        output::warn("the policy has sets, which this text only refers to; they are to be loaded first");
    }
    emit(&ruleset, Protocols::Named)
}
