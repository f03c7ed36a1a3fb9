//! What the goals are, table by table.

use super::edit::{Edit, edit, still_used};
use super::goal::{Goal, Place, PlacedRule, is_built_in};
use crate::family::Family;
use crate::host::foreign::{self, Foreign};
use crate::host::sharing::{SharedTable, Sharing};
use crate::restore_text::{Protocols, SavedRule, SavedTable, SavedText, normal_rule, normal_table};

/// What fwdsl loaded before, of one family.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    /// Tables that it owned as a whole.
    pub(crate) tables: &'a SavedText,
    /// Chains that it owned in tables of others, and its jumps to them.
    pub(crate) chains: &'a SavedText,
}

/// What is to become of one family's tables.
#[derive(Debug, Default)]
pub(crate) struct Goals {
    /// The tables that are ours as a whole.
    pub(crate) whole: SavedText,
    /// What is ours in the others.
    pub(crate) shared: Vec<Planned>,
    /// What is there under the names of our chains and is not ours.
    pub(crate) foreign: Vec<Foreign>,
    /// What of others has to be there and is not, each in words.
    pub(crate) missing: Vec<String>,
    /// The tables that the record is to hold: those that are ours as a whole or but for foreign chains.
    pub(crate) tables: SavedText,
    /// What the record is to hold of chains in others' tables from now on.
    pub(crate) chains: SavedText,
    pub(crate) warnings: Vec<String>,
}

/// A goal, and how far it is away.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) goal: Goal,
    pub(crate) former: Goal,
    /// `None` if it is reached.
    pub(crate) edit: Option<Edit>,
}

/// Finds them. `new` is the text to apply, `now` what is there.
pub(crate) fn find(
    family: Family,
    new: &SavedText,
    sharing: &Sharing,
    known: Known<'_>,
    now: &SavedText,
    protocols: &Protocols,
) -> Goals {
    let mut goals = Goals::default();
    let none = SharedTable::default();
    for name in all_tables(new, sharing, known) {
        let empty = SavedTable { name: name.to_owned(), chains: Vec::new(), rules: Vec::new() };
        let mut finder = Finder {
            family,
            new: new.table(name),
            sharing: sharing.table(name).unwrap_or(&none),
            known: [known.chains.table(name), known.tables.table(name)],
            now: now.table(name).unwrap_or(&empty),
            protocols,
            goals: &mut goals,
        };
        match (sharing.chains_alone, finder.new) {
            (false, Some(table)) if finder.sharing.foreign.is_empty() => {
                finder.goals.whole.tables.push(table.clone());
                finder.goals.tables.tables.push(table.clone());
            }
            (false, Some(table)) => finder.all_but_foreign(table),
            _ => finder.chains_alone(),
        }
    }
    goals
}

/// The names of tables in which something is ours and something others'; what is there of them must be known.
pub(crate) fn tables<'a>(new: &'a SavedText, sharing: &'a Sharing, known: Known<'a>) -> Vec<&'a str> {
    let whole = |name: &str| {
        let shared = sharing.table(name).is_some_and(|table| !table.foreign.is_empty());
        !sharing.chains_alone && !shared && new.table(name).is_some()
    };
    all_tables(new, sharing, known).into_iter().filter(|name| !whole(name)).collect()
}

/// The names of the tables that are to hold something of ours, or did.
fn all_tables<'a>(new: &'a SavedText, sharing: &Sharing, known: Known<'a>) -> Vec<&'a str> {
    let whole = if sharing.chains_alone { &known.tables.tables[..] } else { &[] };
    let mut names: Vec<&str> = Vec::new();
    for table in new.tables.iter().chain(&known.chains.tables).chain(whole) {
        if !names.contains(&table.name.as_str()) {
            names.push(&table.name);
        }
    }
    names
}

/// One table.
struct Finder<'a> {
    family: Family,
    new: Option<&'a SavedTable>,
    sharing: &'a SharedTable,
    known: [Option<&'a SavedTable>; 2],
    now: &'a SavedTable,
    protocols: &'a Protocols,
    goals: &'a mut Goals,
}

