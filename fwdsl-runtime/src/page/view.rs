//! What the sections of a page have in common: the policy, its lowered rules, and where each thing stands on the page.

use std::collections::HashMap;

use super::Facts;
use super::access::{Access, access};
use super::html::Html;
use super::services::{Services, services};
use crate::diagnostic::Diagnostic;
use crate::emit::emit_rule;
use crate::family::{Family, FamilySet};
use crate::loc::Loc;
use crate::lower::{Ruleset, lower};
use crate::model::Chain;
use crate::table::TableName;

/// See the module.
pub(super) struct View<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) rulesets: Vec<Ruleset>,
    /// What each rule of the policy is in iptables, by its chain and its place there.
    lines: HashMap<(usize, usize), Vec<(Family, String)>>,
    /// The rule that stands at a place.
    rules: HashMap<Loc, (usize, usize)>,
    /// What may be opened, way by way.
    pub(super) access: Vec<Access>,
    /// Who may open which service, family by family.
    pub(super) services: Vec<Services>,
}

impl<'a> View<'a> {
    pub(super) fn new(facts: &'a Facts<'a>) -> View<'a> {
        let model = facts.model;
        let rulesets: Vec<Ruleset> = Family::ALL.iter().filter_map(|family| lower(model, *family)).collect();
        let mut lines: HashMap<(usize, usize), Vec<(Family, String)>> = HashMap::new();
        for ruleset in &rulesets {
            for chain in ruleset.tables.iter().flat_map(|table| &table.chains) {
                for rule in &chain.rules {
                    let text = emit_rule(chain, rule, ruleset.family);
                    lines
                        .entry((rule.origin.chain, rule.origin.rule))
                        .or_default()
                        .push((ruleset.family, text));
                }
            }
        }
        let mut rules = HashMap::new();
        for (at, chain) in model.chains().iter().enumerate() {
            for (place, rule) in chain.rules().iter().enumerate() {
                // Of several rules on a line, the first.
                rules.entry(rule.loc()).or_insert((at, place));
            }
        }
        let access = access(model, &rulesets);
        let services = services(model, &rulesets);
        View { facts, rulesets, lines, rules, access, services }
    }

    /// The families that the policy has tables for.
    pub(super) fn families(&self) -> FamilySet {
        self.rulesets.iter().fold(FamilySet::NONE, |all, ruleset| all.or(FamilySet::only(ruleset.family)))
    }

    /// The chains with their places in the policy, table by table, in the order in which they are named there.
    pub(super) fn chains_by_table(&self) -> Vec<(TableName, Vec<(usize, &'a Chain)>)> {
        let chains = || self.facts.model.chains().iter().enumerate();
        let of = |table| chains().filter(|(_, chain)| chain.table() == table).collect();
        self.facts.model.tables().into_iter().map(|table| (table, of(table))).collect()
    }

    /// What a rule is in iptables.
    pub(super) fn lines(&self, chain: usize, rule: usize) -> &[(Family, String)] {
        self.lines.get(&(chain, rule)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The families in which a rule is loaded.
    pub(super) fn families_of(&self, chain: usize, rule: usize) -> FamilySet {
        let lines = self.lines(chain, rule).iter();
        lines.fold(FamilySet::NONE, |all, (family, _)| all.or(FamilySet::only(*family)))
    }

    /// The place of the chain of a table; of two of this name, one for each family, that of one of these.
    pub(super) fn chain(&self, table: TableName, name: &str, families: FamilySet) -> Option<usize> {
        let is_meant = |chain: &Chain| {
            chain.table() == table && chain.name() == name && !chain.families().and(families).is_empty()
        };
        self.facts.model.chains().iter().position(is_meant)
    }

    /// The rule at a place.
    pub(super) fn rule_at(&self, loc: Loc) -> Option<(usize, usize)> {
        self.rules.get(&loc).copied()
    }

    /// The findings that are about a rule, with their numbers.
    pub(super) fn findings_of(&self, loc: Loc) -> impl Iterator<Item = (usize, &'a Diagnostic)> {
        let findings = self.facts.findings.iter().enumerate();
        findings.filter(move |(_, finding)| finding.loc.line == loc.line && finding.loc.file == loc.file)
    }

    /// `file:line`, short enough for a phone; nothing for what has no source.
    pub(super) fn place(&self, loc: Loc) -> String {
        let sources = &self.facts.model.sources;
        match (sources.file_of(loc), loc.line) {
            (_, 0) => String::new(),
            ("", line) => format!("line {line}"),
            _ => sources.place(loc),
        }
    }

    /// The same without the directories.
    pub(super) fn short_place(&self, loc: Loc) -> String {
        let place = self.place(loc);
        if place.is_empty() {
            return "rule".to_owned();
        }
        place.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// A place, as a link to the rule that stands there.
    pub(super) fn write_place(&self, html: &mut Html, loc: Loc) {
        let place = self.place(loc);
        match self.rule_at(loc) {
            Some((chain, rule)) if place.is_empty() => {
                html.link(&rule_id(chain, rule), |html| html.text(&format!("rule {}", rule + 1)));
            }
            Some((chain, rule)) => {
                html.element(
                    "a",
                    &[("class", "place"), ("href", &format!("#{}", rule_id(chain, rule)))],
                    |html| {
                        write_breakable(html, &place);
                    },
                );
            }
            None => html.classed("span", "place", |html| write_breakable(html, &place)),
        }
    }

    /// The templates and fragments that a place came through, if any.
    pub(super) fn write_through(&self, html: &mut Html, loc: Loc) {
        for expansion in self.facts.model.sources.expansions_of(loc) {
            html.classed("span", "through", |html| {
                html.text("of ");
                html.sentence(&expansion.what);
                let place = self.place(expansion.call);
                if !place.is_empty() {
                    html.text(", used at ");
                    html.classed("span", "place", |html| write_breakable(html, &place));
                }
            });
        }
    }
}

/// A path that may be broken behind its slashes.
fn write_breakable(html: &mut Html, path: &str) {
    for part in path.split_inclusive('/') {
        html.text(part);
        if part.ends_with('/') {
            html.element("wbr", &[], |_| {});
        }
    }
}

/// A number of things.
pub(super) fn count(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// `IPv4`, `IPv6`, or nothing where it is both.
pub(super) fn write_families(html: &mut Html, families: FamilySet, around: FamilySet) {
    if families != around && !families.is_empty() {
        for family in families.iter() {
            html.badge("family", &family.to_string());
        }
    }
}

/// The class of a verdict's word, which gives it its colour.
pub(super) fn verdict_class(word: &str) -> &'static str {
    match word {
        "accept" => "accept",
        "drop" => "drop",
        "reject" => "reject",
        "log" | "nflog" | "ulog" => "log",
        "jump" | "goto" | "return" => "jump",
        _ => "other",
    }
}

pub(super) fn chain_id(chain: usize) -> String {
    format!("chain-{chain}")
}

pub(super) fn rule_id(chain: usize, rule: usize) -> String {
    format!("rule-{chain}-{rule}")
}

pub(super) fn case_id(assertion: usize, case: usize) -> String {
    format!("assertion-{assertion}-{case}")
}

pub(super) fn finding_id(finding: usize) -> String {
    format!("finding-{finding}")
}
