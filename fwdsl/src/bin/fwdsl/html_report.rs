//! `fwdsl report`

use std::process::ExitCode;

use fwdsl_runtime::check::lint;
use fwdsl_runtime::digest::sha256;
use fwdsl_runtime::family::FamilySet;
use fwdsl_runtime::import::Imported;
use fwdsl_runtime::json::to_json;
use fwdsl_runtime::page::{Facts, page};

use super::args::HtmlReportArguments;
use super::firewall::{Unread, is_stdin, read_firewall};
use super::output::{self, Exit};

/// Writes a page of a firewall for those who review it.
pub(crate) fn html_report(arguments: &HtmlReportArguments) -> ExitCode {
    let imported = match read_firewall(&arguments.firewall) {
        Ok(imported) => imported,
        Err(Unread::Usage(sentence)) => return output::misuse(&sentence),
        Err(Unread::Files(errors)) => {
            output::say(&errors);
            return Exit::Failed.into();
        }
    };
    let file = Some(arguments.html.as_path()).filter(|path| !is_stdin(path));
    output::written(output::write_to(file, &page_of(&imported)))
}

fn page_of(imported: &Imported) -> String {
    let model = &imported.model;
    // Where they lie is told as the source.
    let short = |file: &String| file.rsplit('/').next().unwrap_or_default().to_owned();
    let files: Vec<String> = model.sources().files.iter().map(short).collect();
    let name = match files.as_slice() {
        [] => "a host".to_owned(),
        files => files.join(" and "),
    };
    let document = format!("{:#}\n", to_json(model, FamilySet::BOTH));
    let digest = sha256(document.as_bytes());
    let more = imported.warnings();
    let remarks: Vec<String> =
        more.map(|(_, text)| format!("There is more on the host than this: {text}")).collect();
    page(&Facts {
        name: &name,
        model,
        findings: &lint(model),
        digest: (&digest, "fwdsl import --to json"),
        live: None,
        remarks: &remarks,
    })
}
