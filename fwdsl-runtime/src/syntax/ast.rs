//! The syntax tree: what was written, with names not yet looked up.

use crate::catalogue::{Extension, OptionSpec};
use crate::family::FamilySet;
use crate::loc::{Loc, Located};
use crate::model::{ChainPolicy, ForeignChain, HookPosition, Ownership};

/// A policy as it was written.
#[derive(Debug, Default)]
pub(super) struct Policy {
    pub(super) allows: Vec<Located<String>>,
    pub(super) analysis_budget: Option<u64>,
    pub(super) families: Vec<Located<FamilySet>>,
    /// What `own …;` says, each time it is said.
    pub(super) ownership: Vec<Located<Ownership>>,
    pub(super) foreign: Vec<ForeignChain>,
    pub(super) lets: Vec<Let>,
    /// The names of those whose value could not be read.
    pub(super) broken_lets: Vec<String>,
    pub(super) sysctls: Vec<Sysctl>,
    pub(super) chains: Vec<Chain>,
    pub(super) asserts: Vec<Assert>,
}

/// `let NAME = value;`
#[derive(Debug)]
pub(super) struct Let {
    pub(super) name: Located<String>,
    pub(super) value: Expr,
}

/// `key = value;`
#[derive(Debug)]
pub(super) struct Sysctl {
    pub(super) key: Located<String>,
    pub(super) value: Located<String>,
}

/// `chain NAME policy drop { … }`
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) table: crate::table::TableName,
    pub(super) name: Located<String>,
    pub(super) policy: Option<Located<ChainPolicy>>,
    pub(super) position: Option<Located<HookPosition>>,
    pub(super) families: FamilySet,
    pub(super) doc: String,
    pub(super) allows: Vec<Located<String>>,
    pub(super) body: Vec<Statement>,
}

/// What stands in a chain.
#[derive(Debug)]
pub(super) enum Statement {
    /// `MATCHES => VERDICTS;`
    Rule(Rule),
    /// `MATCHES { … }`
    Block { matches: Vec<Match>, allows: Vec<Located<String>>, body: Vec<Statement> },
}

/// A rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) matches: Vec<Match>,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) doc: Option<Located<String>>,
    pub(super) allows: Vec<Located<String>>,
    pub(super) loc: Loc,
}

/// A match extension with options.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub(super) extension: &'static Extension,
    pub(super) options: Vec<OptionUse>,
    pub(super) loc: Loc,
}

/// An option with its value.
#[derive(Debug, Clone)]
pub(super) struct OptionUse {
    pub(super) spec: &'static OptionSpec,
    pub(super) negated: bool,
    /// Absent for a flag.
    pub(super) value: Option<Expr>,
    pub(super) loc: Loc,
}

/// A verdict.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) action: Action,
    pub(super) loc: Loc,
}

/// What a verdict does.
#[derive(Debug)]
pub(super) enum Action {
    Jump(String),
    Goto(String),
    Target { extension: &'static Extension, options: Vec<OptionUse> },
}

/// `assert [table/]CHAIN { … }`
#[derive(Debug)]
pub(super) struct Assert {
    pub(super) table: crate::table::TableName,
    pub(super) chain: Located<String>,
    pub(super) cases: Vec<AssertCase>,
}

/// `PATTERN => [!]verdict;`
#[derive(Debug)]
pub(super) struct AssertCase {
    pub(super) matches: Vec<Match>,
    pub(super) negated: bool,
    pub(super) verdict: &'static Extension,
    pub(super) loc: Loc,
}

/// A value, not yet read as what its place wants.
#[derive(Debug, Clone)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) loc: Loc,
}

/// The forms of a value.
#[derive(Debug, Clone)]
pub(super) enum ExprKind {
    /// A word, number, address or rate, put together from its tokens.
    Atom(String),
    /// A string literal.
    Text(String),
    /// `first..=last`
    Range(Located<String>, Located<String>),
    /// `[a, b]` or `a|b`
    List(Vec<Expr>),
    /// `!value`
    Not(Box<Expr>),
    /// `(set / mask)` after `flags`
    Flags { set: String, mask: String },
}
