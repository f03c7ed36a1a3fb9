//! Which sets have to be made, filled, put right and destroyed. Nothing is changed here.

use std::collections::HashSet;
use std::path::PathBuf;

use super::saved::{SavedElement, SavedSet, parameters};
use super::{DesiredSet, ipset, stem};
use crate::family::Family;
use crate::host::detect::Host;
use crate::host::error::ApplyError;
use crate::host::journal::StaleSets;
use crate::host::record::RecordedSet;
use crate::host::report::{SetChange, SetReport};
use crate::ipset::Method;
use crate::restore_text::Protocols;

/// What an apply does to sets.
#[derive(Debug, Default)]
pub(crate) struct SetsPlan {
    /// The program; `None` if there is nothing to do with sets.
    pub(super) ipset: Option<PathBuf>,
    /// Sets to make, in the order in which they can be made.
    pub(super) new: Vec<NewSet>,
    /// Sets that somebody changed by hand, as they are and as they are to be.
    pub(super) changed: Vec<(SavedSet, SavedSet)>,
    /// Kept sets that lack elements of the policy, or are to lack some that they have.
    pub(super) grown: Vec<Grown>,
    /// Sets of former applies that nothing refers to any more.
    pub(super) stale: Vec<Stale>,
    /// All sets of this apply.
    pub(super) wanted: Vec<RecordedSet>,
    pub(crate) warnings: Vec<String>,
}

/// A kept set, and what it gets.
#[derive(Debug)]
pub(super) struct Grown {
    pub(super) name: String,
    pub(super) elements: Vec<SavedElement>,
    /// The entries that it loses.
    pub(super) removed: Vec<String>,
    /// What is there of all of them: those with other words behind them, and those that it loses.
    pub(super) former: Vec<SavedElement>,
}

/// A set that is to go.
#[derive(Debug)]
pub(super) struct Stale {
    pub(super) set: RecordedSet,
    /// What is in it; `None` if it is of a kind that is not known.
    pub(super) contents: Option<SavedSet>,
}

/// A set to make.
#[derive(Debug)]
pub(super) struct NewSet {
    pub(super) set: SavedSet,
    /// Contents do not change without anybody's doing, so that they can be compared once it is made.
    pub(super) is_certain: bool,
}

/// Compares the desired sets with those of the kernel. `recorded` are those of the last apply.
pub(crate) fn plan(
    host: &Host,
    desired: &[DesiredSet],
    recorded: &[RecordedSet],
    protocols: &Protocols,
) -> Result<SetsPlan, ApplyError> {
    let has = |family: Family| host.families.iter().any(|(of, _)| *of == family);
    // A family that the kernel does not have gets no rules, and so needs no sets.
    let desired: Vec<&DesiredSet> =
        desired.iter().filter(|set| set.family.is_none_or(has) && !host.families.is_empty()).collect();
    // Files alone touch nothing of the kernel.
    if host.families.is_empty() || (desired.is_empty() && recorded.is_empty()) {
        return Ok(SetsPlan::default());
    }
    let mut plan = SetsPlan::default();
    let ipset = match host.programs.find("ipset") {
        Some(ipset) => ipset,
        None if desired.is_empty() => {
            plan.wanted = recorded.to_vec();
            plan.warnings.push(
                "sets of an earlier apply may still be there: `ipset`, which destroys them, is not installed"
                    .to_owned(),
            );
            return Ok(plan);
        }
        None => host.programs.need("ipset")?,
    };
    let there = ipset::names(&ipset, &host.runner)?;
    let save = |name: &str| ipset::save(&ipset, &host.runner, name, protocols);
    for set in &desired {
        if set.foreign {
            check_foreign(
                set,
                there.contains(&set.name).then(|| ipset::header(&ipset, &host.runner, &set.name)),
            )?;
            continue;
        }
        plan.wanted.push(RecordedSet { name: set.name.clone(), keep: set.keep });
        let wanted = as_saved(set, protocols)?;
        if !there.contains(&set.name) {
            // One that was not kept holds what its policy had, and nothing of others.
            let is_former = |old: &&RecordedSet| {
                set.keep && old.keep && stem(&old.name) == stem(&set.name) && there.contains(&old.name)
            };
            let old = recorded.iter().find(is_former).map_or(Ok(None), |old| save(&old.name))?;
            let set_to_make = old.map_or(wanted.clone(), |old| plan.take_over(wanted, &old));
            plan.new.push(NewSet { set: set_to_make, is_certain: !set.keep && !set.changes_by_itself });
            continue;
        }
        let Some(found) = save(&set.name)?.filter(|found| found.kind == wanted.kind) else {
            return Err(ApplyError::Impossible(format!(
                "there is a set `{}` of another kind, which fwdsl did not make; destroy it (`ipset destroy {0}`)",
                set.name
            )));
        };
        if set.keep {
            let elements = found.missing(&wanted);
            if !elements.is_empty() {
                let entries: HashSet<&str> = elements.iter().map(|element| element.entry.as_str()).collect();
                let is_replaced = |element: &SavedElement| entries.contains(element.entry.as_str());
                let former = found.elements.iter().filter(|element| is_replaced(element)).cloned().collect();
                plan.grown.push(Grown { name: set.name.clone(), elements, removed: Vec::new(), former });
            }
        } else if !found.has_parameters_of(&wanted)
            || !(set.changes_by_itself || found.has_elements_of(&wanted))
        {
            plan.warnings.push(format!(
                "somebody changed the set `{}` since the last apply; it is put right in place",
                set.name
            ));
            plan.changed.push((found, wanted));
        }
    }
    let is_stale = |old: &&RecordedSet| {
        there.contains(&old.name) && plan.wanted.iter().all(|wanted| wanted.name != old.name)
    };
    plan.stale = recorded
        .iter()
        .filter(is_stale)
        .map(|old| Ok(Stale { set: old.clone(), contents: save(&old.name)? }))
        .collect::<Result<_, ApplyError>>()?;
    plan.ipset = Some(ipset);
    Ok(plan)
}

