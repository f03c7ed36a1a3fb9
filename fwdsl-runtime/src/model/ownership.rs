//! What of the tables is the policy's, and what belongs to others.

use crate::family::FamilySet;
use crate::loc::Loc;
use crate::table::{Hook, TableName};

/// The prefix of hook chains unless the policy says otherwise.
pub const DEFAULT_PREFIX: &str = "fwdsl";

/// How much of the tables that it names belongs to a policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Ownership {
    /// `own tables;`: all of it, built-in chains and their policies included.
    #[default]
    Tables,
    /// `own chains;`: its chains, and one jump in each built-in chain that it writes.
    Chains {
        /// What the names of hook chains begin with.
        prefix: String,
        /// Where it is said.
        loc: Loc,
    },
}

/// Where in a built-in chain the jump to the policy's hook chain stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HookPosition {
    /// Before every other rule.
    #[default]
    First,
    /// After every other rule.
    Last,
    /// Before the first rule that goes to this chain.
    Before(String),
    /// After the last rule that goes to this chain.
    After(String),
}

/// `foreign chain NAME;`: a chain that others make and fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignChain {
    pub(crate) table: TableName,
    pub(crate) name: String,
    pub(crate) families: FamilySet,
    pub(crate) loc: Loc,
}

impl Ownership {
    /// The chain that holds the policy's rules for a hook; `None` where it is the built-in one.
    pub fn hook_chain(&self, hook: Hook) -> Option<String> {
        match self {
            Ownership::Tables => None,
            Ownership::Chains { prefix, .. } => Some(format!("{prefix}-{hook}")),
        }
    }
}

impl HookPosition {
    /// The chain by whose jump the position is told.
    pub fn anchor(&self) -> Option<&str> {
        match self {
            HookPosition::First | HookPosition::Last => None,
            HookPosition::Before(chain) | HookPosition::After(chain) => Some(chain),
        }
    }
}

impl ForeignChain {
    /// Its table.
    pub fn table(&self) -> TableName {
        self.table
    }

    /// Its name; with a `+` at the end, every name that begins so.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The families in which it is there.
    pub fn families(&self) -> FamilySet {
        self.families
    }

    /// Where it is declared.
    pub fn loc(&self) -> Loc {
        self.loc
    }

    /// What the names begin with, if it stands for many.
    pub fn prefix(&self) -> Option<&str> {
        self.name.strip_suffix('+')
    }

    /// Whether it stands for a chain of this name.
    pub fn covers(&self, chain: &str) -> bool {
        self.prefix().map_or(self.name == chain, |prefix| chain.starts_with(prefix))
    }
}
