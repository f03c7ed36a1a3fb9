//! A finding, with its places as files and lines.

use std::collections::HashMap;

use fwdsl_runtime::diagnostic::Diagnostic;
use fwdsl_runtime::lint::Level;
use fwdsl_runtime::loc::Loc;
use fwdsl_runtime::model::Model;

use super::Source;

/// Something that a lint found.
pub(super) struct Finding {
    pub(super) lint: &'static str,
    /// Which of several kinds of finding it is.
    pub(super) kind: Option<&'static str>,
    pub(super) level: Level,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) table: Option<&'static str>,
    pub(super) chain: Option<String>,
    pub(super) place: Place,
    /// The rules that cause it.
    pub(super) causes: Vec<Place>,
    /// Other places and remarks.
    pub(super) notes: Vec<(String, Option<Place>)>,
}

/// A line of a file.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    /// 0 where there is no source.
    pub(super) line: u32,
    /// What stands there, if the file is the one that was read.
    pub(super) text: Option<String>,
}

impl Finding {
    pub(super) fn is_denied(&self) -> bool {
        self.level == Level::Deny
    }
}

/// The findings about a firewall that was read from `source`.
pub(super) fn findings(found: Vec<Diagnostic>, model: &Model, source: &Source) -> Vec<Finding> {
    let chains = chains(model);
    let lines: Vec<&str> = source.text.lines().collect();
    let place = |loc: Loc| {
        let file = model.sources().file_of(loc).to_owned();
        let text = lines.get((loc.line as usize).wrapping_sub(1)).filter(|_| file == source.name);
        Place { file, line: loc.line, text: text.map(|text| text.trim().to_owned()) }
    };
    let finding = |diagnostic: Diagnostic| {
        let (table, chain) = match diagnostic.subject {
            Some(subject) => (Some(subject.table.name()), Some(subject.chain)),
            None => {
                chains.get(&diagnostic.loc.line).map(|(table, chain)| (*table, (*chain).to_owned())).unzip()
            }
        };
        Some(Finding {
            lint: diagnostic.lint?,
            kind: diagnostic.kind,
            level: diagnostic.level,
            message: diagnostic.message,
            help: diagnostic.help,
            table,
            chain,
            place: place(diagnostic.loc),
            causes: diagnostic.causes.into_iter().map(place).collect(),
            notes: diagnostic.notes.into_iter().map(|(note, loc)| (note, loc.map(place))).collect(),
        })
    };
    found.into_iter().filter_map(finding).collect()
}

/// The chain that each line of a rule or chain belongs to.
fn chains(model: &Model) -> HashMap<u32, (&'static str, &str)> {
    let mut chains = HashMap::new();
    for chain in model.chains() {
        let lines = chain.rules().iter().map(|rule| rule.loc().line).chain([chain.loc().line]);
        chains.extend(lines.map(|line| (line, (chain.table().name(), chain.name()))));
    }
    chains
}