/// A desired set in the form of those that are there.
pub(super) fn as_saved(set: &DesiredSet, protocols: &Protocols) -> Result<SavedSet, ApplyError> {
    let element = |text: &String| {
        SavedElement::parse(set.kind, text, protocols)
            .ok_or_else(|| ApplyError::Impossible(format!("`{text}` is not an element of a set")))
    };
    Ok(SavedSet {
        name: set.name.clone(),
        kind: set.kind,
        parameters: parameters(set.parameters.split_whitespace()),
        elements: set.elements.iter().map(element).collect::<Result<_, _>>()?,
    })
}

/// Refuses a policy that refers to a set of others which is not there, or is another one.
fn check_foreign(
    set: &DesiredSet,
    header: Option<Result<(String, Option<String>), ApplyError>>,
) -> Result<(), ApplyError> {
    let name = &set.name;
    let Some(header) = header else {
        return Err(ApplyError::Impossible(format!(
            "the policy refers to the set `{name}` of others, and there is none: start what makes it first"
        )));
    };
    let (kind, family) = header?;
    if set.kind.method == Method::Unknown {
        return Ok(());
    }
    let wanted = set.family.filter(|_| set.kind.has_family()).map(|family| match family {
        Family::Ipv4 => "inet",
        Family::Ipv6 => "inet6",
    });
    if kind != set.kind.name || (wanted.is_some() && family.as_deref() != wanted) {
        let of = |family: Option<&str>| family.map(|family| format!(" family {family}")).unwrap_or_default();
        return Err(ApplyError::Impossible(format!(
            "the set `{name}` of others is of kind `{kind}{}`, and the policy declares it as `{}{}`",
            of(family.as_deref()),
            set.kind.name,
            of(wanted)
        )));
    }
    Ok(())
}

impl SetsPlan {
    /// The set with the elements of its former generation, as far as they fit.
    fn take_over(&mut self, mut set: SavedSet, old: &SavedSet) -> SavedSet {
        if set.kind != old.kind || set.value("range") != old.value("range") {
            self.warnings.push(format!(
                "elements that others added to the set `{}` are not in `{}`, which is for others of them",
                old.name, set.name
            ));
            return set;
        }
        let room: usize = set.value("maxelem").and_then(|most| most.parse().ok()).unwrap_or(usize::MAX);
        let mine: HashSet<String> = set.elements.iter().map(|element| element.entry.clone()).collect();
        let mut left_out = 0;
        for element in set.missing(old) {
            if mine.contains(&element.entry) {
                continue;
            }
            if set.elements.len() >= room {
                left_out += 1;
                continue;
            }
            let options = fitting(&set, old, element.options);
            set.elements.push(SavedElement { entry: element.entry, options });
        }
        if left_out > 0 {
            self.warnings.push(format!(
                "{left_out} elements that others added to the set `{}` have no room in `{}`",
                old.name, set.name
            ));
        }
        set
    }

    /// Whether the kernel's sets change, beside the going of what nothing refers to.
    pub(crate) fn changes_anything(&self) -> bool {
        !(self.new.is_empty() && self.changed.is_empty() && self.grown.is_empty())
    }

    /// Whether a set would hold something else under the same name.
    pub(crate) fn changes_in_place(&self) -> bool {
        !self.changed.is_empty()
    }

    /// What the record holds from now on: the sets of this apply, and those that are yet to go.
    pub(crate) fn recorded(&self) -> Vec<RecordedSet> {
        self.wanted.iter().chain(self.stale.iter().map(|stale| &stale.set)).cloned().collect()
    }

    /// Those that are to go.
    pub(crate) fn stale(&self) -> Option<StaleSets> {
        let names: Vec<String> = self.stale.iter().map(|stale| stale.set.name.clone()).collect();
        self.ipset.clone().filter(|_| !names.is_empty()).map(|ipset| StaleSets { ipset, names })
    }

    /// Whether it is one that is to go.
    pub(crate) fn is_stale(&self, name: &str) -> bool {
        self.stale.iter().any(|stale| stale.set.name == name)
    }

    pub(crate) fn report(&self) -> Vec<SetReport> {
        let report = |name: &String, change| SetReport { name: name.clone(), change };
        let new = self.new.iter().map(|new| report(&new.set.name, SetChange::Created));
        let changed = self.changed.iter().map(|(found, _)| report(&found.name, SetChange::PutRight));
        let grown = self.grown.iter().map(|grown| report(&grown.name, SetChange::Grown));
        let stale = self.stale.iter().map(|stale| report(&stale.set.name, SetChange::Destroyed));
        new.chain(changed).chain(grown).chain(stale).collect()
    }
}

/// The words behind an element that a set of other parameters takes.
fn fitting(set: &SavedSet, old: &SavedSet, options: Vec<(String, String)>) -> Vec<(String, String)> {
    let takes = |word: &str| match word {
        "timeout" => set.has("timeout"),
        "packets" | "bytes" => set.has("counters"),
        "comment" => set.has("comment"),
        "skbmark" | "skbprio" | "skbqueue" => set.has("skbinfo"),
        _ => true,
    };
    let mut options: Vec<(String, String)> = options.into_iter().filter(|(word, _)| takes(word)).collect();
    // What had no end has none.
    if set.has("timeout") && !old.has("timeout") {
        options.insert(0, ("timeout".to_owned(), "0".to_owned()));
    }
    options
}
