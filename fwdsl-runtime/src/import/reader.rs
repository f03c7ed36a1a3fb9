//! A text read line by line.

use std::borrow::Cow;

use super::comments::Comments;
use super::declared::{Chains, chains_in_use, declared_chains};
use super::error::Reason;
use super::request::Request;
use super::rule::{Parts, parse_rule};
use super::salvage::{self, Salvaged};
use super::tables::Tables;
use super::words::split_words;
use super::{Imported, Unknown, stray};
use crate::catalogue::COUNT;
use crate::diagnostic::Diagnostic;
use crate::family::{Family, FamilySet};
use crate::loc::Loc;
use crate::model::{Action, Few, Match, Rule, Verdict};
use crate::restore_text::Counters;
use crate::restore_text::lines::{Content, Line, lines, split_chain, split_counters};
use crate::table::TableName;

/// What a line of a rule is read with.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) family: Family,
    pub(super) table: TableName,
    pub(super) loc: Loc,
    pub(super) unknown: Unknown,
    /// Whether a chain may have the name of a target, as those of old releases may that are targets today.
    pub(super) lenient: bool,
    declared: &'a Chains<'a>,
}

impl Context<'_> {
    /// Whether the table has a chain of this name, declared before or after.
    pub(super) fn is_chain(&self, name: &str) -> bool {
        self.table.hook(name).is_some() || self.declared.contains(&(self.table, Cow::Borrowed(name)))
    }

    /// The names of the table's own chains.
    pub(super) fn chains(&self) -> impl Iterator<Item = &str> {
        self.declared.iter().filter(|(table, _)| *table == self.table).map(|(_, name)| name.as_ref())
    }
}

/// Reads one text.
pub(super) struct Reader<'a> {
    family: Family,
    unknown: Unknown,
    lenient: bool,
    file: u16,
    declared: Chains<'a>,
    tables: Tables,
    state: State,
    comments: Comments,
    /// The rules that the line makes.
    rules: Vec<Rule>,
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
    pub(super) fn new(
        text: &'a str,
        family: Family,
        unknown: Unknown,
        lenient: bool,
        file: u16,
        refused: &'a mut Vec<Diagnostic>,
    ) -> Reader<'a> {
        let mut declared = declared_chains(text);
        if lenient {
            declared.extend(chains_in_use(text));
        }
        Reader {
            family,
            unknown,
            lenient,
            file,
            declared,
            tables: Tables::default(),
            state: State::Outside,
            comments: Comments::default(),
            rules: Vec::new(),
            refused,
        }
    }

    pub(super) fn read(mut self, text: &str, imported: &mut Imported) {
        let mut last = 0;
        for line in lines(text) {
            last = line.number;
            let loc = self.loc(line.number);
            if let Err(reason) = self.line(line, loc) {
                self.refuse(loc, reason);
                if self.lenient {
                    self.salvage(line.content, loc);
                }
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
            (Content::Unreadable(_, why), _) => return Err(Reason::new(why)),
            (Content::Table(name), State::Outside | State::Stray) => {
                self.comments.before(loc);
                self.state = State::Unknown;
                let table = TableName::from_name(name).ok_or_else(|| unknown_table(name))?;
                self.state = State::Inside(table);
                self.tables.begin(table, loc);
            }
            (Content::Commit, State::Inside(_) | State::Unknown) => self.state = State::Outside,
            (_, State::Unknown | State::Stray) => {}
            (content, State::Outside) if self.lenient && stray::is_of_filter(&content) => {
                self.begin(TableName::Filter, loc);
                self.refuse(loc, stray::taken_for_filter());
                return self.line(line, loc);
            }
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

    /// Begins a table, or goes on with it if it was there: outside of tables nothing says that it begins anew.
    fn begin(&mut self, table: TableName, loc: Loc) {
        if !self.tables.has(table) {
            self.tables.begin(table, loc);
        }
        self.state = State::Inside(table);
    }

    /// Takes what is left of a line that was refused, and passes over what does not go together with the rest.
    fn salvage(&mut self, content: Content<'_>, loc: Loc) {
        let text = match (content, self.state) {
            (Content::Table(name), State::Inside(_)) => {
                self.state = State::Unknown;
                if let Some(table) = TableName::from_name(name) {
                    self.tables.begin(table, loc);
                    self.state = State::Inside(table);
                }
                return;
            }
            (Content::Chain(text), State::Inside(table)) => {
                if let Some(name) = text.split_whitespace().next() {
                    let _ = self.tables.declare(table, name, loc);
                }
                return;
            }
            (Content::Command(text) | Content::Unreadable(text, _), State::Inside(_)) => text,
            _ => return,
        };
        let State::Inside(table) = self.state else { return };
        let context = self.context(table, loc);
        if let Some(Salvaged { kind, chain, mut rules }) = salvage::salvage(text, &context) {
            let request = Request { kind, chain: Some(&chain) };
            let _ = self.tables.carry_out(table, self.family, &request, &mut rules, None, loc);
        }
    }

    fn context(&self, table: TableName, loc: Loc) -> Context<'_> {
        let Reader { family, unknown, lenient, ref declared, .. } = *self;
        Context { family, table, loc, unknown, lenient, declared }
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
        let mut rules = std::mem::take(&mut self.rules);
        rules.clear();
        let context = self.context(table, loc);
        let Some(parts) = parse_rule(&words, &context)? else { return Ok(()) };
        let own = parts.counters.map(|(packets, bytes)| Counters { packets, bytes });
        let request = put_together(parts, &context, &mut rules)?;
        self.tables.carry_out(table, self.family, &request, &mut rules, own.or(counters), loc)?;
        self.rules = rules;
        Ok(())
    }
}

/// What a line asks for; the rules that it makes are added to `rules`.
pub(super) fn put_together<'a>(
    parts: Parts<'a>,
    context: &Context<'_>,
    rules: &mut Vec<Rule>,
) -> Result<Request<'a>, Reason> {
    let request = parts
        .request
        .ok_or_else(|| Reason::new("the line lacks its command").help("a rule is added with `-A CHAIN`"))?;
    if !request.kind.has_rule() {
        return match parts.option_of_rule {
            Some(option) if option != "-c" => {
                Err(Reason::new(format!("`{option}` has no place in a command without a rule")))
            }
            _ => Ok(request),
        };
    }
    if let Some(hook) = request.chain.and_then(|name| context.table.hook(name)) {
        parts.core.check_interfaces(hook)?;
    }
    let action = parts.action.unwrap_or(Action::Target { extension: &COUNT, options: Vec::new() });
    let rule = |core: Option<Match>, matches: Vec<Match>, action: Action| Rule {
        families: FamilySet::only(context.family),
        matches: core.into_iter().chain(matches).collect(),
        verdicts: Few::one(Verdict { action, loc: context.loc }),
        comment: None,
        exact: true,
        levels: Vec::new(),
        loc: context.loc,
    };
    let mut cores = parts.core.matches(context)?.into_iter();
    if let Some(mut core) = cores.next() {
        for next in cores {
            rules.push(rule(std::mem::replace(&mut core, next), parts.matches.clone(), action.clone()));
        }
        rules.push(rule(core, parts.matches, action));
    }
    Ok(request)
}

fn unknown_table(name: &str) -> Reason {
    let names = TableName::ALL.map(TableName::name);
    let reason = Reason::new(format!("unknown table `{name}`"));
    match crate::nearest::nearest(name, names) {
        Some(known) => reason.help(format!("did you mean `{known}`?")),
        None => reason,
    }
}
