//! What an apply did, in words and as JSON.

use fwdsl_runtime::host::{ChainChange, ChainReport, Part, Recovered, Report, SetChange};
use fwdsl_runtime::sysctl::Key;
use serde_json::{Map, Value, json};

/// A line for everything that changed, or would.
pub(super) fn text(report: &Report) -> String {
    let would = if report.dry_run { "would be " } else { "" };
    let mut text = report.recovered.as_ref().map(recovered).unwrap_or_default();
    let variant = report.variant.map(|variant| format!("{variant}; ")).unwrap_or_default();
    for rules in &report.rules {
        if !rules.tables.is_empty() {
            let tables = rules.tables.join(", ");
            text.push_str(&format!("{} rules {would}loaded ({variant}table {tables})\n", rules.family));
        }
        if !rules.order.is_empty() {
            let order = rules.order.join(", then ");
            let closed = match rules.closed_meanwhile {
                true => {
                    "; meanwhile nothing passes, for no order is certain to let through only what either allows"
                }
                false => "",
            };
            text.push_str(&format!(
                "{} tables {would}changed in this order: {order}{closed}\n",
                rules.family
            ));
        }
        for ChainReport { table, chain, change } in &rules.chains {
            let what = match change {
                ChainChange::Filled => format!("chain {chain} {would}filled"),
                ChainChange::Removed => format!("chain {chain} {would}removed"),
                ChainChange::Hooked => format!("the policy's jump in {chain} {would}put in place"),
            };
            text.push_str(&format!("{}: {what} ({variant}table {table})\n", rules.family));
        }
    }
    for set in &report.sets {
        text.push_str(&format!("set {} {would}{}\n", set.name, set_change(set.change)));
    }
    for sysctl in &report.sysctls {
        let key = key(&sysctl.key);
        let old = sysctl.old.as_deref().unwrap_or("absent");
        text.push_str(&format!("{key} {would}set: {old} -> {}\n", sysctl.new));
    }
    for file in &report.files {
        let change = if file.removed { "removed" } else { "updated" };
        text.push_str(&format!("{} {would}{change} ({})\n", file.path.display(), file.purpose));
    }
    if !report.changed() {
        text.push_str("nothing to change: all is as the policy says\n");
    }
    text
}

/// What becomes of a set.
pub(super) fn set_change(change: SetChange) -> &'static str {
    match change {
        SetChange::Created => "made and filled",
        SetChange::PutRight => "put right in place",
        SetChange::Grown => "given elements of the policy",
        SetChange::Destroyed => "destroyed",
    }
}

/// A sysctl's key as people write it.
pub(super) fn key(slashed: &str) -> String {
    slashed.parse::<Key>().map_or_else(|_| slashed.to_owned(), |key| key.to_string())
}

/// The word for a part of what an apply brings about.
pub(super) fn part(part: Part) -> &'static str {
    match part {
        Part::Rules => "rules",
        Part::Sets => "sets",
        Part::Sysctls => "sysctls",
        Part::Files => "files",
        Part::Journal => "journal of an apply",
    }
}

/// The report, with the one thing that scripts ask first.
pub(super) fn json(report: &Report) -> Map<String, Value> {
    let mut object = match json!(report) {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    object.insert("changed".to_owned(), json!(report.changed()));
    object
}

/// What was put back of an earlier apply.
pub(super) fn recovered(recovered: &Recovered) -> String {
    let others = recovered.sets.is_empty() && recovered.sysctls.is_empty() && recovered.files.is_empty();
    let nothing = recovered.tables.is_empty() && others;
    let mut text = "an earlier apply was ended before it was complete; ".to_owned();
    text.push_str(match nothing {
        true => "all that it was to change is as before\n",
        false => "what it had changed is put back:\n",
    });
    let files = recovered.files.iter().map(|path| path.display().to_string());
    let sets = recovered.sets.iter().map(|name| format!("set {name}"));
    for line in
        recovered.tables.iter().cloned().chain(sets).chain(recovered.sysctls.iter().cloned()).chain(files)
    {
        text.push_str(&format!("  {line}\n"));
    }
    text
}
