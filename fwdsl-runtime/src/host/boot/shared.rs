//! Rules for boot where tables are shared with others.
//!
//! What a distribution loads at boot are whole tables, into a kernel that has none yet; what others have, Docker or
//! fail2ban, they load themselves later, beside it. So the file's tables get our chains and the jumps to them among
//! what is there already, just as the kernel's do in an apply. A table that the file does not have comes as the kernel
//! has it: built-in chains that accept. A comment before the table names our chains, so that the next save finds them
//! whatever was applied in between. Chains of others that our rules go to are declared without rules, since else
//! the boot would load nothing at all; who makes them finds them there.

use super::sections::sections;
use super::{BootError, BootWarning, Distribution, cannot_read, layout};
use crate::family::Family;
use crate::host::owned::{self, Known};
use crate::host::places;
use crate::host::record::{self, Record};
use crate::host::sharing::Sharing;
use crate::host::tree::Tree;
use crate::model::HookPosition;
use crate::restore_text::{
    Counters, Protocols, SavedChain, SavedRule, SavedTable, SavedText, builtin_chains, parse,
};

/// What the comment begins with that names our chains in a table of others.
const OURS: &str = "# chains of fwdsl:";

/// The whole tables that are to stand in the family's file for `text` to be in force after a boot, and what is to be
/// said about them. Where nothing is shared, that is `text` itself.
///
/// # Errors
/// When a file that is there cannot be read, or is not one that `iptables-restore` reads.
pub fn whole_tables(
    family: Family,
    text: &str,
    sharing: &Sharing,
    distribution: Distribution,
    tree: &Tree,
) -> Result<(String, Vec<BootWarning>), BootError> {
    let path = layout(distribution, family, tree).map_err(|error| cannot_read("/etc/conf.d", error))?.rules;
    let file = tree.read(&path).map_err(|error| BootError::Read { path: path.clone(), error })?;
    let not_rules = |line| BootError::NotRules { path: path.clone(), line };
    // A text that is not of the grammar is told by whoever loads it.
    let Ok(new) = parse(text) else { return Ok((text.to_owned(), Vec::new())) };
    let record = known(tree);
    let (tables, chains) = (record.of(family), record.chains_of(family));
    // A table that is replaced as a whole may hold what we do not read.
    let concerned = |table: &str| {
        let among = |text: &SavedText| text.table(table).is_some();
        let foreign = sharing.table(table).is_some_and(|table| !table.foreign.is_empty());
        among(chains) || foreign || sharing.chains_alone && (among(&new) || among(tables))
    };
    let file = file_tables(&file.unwrap_or_default(), chains, concerned).map_err(not_rules)?;
    let shares = sharing.chains_alone || sharing.tables.iter().any(|table| !table.foreign.is_empty());
    match shares || !file.ours.tables.is_empty() {
        true => Ok(merge(family, &new, sharing, tables, &file)),
        false => Ok((text.to_owned(), Vec::new())),
    }
}

/// What fwdsl loaded on the system before; without a record, nothing is known to be ours but by its name.
fn known(tree: &Tree) -> Record {
    let text = tree.read(places::RECORD.as_ref()).ok().flatten().unwrap_or_default();
    record::parse(text.as_bytes()).unwrap_or_default()
}

/// What is in a file.
#[derive(Debug, Default)]
struct File {
    tables: SavedText,
    /// What of that is ours, in tables of others.
    ours: SavedText,
}

/// Reads a file; on error the line that is not of a table. `known` is what was applied last. Tables that are no
/// concern of ours may hold what we do not read.
fn file_tables(text: &str, known: &SavedText, concerned: impl Fn(&str) -> bool) -> Result<File, usize> {
    let mut file = File { tables: SavedText::default(), ours: known.clone() };
    for section in sections(text)? {
        let ours = || section.lines.iter().filter_map(|line| line.strip_prefix(OURS));
        match parse(&section.lines.join("\n")) {
            Ok(parsed) => {
                file.add_ours(section.table, ours().flat_map(str::split_whitespace));
                file.tables.tables.extend(parsed.tables);
            }
            Err(error) if concerned(section.table) || ours().next().is_some() => {
                return Err(section.first + error.line);
            }
            Err(_) => {}
        }
    }
    Ok(file)
}

