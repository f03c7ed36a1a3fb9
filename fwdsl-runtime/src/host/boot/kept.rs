//! The policy that our own service loads: rules, sets and what of the tables belongs to others, in one file, so that a
//! boot finds all of it or what was there before.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{BootError, cannot_read};
use crate::family::Family;
use crate::host::change::{FileChange, FileContent};
use crate::host::tree::Tree;
use crate::host::{Desired, DesiredSet, Jump, SharedTable, Sharing, Variant};
use crate::ipset::{UNKNOWN, find_kind};
use crate::model::HookPosition;
use crate::restore_text;

/// The file that holds it.
pub(super) const POLICY: &str = "/etc/fwdsl/policy.json";
/// The form of the file; another one is from another version of fwdsl.
const FORMAT: u32 = 1;

/// What is kept for boot.
#[derive(Debug, Clone)]
pub struct KeptPolicy {
    /// Rules and sets. Sysctls and files are none of its business: the system's own services read theirs.
    pub desired: Desired,
    /// The variant of iptables to load them with; `None` for the one that `iptables-restore` is when the boot comes.
    pub variant: Option<Variant>,
}

/// The form on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u32,
    variant: Option<Variant>,
    sets: Vec<StoredSet>,
    ipv4: Option<StoredRules>,
    ipv6: Option<StoredRules>,
}

