//! Random statements: rules, blocks, calls.

use std::fmt::Write;

use fwdsl::catalogue::Kind;
use fwdsl::table::TableName;

use super::library::with_definitions;
use super::phrases::{CALLS, CHANGES, ENDS, OTHERS, PORTS, PROTOCOLS};
use super::whole::{ATTRIBUTES, Draft, Generator};

/// Where a statement stands.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) table: &'static str,
    pub(super) chain: &'static str,
    /// The `family` of the policy, as source.
    pub(super) policy_family: &'static str,
    /// That of the table or chain.
    pub(super) family: &'static str,
    /// The declaration of a foreign chain, as source.
    pub(super) declared: &'static str,
    /// The chains that it may go to: first those of others.
    pub(super) callable: Vec<&'static str>,
    /// How many of them are others'.
    pub(super) foreign: usize,
    /// The built-in chains that may go here.
    pub(super) callers: Vec<&'static str>,
    /// What is asserted of the table so far.
    pub(super) assertions: Vec<Draft>,
}

impl Generator {
    /// A statement that compiles by itself; nothing after some that did not.
    pub(super) fn statement(&mut self, place: &Place) -> Option<Draft> {
        for _ in 0..4 {
            let found = match self.random.below(8) {
                0 => Some(self.call(place)),
                1 => self.block(place, true),
                2..=4 => self.of_catalogue(place),
                _ => Some(self.rule(place)),
            };
            if let Some(draft) = found
                && self.fits(&draft.text, place)
            {
                return Some(draft);
            }
        }
        None
    }

    /// Not all that is put together means something: some is of no family, or asks for what no packet has.
    fn fits(&mut self, statement: &str, place: &Place) -> bool {
        let Place { table, chain, policy_family, family, declared, callers, .. } = place;
        let mut source =
            format!("{policy_family} table {table} {{ {declared} chain {chain} {{ {family} {statement} }}\n");
        for caller in callers {
            let _ = writeln!(source, "chain {caller} {{ {family} _ => jump {chain}; }}");
        }
        for other in &place.callable[place.foreign..] {
            let _ = writeln!(source, "chain {other} {{ }}");
        }
        source.push('}');
        let source = with_definitions(&source, &[]).0;
        self.compiled(&source, "statement").is_some()
    }

    fn attributes(&mut self, draft: &mut Draft, of: &'static str) {
        if self.random.one_in(8) {
            self.choose(draft, &ATTRIBUTES);
            draft.used.push(of);
        }
    }

    fn call(&mut self, place: &Place) -> Draft {
        let mut draft = Draft::default();
        let (text, used) = CALLS[self.random.below(CALLS.len())];
        let of = if text.starts_with("use ") { "attribute/of a use" } else { "attribute/of a call" };
        self.attributes(&mut draft, of);
        let chain = if place.callable.is_empty() { "A" } else { self.random.pick(&place.callable) };
        draft.text.push_str(&text.replace("CHAIN", chain));
        draft.text.push('\n');
        draft.used.extend(used);
        draft
    }

    fn block(&mut self, place: &Place, outer: bool) -> Option<Draft> {
        let mut draft = Draft::default();
        self.attributes(&mut draft, "attribute/of a block");
        let matches = self.matches(place);
        draft.add(matches);
        draft.text.push_str("{\n");
        draft.used.push("statement/block");
        for _ in 0..=self.random.below(2) {
            if outer && self.random.one_in(3) {
                draft.add(self.block(place, false)?);
                draft.used.push("statement/block in a block");
            } else {
                let rule = self.rule(place);
                draft.add(rule);
            }
        }
        draft.text.push_str("}\n");
        self.fits(&draft.text, place).then_some(draft)
    }

