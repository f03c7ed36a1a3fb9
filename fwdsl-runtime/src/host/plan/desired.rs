//! The texts to load, and whether they are whole.

use crate::family::Family;
use crate::host::error::ApplyError;
use crate::host::options::Desired;
use crate::host::record::Record;
use crate::restore_text::{self, ParseError, SavedRule, SavedTable, SavedText, builtin_chains};

/// The texts to load, by family.
pub(crate) fn desired_texts(desired: &Desired) -> Result<Vec<(Family, SavedText)>, ApplyError> {
    let mut texts = Vec::new();
    for (family, text) in [(Family::Ipv4, &desired.ipv4), (Family::Ipv6, &desired.ipv6)] {
        let Some(text) = text else { continue };
        let bad = |error| ApplyError::Text { family, error };
        let text = restore_text::parse(text).map_err(bad)?;
        let check = match desired.sharing(family).chains_alone {
            true => check_chains_alone,
            false => check_complete,
        };
        text.tables.iter().try_for_each(check).map_err(|message| bad(ParseError { line: 0, message }))?;
        texts.push((family, text));
    }
    Ok(texts)
}

/// Adds the families that left the policy and in which chains of an earlier apply stand: nothing of theirs is wanted.
pub(crate) fn add_left_families(texts: &mut Vec<(Family, SavedText)>, record: &Record) {
    // Files alone touch no rules.
    if texts.is_empty() {
        return;
    }
    for family in Family::ALL {
        if !texts.iter().any(|(of, _)| *of == family) && !record.chains_of(family).tables.is_empty() {
            texts.push((family, SavedText::default()));
        }
    }
    texts.sort_by_key(|(family, _)| *family);
}

/// A built-in chain that is left out would keep its policy on legacy and lose it under nft.
fn check_complete(table: &SavedTable) -> Result<(), String> {
    let name = &table.name;
    let builtin = builtin_chains(name).ok_or_else(|| format!("iptables has no table `{name}`"))?;
    let given =
        |chain: &&str| table.chains.iter().any(|given| given.name == **chain && given.policy.is_some());
    match builtin.iter().find(|chain| !given(chain)) {
        None => Ok(()),
        Some(chain) => Err(format!("table `{name}` gives no policy for its chain {chain}")),
    }
}

/// Built-in chains are others' where only chains are ours.
fn check_chains_alone(table: &SavedTable) -> Result<(), String> {
    let builtin =
        builtin_chains(&table.name).ok_or_else(|| format!("iptables has no table `{}`", table.name))?;
    let names = table.chains.iter().map(|chain| chain.name.as_str());
    match names.chain(table.rules.iter().map(SavedRule::chain)).find(|name| builtin.contains(name)) {
        None => Ok(()),
        Some(chain) => Err(format!("the built-in chain {chain} of table `{}` is others'", table.name)),
    }
}
