//! `policies`: all of them, and which one is this host's.

use std::fmt::Write;

use fwdsl_runtime::host::policy_names;
use serde_json::{Map, Value, json};

use super::choose::{choose, host_name};
use super::{Member, Selection, member};
use crate::cli::failure::Failure;
use crate::cli::output::Done;

pub(super) fn policies(members: &[Member<'_>], selection: &Selection) -> Result<Done, Failure> {
    member::check(members)?;
    let host = host_name(None)?;
    let names = policy_names(None);
    let choice = choose(members, selection, &host);
    let chosen = choice.as_ref().ok().and_then(|chosen| chosen.name);
    let width = members.iter().map(|member| member.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    let mut list = Vec::new();
    for member in members {
        let is = |name: &Option<String>| name.as_deref() == Some(member.name);
        let mark = if chosen == Some(member.name) { '*' } else { ' ' };
        let _ = write!(text, "{mark} {:width$}  {}", member.name, member.for_whom());
        let said = [(is(&names.loaded), "applied last"), (is(&names.at_boot), "kept for boot")];
        let said: Vec<&str> = said.into_iter().filter(|(holds, _)| *holds).map(|(_, words)| words).collect();
        let said = if said.is_empty() { String::new() } else { format!("  ({})", said.join(", ")) };
        let _ = writeln!(text, "{said}");
        list.push(json!({
            "name": member.name,
            "hosts": member.hosts,
            "roles": member.roles,
            "otherwise": member.otherwise,
        }));
    }
    let (reason, known) = match &choice {
        Ok(chosen) => (chosen.words(), chosen.json()),
        Err(failure) => (failure.to_string(), Value::Null),
    };
    let _ = writeln!(text, "{reason}");
    let json = Map::from_iter([
        ("host".to_owned(), json!(host)),
        ("policies".to_owned(), Value::Array(list)),
        ("chosen".to_owned(), known),
        ("reason".to_owned(), json!(reason)),
        ("applied".to_owned(), json!(names.loaded)),
        ("at_boot".to_owned(), json!(names.at_boot)),
    ]);
    Ok(Done { text, json, warnings: Vec::new() })
}
