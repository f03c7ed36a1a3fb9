//! The model of a policy: what the macro, an importer or a program builds, and what the checks,
//! the lowering and the reports read. Names are resolved and blocks are flattened; lists,
//! negations and several verdicts on a rule are still as the user wrote them.

mod address;
mod address_text;
mod assertion;
mod atoms;
mod bit_rate;
mod bytecode;
mod bytes;
mod chunk;
mod clock;
mod endpoint;
mod estimate;
mod few;
mod header_option;
mod masked;
mod masked_addr;
mod ownership;
mod pack;
mod rate;
mod set;
mod u32_program;
mod value;

pub use address::{Address, AddressError, Net, SaveForm, family_of, from_bits, to_bits, width};
pub(crate) use address_text::is_net;
pub use assertion::{Assertion, AssertionCase, Claim, HOST, Outcome, Scope};
pub use atoms::{Class, Mac, Share};
pub use bit_rate::{is_kept_bit_rate, parse_bit_rate, saved_bit_rate};
pub use bytecode::Bytecode;
pub use bytes::{RATE_MAX, RATE_MIN, is_kept, least_burst, parse_size, saved_burst, saved_rate, saved_size};
pub use chunk::Chunk;
pub use clock::{LAST_MOMENT, Moment, TimeOfDay};
pub use endpoint::Endpoint;
pub use estimate::{Estimate, EstimateProblem, parse_duration, saved_duration};
pub(crate) use few::Few;
pub use header_option::HeaderOption;
pub use masked::Masked;
pub(crate) use masked::parse_number;
pub use masked_addr::MaskedAddr;
pub use ownership::{DEFAULT_PREFIX, ForeignChain, HookPosition, Ownership};
pub use pack::UnpackError;
pub use rate::{HASHLIMIT_SCALE, LIMIT_MAX_REFILL_SECONDS, LIMIT_SCALE, Rate, TimeUnit};
pub(crate) use set::ELEMENTS_MAX;
pub use set::{Element, ElementOption, ElementPart, Set, SetOption, SetRef};
pub use u32_program::U32Program;
pub use value::{INTERFACE_MAX_BYTES, IcmpMatch, PortRange, Span, TCP_FLAG_NAMES, TcpFlags, Value};

use crate::catalogue::{Extension, Flow, OptionSpec};
use crate::family::FamilySet;
use crate::lint::LevelSetting;
use crate::loc::{Loc, Located, Sources};
use crate::sysctl::Setting;
use crate::table::{Hook, TableName};

/// The steps that the proof of one assertion may take if the policy does not say.
pub const DEFAULT_BUDGET: u64 = 100_000;

/// The attribute at a policy's top that sets them: `#![analysis_budget(1_000_000)]`.
pub const BUDGET_ATTRIBUTE: &str = "analysis_budget";

/// The attribute of chains whose rules may become trees of chains: `#[optimise]`, and `#![optimise]` for all of them.
pub const OPTIMISE_ATTRIBUTE: &str = "optimise";

/// The attribute of rules that are emitted as they are written: `#[exact]`.
pub const EXACT_ATTRIBUTE: &str = "exact";

/// A whole policy.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    pub(crate) sources: Sources,
    pub(crate) families: FamilySet,
    pub(crate) ownership: Ownership,
    pub(crate) foreign: Vec<ForeignChain>,
    pub(crate) chains: Vec<Chain>,
    pub(crate) sets: Vec<Set>,
    pub(crate) sysctls: Vec<SysctlUse>,
    pub(crate) levels: Vec<LevelSetting>,
    pub(crate) assertions: Vec<Assertion>,
    pub(crate) analysis_budget: Option<u64>,
    pub(crate) optimise: bool,
}

/// `key = value;` in a `sysctl` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SysctlUse {
    /// The key and its value.
    pub value: Setting,
    /// Where the key stands.
    pub loc: Loc,
    /// Where the value stands.
    pub value_loc: Loc,
    /// The place of the Rust value that it is, in a policy that is not filled in yet.
    pub(crate) rust_value: Option<u8>,
}

/// A chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    pub(crate) table: TableName,
    pub(crate) name: String,
    pub(crate) policy: Option<Located<ChainPolicy>>,
    pub(crate) position: Option<Located<HookPosition>>,
    pub(crate) families: FamilySet,
    pub(crate) doc: String,
    pub(crate) rules: Vec<Rule>,
    pub(crate) levels: Vec<LevelSetting>,
    pub(crate) optimise: bool,
    pub(crate) loc: Loc,
}

