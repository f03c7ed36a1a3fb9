//! The text of `iptables-save` or of a file for `iptables-restore`, read into a policy.
//!
//! ```text
//! text ──lines, words──▶ commands ──rule──▶ parts ──tables──▶ Model of exact rules ──check──▶ Imported
//! ```
//!
//! Each line of the text becomes the rules that iptables would make of it, as exact rules: emitted again, they are what
//! `iptables-save` prints. The parsing follows the program in what it accepts, in how it takes abbreviations, names and
//! numbers, and in what it refuses; the reasons are collected, one for a line.
//!
//! More is taken than `iptables-restore` takes in three things, since files have them: carriage returns at line ends, a
//! chain in use before the line that declares it, and `!` behind an option (`-s ! 10.0.0.1`), as releases before 1.4.3
//! wrote it and releases from 1.8 on refuse it.
//!
//! Nothing is read from the machine. So a host name in an address, or the name of a user, is refused with that reason.

mod base;
mod comments;
mod core;
mod error;
mod extension;
mod hashlimit;
mod modules;
mod option;
mod raw;
mod request;
mod rule;
mod sets;
mod stray;
mod strict;
mod tables;
mod value;
mod words;

use std::collections::HashSet;

pub use comments::Comment;
pub use error::{ImportError, ImportErrors};
pub use tables::ChainCounters;

use comments::Comments;
use error::Reason;
use request::Request;
use rule::{Parts, parse_rule};
use tables::Tables;
use words::split_words;

use crate::catalogue::COUNT;
use crate::check::check_whether_it_loads;
use crate::diagnostic::Diagnostic;
use crate::family::{Family, FamilySet};
use crate::loc::{Loc, Sources};
use crate::model::{Action, Model, Rule, Verdict};
use crate::restore_text::Counters;
use crate::restore_text::lines::{Content, Line, lines, split_chain, split_counters};
use crate::table::TableName;

/// What happens to a match or target that the catalogue does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unknown {
    /// The line is refused.
    #[default]
    Refuse,
    /// It is kept as text, `raw "…"`, which nothing checks.
    Raw,
}

/// A text that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Imported {
    /// The policy: a chain for each chain of each text, for the family of that text, with exact rules.
    pub model: Model,
    /// The comments of the texts, in order.
    pub comments: Vec<Comment>,
    /// The counters, in the order of the policy's chains.
    pub counters: Vec<ChainCounters>,
}

impl Imported {
    /// Where `iptables-save` says that the text is not all that the host has, and what it says.
    pub fn warnings(&self) -> impl Iterator<Item = (Loc, &str)> {
        self.comments
            .iter()
            .filter(|comment| comment.incomplete)
            .map(|comment| (comment.loc, comment.text.as_str()))
    }

    /// The comments but those of the date, each with its place in the policy, for those who write it anew.
    pub fn notes(&self) -> Vec<(Loc, String)> {
        let written = self.comments.iter().filter(|comment| !comment.generated && !comment.text.is_empty());
        written.map(|comment| (comment.before.unwrap_or(comment.loc), comment.text.clone())).collect()
    }
}

/// Reads the text of one family.
///
/// # Errors
/// Every line that iptables would refuse, or that holds what cannot be taken.
pub fn import(text: &str, file: &str, family: Family, unknown: Unknown) -> Result<Imported, ImportErrors> {
    match family {
        Family::Ipv4 => import_both(Some((text, file)), None, unknown),
        Family::Ipv6 => import_both(None, Some((text, file)), unknown),
    }
}

/// Reads the texts of both families, each with the name of its file, into one policy.
///
/// # Errors
/// The same for both.
pub fn import_both(
    ipv4: Option<(&str, &str)>,
    ipv6: Option<(&str, &str)>,
    unknown: Unknown,
) -> Result<Imported, ImportErrors> {
    let mut imported = Imported::default();
    let mut refused = Vec::new();
    let texts = [(Family::Ipv4, ipv4), (Family::Ipv6, ipv6)];
    let mut families = FamilySet::NONE;
    for (family, text) in texts {
        let Some((text, file)) = text else { continue };
        let number = imported.model.sources.files.len() as u16;
        imported.model.sources.files.push(file.to_owned());
        families = families.or(FamilySet::only(family));
        imported.model.families = FamilySet::only(family);
        Reader::new(text, family, unknown, number, &mut refused).read(text, &mut imported);
    }
    imported.model.families = families;
    sets::declare_sets(&mut imported.model);
    refused.extend(check_whether_it_loads(&imported.model).into_iter().filter(|found| found.lint.is_none()));
    if refused.is_empty() { Ok(imported) } else { Err(errors(&imported.model.sources, refused)) }
}