    /// A rule of what is to be said of the catalogue next.
    fn of_catalogue(&mut self, place: &Place) -> Option<Draft> {
        // Apart, since what fits is asked of the generator itself.
        let mut deck = std::mem::take(&mut self.deck);
        let mut random = self.random.clone();
        let table = TableName::from_name(place.table)?;
        let drawn = deck.draw(&mut random, table, |rule| self.fits(rule, place));
        (self.deck, self.random) = (deck, random);
        let (sample, rule) = drawn?;
        let mut plain = Draft { text: format!("{rule}\n"), used: vec!["statement/rule"] };
        let is_match = sample.extension.kind == Kind::Match;
        plain.used.push(if is_match { "match/extension" } else { "verdict/target" });
        let (before, after) = rule.split_once("=> ")?;
        let mut more = Draft { text: String::new(), used: plain.used.clone() };
        self.choose(&mut more, OTHERS);
        more.text.push_str(before.trim_start_matches("_ "));
        more.text.push_str("=> ");
        self.maybe(&mut more, 3, CHANGES);
        if !more.text.ends_with("=> ") {
            more.text.push_str(", ");
            more.used.push("verdict/several");
        }
        more.text.push_str(after);
        more.text.push('\n');
        if self.random.one_in(4) {
            let exact = Draft {
                text: format!("#[exact] {}", plain.text),
                used: plain.used.iter().copied().chain(["attribute/exact"]).collect(),
            };
            return Some(if self.fits(&exact.text, place) { exact } else { plain });
        }
        let chosen = if self.fits(&more.text, place) { more } else { plain };
        Some(chosen)
    }

    pub(super) fn rule(&mut self, place: &Place) -> Draft {
        let mut draft = Draft { text: String::new(), used: vec!["statement/rule"] };
        if self.random.one_in(8) {
            let _ = writeln!(draft.text, "/// random {} \"rule\"", self.random.below(100));
            draft.used.push("attribute/doc of a rule");
        }
        if self.random.one_in(12) {
            let text = "#[cfg(any())] this is { no rule }\n";
            // Before the comment, which is the rule's.
            draft.text.insert_str(0, text);
            draft.used.extend(["attribute/cfg that does not hold", "attribute/of a block"]);
        }
        self.attributes(&mut draft, "attribute/of a rule");
        let matches = self.matches(place);
        draft.add(matches);
        draft.text.push_str("=> ");
        self.verdicts(&mut draft, place);
        draft.text.push_str(";\n");
        draft
    }

    fn matches(&mut self, place: &Place) -> Draft {
        let mut draft = Draft::default();
        let mut count = 0;
        // Translation of ports wants a protocol.
        if place.table == "nat" && self.random.one_in(3) {
            draft.say(("tcp", &["match/protocol"]));
            count += 1;
        } else if self.random.one_in(2) {
            self.choose(&mut draft, PROTOCOLS);
            count += 1;
            let has_ports = ["tcp", "udp", "[tcp"].iter().any(|it| draft.text.starts_with(it));
            if has_ports && self.random.one_in(2) {
                self.choose(&mut draft, PORTS);
                count += 1;
            }
        }
        for _ in 0..self.random.below(3) {
            self.choose(&mut draft, OTHERS);
            count += 1;
        }
        match count {
            0 => draft.say(("_", &["matches/_"])),
            1 => draft.used.push("matches/one"),
            _ => draft.used.push("matches/several"),
        }
        draft
    }

    fn verdicts(&mut self, draft: &mut Draft, place: &Place) {
        let mut verdicts: Vec<Draft> = Vec::new();
        let jumps = !place.callable.is_empty();
        if self.random.one_in(3) {
            let mut verdict = Draft::default();
            self.choose(&mut verdict, CHANGES);
            verdicts.push(verdict);
        }
        if jumps && self.random.one_in(5) {
            let chain = self.random.pick(&place.callable);
            verdicts.push(Draft { text: format!("jump {chain}"), used: vec!["verdict/jump"] });
        }
        let mut last = Draft::default();
        match self.random.below(5) {
            0 if jumps => {
                let chain = self.random.pick(&place.callable);
                last = Draft { text: format!("goto {chain}"), used: vec!["verdict/goto"] };
            }
            1..=3 if place.table == "nat" => self.choose(&mut last, &ENDS[7..]),
            _ => self.choose(&mut last, &ENDS[..7]),
        }
        if verdicts.is_empty() || self.random.one_in(2) {
            verdicts.push(last);
        }
        if verdicts.len() > 1 {
            draft.used.push("verdict/several");
        }
        let texts: Vec<&str> = verdicts.iter().map(|verdict| verdict.text.trim()).collect();
        draft.text.push_str(&texts.join(", "));
        draft.used.extend(verdicts.iter().flat_map(|verdict| verdict.used.clone()));
    }
}
