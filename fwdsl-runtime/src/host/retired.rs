//! Tables that an earlier apply loaded and that the policy has no more.

use crate::family::Family;
use crate::restore_text::{
    Counters, Protocols, SavedChain, SavedTable, SavedText, builtin_chains, normal_table,
};

/// What is to become of such tables.
#[derive(Debug, Default)]
pub(crate) struct Retired {
    /// They hold what fwdsl loaded and nothing else: they are emptied, and accept everything.
    pub(crate) emptied: Vec<SavedTable>,
    /// Others have changed them since, or it cannot be told: they stay as they are.
    pub(crate) kept: Vec<String>,
}

/// Finds them: in the record, in the kernel, and not in the new text. `faithful` says of a table whether its saved
/// text is all that it holds.
pub(crate) fn find(
    recorded: &SavedText,
    new: &SavedText,
    former: &SavedText,
    protocols: &Protocols,
    faithful: impl Fn(&str) -> bool,
) -> Retired {
    let mut retired = Retired::default();
    for ours in recorded.tables.iter().filter(|table| new.table(&table.name).is_none()) {
        let (Some(now), Some(empty)) = (former.table(&ours.name), empty(&ours.name)) else { continue };
        let now = normal_table(now, protocols);
        if now == normal_table(&empty, protocols) {
            continue;
        }
        if now == normal_table(ours, protocols) && faithful(&ours.name) {
            retired.emptied.push(empty);
        } else if normal_table(ours, protocols) != normal_table(&empty, protocols) {
            retired.kept.push(ours.name.clone());
        }
    }
    retired
}

/// Says that a table stays though the policy has it no more.
pub(crate) fn warning(family: Family, table: &str) -> String {
    format!(
        "the {family} table `{table}`, which an earlier apply loaded, is no longer in the policy, but others have \
         changed it since, so it stays as it is"
    )
}

/// A table as the kernel has it before anybody puts rules there.
fn empty(name: &str) -> Option<SavedTable> {
    let chain = |name: &&str| SavedChain {
        name: (*name).to_owned(),
        policy: Some("ACCEPT".to_owned()),
        counters: Counters::default(),
    };
    let chains = builtin_chains(name)?.iter().map(chain).collect();
    Some(SavedTable { name: name.to_owned(), chains, rules: Vec::new() })
}
