//! What was said of a firewall where it comes from, and where it is said again.

use std::collections::{HashMap, HashSet};

use crate::loc::Loc;
use crate::model::Model;
use crate::table::TableName;

/// Remarks by their places.
#[derive(Debug, Default)]
pub(super) struct Notes {
    of_places: HashMap<(u16, u32), Vec<String>>,
    /// What stands before a table.
    pub(super) of_tables: Vec<(TableName, String)>,
    /// What is about the whole.
    pub(super) of_all: Vec<String>,
}

fn place(loc: Loc) -> (u16, u32) {
    (loc.file, loc.line)
}

impl Notes {
    /// Sorts the remarks: those of chains and rules, and the others before the table of the chain that comes next.
    pub(super) fn of(model: &Model, remarks: &[(Loc, String)]) -> Notes {
        let mut notes = Notes::default();
        let chains = || model.chains().iter();
        let rules = chains().flat_map(|chain| chain.rules()).map(|rule| place(rule.loc()));
        let known: HashSet<(u16, u32)> = rules.chain(chains().map(|chain| place(chain.loc()))).collect();
        let mut starts: Vec<((u16, u32), TableName)> =
            chains().map(|chain| (place(chain.loc()), chain.table())).collect();
        starts.sort_by_key(|(start, _)| *start);
        for (loc, text) in remarks {
            let text = text.replace(is_control, " ");
            if known.contains(&place(*loc)) {
                notes.of_places.entry(place(*loc)).or_default().push(text);
                continue;
            }
            let behind = starts.partition_point(|(start, _)| *start <= place(*loc));
            match starts.get(behind).filter(|((file, _), _)| *file == loc.file) {
                Some((_, table)) => notes.of_tables.push((*table, text)),
                None => notes.of_all.push(text),
            }
        }
        notes
    }

    /// What is said of the chain or rule at a place.
    pub(super) fn at(&self, loc: Loc) -> Vec<String> {
        self.of_places.get(&place(loc)).cloned().unwrap_or_default()
    }
}

/// What a comment cannot hold: ends of lines, and what makes rustc refuse it since it turns the direction of reading.
pub(super) fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
