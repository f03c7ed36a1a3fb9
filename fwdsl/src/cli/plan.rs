//! `plan`: what an apply would change.

use std::fmt::Write;

use fwdsl_runtime::analysis::Change;
use fwdsl_runtime::host::boot::{self, BootService};
use fwdsl_runtime::host::tree::Tree;
use fwdsl_runtime::host::{
    self, ApplyError, FileOutlook, Origin, Outlook, Part, RulesOutlook, SetOutlook, Sign, TableDiff,
};
use fwdsl_runtime::json::comparison_to_json;
use serde_json::{Map, Value, json};

use super::apply;
use super::args::PlanArguments;
use super::color::{Paint, Painter};
use super::failure::{Exit, Failure, of_apply};
use super::fleet::Chosen;
use super::output::{Answer, Done};
use super::report;
use super::save::{self, Keeping};

/// So many elements of a set are told.
const ELEMENTS_TOLD: usize = 5;

pub(super) fn plan(policy: &Chosen<'_>, arguments: &PlanArguments) -> Result<Answer, Failure> {
    let policy = &policy.read()?;
    let options = arguments.options();
    let tree = Tree::new(options.root.as_deref());
    let rules = apply::rules(policy)?;
    let (mut desired, mut warnings) = apply::desired(policy, &rules)?;
    warnings.extend(apply::other_policy(policy, options.root.as_deref()));
    let mut unplanned = None;
    let mut services = Vec::new();
    if arguments.save {
        let kept = Keeping::again(&options, false).and_then(|keeping| {
            let kept = save::kept(policy, &rules, Some(&desired.sysctls), &tree, &keeping)?;
            let services = boot::boot_services(&kept.startup, keeping.installs.loader, &tree);
            Ok((kept, keeping.installs, services))
        });
        match kept {
            Ok((kept, installs, of_boot)) => {
                services = of_boot;
                warnings.extend(kept.warnings);
                desired.files = kept.files;
                desired.installs = Some(installs);
            }
            Err(failure) => unplanned = Some(failure),
        }
    }
    let model = policy.model();
    let rulesets = apply::rulesets(policy)?;
    let origin = Origin { model: &model, rulesets: &rulesets };
    let mut outlook = host::plan(&desired, origin, &options)?;
    match unplanned {
        Some(Failure::Apply(error)) => outlook.add_problem(Part::Files, error),
        Some(failure) => outlook.unknown.push((Part::Files, failure.reason())),
        None => {}
    }
    warnings.append(&mut outlook.warnings);
    if let (Some(installs), Some(variant)) = (desired.installs, outlook.variant) {
        warnings.extend(apply::at_boot(&rules, variant, installs, &tree));
    }
    let painter = Painter::new(arguments.look.color);
    let text = text(&outlook, &services, arguments.text, painter);
    let mut json = json(&outlook);
    json.insert("services".to_owned(), json!(services));
    Ok(Answer { exit: exit(&outlook), done: Done { text, json, warnings } })
}

/// What an apply would be refused for comes first, for it would change nothing.
fn exit(outlook: &Outlook) -> Option<Exit> {
    match outlook.blocked.first() {
        Some((_, error)) => Some(of_apply(error)),
        None if outlook.changed() => Some(Exit::Differs),
        None if !outlook.unknown.is_empty() => Some(Exit::Unknown),
        None => None,
    }
}

fn text(outlook: &Outlook, services: &[BootService], lines: bool, painter: Painter) -> String {
    let mut text = String::new();
    for rules in &outlook.rules {
        push_rules(&mut text, rules, lines, painter);
    }
    push_sets(&mut text, &outlook.sets, painter);
    for sysctl in &outlook.sysctls {
        let (old, new) = (sysctl.old.as_deref().unwrap_or("absent"), &sysctl.new);
        let _ = writeln!(text, "sysctl {}: {old} -> {new}", report::key(&sysctl.key));
    }
    for file in &outlook.files {
        let what = if file.is_link() { "service" } else { "file" };
        let _ =
            writeln!(text, "{what} {}: {} ({})", file.path.display(), file.alteration.word(), file.purpose);
    }
    for service in services {
        let _ = writeln!(text, "boot: {service}");
    }
    push_unknown(&mut text, outlook, painter);
    if !outlook.changed() && outlook.blocked.is_empty() {
        text.push_str(match outlook.unknown.is_empty() {
            true => "nothing to change: all is as the policy says\n",
            false => "nothing to change in what can be seen\n",
        });
    }
    text
}

/// What cannot be seen, and what an apply would be refused for.
pub(super) fn push_unknown(text: &mut String, outlook: &Outlook, painter: Painter) {
    for (part, reason) in &outlook.unknown {
        let line = format!("{}: unknown: {reason}", report::part(*part));
        let _ = writeln!(text, "{}", painter.paint(Paint::Otherwise, &line));
    }
    for (_, error) in &outlook.blocked {
        let line = format!("an apply would be refused: {}", error.reason());
        let _ = writeln!(text, "{}", painter.paint(Paint::Goes, &line));
    }
}

