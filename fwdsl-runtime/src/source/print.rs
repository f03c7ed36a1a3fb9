//! The whole file: items, chains and statements as text, before the formatter has laid it out.

use super::block::{Sentence, Statement, in_blocks};
use super::entry::{ChainPlan, Entry};
use super::form::Form;
use super::lets::Lets;
use super::notes::{Notes, is_control};
use super::phrase::{Phrase, match_phrases, verdict_phrase};
use super::quote::{doc_comment, name};
use crate::catalogue::{COMMENT, FAMILY};
use crate::family::FamilySet;
use crate::format::MAX_WIDTH;
use crate::ipset::UNKNOWN;
use crate::loc::{Loc, Located};
use crate::model::{ChainPolicy, Few, Match, Model, OptionUse, Rule, Value, Verdict};
use crate::table::TableName;

/// Text in the making, and on which of its lines each rule begins.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) text: String,
    lines: u32,
    /// The line of each rule, its chain and its place there.
    pub(super) starts: Vec<(u32, (usize, usize))>,
}

impl Text {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
        self.lines += 1 + text.matches('\n').count() as u32;
    }

    fn blank(&mut self) {
        if !self.text.ends_with("\n\n") && !self.text.ends_with("{\n") {
            self.line("");
        }
    }

    /// The rule that stands on a line, or before it nearest.
    pub(super) fn rule_at(&self, line: u32) -> Option<(usize, usize)> {
        let behind = self.starts.partition_point(|(start, _)| *start <= line);
        behind.checked_sub(1).map(|index| self.starts[index].1)
    }
}

/// What stands around the rules.
pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    pub(super) name: &'a str,
    pub(super) notes: &'a Notes,
    pub(super) policy_attributes: &'a [String],
}

/// The whole file.
pub(super) fn print_file(
    frame: &Frame<'_>,
    model: &Model,
    chains: &[ChainPlan],
    lets: &Lets,
) -> Option<Text> {
    let mut text = Text::default();
    for line in frame.title.lines() {
        text.line(format!("//! {}", line.replace(is_control, " ")).trim_end());
    }
    text.line("\nuse fwdsl::prelude::*;\n");
    text.line("/// The rules as the host had them.");
    text.line(&format!("pub static {}: Policy = firewall! {{", frame.name));
    let all_exact = all_exact(chains);
    for note in &frame.notes.of_all {
        text.line(format!("// {note}").trim_end());
    }
    for attribute in frame.policy_attributes {
        text.line(attribute);
    }
    if all_exact {
        text.line("#![exact]");
    }
    text.blank();
    if let Some(family) = family_word(model.families()) {
        text.line(&format!("family {family};"));
        text.blank();
    }
    for (name, value) in lets.declared() {
        text.line(&format!("let {name} = {};", wrapped(value)));
    }
    text.blank();
    print_outside(&mut text, model);
    for table in [TableName::Filter, TableName::Nat, TableName::Mangle, TableName::Raw, TableName::Security] {
        print_table(&mut text, frame, model, table, chains, lets)?;
    }
    while text.text.ends_with("\n\n") {
        text.text.pop();
    }
    text.line("};\n");
    text.line("fn main() -> std::process::ExitCode {");
    text.line(&format!("    fwdsl::cli::run(&{})\n}}", frame.name));
    Some(text)
}

fn family_word(families: FamilySet) -> Option<&'static str> {
    match families {
        FamilySet::IPV4 => Some("ipv4"),
        FamilySet::IPV6 => Some("ipv6"),
        _ => None,
    }
}

/// What others make and the policy names.
fn print_outside(text: &mut Text, model: &Model) {
    for set in model.sets() {
        let kind = if *set.kind == UNKNOWN { String::new() } else { format!(": {}", set.kind.word()) };
        let family = family_word(set.families).map_or(String::new(), |family| format!(" family {family}"));
        text.line(&format!("foreign set {}{kind}{family};", name(&set.name)));
    }
    text.blank();
}