/// What every version's file holds.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRules {
    /// The lines of the text for `iptables-restore`.
    rules: Vec<String>,
    chains_alone: bool,
    shared: Vec<StoredTable>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredTable {
    table: String,
    jumps: Vec<StoredJump>,
    foreign: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredJump {
    from: String,
    to: String,
    position: StoredPosition,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredPosition {
    First,
    Last,
    Before(String),
    After(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSet {
    name: String,
    kind: String,
    /// `4` or `6`; nothing for the rules of both.
    family: Option<u8>,
    parameters: String,
    elements: Vec<String>,
    keep: bool,
    changes_by_itself: bool,
    foreign: bool,
}

impl KeptPolicy {
    /// The file that holds it.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn as_file(&self) -> Result<FileChange, BootError> {
        let rules = |text: &Option<String>, sharing| text.as_ref().map(|text| StoredRules::of(text, sharing));
        let desired = &self.desired;
        let stored = Stored {
            format: FORMAT,
            variant: self.variant,
            sets: desired.sets.iter().map(StoredSet::of).collect(),
            ipv4: rules(&desired.ipv4, &desired.ipv4_sharing),
            ipv6: rules(&desired.ipv6, &desired.ipv6_sharing),
        };
        let json = serde_json::to_string_pretty(&stored);
        let json = json.map_err(|error| cannot_read(POLICY, std::io::Error::other(error)))?;
        Ok(FileChange {
            path: POLICY.into(),
            content: FileContent::Regular { bytes: format!("{json}\n").into_bytes(), mode: 0o600 },
            purpose: "rules and sets for boot".to_owned(),
        })
    }

    /// The policy that is kept in the system of `tree`.
    ///
    /// # Errors
    /// If there is none, or the file is not as it was written.
    pub fn load(tree: &Tree) -> Result<KeptPolicy, BootError> {
        let unusable = |reason: String| BootError::Kept { path: POLICY.into(), reason };
        let text = tree.read(Path::new(POLICY)).map_err(|error| cannot_read(POLICY, error))?;
        KeptPolicy::parse(&text.ok_or_else(|| unusable("there is no such file".to_owned()))?)
            .map_err(unusable)
    }

    fn parse(text: &str) -> Result<KeptPolicy, String> {
        // By itself first, for what else another version's file holds is not known.
        let Format { format } = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if format != FORMAT {
            return Err(format!("it is of another version of fwdsl (format {format})"));
        }
        let stored: Stored = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let (ipv4, ipv4_sharing) = StoredRules::read(stored.ipv4, Family::Ipv4)?;
        let (ipv6, ipv6_sharing) = StoredRules::read(stored.ipv6, Family::Ipv6)?;
        let sets = stored.sets.into_iter().map(StoredSet::read).collect::<Result<_, _>>()?;
        let desired = Desired { ipv4, ipv6, ipv4_sharing, ipv6_sharing, sets, ..Desired::default() };
        Ok(KeptPolicy { desired, variant: stored.variant })
    }
}

impl StoredRules {
    fn of(text: &str, sharing: &Sharing) -> StoredRules {
        let table = |table: &SharedTable| StoredTable {
            table: table.name.clone(),
            jumps: table.jumps.iter().map(StoredJump::of).collect(),
            foreign: table.foreign.clone(),
        };
        StoredRules {
            rules: text.lines().map(str::to_owned).collect(),
            chains_alone: sharing.chains_alone,
            shared: sharing.tables.iter().map(table).collect(),
        }
    }

    fn read(stored: Option<StoredRules>, family: Family) -> Result<(Option<String>, Sharing), String> {
        let Some(stored) = stored else { return Ok((None, Sharing::default())) };
        let text: String = stored.rules.iter().map(|line| format!("{line}\n")).collect();
        restore_text::parse(&text).map_err(|error| format!("the {family} rules: {error}"))?;
        let table = |table: StoredTable| SharedTable {
            name: table.table,
            jumps: table.jumps.into_iter().map(StoredJump::read).collect(),
            foreign: table.foreign,
        };
        let tables = stored.shared.into_iter().map(table).collect();
        Ok((Some(text), Sharing { chains_alone: stored.chains_alone, tables }))
    }
}

impl StoredJump {
    fn of(jump: &Jump) -> StoredJump {
        let position = match &jump.position {
            HookPosition::First => StoredPosition::First,
            HookPosition::Last => StoredPosition::Last,
            HookPosition::Before(anchor) => StoredPosition::Before(anchor.clone()),
            HookPosition::After(anchor) => StoredPosition::After(anchor.clone()),
        };
        StoredJump { from: jump.from.clone(), to: jump.to.clone(), position }
    }

    fn read(self) -> Jump {
        let position = match self.position {
            StoredPosition::First => HookPosition::First,
            StoredPosition::Last => HookPosition::Last,
            StoredPosition::Before(anchor) => HookPosition::Before(anchor),
            StoredPosition::After(anchor) => HookPosition::After(anchor),
        };
        Jump { from: self.from, to: self.to, position }
    }
}

impl StoredSet {
    fn of(set: &DesiredSet) -> StoredSet {
        StoredSet {
            name: set.name.clone(),
            kind: set.kind.word().to_owned(),
            family: set.family.map(|family| match family {
                Family::Ipv4 => 4,
                Family::Ipv6 => 6,
            }),
            parameters: set.parameters.clone(),
            elements: set.elements.clone(),
            keep: set.keep,
            changes_by_itself: set.changes_by_itself,
            foreign: set.foreign,
        }
    }

    fn read(self) -> Result<DesiredSet, String> {
        let wrong = |what: &str, found: &str| format!("the set `{}` has the {what} `{found}`", self.name);
        let kind = if self.kind == UNKNOWN.word() { Some(&UNKNOWN) } else { find_kind(&self.kind) };
        Ok(DesiredSet {
            kind: kind.ok_or_else(|| wrong("kind", &self.kind))?,
            family: match self.family {
                None => None,
                Some(4) => Some(Family::Ipv4),
                Some(6) => Some(Family::Ipv6),
                Some(other) => return Err(wrong("family", &other.to_string())),
            },
            name: self.name,
            parameters: self.parameters,
            elements: self.elements,
            keep: self.keep,
            changes_by_itself: self.changes_by_itself,
            foreign: self.foreign,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tree::image::Image;

    fn policy() -> KeptPolicy {
        let jump = |from: &str, position| Jump { from: from.into(), to: format!("fwdsl-{from}"), position };
        let jumps = vec![
            jump("INPUT", HookPosition::First),
            jump("OUTPUT", HookPosition::Last),
            jump("FORWARD", HookPosition::After("DOCKER-FORWARD".into())),
        ];
        let table = SharedTable { name: "filter".into(), jumps, foreign: vec!["DOCKER-USER".into()] };
        let set = |name: &str, kind: &'static crate::ipset::SetKind, family| DesiredSet {
            name: name.to_owned(),
            kind,
            family,
            parameters: "family inet hashsize 1024".to_owned(),
            elements: vec!["192.0.2.1".to_owned()],
            keep: true,
            changes_by_itself: false,
            foreign: family.is_none(),
        };
        let desired = Desired {
            ipv4: Some("*filter\n:fwdsl-INPUT - [0:0]\n-A fwdsl-INPUT -j DROP\nCOMMIT\n".to_owned()),
            ipv4_sharing: Sharing { chains_alone: true, tables: vec![table] },
            sets: vec![
                set("A.4.00000000", find_kind("hash:ip").unwrap(), Some(Family::Ipv4)),
                set("f2b", &UNKNOWN, None),
            ],
            ..Desired::default()
        };
        KeptPolicy { desired, variant: Some(Variant::Legacy) }
    }

    fn text(policy: &KeptPolicy) -> String {
        let FileContent::Regular { bytes, .. } = policy.as_file().unwrap().content else { panic!() };
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_is_kept_is_loaded_again() {
        let image = Image::new().file(POLICY, &text(&policy()));
        let loaded = KeptPolicy::load(&Tree::new(Some(image.root()))).unwrap();
        assert_eq!(format!("{loaded:?}"), format!("{:?}", policy()));
    }

    #[test]
    fn a_damaged_file_is_told() {
        let whole = text(&policy());
        for (damaged, words) in [
            (whole[..whole.len() / 2].to_owned(), "EOF"),
            (String::new(), "EOF"),
            (whole.replace("\"format\": 1", "\"format\": 2"), "another version of fwdsl (format 2)"),
            (whole.replace("-A fwdsl-INPUT", "fwdsl-INPUT"), "the IPv4 rules: "),
            (whole.replace("\"ip\"", "\"op\""), "the set `A.4.00000000` has the kind `op`"),
            (whole.replace("\"family\": 4", "\"family\": 5"), "has the family `5`"),
        ] {
            let image = Image::new().file(POLICY, &damaged);
            let error = KeptPolicy::load(&Tree::new(Some(image.root()))).unwrap_err().to_string();
            assert!(error.contains(POLICY) && error.contains(words), "{error}");
        }
        let missing = KeptPolicy::load(&Tree::new(Some(Image::new().root()))).unwrap_err().to_string();
        assert!(missing.contains("no such file"), "{missing}");
    }
}