impl File {
    /// Notes chains of ours, and that jumps from built-in chains to them are.
    fn add_ours<'a>(&mut self, table: &str, names: impl Iterator<Item = &'a str>) {
        let mut names = names.peekable();
        if names.peek().is_none() {
            return;
        }
        if self.ours.table(table).is_none() {
            self.ours.tables.push(SavedTable {
                name: table.to_owned(),
                chains: Vec::new(),
                rules: Vec::new(),
            });
        }
        let Some(ours) = self.ours.tables.iter_mut().find(|ours| ours.name == table) else { return };
        for name in names {
            ours.chains.push(user_chain(name));
            let jump = |from: &&str| SavedRule { counters: None, text: format!("-A {from} -j {name}") };
            ours.rules.extend(builtin_chains(table).unwrap_or_default().iter().map(jump));
        }
    }
}

fn user_chain(name: &str) -> SavedChain {
    SavedChain { name: name.to_owned(), policy: None, counters: Counters::default() }
}

fn merge(
    family: Family,
    new: &SavedText,
    sharing: &Sharing,
    known_tables: &SavedText,
    file: &File,
) -> (String, Vec<BootWarning>) {
    let mut sharing = sharing.clone();
    let mut now = file.tables.clone();
    let mut warnings = Vec::new();
    for table in &mut sharing.tables {
        let Some(new) = new.table(&table.name) else { continue };
        if now.table(&table.name).is_none() {
            now.tables.push(SavedTable::pristine(&table.name));
        }
        let Some(there) = now.tables.iter_mut().find(|there| there.name == table.name) else { continue };
        let gone_to = |name: &&String| new.rules.iter().any(|rule| rule.target() == Some(name.as_str()));
        for name in table.foreign.iter().filter(gone_to) {
            if !there.chains.iter().any(|chain| chain.name == *name) {
                there.chains.push(user_chain(name));
            }
        }
        // Whom a jump is to stand beside will come later.
        for jump in &mut table.jumps {
            let Some(anchor) = jump.position.anchor() else { continue };
            if !there.rules_of(&jump.from).any(|rule| rule.target() == Some(anchor)) {
                let (from, anchor) = (jump.from.clone(), anchor.to_owned());
                warnings.push(BootWarning::Unplaced { family, from, to: jump.to.clone(), anchor });
                jump.position = match jump.position {
                    HookPosition::Before(_) => HookPosition::First,
                    _ => HookPosition::Last,
                };
            }
        }
    }
    let known = Known { tables: known_tables, chains: &file.ours };
    let goals = owned::find(family, new, &sharing, known, &now, &Protocols::default());
    let mut text = goals.whole.to_string();
    for planned in goals.shared {
        let name = planned.goal.table();
        let unchanged =
            now.table(name).filter(|now| file.tables.table(name) == Some(*now) && planned.edit.is_none());
        // What need not change stays word for word, comments included.
        if unchanged.is_none() {
            let after = planned.edit.map(|edit| edit.after).or_else(|| now.table(name).cloned());
            let ours: Vec<&str> =
                new.table(name).map(SavedTable::user_chains).into_iter().flatten().collect();
            if sharing.chains_alone && !ours.is_empty() {
                text.push_str(&format!("{OURS} {}\n", ours.join(" ")));
            }
            text.extend(after.map(|after| in_order(after).to_string()));
        }
    }
    (text, warnings)
}

