//! `history`: the former states of the host, and one of them to be read.

use fwdsl_runtime::host::{self, About, Action, Changes, FormerFile, FormerState, KeptState, Who};
use fwdsl_runtime::sysctl::Key;
use serde_json::{Map, Value, json};

use super::args::{HistoryArguments, HistoryCommand};
use super::failure::Failure;
use super::output::Done;
use super::utc;

pub(super) fn history(arguments: &HistoryArguments) -> Result<Done, Failure> {
    let options = arguments.options();
    if let Some(HistoryCommand::Show { number }) = &arguments.command {
        let state = host::former_state(*number, &options)?;
        return Ok(Done { text: state_text(&state), json: object(json!(state)), warnings: Vec::new() });
    }
    let history = host::history(&options)?;
    let mut text: String = history.states.iter().map(entry).collect();
    if history.states.is_empty() {
        text.push_str("no former state of this host is kept\n");
    }
    let json = Map::from_iter([("states".to_owned(), json!(history.states))]);
    Ok(Done { text, json, warnings: history.warnings })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn entry(state: &KeptState) -> String {
    format!("{:>4}  {}\n      {}\n", state.number, title(state), summary(&state.about.changes))
}

/// Which state it is: the one before a change.
pub(super) fn title(state: &KeptState) -> String {
    format!("before the {}", change(&state.about))
}

/// A change of the host: what it was, when, and who made it.
pub(super) fn change(about: &About) -> String {
    let what = match about.action {
        Action::Apply => "apply".to_owned(),
        Action::Save => "save".to_owned(),
        Action::Uninstall => "uninstall".to_owned(),
        Action::Rollback(number) => format!("rollback to {number}"),
    };
    let (time, program) = (utc::text(about.time), about.program.display());
    format!("{what} of {time} by {program} ({})", who(&about.who))
}

fn who(Who { user, login, ssh_peer }: &Who) -> String {
    let mut text = user.clone();
    text.extend(login.iter().map(|login| format!(", logged in as {login}")));
    text.extend(ssh_peer.iter().map(|peer| format!(", from {peer}")));
    text
}

/// What a change changed, in short.
fn summary(changes: &Changes) -> String {
    let mut parts = Vec::new();
    for rules in &changes.rules {
        let mut tables: Vec<&str> = rules.tables.iter().map(String::as_str).collect();
        for chain in &rules.chains {
            if !tables.contains(&chain.table.as_str()) {
                tables.push(&chain.table);
            }
        }
        parts.push(format!("{} rules ({})", rules.family, tables.join(", ")));
    }
    for (count, one) in
        [(changes.sets.len(), "set"), (changes.sysctls.len(), "sysctl"), (changes.files.len(), "file")]
    {
        match count {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            _ => parts.push(format!("{count} {one}s")),
        }
    }
    parts.join(", ")
}

fn state_text(state: &FormerState) -> String {
    let mut text = format!("# State {}: {}\n", state.state.number, title(&state.state));
    for (name, part) in [("IPv4", &state.ipv4), ("IPv6", &state.ipv6), ("sets", &state.sets)] {
        if !part.is_empty() {
            text.push_str(&format!("# {name}\n{part}"));
        }
    }
    if !state.parameters.is_empty() {
        text.push_str("# sysctls\n");
    }
    for (key, value) in &state.parameters {
        let key = key.parse::<Key>().map_or_else(|_| key.clone(), |key| key.to_string());
        text.push_str(&format!("{key} = {value}\n"));
    }
    text.extend(state.contents.iter().map(file_text));
    text
}

fn file_text(FormerFile { path, purpose, text, link }: &FormerFile) -> String {
    let purpose = if purpose.is_empty() { String::new() } else { format!(" ({purpose})") };
    let path = path.display();
    match (text, link) {
        (Some(text), _) => {
            format!("# file {path}{purpose}\n{text}{}", if text.ends_with('\n') { "" } else { "\n" })
        }
        (None, Some(link)) => format!("# file {path}{purpose}: a link to {}\n", link.display()),
        (None, None) => format!("# file {path}{purpose} was not there\n"),
    }
}