fn print_table(
    text: &mut Text,
    frame: &Frame<'_>,
    model: &Model,
    table: TableName,
    chains: &[ChainPlan],
    lets: &Lets,
) -> Option<()> {
    let all_exact = all_exact(chains);
    let of_table = || chains.iter().enumerate().filter(|(_, chain)| chain.table == table);
    let foreign: Vec<_> = model.foreign_chains().iter().filter(|chain| chain.table == table).collect();
    if of_table().next().is_none() {
        return Some(());
    }
    let families = of_table().map(|(_, chain)| chain.families).fold(FamilySet::NONE, FamilySet::or);
    let own = family_word(families).filter(|_| families != model.families());
    for (_, note) in frame.notes.of_tables.iter().filter(|(of, _)| *of == table) {
        text.line(format!("// {note}").trim_end());
    }
    let in_braces = table != TableName::Filter || own.is_some();
    if in_braces {
        text.line(&format!("table {table} {{"));
        if let Some(family) = own {
            text.line(&format!("family {family};"));
            text.blank();
        }
    }
    for chain in foreign {
        match family_word(chain.families) {
            None => text.line(&format!("foreign chain {};", name(&chain.name))),
            Some(family) => text.line(&format!("foreign chain {} {{ family {family}; }}", name(&chain.name))),
        }
    }
    for (index, chain) in of_table() {
        text.blank();
        print_chain(text, index, chain, families, lets, all_exact)?;
    }
    if in_braces {
        text.line("}");
    }
    text.blank();
    Some(())
}

fn print_chain(
    text: &mut Text,
    index: usize,
    chain: &ChainPlan,
    around: FamilySet,
    lets: &Lets,
    all_exact: bool,
) -> Option<()> {
    for line in &chain.doc {
        text.line(format!("/// {}", line.replace(is_control, " ")).trim_end());
    }
    for attribute in &chain.attributes {
        text.line(attribute);
    }
    if chain.exact && !all_exact {
        text.line("#[exact]");
    }
    let policy = match chain.policy {
        // What the kernel does anyway is said where people look for it.
        Some(ChainPolicy::Accept) if chain.table == TableName::Filter => " policy accept",
        Some(ChainPolicy::Drop) => " policy drop",
        Some(ChainPolicy::Accept) | None => "",
    };
    let head = format!("chain {}{policy} {{", name(&chain.name));
    let family = family_word(chain.families).filter(|_| chain.families != around);
    if chain.entries.is_empty() && family.is_none() {
        text.line(&format!("{head}}}"));
        return Some(());
    }
    text.line(&head);
    if let Some(family) = family {
        text.line(&format!("family {family};"));
    }
    let sentences = chain.entries.iter().enumerate();
    let sentences =
        sentences.map(|(place, entry)| sentence(place, entry, lets)).collect::<Option<Vec<_>>>()?;
    for statement in in_blocks(sentences, chain.exact) {
        print_statement(text, index, &statement, chain.exact, 2);
    }
    text.line("}");
    Some(())
}

/// The entry in words.
pub(super) fn sentence(place: usize, entry: &Entry, lets: &Lets) -> Option<Sentence> {
    let mut rule = entry.rule.clone();
    let last = rule.verdicts.last().map(Verdict::word).unwrap_or_default();
    lets.next_rule(rule.comment(), &last);
    if entry.names_family {
        rule.matches.insert(0, family_match(entry.families)?);
    }
    let mut before: Vec<String> = Vec::new();
    before.extend(entry.notes().iter().map(|note| format!("// {note}")));
    let has_notes = !before.is_empty();
    before.extend(entry.remarks.iter().cloned());
    match rule.comment().map(|comment| (doc_comment(comment), comment.to_owned())) {
        Some((Some(doc), _)) => before.insert(entry.notes().len(), doc),
        Some((None, comment)) => rule.matches.push(comment_match(&comment)),
        None => {}
    }
    let phrases = match_phrases(&rule, lets)?;
    let verdicts = rule.verdicts.iter().map(|verdict| verdict_phrase(&verdict.action, lets));
    let verdicts = verdicts.collect::<Option<Vec<String>>>()?.join(", ");
    let has_finding = !entry.remarks.is_empty();
    let exact = entry.form != Form::Natural;
    Some(Sentence { phrases, verdicts, before, has_notes, has_finding, exact, entry: place })
}