/// One error for each line, the first that was found.
fn errors(sources: &Sources, mut refused: Vec<Diagnostic>) -> ImportErrors {
    refused.sort_by_key(|diagnostic| (diagnostic.loc.file, diagnostic.loc.line));
    refused.dedup_by_key(|diagnostic| (diagnostic.loc.file, diagnostic.loc.line));
    let error = |diagnostic: Diagnostic| ImportError {
        file: sources.file_of(diagnostic.loc).to_owned(),
        line: diagnostic.loc.line,
        message: diagnostic.message,
        help: diagnostic.help,
        notes: diagnostic.notes.into_iter().map(|(note, loc)| (note, loc.map(|loc| loc.line))).collect(),
    };
    ImportErrors { list: refused.into_iter().map(error).collect() }
}

/// What a line of a rule is read with.
#[derive(Debug)]
struct Context<'a> {
    family: Family,
    table: TableName,
    loc: Loc,
    unknown: Unknown,
    declared: &'a HashSet<(TableName, String)>,
}

impl Context<'_> {
    /// Whether the table has a chain of this name, declared before or after.
    fn is_chain(&self, name: &str) -> bool {
        self.table.hook(name).is_some() || self.declared.contains(&(self.table, name.to_owned()))
    }

    /// The names of the table's own chains.
    fn chains(&self) -> impl Iterator<Item = &str> {
        self.declared.iter().filter(|(table, _)| *table == self.table).map(|(_, name)| name.as_str())
    }
}

/// Reads one text.
struct Reader<'a> {
    family: Family,
    unknown: Unknown,
    file: u16,
    declared: HashSet<(TableName, String)>,
    tables: Tables,
    state: State,
    comments: Comments,
    refused: &'a mut Vec<Diagnostic>,
}

/// Between which lines a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Outside,
    Inside(TableName),
    /// In a table that is not known, of which that has been said.
    Unknown,
    /// Outside, behind a line that stands in no table, of which that has been said.
    Stray,
}

impl<'a> Reader<'a> {
    fn new(
        text: &str,
        family: Family,
        unknown: Unknown,
        file: u16,
        refused: &'a mut Vec<Diagnostic>,
    ) -> Reader<'a> {
        Reader {
            family,
            unknown,
            file,
            declared: declared_chains(text),
            tables: Tables::default(),
            state: State::Outside,
            comments: Comments::default(),
            refused,
        }
    }

    fn read(mut self, text: &str, imported: &mut Imported) {
        let mut last = 0;
        for line in lines(text) {
            last = line.number;
            let loc = self.loc(line.number);
            if let Err(reason) = self.line(line, loc) {
                self.refuse(loc, reason);
            }
        }
        if !matches!(self.state, State::Outside | State::Stray) {
            self.refuse(self.loc(last), Reason::new("the text ends before the COMMIT of its last table"));
        }
        let undeclared: Vec<(Loc, Reason)> = self.tables.undeclared().collect();
        for (loc, reason) in undeclared {
            self.refuse(loc, reason);
        }
        self.comments.finish(&mut imported.comments);
        self.tables.finish(&mut imported.model, &mut imported.counters);
    }

    fn loc(&self, line: u32) -> Loc {
        Loc { file: self.file, ..Loc::line(line) }
    }

    fn refuse(&mut self, loc: Loc, reason: Reason) {
        self.refused.push(Diagnostic::error(loc, reason.message).maybe_help(reason.help));
    }

    fn line(&mut self, line: Line<'_>, loc: Loc) -> Result<(), Reason> {
        match (line.content, self.state) {
            (Content::Comment(text), _) => self.comments.add(loc, text),
            (Content::Blank, _) => {}
            (Content::Unreadable(why), _) => return Err(Reason::new(why)),
            (Content::Table(name), State::Outside | State::Stray) => {
                self.comments.before(loc);
                self.state = State::Unknown;
                let table = TableName::from_name(name).ok_or_else(|| unknown_table(name))?;
                self.state = State::Inside(table);
                self.tables.begin(table, loc);
            }
            (Content::Commit, State::Inside(_) | State::Unknown) => self.state = State::Outside,
            (_, State::Unknown | State::Stray) => {}
            (content, State::Outside) => {
                self.state = State::Stray;
                return Err(stray::in_no_table(&content));
            }
            (Content::Table(name), State::Inside(table)) => {
                return Err(Reason::new(format!(
                    "table `{name}` begins before the COMMIT of table `{table}`"
                )));
            }
            (Content::Chain(text), State::Inside(table)) => {
                self.comments.before(loc);
                self.chain(text, table, loc)?;
            }
            (Content::Command(text), State::Inside(table)) => {
                self.comments.before(loc);
                self.command(text, table, loc)?;
            }
        }
        Ok(())
    }

    fn chain(&mut self, text: &str, table: TableName, loc: Loc) -> Result<(), Reason> {
        let (name, policy, counters) = split_chain(text).map_err(Reason::new)?;
        self.tables.declare(table, name, loc)?;
        if policy != "-" {
            self.tables.set_policy(table, name, policy, counters, loc)?;
        }
        Ok(())
    }

    fn command(&mut self, text: &str, table: TableName, loc: Loc) -> Result<(), Reason> {
        let (counters, text) = split_counters(text).map_err(Reason::new)?;
        let words = split_words(text).map_err(Reason::new)?;
        let context =
            Context { family: self.family, table, loc, unknown: self.unknown, declared: &self.declared };
        let Some(parts) = parse_rule(&words, &context)? else { return Ok(()) };
        let own = parts.counters.map(|(packets, bytes)| Counters { packets, bytes });
        let (request, rules) = put_together(parts, &context)?;
        self.tables.carry_out(table, self.family, &request, rules, own.or(counters), loc)
    }
}

