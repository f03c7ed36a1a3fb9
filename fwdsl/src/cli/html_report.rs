//! `report`: the policy as a page for reviewers. (What an apply did is told by the module `report`.)

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use fwdsl_runtime::digest::sha256;
use fwdsl_runtime::host::write_whole_file;
use fwdsl_runtime::page::{Facts, Live, page};
use serde_json::{Map, json};

use super::args::HtmlReportArguments;
use super::failure::Failure;
use super::fleet::Chosen;
use super::output::Done;
use super::{show, status, utc};

pub(super) fn html_report(policy: &Chosen<'_>, arguments: &HtmlReportArguments) -> Result<Done, Failure> {
    let findings = policy.check()?;
    let policy = &policy.read()?;
    let mut warnings = Vec::new();
    let live: Option<Live> = match arguments.status {
        true => {
            let (live, said) = status::live(policy, &arguments.options(), now())?;
            warnings.extend(said);
            Some(live)
        }
        false => None,
    };
    let model = policy.model();
    let program = program_name();
    // Of several policies, the one that was chosen.
    let (name, chosen) = match policy.name {
        Some(name) => (format!("{name} ({program})"), format!(" --policy {name}")),
        None => (program.clone(), String::new()),
    };
    let digest = sha256(show::document_text(policy).as_bytes());
    let text = page(&Facts {
        name: &name,
        model: &model,
        findings: &findings,
        digest: (&digest, &format!("{program} show --format json{chosen}")),
        live: live.as_ref(),
        remarks: &warnings,
    });
    let mut json = Map::from_iter([("sha256".to_owned(), json!(digest))]);
    if arguments.html == Path::new("-") {
        json.insert("html".to_owned(), json!(text));
        return Ok(Done { text, json, warnings });
    }
    let bytes = text.len();
    write_whole_file(&arguments.html, text.into_bytes())?;
    let path = arguments.html.display();
    json.extend([("file".to_owned(), json!(path.to_string())), ("bytes".to_owned(), json!(bytes))]);
    Ok(Done { text: format!("wrote {path} ({bytes} bytes)\n"), json, warnings })
}

/// What the program is called, by which people know the policy.
fn program_name() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&path).file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "this program".to_owned())
}

fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    utc::text(seconds)
}
