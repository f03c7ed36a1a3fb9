//! What fwdsl loaded last: by this it knows its own rules from those of others.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::change::{FileChange, FileContent};
use super::error::{ApplyError, at};
use super::files::{self, Existing};
use super::places;
use crate::family::Family;
use crate::restore_text::{self, SavedTable, SavedText};

/// What fwdsl loaded last, by family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    ipv4: SavedText,
    ipv6: SavedText,
    ipv4_chains: SavedText,
    ipv6_chains: SavedText,
    /// Its sets in the kernel.
    pub(crate) sets: Vec<RecordedSet>,
    /// The name of the policy, if its program holds several.
    pub(crate) policy: Option<String>,
}

/// A set that it made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordedSet {
    /// The name in the kernel.
    pub(crate) name: String,
    /// Elements of others stay.
    pub(crate) keep: bool,
}

/// The form on disk: restore texts.
#[derive(Serialize, Deserialize)]
struct Stored {
    ipv4: String,
    ipv6: String,
    /// Chains in tables of others, and the jumps to them.
    #[serde(default)]
    ipv4_chains: String,
    #[serde(default)]
    ipv6_chains: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sets: Vec<RecordedSet>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
}

impl Record {
    /// The tables of `family` that it owned as a whole.
    pub(crate) fn of(&self, family: Family) -> &SavedText {
        match family {
            Family::Ipv4 => &self.ipv4,
            Family::Ipv6 => &self.ipv6,
        }
    }

    /// Takes note of what is loaded now; tables that it does not name stay as they were.
    pub(crate) fn set(&mut self, family: Family, loaded: &SavedText) {
        let text = match family {
            Family::Ipv4 => &mut self.ipv4,
            Family::Ipv6 => &mut self.ipv6,
        };
        text.tables.retain(|table| loaded.table(&table.name).is_none());
        text.tables.extend(loaded.tables.iter().cloned());
        text.tables.sort_by(|one, other| one.name.cmp(&other.name));
    }

    /// The chains of `family` that it owned in tables of others, and its jumps to them.
    pub(crate) fn chains_of(&self, family: Family) -> &SavedText {
        match family {
            Family::Ipv4 => &self.ipv4_chains,
            Family::Ipv6 => &self.ipv6_chains,
        }
    }

    /// Takes note of all chains that are ours now in tables of others; such a table is not ours as a whole.
    pub(crate) fn set_chains(&mut self, family: Family, chains: SavedText) {
        let (tables, former) = match family {
            Family::Ipv4 => (&mut self.ipv4, &mut self.ipv4_chains),
            Family::Ipv6 => (&mut self.ipv6, &mut self.ipv6_chains),
        };
        tables.tables.retain(|table| chains.table(&table.name).is_none());
        *former = chains;
    }

    /// Takes what is in `table` for ours too, beside what it knows.
    pub(crate) fn know(&mut self, family: Family, table: &SavedTable) {
        let text = match family {
            Family::Ipv4 => &mut self.ipv4,
            Family::Ipv6 => &mut self.ipv6,
        };
        match text.tables.iter_mut().find(|known| known.name == table.name) {
            Some(known) => {
                known.chains.extend(table.chains.iter().cloned());
                known.rules.extend(table.rules.iter().cloned());
            }
            None => text.tables.push(table.clone()),
        }
    }

    /// Takes note that no table of `family` is ours as a whole any more.
    pub(crate) fn forget_tables(&mut self, family: Family) {
        match family {
            Family::Ipv4 => self.ipv4 = SavedText::default(),
            Family::Ipv6 => self.ipv6 = SavedText::default(),
        }
    }

    /// The file that holds it; none if there is nothing to hold.
    pub(crate) fn as_file(&self) -> Result<FileChange, ApplyError> {
        let stored = Stored {
            ipv4: self.ipv4.to_string(),
            ipv6: self.ipv6.to_string(),
            ipv4_chains: self.ipv4_chains.to_string(),
            ipv6_chains: self.ipv6_chains.to_string(),
            sets: self.sets.clone(),
            policy: self.policy.clone(),
        };
        let path = Path::new(places::RECORD);
        let content = match *self == Record::default() {
            true => FileContent::Absent,
            false => FileContent::Regular {
                bytes: serde_json::to_vec_pretty(&stored)
                    .map_err(|error| at("write", path)(std::io::Error::other(error)))?,
                mode: 0o600,
            },
        };
        Ok(FileChange {
            path: path.to_owned(),
            content,
            purpose: "record of the rules that fwdsl loaded".to_owned(),
        })
    }
}

/// The record, and a warning if there is one that cannot be used. Without it every rule that differs is foreign,
/// which is the careful side.
pub(crate) fn load(root: &Path) -> Result<(Record, Option<String>), ApplyError> {
    let path = places::below(root, Path::new(places::RECORD))?;
    let Existing::Regular { bytes, .. } = files::look(&path)? else { return Ok((Record::default(), None)) };
    match parse(&bytes) {
        Ok(record) => Ok((record, None)),
        Err(error) => {
            let warning = format!(
                "the record of what fwdsl loaded last, `{}`, is passed over: {error}",
                path.display()
            );
            Ok((Record::default(), Some(warning)))
        }
    }
}

/// Reads the file that holds it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Record, String> {
    let stored: Stored = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let text = |text: &str| restore_text::parse(text).map_err(|error| error.to_string());
    Ok(Record {
        ipv4: text(&stored.ipv4)?,
        ipv6: text(&stored.ipv6)?,
        ipv4_chains: text(&stored.ipv4_chains)?,
        ipv6_chains: text(&stored.ipv6_chains)?,
        sets: stored.sets,
        policy: stored.policy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_were_not_loaded_this_time_stay_in_the_record() {
        let text = |text: &str| restore_text::parse(text).unwrap();
        let mut record = Record { policy: Some("web".to_owned()), ..Record::default() };
        record.set(Family::Ipv4, &text("*nat\n-A OUTPUT\nCOMMIT\n*filter\n-A INPUT\nCOMMIT\n"));
        record.set(Family::Ipv4, &text("*filter\n-A OUTPUT\nCOMMIT\n"));
        assert_eq!(record.of(Family::Ipv4), &text("*filter\n-A OUTPUT\nCOMMIT\n*nat\n-A OUTPUT\nCOMMIT\n"));
        let FileContent::Regular { bytes, .. } = record.as_file().unwrap().content else {
            unreachable!("a record is a regular file")
        };
        assert_eq!(parse(&bytes), Ok(record));
        assert!(parse(b"{}").is_err());
    }
}