fn push_rules(text: &mut String, rules: &RulesOutlook, lines: bool, painter: Painter) {
    for table in &rules.tables {
        let title = format!(
            "{} table {}: +{} -{} lines",
            rules.family,
            table.table,
            table.count(Sign::Comes),
            table.count(Sign::Goes)
        );
        let _ = writeln!(text, "{}", painter.paint(Paint::Title, &title));
        if lines {
            push_lines(text, table, painter);
        }
    }
    let family = rules.family;
    text.push_str(&report::order(family, "would be ", &rules.order, rules.closed_meanwhile));
    let Some(meaning) = &rules.meaning else {
        let _ = writeln!(
            text,
            "{family}: what becomes of packets is unknown, for iptables does not print all rules"
        );
        return;
    };
    match &meaning.comparison {
        Err(stop) => {
            let _ = writeln!(text, "{family}: what becomes of packets is {stop}");
        }
        Ok(comparison) if comparison.is_same() => {
            let _ = writeln!(text, "{family}: no packet fares differently");
        }
        Ok(comparison) => {
            for change in &comparison.changes {
                let title = painter.paint(paint_of(change), &change.title());
                let _ = write!(text, "{title}\n{}", change.text(&meaning.before(), &meaning.after()));
            }
        }
    }
}

fn paint_of(change: &Change) -> Paint {
    match change.kind() {
        "newly accepted" => Paint::Comes,
        "newly refused" => Paint::Goes,
        _ => Paint::Otherwise,
    }
}

fn push_lines(text: &mut String, table: &TableDiff, painter: Painter) {
    for line in &table.lines {
        let shown = format!("{}{}", line.sign.sign(), line.text);
        let shown = match line.sign {
            Sign::Comes => painter.paint(Paint::Comes, &shown),
            Sign::Goes => painter.paint(Paint::Goes, &shown),
            Sign::Stays => shown,
            Sign::Gap => "…".to_owned(),
        };
        let _ = writeln!(text, "    {shown}");
    }
}

/// The sets that are not as they should be.
pub(super) fn push_sets(text: &mut String, sets: &[SetOutlook], painter: Painter) {
    sets.iter().for_each(|set| push_set(text, set, painter));
}

fn push_set(text: &mut String, set: &SetOutlook, painter: Painter) {
    let replaces = set.replaces.as_ref().map(|old| format!(", in the place of {old}")).unwrap_or_default();
    let _ = writeln!(text, "set {}: {}{replaces}", set.name, report::set_change(set.change));
    for (sign, paint, elements) in [("+", Paint::Comes, &set.added), ("-", Paint::Goes, &set.removed)] {
        if elements.is_empty() {
            continue;
        }
        let told = elements[..elements.len().min(ELEMENTS_TOLD)].join(", ");
        let more = if elements.len() > ELEMENTS_TOLD { ", …" } else { "" };
        let line = format!("{sign}{} {told}{more}", elements.len());
        let _ = writeln!(text, "    {}", painter.paint(paint, &line));
    }
}

fn json(outlook: &Outlook) -> Map<String, Value> {
    Map::from_iter([
        ("changed".to_owned(), json!(outlook.changed())),
        ("variant".to_owned(), json!(outlook.variant)),
        ("rules".to_owned(), outlook.rules.iter().map(rules_json).collect()),
        ("sets".to_owned(), outlook.sets.iter().map(set_json).collect()),
        ("sysctls".to_owned(), json!(outlook.sysctls)),
        ("files".to_owned(), outlook.files.iter().map(file_json).collect()),
        ("ipv6_absent".to_owned(), json!(outlook.ipv6_absent)),
        ("blocked".to_owned(), blocked_json(outlook)),
        ("unknown".to_owned(), unknown_json(outlook)),
    ])
}

/// What an apply would be refused for.
pub(super) fn blocked_json(outlook: &Outlook) -> Value {
    let blocked = |(part, error): &(Part, ApplyError)| json!({ "part": part, "exit_code": of_apply(error) as u8, "message": error.reason() });
    outlook.blocked.iter().map(blocked).collect()
}

/// What cannot be seen.
pub(super) fn unknown_json(outlook: &Outlook) -> Value {
    let unknown = |(part, reason): &(Part, String)| json!({ "part": part, "reason": reason });
    outlook.unknown.iter().map(unknown).collect()
}

/// A file that would change.
pub(super) fn file_json(file: &FileOutlook) -> Value {
    json!({ "path": file.path, "purpose": file.purpose, "change": file.alteration.word() })
}

fn rules_json(rules: &RulesOutlook) -> Value {
    let lines = |table: &TableDiff, sign| -> Vec<String> {
        let lines = table.lines.iter().filter(|line| line.sign == sign);
        lines.map(|line| line.text.clone()).collect()
    };
    let table = |table: &TableDiff| {
        json!({
            "table": table.table,
            "added": lines(table, Sign::Comes),
            "removed": lines(table, Sign::Goes),
        })
    };
    let meaning = rules.meaning.as_ref().map(|meaning| match &meaning.comparison {
        Ok(comparison) => comparison_to_json(comparison, &meaning.before(), &meaning.after()),
        Err(stop) => json!({ "not_decided": stop.to_string() }),
    });
    json!({
        "family": rules.family.name(),
        "tables": rules.tables.iter().map(table).collect::<Vec<_>>(),
        "order": rules.order,
        "closed_meanwhile": rules.closed_meanwhile,
        "meaning": meaning,
    })
}

/// A set that would change.
pub(super) fn set_json(set: &SetOutlook) -> Value {
    let first = |elements: &[String]| json!(elements[..elements.len().min(ELEMENTS_TOLD)]);
    json!({
        "name": set.name,
        "change": set.change,
        "replaces": set.replaces,
        "added": set.added.len(),
        "removed": set.removed.len(),
        "first_added": first(&set.added),
        "first_removed": first(&set.removed),
    })
}
