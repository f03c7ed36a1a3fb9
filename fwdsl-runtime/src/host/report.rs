//! What an apply did, or would do.

use std::path::PathBuf;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::change::{FileChange, FileContent};
use super::confirm::Waiting;
use super::revoked::Connections;
use super::variant::Variant;
use crate::family::Family;

/// What an apply did; with `dry_run`, what it would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Nothing was touched.
    pub dry_run: bool,
    /// The variant in use; `None` if no rules were asked for.
    pub variant: Option<Variant>,
    /// The families whose rules changed.
    pub rules: Vec<RulesReport>,
    /// The sets that were not as they should be.
    pub sets: Vec<SetReport>,
    /// The sysctls that had another value.
    pub sysctls: Vec<SysctlReport>,
    /// The files that had other contents.
    pub files: Vec<FileReport>,
    /// The kernel has no IPv6, so the IPv6 rules were passed over.
    pub ipv6_absent: bool,
    /// An earlier apply was found unfinished and undone first.
    pub recovered: Option<Recovered>,
    /// What became of tracked connections, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
    /// The apply is undone unless it is confirmed in time. The files for boot wait for that.
    #[serde(skip)]
    pub waiting: Option<Waiting>,
    /// What the reader should know, each a sentence.
    pub warnings: Vec<String>,
}

/// The tables of one family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesReport {
    /// The family.
    #[serde(serialize_with = "family_name", deserialize_with = "family_of_name")]
    pub family: Family,
    /// The tables that were replaced.
    pub tables: Vec<String>,
    /// What changed in tables that are shared with others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<ChainReport>,
    /// The order in which the tables changed, if there were several: one in which no mixture of old and new tables
    /// accepts what neither the old nor the new rules accept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// No order is certain to be such, so `filter` let nothing pass until all tables had changed: a few milliseconds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed_meanwhile: bool,
}

/// A chain in a table that is shared with others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainReport {
    /// Its table.
    pub table: String,
    /// Its name.
    pub chain: String,
    /// What became of it.
    pub change: ChainChange,
}

/// What became of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChainChange {
    /// It is ours and was filled.
    Filled,
    /// It was ours and was removed.
    Removed,
    /// It is of others, and a rule of ours in it came, went or was moved.
    Hooked,
}

/// One set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetReport {
    /// Its name in the kernel.
    pub name: String,
    /// What became of it.
    pub change: SetChange,
}

/// What became of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetChange {
    /// It was made and filled.
    Created,
    /// Somebody had changed it, and it was put right in place.
    PutRight,
    /// It is kept, and lacked elements of the policy.
    Grown,
    /// Nothing refers to it any more.
    Destroyed,
}

/// One sysctl.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SysctlReport {
    /// The key in slash form.
    pub key: String,
    /// What it was; `None` if it was not there before its module was loaded.
    pub old: Option<String>,
    /// What it is.
    pub new: String,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// Where, as a path of the running system.
    pub path: PathBuf,
    /// What it is for.
    pub purpose: String,
    /// It went.
    #[serde(default)]
    pub removed: bool,
}

impl FileReport {
    pub(super) fn of(change: FileChange) -> FileReport {
        let removed = change.content == FileContent::Absent;
        FileReport { path: change.path, purpose: change.purpose, removed }
    }
}

/// What was put back of an apply that died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Recovered {
    /// The machine was restarted since, so rules and sysctls had gone by themselves.
    pub restarted: bool,
    /// It was complete, but not confirmed.
    pub unconfirmed: bool,
    /// The tables that were put back, as `IPv4 filter`.
    pub tables: Vec<String>,
    /// The sets that were destroyed again or put back.
    pub sets: Vec<String>,
    /// The sysctls that were put back.
    pub sysctls: Vec<String>,
    /// The files that were put back, as paths of the running system.
    pub files: Vec<PathBuf>,
}

/// A part of what an apply brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The rules of iptables.
    Rules,
    /// The sets of ipset.
    Sets,
    /// Kernel parameters.
    Sysctls,
    /// Files, and the links that enable services.
    Files,
    /// The journal, which tells of an apply that is under way or was cut off.
    Journal,
}

impl Report {
    /// Whether anything changed (or would).
    pub fn changed(&self) -> bool {
        !(self.rules.is_empty() && self.sets.is_empty() && self.sysctls.is_empty() && self.files.is_empty())
    }
}

pub(crate) fn family_name<S: Serializer>(family: &Family, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(family.name())
}

fn family_of_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Family, D::Error> {
    let name = String::deserialize(deserializer)?;
    let named = |family: &Family| family.name() == name;
    Family::ALL.into_iter().find(named).ok_or_else(|| D::Error::custom(format!("no family is `{name}`")))
}