impl Finder<'_> {
    /// The table is ours but for some chains.
    fn all_but_foreign(&mut self, table: &SavedTable) {
        let mut goal = Goal::new(&table.name);
        goal.chains = table.clone();
        self.goals.tables.tables.push(table.clone());
        let ours = |name: &str| table.chains.iter().any(|chain| chain.name == name);
        let others = self.now.chains.iter().map(|chain| &chain.name);
        goal.absent = others
            .filter(|name| !ours(name) && !self.sharing.is_foreign(name) && !is_built_in(&table.name, name))
            .cloned()
            .collect();
        let mut rest = self.now.clone();
        rest.chains.retain(|chain| !self.sharing.is_foreign(&chain.name));
        rest.rules.retain(|rule| !self.sharing.is_foreign(rule.chain()));
        self.check(&rest, Some(table));
        for rule in self.now.rules.iter().filter(|rule| self.sharing.is_foreign(rule.chain())) {
            if let Some(target) = rule.target().filter(|target| goal.absent.iter().any(|name| name == target))
            {
                self.goals.missing.push(format!(
                    "{} goes to `{target}`, which would be removed: name that a foreign chain too",
                    self.chain(rule.chain())
                ));
            }
        }
        self.plan(goal);
    }

    /// Chains in the table are ours, or were.
    fn chains_alone(&mut self) {
        let mut goal = Goal::new(&self.now.name);
        let mut record = goal.chains.clone();
        if let Some(new) = self.new {
            goal.chains = new.clone();
            record = new.clone();
        }
        for known in self.known.into_iter().flatten() {
            for rule in known.rules.iter().filter(|rule| is_built_in(&known.name, rule.chain())) {
                goal.shared(rule.chain()).ours.push(rule.text.clone());
            }
        }
        for jump in &self.sharing.jumps {
            let rule = jump.rule();
            record.rules.push(SavedRule { counters: None, text: rule.clone() });
            let shared = goal.shared(&jump.from);
            shared.ours.push(rule.clone());
            let place = Place::from(&jump.position);
            shared.wanted.push(PlacedRule { rule, counters: None, place });
        }
        let made = self.known.into_iter().flatten().flat_map(|known| &known.chains);
        let mut retired: Vec<String> = Vec::new();
        for chain in made.filter(|chain| chain.policy.is_none()) {
            let there = self.now.chains.iter().any(|now| now.name == chain.name);
            let stays = goal.holds(&chain.name) || self.sharing.is_foreign(&chain.name);
            if there && !stays && !retired.contains(&chain.name) {
                retired.push(chain.name.clone());
            }
        }
        // What others go to stays, and what goes on from there.
        if let Ok(after) = edit(self.now, &goal, self.protocols) {
            let after = after.map_or_else(|| self.now.clone(), |edit| edit.after);
            let used = still_used(&after, &retired.iter().collect::<Vec<_>>());
            let (kept, gone) = retired.into_iter().partition(|name| used.contains(name));
            goal.absent = gone;
            self.keep(kept, &after, &mut record);
        }
        let mut ours = self.now.clone();
        ours.chains.retain(|chain| goal.holds(&chain.name));
        ours.rules.retain(|rule| goal.holds(rule.chain()));
        self.take_as_ours(&mut ours);
        self.check(&ours, None);
        self.warn_of_policies();
        if !record.chains.is_empty() {
            self.goals.chains.tables.push(record);
        }
        self.plan(goal);
    }

    /// Says of chains that they stay though nobody wants them, and keeps them in the record.
    fn keep(&mut self, kept: Vec<String>, now: &SavedTable, record: &mut SavedTable) {
        for name in kept {
            self.goals.warnings.push(format!(
                "{}, which an earlier apply made, is no longer in the policy, but rules of others go to it, so it \
                 stays as it is",
                self.chain(&name)
            ));
            let chain = now.chains.iter().find(|chain| chain.name == name);
            record.chains.extend(chain.cloned());
            record.rules.extend(now.rules_of(&name).map(|rule| SavedRule { counters: None, ..rule.clone() }));
        }
    }

    /// A chain that stands just as it is to stand is taken for ours whoever made it: the boot may have loaded it from
    /// a file that was saved elsewhere.
    fn take_as_ours(&self, ours: &mut SavedTable) {
        let Some(new) = self.new else { return };
        let (wanted, there) = (normal_table(new, self.protocols), normal_table(ours, self.protocols));
        let same =
            |name: &str| wanted.chains.get(name).is_some_and(|chain| there.chains.get(name) == Some(chain));
        ours.chains.retain(|chain| !same(&chain.name));
        ours.rules.retain(|rule| !same(rule.chain()));
    }

    /// Notes what of `ours` is not: chains of other makers, and rules that others put into ours.
    fn check(&mut self, ours: &SavedTable, whole: Option<&SavedTable>) {
        let text = |table: Option<&SavedTable>| SavedText { tables: table.into_iter().cloned().collect() };
        let mut known: Vec<SavedText> = self.known.iter().map(|table| text(*table)).collect();
        known.push(text(whole));
        // A rule that is in the new text as well is not lost; a chain is another's by its name alone.
        let rules = self.new.map(|new| SavedTable { chains: Vec::new(), ..new.clone() });
        let new: Vec<String> = rules
            .iter()
            .flat_map(|table| &table.rules)
            .map(|rule| normal_rule(&rule.text, self.protocols))
            .collect();
        let known: Vec<&SavedText> = known.iter().collect();
        let found = foreign::find(self.family, ours, &known, self.protocols);
        self.goals.foreign.extend(
            found.into_iter().filter(|foreign| !new.contains(&normal_rule(&foreign.line, self.protocols))),
        );
    }

    /// The policies of built-in chains stay as a former apply set them: to accept all that our rules no longer stop
    /// could open the host.
    fn warn_of_policies(&mut self) {
        let [_, Some(whole)] = self.known else { return };
        let drops = |chain: &&crate::restore_text::SavedChain| chain.policy.as_deref() == Some("DROP");
        for chain in whole.chains.iter().filter(drops) {
            if self.now.chains.iter().filter(drops).any(|now| now.name == chain.name) {
                self.goals.warnings.push(format!(
                    "the policy of {} stays DROP, which an earlier apply set: it is no longer the policy's, which owns \
                     only its chains now; set it by hand (`-P`) if others rely on ACCEPT",
                    self.chain(&chain.name)
                ));
            }
        }
    }

    fn plan(&mut self, goal: Goal) {
        for foreign in self.sharing.foreign.iter().filter(|name| !name.ends_with('+')) {
            if !self.now.chains.iter().any(|chain| chain.name == *foreign) {
                self.goals.missing.push(format!("{} is not there", self.chain(foreign)));
            }
        }
        match edit(self.now, &goal, self.protocols) {
            Ok(edit) => {
                let former = goal.former(self.now, self.protocols);
                self.goals.shared.push(Planned { goal, former, edit });
            }
            Err(problem) => {
                let table = &self.now.name;
                self.goals.missing.push(format!("{problem} ({} table `{table}`)", self.family));
            }
        }
    }

    fn chain(&self, name: &str) -> String {
        format!("{} chain `{name}` of table `{}`", self.family, self.now.name)
    }
}
