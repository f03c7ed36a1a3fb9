//! The syntax tree: what was written, with names not yet looked up.

use crate::catalogue::{Extension, OptionSpec};
pub(super) use crate::expression::{Expr, ExprKind};
use crate::family::FamilySet;
use crate::ipset::SetKind;
use crate::lint::LevelSetting;
use crate::loc::{Loc, Located};
use crate::model::{ChainPolicy, Claim, ForeignChain, HookPosition, Ownership, Scope};

/// What attributes say of the rules below them.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    /// `#[allow(LINT)]` and its like.
    pub(super) levels: Vec<Located<LevelSetting>>,
    /// `#[exact]`, where it is written.
    pub(super) exact: Option<Loc>,
    /// `#[optimise]`, where it is written.
    pub(super) optimise: Option<Loc>,
}

/// A policy as it was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Policy {
    pub(super) marks: Marks,
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
    pub(super) sets: Vec<Set>,
    /// The names of those that could not be read.
    pub(super) broken_sets: Vec<String>,
    pub(super) asserts: Vec<Assert>,
    pub(super) templates: Vec<Template>,
    /// `use path::NAME;` among the items: a policy's worth of items from elsewhere.
    pub(super) uses: Vec<ItemsUse>,
}

/// `fn name(a, b) { … }`
#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) marks: Marks,
    pub(super) name: Located<String>,
    pub(super) parameters: Vec<Located<String>>,
    pub(super) body: Vec<Statement>,
}

/// `name(x, y);` or `use path::NAME(x, y);`
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) callee: Callee,
    pub(super) arguments: Vec<Expr>,
    pub(super) marks: Marks,
    pub(super) loc: Loc,
}

/// What a call expands to.
#[derive(Debug, Clone)]
pub(super) enum Callee {
    /// The template of this name.
    Template(String),
    /// The fragment of this number.
    Fragment(usize),
}

/// A fragment that stands for items.
#[derive(Debug, Clone)]
pub(super) struct ItemsUse {
    pub(super) call: Call,
    pub(super) parameters: Vec<Located<String>>,
    pub(super) items: Policy,
}

/// `let NAME = value;`
#[derive(Debug, Clone)]
pub(super) struct Let {
    pub(super) marks: Marks,
    pub(super) name: Located<String>,
    pub(super) value: Expr,
}

/// `key = value;`
#[derive(Debug, Clone)]
pub(super) struct Sysctl {
    /// Whether it came through a `use` and gives way to a setting of the policy's own.
    pub(super) from_fragment: bool,
    pub(super) key: Located<String>,
    pub(super) value: Located<String>,
    /// The number of the Rust value that stands in its place.
    pub(super) rust_value: Option<usize>,
}

/// `set NAME: KIND OPTIONS { elements }`, or `foreign set NAME: KIND OPTIONS;`
#[derive(Debug, Clone)]
pub(super) struct Set {
    pub(super) marks: Marks,
    pub(super) name: Located<String>,
    pub(super) kind: &'static SetKind,
    pub(super) families: FamilySet,
    pub(super) foreign: bool,
    pub(super) words: Vec<SetWord>,
    pub(super) elements: Vec<Element>,
}

/// A parameter of a set, or of an element: `timeout 10m`, `nomatch`.
#[derive(Debug, Clone)]
pub(super) struct SetWord {
    pub(super) word: String,
    /// Absent for a word that stands alone.
    pub(super) value: Option<Expr>,
    pub(super) loc: Loc,
}

/// An element of a set.
#[derive(Debug, Clone)]
pub(super) struct Element {
    pub(super) parts: Vec<SetArgument>,
    pub(super) words: Vec<SetWord>,
    pub(super) loc: Loc,
}

/// A part of an element: `10.0.0.1`, `tcp 80`, `physdev eth0`.
#[derive(Debug, Clone)]
pub(super) struct SetArgument {
    /// The word before the value.
    pub(super) before: Option<Located<String>>,
    pub(super) value: Expr,
}

/// `chain NAME policy drop { … }`
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) table: crate::table::TableName,
    pub(super) name: Located<String>,
    pub(super) policy: Option<Located<ChainPolicy>>,
    pub(super) position: Option<Located<HookPosition>>,
    pub(super) families: FamilySet,
    pub(super) doc: String,
    pub(super) marks: Marks,
    pub(super) body: Vec<Statement>,
}

/// What stands in a chain.
#[derive(Debug, Clone)]
pub(super) enum Statement {
    /// `MATCHES => VERDICTS;`
    Rule(Rule),
    /// `MATCHES { … }`
    Block { matches: Vec<Match>, marks: Marks, body: Vec<Statement> },
    /// A template or fragment in the place of statements; the expansion replaces it.
    Call(Call),
}

/// A rule.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) matches: Vec<Match>,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) doc: Option<Located<String>>,
    pub(super) marks: Marks,
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
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    pub(super) action: Action,
    pub(super) loc: Loc,
}

/// What a verdict does.
#[derive(Debug, Clone)]
pub(super) enum Action {
    Jump(String),
    Goto(String),
    Target { extension: &'static Extension, options: Vec<OptionUse> },
}

/// `assert [table/]CHAIN { … }` or `assert host [way] { … }`
#[derive(Debug, Clone)]
pub(super) struct Assert {
    pub(super) scope: Scope,
    pub(super) cases: Vec<AssertCase>,
    pub(super) loc: Loc,
}

/// `PATTERN => CLAIM;`
#[derive(Debug, Clone)]
pub(super) struct AssertCase {
    pub(super) matches: Vec<Match>,
    pub(super) claim: Claim,
    pub(super) loc: Loc,
}
