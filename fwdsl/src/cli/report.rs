//! What an apply did, in words and as JSON.

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::{
    ChainChange, ChainReport, Connections, FileReport, Part, Recovered, Report, SetChange, TrackedConnection,
};
use fwdsl_runtime::sysctl::Key;
use serde_json::{Map, Value, json};

/// What an apply did or would do.
pub(super) fn text(report: &Report) -> String {
    match report.changed() {
        true => changes(report),
        false => format!("{}nothing to change: all is as the policy says\n", changes(report)),
    }
}

/// A line for everything that changed, or would.
pub(super) fn changes(report: &Report) -> String {
    let would = if report.dry_run { "would be " } else { "" };
    let mut text = report.recovered.as_ref().map(recovered).unwrap_or_default();
    let variant = report.variant.map(|variant| format!("{variant}; ")).unwrap_or_default();
    for rules in &report.rules {
        if !rules.tables.is_empty() {
            let tables = rules.tables.join(", ");
            text.push_str(&format!("{} rules {would}loaded ({variant}table {tables})\n", rules.family));
        }
        text.push_str(&order(rules.family, would, &rules.order, rules.closed_meanwhile));
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
        // They go when it is confirmed.
        let would =
            if report.waiting.is_some() && set.change == SetChange::Destroyed { "will be " } else { would };
        text.push_str(&format!("set {} {would}{}\n", set.name, set_change(set.change)));
    }
    for sysctl in &report.sysctls {
        let key = key(&sysctl.key);
        let old = sysctl.old.as_deref().unwrap_or("absent");
        text.push_str(&format!("{key} {would}set: {old} -> {}\n", sysctl.new));
    }
    text.push_str(&files(&report.files, if report.waiting.is_some() { "will be " } else { would }));
    if let Some(connections) = &report.connections {
        text.push_str(&of_connections(connections, would));
    }
    text
}

/// The order in which tables change, and whether the filter is closed meanwhile; nothing if there is one table.
pub(super) fn order(family: Family, would: &str, tables: &[String], closed: bool) -> String {
    if tables.is_empty() {
        return String::new();
    }
    let closed = match closed {
        true => "; meanwhile nothing passes, for no order is certain to let through only what either allows",
        false => "",
    };
    format!("{family} tables {would}changed in this order: {}{closed}\n", tables.join(", then "))
}

/// A line for every file.
pub(super) fn files(files: &[FileReport], would: &str) -> String {
    let line = |file: &FileReport| {
        let change = if file.removed { "removed" } else { "updated" };
        format!("{} {would}{change} ({})\n", file.path.display(), file.purpose)
    };
    files.iter().map(line).collect()
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

/// A line for every connection that lost its permission, or may have.
fn of_connections(connections: &Connections, would: &str) -> String {
    let note = |connection: &TrackedConnection| {
        connection.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default()
    };
    let ended = connections.ended.iter().map(|connection| {
        let note = note(connection);
        format!("connection {connection} {would}ended, which these rules would not let begin{note}\n")
    });
    let undecided = connections.undecided.iter().map(|connection| {
        let note = note(connection);
        format!("connection {connection} {would}left; whether these rules would let it begin is not certain{note}\n")
    });
    ended.chain(undecided).collect()
}

/// The report, with the one thing that scripts ask first.
pub(super) fn json(report: &Report) -> Map<String, Value> {
    let mut object = match json!(report) {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    let put_back = report.recovered.as_ref().is_some_and(|recovered| !is_nothing(recovered));
    object.insert("changed".to_owned(), json!(report.changed() || put_back));
    object
}

/// What was put back of an earlier apply.
pub(super) fn recovered(recovered: &Recovered) -> String {
    let mut text = match recovered.unconfirmed {
        true => "an apply was not confirmed; ".to_owned(),
        false => "an earlier apply was ended before it was complete; ".to_owned(),
    };
    text.push_str(match is_nothing(recovered) {
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

/// Whether an earlier apply had not come to change anything.
fn is_nothing(recovered: &Recovered) -> bool {
    let others = recovered.sets.is_empty() && recovered.sysctls.is_empty() && recovered.files.is_empty();
    recovered.tables.is_empty() && others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_back_is_a_change() {
        let unfinished = |tables: &[&str]| Recovered {
            restarted: false,
            unconfirmed: true,
            tables: tables.iter().map(|name| (*name).to_owned()).collect(),
            sets: Vec::new(),
            sysctls: Vec::new(),
            files: Vec::new(),
        };
        let changed = |recovered: Option<Recovered>| {
            let report = Report {
                dry_run: false,
                variant: None,
                rules: Vec::new(),
                sets: Vec::new(),
                sysctls: Vec::new(),
                files: Vec::new(),
                ipv6_absent: false,
                recovered,
                connections: None,
                waiting: None,
                warnings: Vec::new(),
            };
            json(&report)["changed"].clone()
        };
        assert_eq!(changed(None), false);
        assert_eq!(changed(Some(unfinished(&[]))), false);
        assert_eq!(changed(Some(unfinished(&["IPv4 filter"]))), true);
    }
}
