//! What would become of packets: the kernel's rules against those that it would have after an apply.
//!
//! ```text
//! iptables-save ──import──▶ rules now ───────────────────────────────┐
//!       │ plan                                                       ├──compare──▶ Comparison
//!       ▼                                                            │
//! text after ──import──▶ rules after ◀── the policy's, chain by chain┘
//! ```
//!
//! Both sides are whole tables, those of others included, so that what a jump among others' rules does is known. The
//! chains of the policy are its own lowered rules, which know where they come from.

use std::sync::Arc;

use super::Origin;
use super::place::{PrintedLines, without_counters};
use crate::analysis::{COMPARE_BUDGET, Comparison, NotDecided, Side, compare_rulesets};
use crate::family::Family;
use crate::host::detect::Host;
use crate::host::plan::{Plan, RulesPlan, Seen};
use crate::host::sets;
use crate::host::variant;
use crate::import::import_leniently;
use crate::ipset::KernelSet;
use crate::loc::{Loc, Sources};
use crate::lower::{Ruleset, lower};
use crate::model::{Action, OptionUse, Value};
use crate::restore_text::{SavedText, lines::Content, lines::lines};

/// What would become of the packets of one family.
#[derive(Debug)]
pub struct Meaning {
    /// The differences; all of them, if it is decided.
    pub comparison: Result<Comparison, NotDecided>,
    old: Firewall,
    new: Firewall,
}

/// Where the rules of a side stand.
#[derive(Debug)]
struct Firewall {
    sources: Sources,
    texts: Vec<String>,
}

impl Firewall {
    fn side(&self) -> Side<'_> {
        Side { sources: &self.sources, texts: self.texts.iter().map(String::as_str).collect() }
    }
}

impl Meaning {
    /// Where the kernel's rules stand: in what `iptables-save` prints.
    pub fn before(&self) -> Side<'_> {
        self.old.side()
    }

    /// Where the rules after an apply come from: the policy's source, and for those of others what `iptables-save` prints.
    pub fn after(&self) -> Side<'_> {
        self.new.side()
    }

    /// Whether it is proven that the same becomes of all packets.
    pub fn is_same(&self) -> bool {
        self.comparison.as_ref().is_ok_and(Comparison::is_same)
    }

    pub(super) fn of(
        host: &Host,
        plan: &Plan,
        seen: &Seen,
        after: &SavedText,
        origin: Origin<'_>,
    ) -> Meaning {
        let policy = origin.rulesets.iter().find(|ruleset| ruleset.family == seen.family);
        let concerned = |name: &str| {
            after.table(name).is_some()
                || policy.is_some_and(|policy| policy.tables.iter().any(|table| table.name.name() == name))
        };
        let program = format!("{}-save", variant::base(seen.family));
        let printed = plain(&seen.printed);
        let mut old = read(&printed, &program, seen.family);
        old.tables.retain(|table| concerned(table.name.name()));
        let untouched = seen.tables.tables.iter().filter(|table| after.table(&table.name).is_none());
        let all = SavedText { tables: after.tables.iter().chain(untouched).cloned().collect() }.to_string();
        let mut new = read(&all, &program, seen.family);
        new.tables.retain(|table| concerned(table.name.name()));
        let mut sources = origin.model.sources().clone();
        let file = sources.files.len() as u16;
        sources.files.push(program.clone());
        place_as_printed(&mut new, &all, &printed, file);
        if let Some(policy) = policy {
            take_from(policy, &mut new);
        }
        let names = names_of_sets(&old).chain(names_of_sets(&new)).collect();
        let held = sets::held(
            host,
            &plan.sets,
            names,
            policy.map_or(&[][..], |policy| &policy.sets),
            &plan.protocols,
        );
        refer(&mut old, &held.now);
        refer(&mut new, &held.after);
        let texts = std::iter::repeat_n(String::new(), usize::from(file)).chain([printed.clone()]).collect();
        Meaning {
            comparison: compare_rulesets(&old, &new, COMPARE_BUDGET),
            old: Firewall { sources: Sources::of_file(program), texts: vec![printed] },
            new: Firewall { sources, texts },
        }
    }
}

/// All rules of a family, now and after an apply, with what is in their sets.
pub(in crate::host) fn sides(host: &Host, plan: &Plan, seen: &Seen) -> [Ruleset; 2] {
    let after = after(seen, plan.rules.iter().find(|rules| rules.family == seen.family));
    let untouched = seen.tables.tables.iter().filter(|table| after.table(&table.name).is_none());
    let after = SavedText { tables: after.tables.iter().chain(untouched).cloned().collect() };
    let program = variant::base(seen.family);
    let mut sides =
        [seen.tables.to_string(), after.to_string()].map(|text| read(&text, program, seen.family));
    let names = sides.iter().flat_map(names_of_sets).collect();
    let held = sets::held(host, &plan.sets, names, &[], &plan.protocols);
    refer(&mut sides[0], &held.now);
    refer(&mut sides[1], &held.after);
    sides
}

