//! `fwdsl matrix`

use std::process::ExitCode;

use fwdsl_runtime::analysis::{Matrix, Question, Service, matrix};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::json::matrix_to_json;
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::model::Model;
use fwdsl_runtime::nearest::nearest;
use fwdsl_runtime::table::TableName;

use super::args::MatrixArguments;
use super::firewall::read_to_analyse;
use super::output::{self, Exit};

/// Tells who may open a service to whom.
pub(crate) fn matrix_command(arguments: &MatrixArguments) -> ExitCode {
    let question = match question(arguments) {
        Ok(question) => question,
        Err(sentence) => return output::misuse(&sentence),
    };
    let asked = match (arguments.ipv4, arguments.ipv6) {
        (true, _) => Some(Family::Ipv4),
        (_, true) => Some(Family::Ipv6),
        (false, false) => None,
    };
    let imported = match read_to_analyse(&arguments.file, asked) {
        Ok((_, imported)) => imported,
        Err(errors) => {
            output::say(&errors);
            return Exit::Unreadable.into();
        }
    };
    let found = chosen(&imported.model, asked).and_then(|family| {
        let ruleset = lower(&imported.model, family).ok_or(format!("the firewall is not for {family}"))?;
        matrix(&ruleset, &question).map_err(|error| error.to_string())
    });
    let found = match found {
        Ok(found) => found,
        Err(sentence) => {
            output::complain(&sentence);
            return Exit::Unreadable.into();
        }
    };
    output::written(write(arguments, &found))
}

fn write(arguments: &MatrixArguments, matrix: &Matrix) -> Result<(), String> {
    if let Some(path) = &arguments.dot {
        output::write_to(Some(path), &matrix.dot())?;
    }
    if let Some(path) = &arguments.svg {
        output::write_to(Some(path), &matrix.svg())?;
    }
    let text = if arguments.json { format!("{:#}\n", matrix_to_json(matrix)) } else { matrix.to_string() };
    output::write_to(None, &text)
}

/// What the arguments ask.
fn question(arguments: &MatrixArguments) -> Result<Question<'_>, String> {
    let service = Service::parse(&arguments.service).map_err(|error| error.to_string())?;
    let service = arguments.source_port.map_or(service, |port| service.from_port(port));
    let (table, chain) = match arguments.chain.split_once('/') {
        Some((name, chain)) => (TableName::from_name(name).ok_or_else(|| unknown_table(name))?, chain),
        None => (TableName::Filter, arguments.chain.as_str()),
    };
    Ok(Question { table, open: arguments.open.into(), ..Question::new(chain, service) })
}

fn unknown_table(name: &str) -> String {
    let near = nearest(name, TableName::ALL.map(TableName::name));
    let help = near.map(|near| format!("\nhelp: did you mean `{near}`?")).unwrap_or_default();
    format!("unknown table `{name}`{help}")
}

/// The family whose addresses are meant: IPv4 where there are both.
fn chosen(model: &Model, asked: Option<Family>) -> Result<Family, String> {
    let families = model.families();
    let family = asked.or_else(|| families.iter().next()).ok_or("the firewall is for no family")?;
    if families.contains(family) { Ok(family) } else { Err(format!("the firewall is not for {family}")) }
}
