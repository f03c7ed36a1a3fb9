//! The text of `iptables-save` or of a file for `iptables-restore`, read into a policy.
//!
//! ```text
//! text ──lines, words──▶ commands ──rule──▶ parts ──tables──▶ Model of exact rules ──check──▶ Imported
//! ```
//!
//! Each line of the text becomes the rules that iptables would make of it, as exact rules: emitted again, they are what
//! `iptables-save` prints. The parsing follows the program in what it accepts, in how it takes abbreviations, names and
//! numbers, and in what it refuses; the reasons are collected, one for a line.
//!
//! More is taken than `iptables-restore` takes in three things, since files have them: carriage returns at line ends, a
//! chain in use before the line that declares it, and `!` behind an option (`-s ! 10.0.0.1`), as releases before 1.4.3
//! wrote it and releases from 1.8 on refuse it.
//!
//! [`import_leniently`] takes what is left of the lines that would be refused, for those who want to know what can be
//! said about a firewall that no iptables of today loads.
//!
//! Nothing is read from the machine. So a host name in an address, or the name of a user, is refused with that reason.

mod base;
mod comments;
mod core;
mod declared;
mod error;
mod extension;
mod hashlimit;
mod modules;
mod of_family;
mod opaque;
mod option;
mod raw;
mod reader;
mod request;
mod rule;
mod salvage;
mod sets;
mod stray;
mod strict;
mod tables;
mod value;
mod words;

pub use comments::Comment;
pub use error::{ImportError, ImportErrors};
pub use of_family::family_of_text;
pub use tables::ChainCounters;

use reader::Reader;

use crate::check::check_whether_it_loads;
use crate::diagnostic::Diagnostic;
use crate::family::{Family, FamilySet};
use crate::loc::{Loc, Sources};
use crate::model::Model;

/// What happens to a match or target that the catalogue does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unknown {
    /// The line is refused.
    #[default]
    Refuse,
    /// It is kept as text, `raw "…"`, which nothing checks.
    Raw,
}

/// A text that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Imported {
    /// The policy: a chain for each chain of each text, for the family of that text, with exact rules.
    pub model: Model,
    /// The comments of the texts, in order.
    pub comments: Vec<Comment>,
    /// The counters, in the order of the policy's chains.
    pub counters: Vec<ChainCounters>,
    /// What iptables would refuse, where [`import_leniently`] went on nevertheless.
    pub unread: Vec<ImportError>,
}

impl Imported {
    /// Where `iptables-save` says that the text is not all that the host has, and what it says.
    pub fn warnings(&self) -> impl Iterator<Item = (Loc, &str)> {
        self.comments
            .iter()
            .filter(|comment| comment.incomplete)
            .map(|comment| (comment.loc, comment.text.as_str()))
    }

    /// The comments but those of the date, each with its place in the policy, for those who write it anew.
    pub fn notes(&self) -> Vec<(Loc, String)> {
        let written = self.comments.iter().filter(|comment| !comment.generated && !comment.text.is_empty());
        written.map(|comment| (comment.before.unwrap_or(comment.loc), comment.text.clone())).collect()
    }
}

/// Reads the text of one family.
///
/// # Errors
/// Every line that iptables would refuse, or that holds what cannot be taken.
pub fn import(text: &str, file: &str, family: Family, unknown: Unknown) -> Result<Imported, ImportErrors> {
    match family {
        Family::Ipv4 => import_both(Some((text, file)), None, unknown),
        Family::Ipv6 => import_both(None, Some((text, file)), unknown),
    }
}

/// Reads the texts of both families, each with the name of its file, into one policy.
///
/// # Errors
/// The same for both.
pub fn import_both(
    ipv4: Option<(&str, &str)>,
    ipv6: Option<(&str, &str)>,
    unknown: Unknown,
) -> Result<Imported, ImportErrors> {
    let (imported, mut refused) = read(ipv4, ipv6, unknown, false);
    refused.extend(check_whether_it_loads(&imported.model));
    if refused.is_empty() {
        return Ok(imported);
    }
    Err(ImportErrors { list: errors(&imported.model.sources, refused) })
}

/// Reads what can be read of the texts of both families, for questions about the rules of a host that no iptables of
/// today would load: old ones, with names of hosts, of modules long gone, or cut short.
///
/// A rule that iptables would refuse stays in its place. What can be read of it counts; beside that it has a match that
/// may answer as it likes, and where its target cannot be read either, anything may happen to its packets. So it takes no
/// packet from the rules behind it for certain. Chains that nothing declares are there, a text without a table is
/// `filter`, and a table without its COMMIT is complete. [`Imported::unread`] has the reasons.
///
/// Such a policy is for the analysis: what is emitted of it need not load.
pub fn import_leniently(ipv4: Option<(&str, &str)>, ipv6: Option<(&str, &str)>) -> Imported {
    let (mut imported, mut refused) = read(ipv4, ipv6, Unknown::Raw, true);
    refused.extend(opaque::blur_refused(&mut imported.model));
    imported.unread = errors(&imported.model.sources, refused);
    imported
}

/// Reads the texts, and returns what was refused beside what was read.
fn read(
    ipv4: Option<(&str, &str)>,
    ipv6: Option<(&str, &str)>,
    unknown: Unknown,
    lenient: bool,
) -> (Imported, Vec<Diagnostic>) {
    let mut imported = Imported::default();
    let mut refused = Vec::new();
    let texts = [(Family::Ipv4, ipv4), (Family::Ipv6, ipv6)];
    let mut families = FamilySet::NONE;
    for (family, text) in texts {
        let Some((text, file)) = text else { continue };
        let number = imported.model.sources.files.len() as u16;
        imported.model.sources.files.push(file.to_owned());
        families = families.or(FamilySet::only(family));
        imported.model.families = FamilySet::only(family);
        Reader::new(text, family, unknown, lenient, number, &mut refused).read(text, &mut imported);
    }
    imported.model.families = families;
    sets::declare_sets(&mut imported.model);
    (imported, refused)
}

/// One error for each line, the first that was found.
fn errors(sources: &Sources, mut refused: Vec<Diagnostic>) -> Vec<ImportError> {
    refused.sort_by_key(|diagnostic| (diagnostic.loc.file, diagnostic.loc.line));
    refused.dedup_by_key(|diagnostic| (diagnostic.loc.file, diagnostic.loc.line));
    let error = |diagnostic: Diagnostic| ImportError {
        file: sources.file_of(diagnostic.loc).to_owned(),
        line: diagnostic.loc.line,
        message: diagnostic.message,
        help: diagnostic.help,
        notes: diagnostic.notes.into_iter().map(|(note, loc)| (note, loc.map(|loc| loc.line))).collect(),
    };
    refused.into_iter().map(error).collect()
}