/// The tables that change, as they are after an apply.
pub(super) fn after(seen: &Seen, change: Option<&RulesPlan>) -> SavedText {
    let Some(change) = change else { return SavedText::default() };
    let mut after = SavedText { tables: change.new.clone() };
    let edits = change.shared.iter().filter_map(|planned| planned.edit.as_ref());
    after.tables.extend(edits.map(|edit| edit.after.clone()));
    // In the order in which they are printed; what is new comes last.
    let place =
        |name: &str| seen.tables.tables.iter().position(|table| table.name == name).unwrap_or(usize::MAX);
    after.tables.sort_by_key(|table| place(&table.name));
    after
}

/// The same text line by line, without counters before rules.
fn plain(printed: &str) -> String {
    let line = |line: &str| format!("{}\n", without_counters(line));
    printed.lines().map(line).collect()
}

fn read(text: &str, file: &str, family: Family) -> Ruleset {
    let text = Some((text, file));
    let imported = match family {
        Family::Ipv4 => import_leniently(text, None),
        Family::Ipv6 => import_leniently(None, text),
    };
    let none = || Ruleset { family, tables: Vec::new(), chains_alone: false, sets: Vec::new() };
    lower(&imported.model, family).unwrap_or_else(none)
}

/// Gives rules the places that they have in what was printed.
fn place_as_printed(ruleset: &mut Ruleset, text: &str, printed: &str, file: u16) {
    let texts: Vec<&str> = text.lines().collect();
    let mut tables = Vec::new();
    let mut table = "";
    for line in lines(text) {
        if let Content::Table(name) = line.content {
            table = name;
        }
        tables.push(table);
    }
    let mut printed = PrintedLines::of(printed);
    let mut places = vec![0; texts.len()];
    for (index, text) in texts.iter().enumerate() {
        places[index] = printed.take(tables[index], without_counters(text)).unwrap_or(0);
    }
    let chains = ruleset.tables.iter_mut().flat_map(|table| &mut table.chains);
    for rule in chains.flat_map(|chain| &mut chain.rules) {
        let at = (rule.loc.line as usize).checked_sub(1).and_then(|at| places.get(at));
        rule.loc = Loc { file, ..Loc::line(at.copied().unwrap_or(0)) };
    }
}

/// Puts the policy's own chains in the place of those that were read, and names the source of its jumps.
fn take_from(policy: &Ruleset, ruleset: &mut Ruleset) {
    for table in &mut ruleset.tables {
        let Some(of_policy) = policy.table(table.name) else { continue };
        for chain in &mut table.chains {
            match of_policy.chain(&chain.name) {
                Some(own) => *chain = own.clone(),
                None => {
                    for jump in of_policy.hooks.iter().filter(|jump| jump.hook.name() == chain.name) {
                        let is_jump = |action: &Action| *action == Action::Jump(jump.chain.clone());
                        let rules = chain.rules.iter_mut().filter(|rule| is_jump(&rule.action));
                        rules.filter(|rule| rule.matches.is_empty()).for_each(|rule| rule.loc = jump.loc);
                    }
                }
            }
        }
    }
}

fn options(ruleset: &mut Ruleset) -> impl Iterator<Item = &mut OptionUse> {
    let chains = ruleset.tables.iter_mut().flat_map(|table| &mut table.chains);
    chains.flat_map(|chain| &mut chain.rules).flat_map(|rule| {
        let done = match &mut rule.action {
            Action::Target { options, .. } => options.as_mut_slice(),
            Action::Jump(_) | Action::Goto(_) => &mut [],
        };
        rule.matches.iter_mut().flat_map(|entry| &mut entry.options).chain(done)
    })
}

/// The names in the kernel of the sets that rules refer to.
fn names_of_sets(ruleset: &Ruleset) -> impl Iterator<Item = String> + use<> {
    let mut names = Vec::new();
    for option in options(&mut ruleset.clone()) {
        for value in &option.values {
            if let Value::Set(set) = &value.value {
                names.push(set.kernel.as_ref().map_or(&set.name, |kernel| &kernel.name).clone());
            }
        }
    }
    names.into_iter()
}

/// Says of every reference to a set what is in it.
fn refer(ruleset: &mut Ruleset, held: &[Arc<KernelSet>]) {
    for option in options(ruleset) {
        for value in &mut option.values {
            if let Value::Set(set) = &mut value.value {
                let name = set.kernel.as_ref().map_or(&set.name, |kernel| &kernel.name);
                if let Some(found) = held.iter().find(|held| held.name == *name) {
                    set.kernel = Some(found.clone());
                }
            }
        }
    }
}
