//! `apply`: rules, sysctls and, with `--save`, files, as one step.

use std::path::Path;

use fwdsl_runtime::Policy;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::boot;
use fwdsl_runtime::host::sysctl::{Expansion, expand};
use fwdsl_runtime::host::tree::Tree;
use fwdsl_runtime::host::{self, Desired, Recovered, Report};
use fwdsl_runtime::sysctl::Key;
use serde_json::{Map, Value, json};

use super::args::ApplyArguments;
use super::failure::Failure;
use super::output::Done;
use super::save::{self, Kept};

/// Where the running kernel has its parameters.
pub(super) const PROC_SYS: &str = "/proc/sys";

pub(super) fn apply(policy: &Policy, arguments: &ApplyArguments) -> Result<Done, Failure> {
    policy.check()?;
    let options = arguments.options();
    let tree = Tree::new(options.root.as_deref());
    let rules = rules(policy);
    let expansion = expand(&policy.sysctls(), Path::new(PROC_SYS))?;
    let mut warnings = left_out(&expansion);
    let mut files = Vec::new();
    if arguments.save {
        let kept: Kept = save::kept(policy, &rules, Some(&expansion.writes), &tree)?;
        warnings.extend(kept.warnings);
        files = kept.files;
    }
    let text = |family| rules.iter().find(|(of, _)| *of == family).map(|(_, text)| text.clone());
    let desired =
        Desired { ipv4: text(Family::Ipv4), ipv6: text(Family::Ipv6), sysctls: expansion.writes, files };
    let report = host::apply(&desired, &options)?;
    warnings.extend(report.warnings.iter().cloned());
    if arguments.save {
        let families: Vec<Family> = rules.iter().map(|(family, _)| *family).collect();
        let others = boot::other_variants(&families, report.variant, &tree);
        warnings.extend(others.iter().map(ToString::to_string));
    }
    Ok(Done { text: text_of(&report), json: json_of(&report), warnings })
}

/// The rules of the policy's families, in a form that also loads where there is no `/etc/protocols`.
pub(super) fn rules(policy: &Policy) -> Vec<(Family, String)> {
    Family::ALL.into_iter().filter_map(|family| Some((family, policy.emit_portable(family)?))).collect()
}

pub(super) fn left_out(expansion: &Expansion) -> Vec<String> {
    let keys: Vec<String> =
        expansion.without_ipv6.iter().map(|setting| format!("`{}`", setting.key)).collect();
    match keys.is_empty() {
        true => Vec::new(),
        false => {
            vec![format!("this kernel has no IPv6 (`ipv6.disable=1`), so {} was not set", keys.join(", "))]
        }
    }
}

fn text_of(report: &Report) -> String {
    let mut text = report.recovered.as_ref().map(recovered_text).unwrap_or_default();
    let done = |done: &str, planned: &str| if report.dry_run { planned.to_owned() } else { done.to_owned() };
    let variant = report.variant;
    for rules in &report.rules {
        let (word, tables) = (done("loaded", "would be loaded"), rules.tables.join(", "));
        text.push_str(&format!("{} rules {word} ({variant}; table {tables})\n", rules.family));
    }
    for sysctl in &report.sysctls {
        let (word, old) = (done("set", "would be set"), sysctl.old.as_deref().unwrap_or("absent"));
        let key = sysctl.key.parse::<Key>().map_or_else(|_| sysctl.key.clone(), |key| key.to_string());
        text.push_str(&format!("{key} {word}: {old} -> {}\n", sysctl.new));
    }
    text.push_str(&save::files_text(&report.files, report.dry_run));
    if !report.changed() {
        text.push_str("nothing to change: the host is as the policy says\n");
    }
    text
}

/// The report, with the one thing that scripts ask first. Warnings are added to those of the command.
fn json_of(report: &Report) -> Map<String, Value> {
    let mut object = match json!(report) {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    object.insert("changed".to_owned(), json!(report.changed()));
    object
}

/// What was put back of an earlier apply.
pub(super) fn recovered_text(recovered: &Recovered) -> String {
    let mut text =
        "an earlier apply was ended before it was complete; what it had changed is put back:\n".to_owned();
    let files = recovered.files.iter().map(|path| path.display().to_string());
    for line in recovered.tables.iter().cloned().chain(recovered.sysctls.iter().cloned()).chain(files) {
        text.push_str(&format!("  {line}\n"));
    }
    text
}
