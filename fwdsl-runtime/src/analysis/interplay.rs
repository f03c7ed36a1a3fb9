//! What rules do to each other, found in one go.

use std::collections::HashSet;

use super::conflicting::{Conflict, conflicts};
use super::no_effect::{NoEffect, without_effect};
use super::tables::Tables;
use super::unreachable::{Unreachable, unreachable};
use crate::model::Model;

/// What is to be found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) unreachable: bool,
    pub(crate) no_effect: bool,
    pub(crate) conflicting: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Interplay {
    pub(crate) unreachable: Vec<Unreachable>,
    pub(crate) no_effect: Vec<NoEffect>,
    pub(crate) conflicting: Vec<Conflict>,
}

/// Finds what is wanted of the rules of a policy that is known.
pub(crate) fn interplay(model: &Model, tables: &mut Tables, wanted: Wanted) -> Interplay {
    let Wanted { unreachable: dead, no_effect, conflicting } = wanted;
    let mut found = Interplay::default();
    if !dead && !no_effect && !conflicting {
        return found;
    }
    let prepared = tables.prepare_all(model);
    if dead || no_effect {
        let comers;
        (found.unreachable, comers) = unreachable(&prepared);
        if no_effect {
            let dead: HashSet<_> = found.unreachable.iter().map(|rule| (rule.table, rule.loc)).collect();
            found.no_effect = without_effect(&prepared, &comers, &dead);
        }
    }
    if conflicting {
        found.conflicting = conflicts(&prepared);
    }
    found
}