/// The rules that a line makes.
fn put_together(parts: Parts, context: &Context<'_>) -> Result<(Request, Vec<Rule>), Reason> {
    let request = parts
        .request
        .ok_or_else(|| Reason::new("the line lacks its command").help("a rule is added with `-A CHAIN`"))?;
    if !request.kind.has_rule() {
        return match parts.option_of_rule {
            Some(option) if option != "-c" => {
                Err(Reason::new(format!("`{option}` has no place in a command without a rule")))
            }
            _ => Ok((request, Vec::new())),
        };
    }
    if let Some(hook) = request.chain.as_deref().and_then(|name| context.table.hook(name)) {
        parts.core.check_interfaces(hook)?;
    }
    let core = parts.core.matches(context)?;
    let action = parts.action.unwrap_or(Action::Target { extension: &COUNT, options: Vec::new() });
    let rule = |core: Option<crate::model::Match>| Rule {
        families: FamilySet::only(context.family),
        matches: core.into_iter().chain(parts.matches.iter().cloned()).collect(),
        verdicts: vec![Verdict { action: action.clone(), loc: context.loc }],
        comment: None,
        exact: true,
        levels: Vec::new(),
        loc: context.loc,
    };
    Ok((request, core.into_iter().map(rule).collect()))
}

fn unknown_table(name: &str) -> Reason {
    let names = TableName::ALL.map(TableName::name);
    let reason = Reason::new(format!("unknown table `{name}`"));
    match crate::nearest::nearest(name, names) {
        Some(known) => reason.help(format!("did you mean `{known}`?")),
        None => reason,
    }
}

/// Every chain that some line of the text makes, so that rules before it may go there.
fn declared_chains(text: &str) -> HashSet<(TableName, String)> {
    let mut declared = HashSet::new();
    let mut table = None;
    for line in lines(text) {
        match (line.content, table) {
            (Content::Table(name), _) => table = TableName::from_name(name),
            (Content::Chain(text), Some(table)) => {
                let name = text.split([' ', '\t']).find(|word| !word.is_empty());
                declared.extend(name.map(|name| (table, name.to_owned())));
            }
            (Content::Command(text), Some(table)) => {
                declared.extend(made_chain(text).map(|name| (table, name)));
            }
            _ => {}
        }
    }
    declared
}

/// The chain that `-N NAME` or `-E OLD NAME` makes.
fn made_chain(text: &str) -> Option<String> {
    let text = text.trim_start();
    if !["-N", "-E", "--n", "--r"].iter().any(|start| text.starts_with(start)) {
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
