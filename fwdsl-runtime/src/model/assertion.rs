//! Assertions: what must hold for every packet.

use super::Match;
use crate::catalogue::Extension;
use crate::loc::{Loc, Located};
use crate::table::{TableName, Way};

/// What stands for the whole way of packets, where a chain could stand.
pub const HOST: &str = "host";

/// `assert CHAIN { … }` or `assert host { … }`: what must hold for every packet.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    pub(crate) scope: Scope,
    pub(crate) cases: Vec<AssertionCase>,
    pub(crate) loc: Loc,
}

/// What an assertion is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// What a chain does with packets that enter it at its top.
    Chain {
        /// Its table.
        table: TableName,
        /// Its name.
        name: String,
    },
    /// What becomes of packets on their whole way through the hooks: on this way, or on each that the pattern fits.
    Host(Option<Way>),
}

/// `PATTERN => CLAIM;`
#[derive(Debug, Clone, PartialEq)]
pub struct AssertionCase {
    pub(crate) matches: Vec<Match>,
    pub(crate) claim: Claim,
    pub(crate) loc: Loc,
}

/// `[!]accept|reject` or `[!]reaches CHAIN`: what is said of the packets.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    pub(crate) negated: bool,
    pub(crate) outcome: Outcome,
    pub(crate) loc: Loc,
}

/// What can become of a packet.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It gets one of these verdicts.
    Verdict(Vec<&'static Extension>),
    /// It comes to the top of a chain.
    Reaches {
        /// The chain's table.
        table: TableName,
        /// Its name.
        chain: Located<String>,
    },
}

impl Assertion {
    /// What it is about.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What must hold there.
    pub fn cases(&self) -> &[AssertionCase] {
        &self.cases
    }

    /// Where its chain, or `host`, stands.
    pub fn loc(&self) -> Loc {
        self.loc
    }
}

impl AssertionCase {
    /// The packets that it speaks of: all that these match.
    pub fn matches(&self) -> &[Match] {
        &self.matches
    }

    /// What is said of them.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Where it stands.
    pub fn loc(&self) -> Loc {
        self.loc
    }
}

impl Claim {
    /// Whether it says of every packet that this does not become of it.
    pub fn negated(&self) -> bool {
        self.negated
    }

    /// What becomes of the packets, or not.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Whether a packet with this verdict breaks it; none does if it is about a chain that packets come to.
    pub fn is_broken_by(&self, verdict: &Extension) -> bool {
        match &self.outcome {
            Outcome::Verdict(verdicts) => verdicts.contains(&verdict) == self.negated,
            Outcome::Reaches { .. } => false,
        }
    }

    /// Where it stands.
    pub fn loc(&self) -> Loc {
        self.loc
    }
}
