//! Sets of ipset(8), in the same apply as the rules that refer to them.
//!
//! A set of other contents has another name, so new sets are made and filled before the rules are loaded, and the old
//! ones go after the commit, when no rule refers to them any more. In place are changed only a set that somebody else
//! changed by hand, and a set that is declared `keep`, which gets the policy's elements beside those that are there.

mod carry;
mod former;
mod held;
mod ipset;
mod normal;
mod outlook;
mod plan;
mod saved;
mod undo;

pub(crate) use carry::{check, put, sweep, sweep_stale};
pub(crate) use former::FormerSets;
pub(crate) use held::held;
pub use outlook::SetOutlook;
pub(crate) use outlook::outlook;
pub(crate) use plan::{SetsPlan, plan};
pub(crate) use undo::{SetsUndo, undo};

use super::error::ApplyError;
use crate::family::Family;
use crate::ipset::{KernelSet, SetKind};
use crate::restore_text::Protocols;

/// A set that is to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredSet {
    /// The name in the kernel.
    pub name: String,
    /// The kind.
    pub kind: &'static SetKind,
    /// The family whose rules refer to it; `None` for those of both.
    pub family: Option<Family>,
    /// The parameters, as `ipset save` prints them.
    pub parameters: String,
    /// The elements, as `ipset save` prints them.
    pub elements: Vec<String>,
    /// Elements of others stay.
    pub keep: bool,
    /// Contents change without anybody's doing, so that they are not compared.
    pub changes_by_itself: bool,
    /// Others make and fill it.
    pub foreign: bool,
}

impl From<&KernelSet> for DesiredSet {
    fn from(set: &KernelSet) -> DesiredSet {
        DesiredSet {
            name: set.name.clone(),
            kind: set.kind,
            family: set.family,
            parameters: set.parameters.clone(),
            elements: set.elements.clone(),
            keep: set.keep,
            changes_by_itself: set.changes_by_itself,
            foreign: set.foreign,
        }
    }
}

/// The text from which `ipset restore` makes the sets, those of others left out: with numbers for names, so that it
/// loads on every machine.
///
/// # Errors
/// [`ApplyError::Impossible`] if an element is none.
pub fn restore_text(sets: &[DesiredSet]) -> Result<String, ApplyError> {
    let ours = sets.iter().filter(|set| !set.foreign);
    let text = |set: &DesiredSet| Ok(plan::as_saved(set, &Protocols::default())?.text(&set.name));
    ours.map(text).collect()
}

/// What every generation of a set has in common: `ADMINS.4` of `ADMINS.4.1a2b3c4d`.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