/// What happens to a packet that no rule of a built-in chain decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainPolicy {
    /// It passes; the kernel's default.
    Accept,
    /// It is thrown away.
    Drop,
}

/// A rule: a conjunction of matches, and verdicts.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub(crate) families: FamilySet,
    pub(crate) matches: Vec<Match>,
    pub(crate) verdicts: Few<Verdict>,
    pub(crate) comment: Option<Located<String>>,
    pub(crate) exact: bool,
    pub(crate) levels: Vec<LevelSetting>,
    pub(crate) loc: Loc,
}

/// A use of a match extension.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    pub(crate) extension: &'static Extension,
    pub(crate) options: Vec<OptionUse>,
    pub(crate) loc: Loc,
}

/// An option with its values: any of them, or none of them if negated.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionUse {
    pub(crate) spec: &'static OptionSpec,
    pub(crate) negated: bool,
    pub(crate) values: Few<Located<Value>>,
    pub(crate) loc: Loc,
}

/// What a rule does with a packet that it matches.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub(crate) action: Action,
    pub(crate) loc: Loc,
}

/// The kinds of verdict.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Go through a chain and come back.
    Jump(String),
    /// Go to a chain and do not come back here.
    Goto(String),
    /// A target of the catalogue.
    Target {
        /// Which.
        extension: &'static Extension,
        /// Its options.
        options: Vec<OptionUse>,
    },
}

impl Default for FamilySet {
    /// A policy is for both families unless it says otherwise.
    fn default() -> FamilySet {
        FamilySet::BOTH
    }
}

impl Model {
    /// The file that the policy was written in, as rustc names it.
    pub fn file(&self) -> &str {
        self.sources.file()
    }

    /// The files that the policy was written in, and what parts of it came through.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The families that the policy is for.
    pub fn families(&self) -> FamilySet {
        self.families
    }

    /// What of its tables is the policy's.
    pub fn ownership(&self) -> &Ownership {
        &self.ownership
    }

    /// The chains of others that it names, in source order.
    pub fn foreign_chains(&self) -> &[ForeignChain] {
        &self.foreign
    }

    /// The chain of others that a jump in `table` to this name goes to.
    pub(crate) fn foreign_target(&self, table: TableName, name: &str) -> Option<&ForeignChain> {
        self.foreign
            .iter()
            .find(|foreign| foreign.table == table && foreign.name == name && foreign.prefix().is_none())
    }

    /// The chains, in source order.
    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }

    /// The sets, in source order.
    pub fn sets(&self) -> &[Set] {
        &self.sets
    }

    /// The set of this name.
    pub fn set(&self, name: &str) -> Option<&Set> {
        self.sets.iter().find(|set| set.name == name)
    }

    /// The sysctls, in source order; a later one overrides an earlier one for the same key.
    pub fn sysctls(&self) -> &[SysctlUse] {
        &self.sysctls
    }

    /// The assertions, in source order.
    pub fn assertions(&self) -> &[Assertion] {
        &self.assertions
    }

    /// How many steps the proof of one assertion may take, [`DEFAULT_BUDGET`] unless the policy says
    /// otherwise. A step is one part that a rule makes of a set of packets, about a microsecond of
    /// a debug build; it never depends on time, so that a build gives the same answer everywhere.
    pub fn analysis_budget(&self) -> u64 {
        self.analysis_budget.unwrap_or(DEFAULT_BUDGET)
    }

    /// Whether the rules of all chains may become trees of chains, which do the same in fewer steps.
    pub fn optimise(&self) -> bool {
        self.optimise
    }

    /// Whether the rules of some chain may become trees.
    pub fn wants_trees(&self) -> bool {
        self.optimise || self.chains.iter().any(|chain| chain.optimise)
    }

    /// Lets the rules of all chains become trees of chains, or only those of the chains that say so.
    pub fn set_optimise(&mut self, optimise: bool) {
        self.optimise = optimise;
    }

    /// Sets the level of a lint for the whole policy, where no attribute of a chain, block or rule says otherwise.
    pub fn set_level(&mut self, setting: LevelSetting) {
        self.levels.push(setting);
    }

    /// The tables that the policy holds, in the order in which they are first named.
    pub fn tables(&self) -> Vec<TableName> {
        let mut tables = Vec::new();
        for chain in &self.chains {
            if !tables.contains(&chain.table) {
                tables.push(chain.table);
            }
        }
        tables
    }
}