fn family_match(families: FamilySet) -> Option<Match> {
    let word = u8::from(families == FamilySet::IPV6);
    let option = OptionUse {
        spec: FAMILY.option("family")?,
        negated: false,
        values: Few::one(Located::new(Value::Word(word), Loc::default())),
        loc: Loc::default(),
    };
    Some(Match { extension: &FAMILY, options: vec![option], loc: Loc::default() })
}

fn comment_match(comment: &str) -> Match {
    let option = OptionUse {
        spec: COMMENT.option("comment").expect("an option of the catalogue"),
        negated: false,
        values: Few::one(Located::new(Value::Text(comment.to_owned()), Loc::default())),
        loc: Loc::default(),
    };
    Match { extension: &COMMENT, options: vec![option], loc: Loc::default() }
}

fn print_statement(text: &mut Text, chain: usize, statement: &Statement, exact: bool, depth: usize) {
    match statement {
        Statement::Rule(sentence) => {
            if sentence.has_notes {
                text.blank();
            }
            for line in &sentence.before {
                text.line(line);
            }
            if sentence.exact && !exact {
                text.line("#[exact]");
            }
            text.starts.push((text.lines + 1, (chain, sentence.entry)));
            let matches = joined(&sentence.phrases);
            let rule = format!("{matches} => {};", sentence.verdicts);
            if rule.len() + 4 * depth <= MAX_WIDTH {
                text.line(&rule);
            } else {
                text.line(&format!("{}\n=> {};", wrapped_phrases(&sentence.phrases), sentence.verdicts));
            }
        }
        Statement::Block { phrases, exact: of_block, body } => {
            if *of_block && !exact {
                text.line("#[exact]");
            }
            text.line(&format!("{} {{", joined(phrases)));
            for statement in body {
                print_statement(text, chain, statement, exact || *of_block, depth + 1);
            }
            text.line("}");
        }
    }
}

pub(super) fn joined(phrases: &[Phrase]) -> String {
    if phrases.is_empty() {
        return "_".into();
    }
    phrases.iter().map(|phrase| phrase.text.as_str()).collect::<Vec<&str>>().join(" ")
}

/// The same on several lines if one is too long.
fn wrapped_phrases(phrases: &[Phrase]) -> String {
    let text = joined(phrases);
    if text.len() + 12 <= MAX_WIDTH {
        return text;
    }
    let mut out = String::new();
    let mut width = 0;
    for phrase in phrases {
        if width > 0 && width + phrase.text.len() >= MAX_WIDTH - 16 {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
        }
        out.push_str(&phrase.text);
        width += phrase.text.len() + 1;
    }
    out
}

/// A list on several lines if one is too long.
fn wrapped(value: &str) -> String {
    if value.len() + 30 <= MAX_WIDTH || !value.starts_with('[') {
        return value.to_owned();
    }
    let mut out = String::from("[\n");
    let mut width = 0;
    let values: Vec<&str> = value[1..value.len() - 1].split(", ").collect();
    for value in values {
        if width > 0 && width + value.len() + 2 > MAX_WIDTH - 10 {
            out.push('\n');
            width = 0;
        }
        if width > 0 {
            out.push(' ');
        }
        out.push_str(value);
        out.push(',');
        width += value.len() + 2;
    }
    out.push_str("\n]");
    out
}

/// Whether most rules of the policy are exact.
fn all_exact(chains: &[ChainPlan]) -> bool {
    let mut filled = chains.iter().filter(|chain| !chain.entries.is_empty()).peekable();
    filled.peek().is_some() && filled.all(|chain| chain.exact)
}

/// The words of a rule, for remarks about others.
pub(super) fn short_text(rule: &Rule) -> String {
    let lets = Lets::default();
    let phrases = match_phrases(rule, &lets).unwrap_or_default();
    let verdicts: Vec<String> =
        rule.verdicts.iter().filter_map(|verdict| verdict_phrase(&verdict.action, &lets)).collect();
    let text = format!("{} => {}", joined(&phrases), verdicts.join(", "));
    match text.char_indices().nth(70) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
