//! A rule, or a pattern, in the words of the language by itself: for reports.

use super::lets::Lets;
use super::phrase::{match_phrases, verdict_phrase};
use super::print::joined;
use super::value::write_port;
use crate::family::FamilySet;
use crate::model::{Few, Match, Rule};

/// A rule as it can be written, with values in the place of their names: `MATCHES => VERDICT, VERDICT;`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleWords {
    /// The matches; `_` if there are none.
    pub matches: String,
    /// The verdicts, in order.
    pub verdicts: Vec<String>,
}

/// A rule in words; `None` if the language has none for a part of it, which then only iptables' own words tell.
pub fn rule_words(rule: &Rule) -> Option<RuleWords> {
    let lets = Lets::default();
    let matches = joined(&match_phrases(rule, &lets)?);
    let verdicts = rule.verdicts.iter().map(|verdict| verdict_phrase(&verdict.action, &lets));
    Some(RuleWords { matches, verdicts: verdicts.collect::<Option<_>>()? })
}

/// A pattern of an assertion in words.
pub fn pattern_words(matches: &[Match]) -> Option<String> {
    let rule = Rule {
        families: FamilySet::BOTH,
        matches: matches.to_vec(),
        verdicts: Few::default(),
        comment: None,
        exact: false,
        levels: Vec::new(),
        loc: Default::default(),
    };
    match_phrases(&rule, &Lets::default()).map(|phrases| joined(&phrases))
}

/// The service that a port is called by, if people know it by name.
pub fn port_name(port: u16) -> Option<String> {
    Some(write_port(port)).filter(|name| name.starts_with(|first: char| first.is_ascii_alphabetic()))
}
