//! What our own service does at boot: the kept policy is applied, as any other, and a file says that it was.
//!
//! Two things differ from an apply that somebody calls for. There is nobody to be asked, so what others loaded before in the
//! policy's own tables is replaced, in the first load of a boot. And the chains of others are not there yet: those that our
//! rules go to are made, empty, for their makers to find and fill, and a jump that belongs beside one of theirs stands first
//! or last until the next apply.

use std::path::Path;

use super::kept::KeptPolicy;
use super::service::LOADED;
use crate::family::Family;
use crate::host::apply::apply;
use crate::host::change::FileContent;
use crate::host::detect::{self, Host};
use crate::host::error::ApplyError;
use crate::host::files;
use crate::host::options::{Desired, Options};
use crate::host::places;
use crate::host::policy_name::policy_names;
use crate::host::report::Report;
use crate::host::rules;
use crate::host::sharing::Sharing;
use crate::host::tree::Tree;
use crate::model::HookPosition;
use crate::restore_text::{SavedText, parse};

/// Loads the policy that is kept for boot.
///
/// # Errors
///
/// [`ApplyError::Kept`] if nothing usable is kept, else as for an [`apply`](crate::host::apply).
pub fn load(options: &Options) -> Result<Report, ApplyError> {
    let root = options.root()?;
    let KeptPolicy { mut desired, variant } = KeptPolicy::load(&Tree::new(Some(&root)))?;
    desired.policy = policy_names(Some(&root)).at_boot;
    let marker = places::below(&root, Path::new(LOADED))?;
    let is_first = !marker.exists();
    let options = Options {
        variant: options.variant.or(variant),
        replace_foreign: options.replace_foreign || is_first,
        just_started: is_first,
        ..options.clone()
    };
    bring_others(&mut desired, &options)?;
    let report = apply(&desired, &options)?;
    // For whoever looks: that it is there counts.
    let content = FileContent::Regular { bytes: Vec::new(), mode: 0o644 };
    files::put(&marker, &content, None)?;
    Ok(report)
}

/// Sees to it that what the rules want of others is there, or is not wanted yet.
fn bring_others(desired: &mut Desired, options: &Options) -> Result<(), ApplyError> {
    let waits = |sharing: &Sharing| {
        sharing.tables.iter().any(|table| {
            !table.foreign.is_empty() || table.jumps.iter().any(|jump| jump.position.anchor().is_some())
        })
    };
    let families: Vec<Family> =
        Family::ALL.into_iter().filter(|family| waits(desired.sharing(*family))).collect();
    if families.is_empty() {
        return Ok(());
    }
    let host = detect::detect(options, &families)?;
    for (family, programs) in &host.families {
        let now = rules::save(programs, &host.runner, *family)?;
        let text = match family {
            Family::Ipv4 => &desired.ipv4,
            Family::Ipv6 => &desired.ipv6,
        };
        let Some(new) = text.as_ref().and_then(|text| parse(text).ok()) else { continue };
        let sharing = match family {
            Family::Ipv4 => &mut desired.ipv4_sharing,
            Family::Ipv6 => &mut desired.ipv6_sharing,
        };
        let chains = without_others(sharing, &new, &now);
        make(&host, *family, &chains, options)?;
    }
    Ok(())
}

/// The chains of others that our rules go to and that are not there, by table. What else is not there is no longer waited
/// for.
fn without_others(sharing: &mut Sharing, new: &SavedText, now: &SavedText) -> Vec<(String, Vec<String>)> {
    let mut wanted = Vec::new();
    for table in &mut sharing.tables {
        let there = |name: &str| {
            now.table(&table.name).is_some_and(|now| now.chains.iter().any(|chain| chain.name == name))
        };
        let gone_to = |name: &str| {
            new.table(&table.name).is_some_and(|new| new.rules.iter().any(|rule| rule.target() == Some(name)))
        };
        let missing: Vec<String> =
            table.foreign.iter().filter(|name| !name.ends_with('+') && !there(name)).cloned().collect();
        let (made, unneeded): (Vec<String>, Vec<String>) =
            missing.into_iter().partition(|name| gone_to(name));
        table.foreign.retain(|name| !unneeded.contains(name));
        for jump in &mut table.jumps {
            let Some(anchor) = jump.position.anchor() else { continue };
            let is_there = now
                .table(&table.name)
                .is_some_and(|now| now.rules_of(&jump.from).any(|rule| rule.target() == Some(anchor)));
            if !is_there {
                jump.position = match jump.position {
                    HookPosition::Before(_) => HookPosition::First,
                    _ => HookPosition::Last,
                };
            }
        }
        if !made.is_empty() {
            wanted.push((table.name.clone(), made));
        }
    }
    wanted
}

fn make(
    host: &Host,
    family: Family,
    tables: &[(String, Vec<String>)],
    options: &Options,
) -> Result<(), ApplyError> {
    let Some((_, programs)) = host.families.iter().find(|(of, _)| *of == family) else { return Ok(()) };
    if tables.is_empty() {
        return Ok(());
    }
    let table = |(name, chains): &(String, Vec<String>)| {
        let chains: String = chains.iter().map(|chain| format!(":{chain} - [0:0]\n")).collect();
        format!("*{name}\n{chains}COMMIT\n")
    };
    rules::edit(programs, &host.runner, tables.iter().map(table).collect(), options.lock_wait)
}
