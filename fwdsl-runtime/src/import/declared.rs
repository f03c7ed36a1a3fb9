//! The chains that a text has, known before its rules are read, so that rules may go to chains declared further down.

use std::borrow::Cow;
use std::collections::HashSet;

use super::words::split_words;
use crate::restore_text::lines::{Content, lines, split_counters};
use crate::table::TableName;

/// Chains by their tables and names.
pub(super) type Chains<'a> = HashSet<(TableName, Cow<'a, str>)>;

/// Every chain that some line of the text makes, so that rules before it may go there.
pub(super) fn declared_chains(text: &str) -> Chains<'_> {
    let mut declared = HashSet::new();
    let mut table = None;
    for line in lines(text) {
        match (line.content, table) {
            (Content::Table(name), _) => table = TableName::from_name(name),
            (Content::Chain(text), Some(table)) => {
                let name = text.split([' ', '\t']).find(|word| !word.is_empty());
                declared.extend(name.map(|name| (table, Cow::Borrowed(name))));
            }
            (Content::Command(text), Some(table)) => {
                declared.extend(made_chain(text).map(|name| (table, Cow::Owned(name))));
            }
            _ => {}
        }
    }
    declared
}

/// Every chain that some line puts rules into, whatever declares it.
pub(super) fn chains_in_use(text: &str) -> Chains<'_> {
    let mut used = HashSet::new();
    // Rules that stand in no table are of `filter`.
    let mut table = Some(TableName::Filter);
    for line in lines(text) {
        match line.content {
            Content::Table(name) => table = TableName::from_name(name),
            Content::Command(text) => {
                let text = split_counters(text).map_or(text, |(_, text)| text).trim_start();
                let chain = text.strip_prefix("-A ").and_then(|rest| rest.split_whitespace().next());
                used.extend(table.zip(chain.map(Cow::Borrowed)));
            }
            _ => {}
        }
    }
    used
}

/// The chain that `-N NAME` or `-E OLD NAME` makes.
fn made_chain(text: &str) -> Option<String> {
    let text = text.trim_start();
    // Nearly every line adds a rule.
    if text.starts_with("-A") || !["-N", "-E", "--n", "--r"].iter().any(|start| text.starts_with(start)) {
        return None;
    }
    let words = split_words(text).ok()?;
    let first = words.first()?;
    let (command, attached) = match first.strip_prefix("--") {
        Some(long) => match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        },
        None => (&first[1..2], Some(&first[2..]).filter(|rest| !rest.is_empty())),
    };
    let mut rest = attached.into_iter().chain(words[1..].iter().map(AsRef::as_ref));
    let renames = command == "E" || command.starts_with('r');
    rest.nth(usize::from(renames)).map(str::to_owned)
}