/// The table as `iptables-save` would print it.
fn in_order(mut table: SavedTable) -> SavedTable {
    let builtin = builtin_chains(&table.name).unwrap_or_default();
    for name in builtin {
        if !table.chains.iter().any(|chain| chain.name == **name) {
            table.chains.extend(
                SavedTable::pristine(&table.name).chains.into_iter().filter(|chain| chain.name == **name),
            );
        }
    }
    let place = |name: &str| builtin.iter().position(|chain| *chain == name).unwrap_or(builtin.len());
    table.chains.sort_by(|one, other| (place(&one.name), &one.name).cmp(&(place(&other.name), &other.name)));
    let rules: Vec<SavedRule> = table
        .chains
        .iter()
        .flat_map(|chain| table.rules_of(&chain.name).cloned().collect::<Vec<_>>())
        .collect();
    table.rules = rules;
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::sharing::{Jump, SharedTable};

    const NEW: &str = "*filter\n:fwdsl-FORWARD - [0:0]\n:fwdsl-INPUT - [0:0]\n-A fwdsl-FORWARD -j DOCKER-USER\n\
                        -A fwdsl-INPUT -j DROP\nCOMMIT\n";

    fn sharing() -> Sharing {
        let jump = |from: &str, position| Jump { from: from.into(), to: format!("fwdsl-{from}"), position };
        let jumps = vec![
            jump("INPUT", HookPosition::First),
            jump("FORWARD", HookPosition::After("DOCKER-FORWARD".into())),
        ];
        let table = SharedTable { name: "filter".into(), jumps, foreign: vec!["DOCKER-USER".into()] };
        Sharing { chains_alone: true, tables: vec![table] }
    }

    fn merged(file: &str, known: &Record) -> (String, Vec<BootWarning>) {
        let file = file_tables(file, known.chains_of(Family::Ipv4), |_| true).unwrap();
        merge(Family::Ipv4, &parse(NEW).unwrap(), &sharing(), known.of(Family::Ipv4), &file)
    }

    #[test]
    fn without_a_file_the_table_accepts_and_has_our_chains() {
        let (text, warnings) = merged("", &Record::default());
        assert_eq!(
            text,
            "# chains of fwdsl: fwdsl-FORWARD fwdsl-INPUT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:DOCKER-USER - [0:0]\n\
             :fwdsl-FORWARD - [0:0]\n:fwdsl-INPUT - [0:0]\n-A INPUT -j fwdsl-INPUT\n-A FORWARD -j fwdsl-FORWARD\n\
             -A fwdsl-FORWARD -j DOCKER-USER\n-A fwdsl-INPUT -j DROP\nCOMMIT\n"
        );
        assert_eq!(warnings.len(), 1);
        let said = warnings[0].to_string();
        assert!(said.contains("FORWARD") && said.contains("`DOCKER-FORWARD`"), "{said}");
        assert_eq!(merged(&text, &Record::default()).0, "", "a second save changes nothing");
    }

    #[test]
    fn what_others_have_in_the_file_stays() {
        let file = "# by hand\n*filter\n:INPUT DROP [7:8]\n:mine - [0:0]\n[1:2] -A INPUT -s 192.0.2.1/32 -j mine\n\
                    -A mine -j DROP\nCOMMIT\n*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n";
        let (text, _) = merged(file, &Record::default());
        for line in [
            ":INPUT DROP [7:8]\n",
            "-A INPUT -j fwdsl-INPUT\n[1:2] -A INPUT -s 192.0.2.1/32 -j mine\n",
            "-A mine -j DROP\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("*nat"), "{text}");
    }

    #[test]
    fn what_an_earlier_policy_saved_goes() {
        let mut record = Record::default();
        record.set(
            Family::Ipv4,
            &parse("*filter\n:INPUT DROP [0:0]\n:old - [0:0]\n-A INPUT -j old\nCOMMIT\n").unwrap(),
        );
        let file =
            "*filter\n:INPUT DROP [0:0]\n:old - [0:0]\n-A INPUT -j old\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n";
        let (text, _) = merged(file, &record);
        assert!(!text.contains("old") && text.contains(":INPUT DROP [0:0]\n"), "{text}");
        assert!(text.contains("-A INPUT -j fwdsl-INPUT\n-A INPUT -i lo -j ACCEPT\n"), "{text}");
    }

    #[test]
    fn what_was_saved_is_known_without_a_record() {
        let file = "# chains of fwdsl: fwdsl-OUTPUT old\n*nat\n:OUTPUT ACCEPT [0:0]\n:fwdsl-OUTPUT - [0:0]\n\
                    :old - [0:0]\n-A OUTPUT -j fwdsl-OUTPUT\n-A OUTPUT -j other\n-A fwdsl-OUTPUT -j old\nCOMMIT\n";
        let (text, _) = merged(file, &Record::default());
        let nat = &text[text.find("*nat").unwrap()..];
        assert!(!nat.contains("fwdsl") && !nat.contains("old"), "{nat}");
        assert!(nat.contains("-A OUTPUT -j other\n"), "{nat}");
    }

    #[test]
    fn a_line_that_is_no_rule_is_told_by_its_number() {
        let text = "# x\n*filter\n:INPUT ACCEPT\n-I INPUT -j DROP\nCOMMIT\n";
        assert_eq!(file_tables(text, &SavedText::default(), |table| table == "filter").err(), Some(4));
        assert!(file_tables(text, &SavedText::default(), |_| false).is_ok());
    }
}