impl Chain {
    /// The table it is in.
    pub fn table(&self) -> TableName {
        self.table
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its policy, if the source states one.
    pub fn policy(&self) -> Option<ChainPolicy> {
        self.policy.as_ref().map(|policy| policy.value)
    }

    /// Where the jump to it stands in its built-in chain, if the policy owns chains alone.
    pub fn position(&self) -> HookPosition {
        self.position.as_ref().map(|position| position.value.clone()).unwrap_or_default()
    }

    /// The families it is for.
    pub fn families(&self) -> FamilySet {
        self.families
    }

    /// Its doc comment, one line per line of the source; empty if there is none.
    pub fn doc(&self) -> &str {
        &self.doc
    }

    /// Its rules, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether its rules may become trees of chains, whatever the policy says of all.
    pub fn optimise(&self) -> bool {
        self.optimise
    }

    /// Where it is declared.
    pub fn loc(&self) -> Loc {
        self.loc
    }

    /// The hook, if it is a built-in chain.
    pub fn hook(&self) -> Option<Hook> {
        self.table.hook(&self.name)
    }
}

impl ChainPolicy {
    /// As iptables writes it.
    pub const fn name(self) -> &'static str {
        match self {
            ChainPolicy::Accept => "ACCEPT",
            ChainPolicy::Drop => "DROP",
        }
    }
}

impl Rule {
    /// The families it was declared for; its matches may restrict it further.
    pub fn families(&self) -> FamilySet {
        self.families
    }

    /// What it matches; all of these.
    pub fn matches(&self) -> &[Match] {
        &self.matches
    }

    /// What it does, left to right.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// Its comment: the first paragraph of its doc comment.
    pub fn comment(&self) -> Option<&str> {
        self.comment.as_ref().map(|comment| comment.value.as_str())
    }

    /// Whether it is emitted as it is written: its matches in their order, each in an `-m` of its own, the names of
    /// kernel state unchanged.
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// Where it stands.
    pub fn loc(&self) -> Loc {
        self.loc
    }

    /// Every use of a core or port option of this name (`from`, `proto`, `dport`, …).
    pub(crate) fn uses<'a>(&'a self, option: &'a str) -> impl Iterator<Item = &'a OptionUse> {
        self.matches
            .iter()
            .filter(|entry| !entry.extension.module)
            .flat_map(|entry| &entry.options)
            .filter(move |option_use| option_use.spec.name == option)
    }
}

impl Match {
    /// The extension.
    pub fn extension(&self) -> &'static Extension {
        self.extension
    }

    /// The options, in source order.
    pub fn options(&self) -> &[OptionUse] {
        &self.options
    }

    /// Whether consulting it changes what it answers next time.
    pub fn is_stateful(&self) -> bool {
        self.extension.stateful || self.options.iter().any(|option| option.spec.stateful)
    }

    /// Where it stands.
    pub fn loc(&self) -> Loc {
        self.loc
    }
}

impl OptionUse {
    /// The option.
    pub fn spec(&self) -> &'static OptionSpec {
        self.spec
    }

    /// Whether none of the values must hold, rather than any.
    pub fn negated(&self) -> bool {
        self.negated
    }

    /// Whether it is the same condition, written elsewhere.
    pub(crate) fn says_the_same(&self, other: &OptionUse) -> bool {
        self.spec == other.spec && self.negated == other.negated && self.values().eq(other.values())
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.values.iter().map(|value| &value.value)
    }
}

impl Verdict {
    /// What it does.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// Where it stands.
    pub fn loc(&self) -> Loc {
        self.loc
    }

    /// Whether the packet's way through the chain ends with it.
    pub fn is_terminal(&self) -> bool {
        match &self.action {
            Action::Jump(_) => false,
            Action::Goto(_) => true,
            Action::Target { extension, .. } => extension.flow == Flow::Ends,
        }
    }

    /// The verdict's word in the language.
    pub fn word(&self) -> String {
        match &self.action {
            Action::Jump(_) => "jump".into(),
            Action::Goto(_) => "goto".into(),
            Action::Target { extension, .. } => extension.word(),
        }
    }
}
