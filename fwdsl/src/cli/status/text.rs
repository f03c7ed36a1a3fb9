//! A status as text for people.

use std::fmt::Write;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::{ChainCount, Difference, Drift, RuleCount, Status};
use fwdsl_runtime::loc::{Loc, Sources};
use fwdsl_runtime::restore_text::Counters;

use super::columns::{Row, aligned};
use super::{Boot, Report};
use crate::cli::color::{Paint, Painter};
use crate::cli::failure::Exit;
use crate::cli::{history, plan, report};

impl Report<'_> {
    pub(super) fn text(&self, painter: Painter) -> String {
        let mut text = self.differences(painter);
        for chain in &self.status.counts {
            push_counts(&mut text, chain, self.sources, painter);
        }
        text
    }

    /// The text without the counters.
    pub(super) fn differences(&self, painter: Painter) -> String {
        let Status { variant, drift, outlook, pending, last_outcome, .. } = self.status;
        let mut text = String::new();
        let variant = variant.map(|variant| format!(" ({variant})")).unwrap_or_default();
        let (paint, summary) = match self.exit {
            None => (Paint::Comes, "in force: all that is loaded is as the policy says"),
            Some(Exit::Differs) => (Paint::Goes, "not in force as the policy says"),
            Some(_) => (Paint::Otherwise, "not known: not all can be seen"),
        };
        let _ = writeln!(text, "{}", painter.paint(paint, &format!("{summary}{variant}")));
        if let Some(left) = pending {
            let line = format!(
                "the last apply waits for its confirmation, for another {} seconds: `confirm` it, or undo it with `recover`",
                left.as_secs()
            );
            let _ = writeln!(text, "{}", painter.paint(Paint::Otherwise, &line));
        } else if let Some(outcome) = last_outcome {
            let _ = writeln!(text, "{}", outcome.words());
        }
        if let Some(state) = self.last_change {
            let change = history::change(&state.about);
            let _ = writeln!(text, "last change: {change}; state {} is the one before it", state.number);
        }
        for drift in drift {
            let _ = writeln!(text, "{}", drift_text(drift, self.sources, painter));
        }
        plan::push_sets(&mut text, &outlook.sets, painter);
        for sysctl in &outlook.sysctls {
            let key = report::key(&sysctl.key);
            let is = sysctl.old.as_ref().map_or("is absent".to_owned(), |old| format!("is {old}"));
            let _ = writeln!(text, "sysctl {key} {is} instead of {}", sysctl.new);
        }
        plan::push_unknown(&mut text, outlook, painter);
        push_boot(&mut text, &self.boot);
        text
    }
}

/// `IPv4, INPUT of filter: missing src/main.rs:14: -A INPUT …`
fn drift_text(drift: &Drift, sources: &Sources, painter: Painter) -> String {
    let Drift { family, table, chain, difference } = drift;
    let at = match chain {
        Some(chain) => format!("{family}, {chain} of {table}"),
        None => format!("{family}, table {table}"),
    };
    let program = match family {
        Family::Ipv4 => "iptables-save",
        Family::Ipv6 => "ip6tables-save",
    };
    let missing = |loc: &Loc, text: &str| {
        painter.paint(Paint::Goes, &format!("missing {}: {text}", place(sources, *loc)))
    };
    let there = |line: &u32, text: &str| painter.paint(Paint::Comes, &format!("{program}:{line}: {text}"));
    let rules = |rules: &usize| if *rules == 1 { "1 rule".to_owned() } else { format!("{rules} rules") };
    let what = match difference {
        Difference::Missing { loc, text } => missing(loc, text),
        Difference::Extra { line, text } => format!("too many {}", there(line, text)),
        Difference::Changed { loc, wanted, line, found } => {
            format!("{}\n    in its place {}", missing(loc, wanted), there(line, found))
        }
        Difference::Policy { wanted, found } => format!("the policy is {found} instead of {wanted}"),
        Difference::MissingChain { rules: count } => format!("the chain is missing, with {}", rules(count)),
        Difference::ExtraChain { rules: count } => format!("a chain too many, with {}", rules(count)),
        Difference::Jump { loc: Some(loc) } => {
            format!("the jump to the chain of {} is missing or in another place", place(sources, *loc))
        }
        Difference::Jump { loc: None } => "a jump of an earlier policy is still there".to_owned(),
        Difference::LeftChain => "the chain of an earlier policy is still there".to_owned(),
        Difference::LeftTable => "the rules of an earlier policy are still there".to_owned(),
    };
    format!("{at}: {what}")
}

