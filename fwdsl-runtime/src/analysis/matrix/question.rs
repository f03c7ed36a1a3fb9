//! What a matrix is asked for.

use std::fmt;

use super::service::Service;
use crate::diagnostic::Diagnostics;
use crate::family::Family;
use crate::lower::{Ruleset, Table};
use crate::nearest::nearest;
use crate::table::TableName;

/// A question: who may open a service to whom, through a chain?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'a> {
    /// The table of the chain.
    pub table: TableName,
    /// The chain, by the name that the policy or the dump has for it. Packets enter it at its top.
    pub chain: &'a str,
    /// The service.
    pub service: Service,
    /// What is assumed of what the question does not say: interfaces, marks, the type of the packet, whether the
    /// connection's addresses are translated.
    pub open: Open,
    /// Whether only what other hosts send is meant: packets that come in by another interface than `lo`.
    pub from_outside: bool,
}

/// What is assumed of fields of a packet that can be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Open {
    /// Each rule may find them as it wants them, whatever another rule finds. What is told of addresses alone does not
    /// depend on how interfaces are cabled.
    #[default]
    PerRule,
    /// A packet has them, and every rule finds the same: some incoming and some outgoing interface, some mark and so on. Fewer connections may be opened then, and none is left out.
    PerPacket,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatrixError {
    /// The rules of the family have no such table.
    NoTable {
        /// The table.
        table: TableName,
        /// The family.
        family: Family,
    },
    /// The table has no such chain.
    NoChain {
        /// The table.
        table: TableName,
        /// The name.
        chain: String,
        /// A chain of the table whose name is near.
        near: Option<String>,
    },
    /// The policy has Rust values that break rules.
    Refused(Box<Diagnostics>),
    /// The addresses that the rules ask for cross each other in too many ways.
    NotDecided,
}

impl<'a> Question<'a> {
    /// A question about a chain of `filter`.
    pub const fn new(chain: &'a str, service: Service) -> Question<'a> {
        Question { table: TableName::Filter, chain, service, open: Open::PerRule, from_outside: false }
    }

    /// The table and the place of the chain in it.
    pub(super) fn place<'r>(&self, ruleset: &'r Ruleset) -> Result<(&'r Table, usize), MatrixError> {
        let missing = || MatrixError::NoTable { table: self.table, family: ruleset.family };
        let table = ruleset.table(self.table).ok_or_else(missing)?;
        let named = table.chains.iter().position(|chain| chain.name == self.chain);
        let place = named.or_else(|| table.start(self.table.hook(self.chain)?));
        place.map(|place| (table, place)).ok_or_else(|| {
            let names = table.chains.iter().filter(|chain| !chain.auxiliary).map(|chain| chain.name.as_str());
            let near = nearest(self.chain, names).map(str::to_owned);
            MatrixError::NoChain { table: self.table, chain: self.chain.to_owned(), near }
        })
    }
}

impl fmt::Display for MatrixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MatrixError::NoTable { table, family } => {
                write!(f, "there is no table `{}` for {family}", table.name())
            }
            MatrixError::NoChain { table, chain, near } => {
                write!(f, "there is no chain `{chain}` in table `{}`", table.name())?;
                near.as_ref().map_or(Ok(()), |near| write!(f, "\nhelp: did you mean `{near}`?"))
            }
            MatrixError::Refused(wrong) => wrong.fmt(f),
            MatrixError::NotDecided => {
                f.write_str("not decided: the rules' addresses cross each other in too many ways")
            }
        }
    }
}

impl std::error::Error for MatrixError {}
