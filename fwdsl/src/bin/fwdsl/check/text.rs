//! Findings for people, in the manner of rustc.
//!
//! ```text
//! error[unreachable_rule]: no packet comes to this rule
//!   --> rules.v4:7, chain INPUT of filter
//!    |
//!  5 | -A INPUT -s 10.0.0.0/8 -j DROP
//!    | ------------------------------ takes all of its packets
//!  7 | -A INPUT -s 10.1.2.3/32 -j ACCEPT
//!    | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
//!    = help: …
//! ```

use std::fmt::Write;

use fwdsl_runtime::lint::Level;

use super::Checked;
use super::finding::{Finding, Place};

/// So many other lines are shown of a finding.
const MOST_LINES: usize = 8;

/// The report: every finding, and a line of sums for each file.
pub(super) fn report(checked: &[Checked]) -> String {
    let mut out = String::new();
    for firewall in checked {
        firewall.findings.iter().for_each(|finding| push_finding(&mut out, finding));
    }
    checked.iter().for_each(|firewall| push_sums(&mut out, firewall));
    out
}

/// How a level is called.
pub(super) fn word(level: Level) -> &'static str {
    if level == Level::Deny { "error" } else { "warning" }
}

fn push_finding(out: &mut String, finding: &Finding) {
    let Finding { place, .. } = finding;
    let (own, mut others) = lines(finding);
    let left_out = others.len().saturating_sub(MOST_LINES);
    others.truncate(MOST_LINES);
    let mut shown: Vec<(&Place, char, &str)> =
        others.iter().map(|(place, note)| (*place, '-', *note)).collect();
    shown.push((place, '^', own));
    shown.retain(|(place, ..)| place.text.is_some());
    shown.sort_by_key(|(place, ..)| place.line);
    let width = shown.iter().map(|(place, ..)| place.line.to_string().len()).max().unwrap_or(1);
    let chain = match (finding.table, &finding.chain) {
        (Some(table), Some(chain)) => format!(", chain {chain} of {table}"),
        _ => String::new(),
    };
    let _ = writeln!(out, "{}[{}]: {}", word(finding.level), finding.lint, finding.message);
    let _ = writeln!(out, "{:width$}--> {}:{}{chain}", "", place.file, place.line);
    if !shown.is_empty() {
        let _ = writeln!(out, "{:width$} |", "");
    }
    for (place, mark, note) in shown {
        let text = place.text.as_deref().unwrap_or_default();
        let marks = mark.to_string().repeat(text.chars().count());
        let _ = writeln!(out, "{:width$} | {text}", place.line);
        let _ = writeln!(out, "{:width$} | {}", "", format!("{marks} {note}").trim_end());
    }
    if left_out > 0 {
        let _ = writeln!(out, "{:width$} = note: and {left_out} more lines", "");
    }
    for (note, place) in &finding.notes {
        match place {
            None => push_remark(out, width, "note", note),
            Some(place) if place.text.is_none() => {
                push_remark(out, width, "note", &format!("{note} ({}:{})", place.file, place.line));
            }
            Some(_) => {}
        }
    }
    finding.help.iter().for_each(|help| push_remark(out, width, "help", help));
    out.push('\n');
}

/// The note about the finding's own line, and every other line once, with what it has to do with the finding.
fn lines(finding: &Finding) -> (&str, Vec<(&Place, &str)>) {
    let mut own = "";
    let mut others: Vec<(&Place, &str)> = Vec::new();
    let noted = finding.notes.iter().filter_map(|(note, place)| Some((place.as_ref()?, note.as_str())));
    for (place, note) in noted.chain(finding.causes.iter().map(|place| (place, "causes it"))) {
        if *place == finding.place {
            own = if own.is_empty() && note != "causes it" { note } else { own };
        } else if !others.iter().any(|(other, _)| *other == place) {
            others.push((place, note));
        }
    }
    (own, others)
}

fn push_remark(out: &mut String, width: usize, kind: &str, text: &str) {
    let text = text.replace('\n', &format!("\n{:width$}   {:1$}  ", "", kind.len()));
    let _ = writeln!(out, "{:width$} = {kind}: {text}", "");
}

fn push_sums(out: &mut String, firewall: &Checked) {
    let count = |level: Level| firewall.findings.iter().filter(|finding| finding.level == level).count();
    let several = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let unread = match firewall.unread.len() {
        0 => String::new(),
        count => format!("; {} not or partly read", several(count, "line")),
    };
    let _ = writeln!(
        out,
        "{}: {}, {} in {}{unread}",
        firewall.source.name,
        several(count(Level::Deny), "error"),
        several(count(Level::Warn), "warning"),
        several(firewall.rules, "rule"),
    );
}
