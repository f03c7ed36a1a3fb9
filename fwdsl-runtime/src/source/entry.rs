//! The statements of the source in the making, each with the lines that must come of it.

use super::form::{Form, Line, rule_of};
use super::lets::Lets;
use super::phrase::{match_phrases, verdict_phrase};
use crate::family::{Family, FamilySet};
use crate::model::{ChainPolicy, Rule};
use crate::table::TableName;

/// A chain of the source.
#[derive(Debug)]
pub(super) struct ChainPlan {
    pub(super) table: TableName,
    pub(super) name: String,
    pub(super) families: FamilySet,
    pub(super) policy: Option<ChainPolicy>,
    pub(super) doc: Vec<String>,
    pub(super) entries: Vec<Entry>,
    /// Whether its rules are written as iptables has them.
    pub(super) exact: bool,
    /// Attributes that lints ask for, and why.
    pub(super) attributes: Vec<String>,
}

/// A rule of the source.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) rule: Rule,
    pub(super) form: Form,
    /// The families that it is for.
    pub(super) families: FamilySet,
    /// What it is to be emitted as.
    pub(super) lines: Vec<Line>,
    /// The rules that it was put together of, if it can be taken apart.
    pub(super) parts: Vec<Entry>,
    /// Whether it has to say which family it is for.
    pub(super) names_family: bool,
    /// Whether lints find something in it, so that it is kept apart: what is allowed here is not for its neighbours.
    pub(super) has_finding: bool,
    /// Attributes that lints ask for, and why.
    pub(super) remarks: Vec<String>,
}

impl Entry {
    /// A rule for one line.
    pub(super) fn of_line(line: Line) -> Entry {
        Entry::in_form(vec![line], Form::Natural)
    }

    /// A rule for lines of different families that say the same, in this form or the next one that there is.
    pub(super) fn in_form(lines: Vec<Line>, form: Form) -> Entry {
        let families =
            lines.iter().map(|line| FamilySet::only(line.family)).fold(FamilySet::NONE, FamilySet::or);
        let forms = [Form::Natural, Form::Exact, Form::Raw].into_iter().filter(|other| *other >= form);
        let is_written = |rule: &Rule| key_of(rule).is_some();
        let found =
            forms.filter_map(|form| Some((form, rule_of(&lines[0], form).filter(is_written)?))).next();
        let (form, rule) = found.unwrap_or_else(|| {
            (Form::Raw, rule_of(&lines[0], Form::Raw).expect("every line has a raw form"))
        });
        Entry {
            rule,
            form,
            families,
            lines,
            parts: Vec::new(),
            names_family: false,
            has_finding: false,
            remarks: Vec::new(),
        }
    }

    /// The rule as it is written, but for names of values: the same for two rules that say the same.
    pub(super) fn key(&self) -> String {
        key_of(&self.rule).unwrap_or_else(|| self.lines[0].text.clone())
    }

    /// What comes in its place if it is not emitted as it should be; nothing if nothing stricter is left.
    pub(super) fn fallback(self) -> Option<Vec<Entry>> {
        if !self.parts.is_empty() {
            return Some(self.parts);
        }
        let form = match self.form {
            Form::Natural => Form::Exact,
            Form::Exact => Form::Raw,
            Form::Raw => return None,
        };
        let mut entries: Vec<Entry> = Vec::new();
        for line in self.lines {
            let entry = Entry::in_form(vec![line], form);
            match entries.iter_mut().find(|other| other.form == entry.form && other.key() == entry.key()) {
                Some(other) => {
                    other.lines.extend(entry.lines);
                    other.families = other.families.or(entry.families);
                }
                None => entries.push(entry),
            }
        }
        Some(entries)
    }

    /// The same as rules that are written as iptables has them.
    pub(super) fn into_exact(self) -> Vec<Entry> {
        if self.form != Form::Natural {
            return vec![self];
        }
        self.fallback().unwrap_or_default().into_iter().flat_map(Entry::into_exact).collect()
    }

    /// What was said of its lines where they come from, each remark once.
    pub(super) fn notes(&self) -> Vec<&str> {
        let mut notes: Vec<&str> = Vec::new();
        for note in self.lines.iter().flat_map(|line| &line.notes) {
            if !notes.contains(&note.as_str()) {
                notes.push(note);
            }
        }
        notes
    }

    /// What it is to be emitted as in a family.
    pub(super) fn texts(&self, family: Family) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(move |line| line.family == family).map(|line| line.text.as_str())
    }
}

/// The rule in words, the comment included.
pub(super) fn key_of(rule: &Rule) -> Option<String> {
    let lets = Lets::default();
    let phrases = match_phrases(rule, &lets)?;
    let mut key = if rule.exact { "exact ".to_owned() } else { String::new() };
    for phrase in &phrases {
        key.push_str(&phrase.text);
        key.push(' ');
    }
    for verdict in &rule.verdicts {
        key.push_str("=> ");
        key.push_str(&verdict_phrase(&verdict.action, &lets)?);
    }
    if let Some(comment) = rule.comment() {
        key.push_str(" // ");
        key.push_str(comment);
    }
    Some(key)
}