/// A place, and the template or fragment that it came through.
fn place(sources: &Sources, loc: Loc) -> String {
    format!("{}{}", sources.place(loc), through(sources, loc))
}

fn through(sources: &Sources, loc: Loc) -> String {
    let expansions = sources.expansions_of(loc);
    expansions.map(|expansion| format!(" ({}, {})", expansion.what, sources.place(expansion.call))).collect()
}

fn push_boot(text: &mut String, boot: &Boot<'_>) {
    let what = match (boot.is_known, boot.differing) {
        (_, [_, ..]) => {
            let files = boot.differing.iter();
            let files = files.map(|file| format!("{} ({})", file.path.display(), file.alteration.word()));
            format!("not as the policy says; `save` would write {}", files.collect::<Vec<_>>().join(", "))
        }
        (false, []) => "not known".to_owned(),
        (true, []) => "as the policy says: the files, and the services that load them".to_owned(),
    };
    let _ = writeln!(text, "boot: {what}");
    for service in &boot.services {
        let _ = writeln!(text, "boot: {service}");
    }
}

fn push_counts(text: &mut String, chain: &ChainCount, sources: &Sources, painter: Painter) {
    let families: Vec<Family> = Family::ALL
        .into_iter()
        .filter(|family| {
            let of_rules = chain.rules.iter().flat_map(|rule| &rule.families).map(|count| count.family);
            of_rules.chain(chain.ends.iter().map(|(of, ..)| *of)).any(|of| of == *family)
        })
        .collect();
    let mut title: Row = vec![format!("{} of {}", chain.chain, chain.table)];
    for family in &families {
        title.extend([format!("{family} packets"), "bytes".to_owned()]);
    }
    let mut rows = vec![title];
    for rule in &chain.rules {
        let mut row = vec![format!("  {}", sources.place(rule.loc))];
        families.iter().for_each(|family| row.extend(numbers(rule_counters(rule, *family))));
        row.push(format!("{}{}", rule_text(rule), through(sources, rule.loc)));
        rows.push(row);
    }
    if !chain.ends.is_empty() {
        let mut row = vec![format!("  {}", sources.place(chain.loc))];
        let end = |family: &Family| chain.ends.iter().find(|(of, ..)| of == family);
        families.iter().for_each(|family| {
            row.extend(numbers(end(family).map(|(.., counters)| Some(*counters))));
        });
        let policies: Vec<&str> = chain.ends.iter().map(|(_, policy, _)| policy.as_str()).collect();
        let same = policies.iter().all(|policy| *policy == policies[0]);
        row.push(format!("policy {}", if same { policies[0].to_owned() } else { policies.join(" and ") }));
        rows.push(row);
    }
    let lines = aligned(&rows);
    text.push('\n');
    for (index, line) in lines.iter().enumerate() {
        let line = if index == 0 { painter.paint(Paint::Title, line) } else { line.clone() };
        let _ = writeln!(text, "{line}");
    }
}

/// `None` if the rule is not of the family, `Some(None)` if it is not loaded.
fn rule_counters(rule: &RuleCount, family: Family) -> Option<Option<Counters>> {
    rule.families.iter().find(|count| count.family == family).map(|count| count.counters)
}

fn numbers(counters: Option<Option<Counters>>) -> [String; 2] {
    match counters {
        None => ["", ""].map(str::to_owned),
        Some(None) => ["missing", ""].map(str::to_owned),
        Some(Some(counters)) => [counters.packets, counters.bytes].map(|number| number.to_string()),
    }
}

/// The first line in iptables, without its chain, and how many more there are.
fn rule_text(rule: &RuleCount) -> String {
    let text =
        rule.text.strip_prefix("-A ").and_then(|text| text.split_once(' ')).map_or("", |(_, text)| text);
    let most = rule.families.iter().map(|count| count.lines).max().unwrap_or_default();
    match most {
        0 | 1 => text.to_owned(),
        lines => format!("{text} (and {} more)", lines - 1),
    }
}
