//! Random policies of the whole grammar.

use std::collections::BTreeMap;
use std::fmt::Write;

use fwdsl::Policy;
use fwdsl_runtime::restore_text::builtin_chains;
use fwdsl_runtime::syntax::Compiled;

use super::deck::Deck;
use super::library::{LIBRARY, with_definitions};
use super::phrases::Phrase;
use super::settings::SETTINGS;
use super::statements::Place;
use super::{fragments, values};
use crate::random::Random;

/// A policy that compiled.
#[derive(Debug)]
pub struct Whole {
    /// Its source.
    pub source: String,
    /// The productions in it.
    pub used: Vec<&'static str>,
    compiled: Compiled,
}

impl Whole {
    /// The policy, with its Rust values.
    #[must_use]
    pub fn policy(&self) -> Policy {
        values::policy_of(&self.compiled)
    }
}

/// Makes policies.
#[derive(Debug)]
pub struct Generator {
    pub(super) random: Random,
    pub(super) deck: Deck,
    /// How many policies were put together.
    pub attempts: usize,
    /// How many of them compiled.
    pub sound: usize,
    /// Why policies, and statements that were to be in one, did not compile.
    pub refusals: BTreeMap<String, usize>,
}

/// A piece of source, and the productions in it.
#[derive(Debug, Default, Clone)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) used: Vec<&'static str>,
}

impl Draft {
    pub(super) fn say(&mut self, (text, used): Phrase) {
        self.text.push_str(text);
        self.text.push(' ');
        self.used.extend(used);
    }

    pub(super) fn add(&mut self, other: Draft) {
        self.text.push_str(&other.text);
        self.used.extend(other.used);
    }
}

/// What the policy as a whole says.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Whether it owns its chains alone.
    own_chains: bool,
    /// The family that it is for.
    family: Option<Phrase>,
}

const FAMILIES: [Phrase; 2] =
    [("family ipv4;", &["item/family", "family/ipv4"]), ("family ipv6;", &["item/family", "family/ipv6"])];

const OWNERSHIPS: [Phrase; 6] = [
    ("", &[]),
    ("", &[]),
    ("", &[]),
    ("own tables;", &["item/own", "own/tables"]),
    ("own chains;", &["item/own", "own/chains"]),
    ("own chains \"web\";", &["item/own", "own/chains with a prefix"]),
];

const INNER: [Phrase; 5] = [
    ("#![allow(fragment_reassembled)]", &["policy/#![allow]"]),
    ("#![warn(fragment_reassembled)]", &["policy/#![warn]"]),
    ("#![deny(fragment_reassembled)]", &["policy/#![deny]"]),
    ("#![optimise]", &["policy/#![optimise]"]),
    ("#![analysis_budget(1_000_000)]", &["policy/#![analysis_budget]"]),
];

/// Attributes that may stand before a chain or a statement.
pub(super) const ATTRIBUTES: [Phrase; 5] = [
    ("#[allow(fragment_reassembled)]", &["attribute/allow"]),
    ("#[warn(fragment_reassembled)]", &["attribute/warn"]),
    ("#[deny(fragment_reassembled)]", &["attribute/deny"]),
    ("#[allow(fragment_reassembled, fragment_reassembled)]", &["attribute/allow", "attribute/several lints"]),
    ("#[cfg(all())]", &["attribute/cfg that holds"]),
];

const CHAINS: [Phrase; 3] =
    [("A", &["chain/word"]), ("B-1", &["chain/word with hyphens"]), ("\"c.d\"", &["chain/quoted"])];

const FOREIGN: [Phrase; 2] = [
    ("foreign chain F-OTHERS;", &["foreign-chain/name"]),
    ("foreign chain F-FOUR { family ipv4; }", &["foreign-chain/name with family", "family/ipv4"]),
];

/// They hold whatever the rules are, since no packet goes so.
const HOST_ASSERTIONS: [Phrase; 2] = [
    ("assert host { in \"guard0\" => !reaches OUTPUT; }", &["assert/host", "claim/!reaches"]),
    ("assert host output { _ => !reaches filter/INPUT; }", &["assert/host and way", "claim/!reaches"]),
];

const POSITIONS: [Phrase; 5] = [
    ("", &[]),
    ("hook first", &["chain/hook first"]),
    ("hook last", &["chain/hook last"]),
    ("hook before \"f2b.x\"", &["chain/hook before"]),
    ("hook after F-ELSE", &["chain/hook after"]),
];

impl Generator {
    /// A generator; equal seeds give equal policies.
    #[must_use]
    pub fn new(seed: u64) -> Generator {
        let mut random = Random::new(seed);
        let deck = Deck::new(&mut random);
        Generator { random, deck, attempts: 0, sound: 0, refusals: BTreeMap::new() }
    }

    /// The next policy that compiles.
    pub fn next_policy(&mut self) -> Whole {
        loop {
            let Draft { text: source, used } = self.draft();
            self.attempts += 1;
            if let Some(compiled) = self.compiled(&source, "policy") {
                self.sound += 1;
                return Whole { source, used, compiled };
            }
        }
    }

    /// What comes of a source, if it compiles. If not, the reason is counted.
    pub(super) fn compiled(&mut self, source: &str, what: &str) -> Option<Compiled> {
        let compiled = fragments::compile(source);
        let reason = match &compiled {
            // What a Rust value breaks is only known with the value.
            Some(compiled) if compiled.is_sound() && !compiled.rust_values.is_empty() => {
                let refused = values::policy_of(compiled).check().err();
                refused.map(|error| without_names(&error.list[0].message))
            }
            Some(compiled) if compiled.is_sound() => None,
            Some(compiled) => {
                let error = compiled.diagnostics.iter().find(|found| found.is_error());
                error.map(|error| without_names(&error.message))
            }
            None => Some("not tokens".to_owned()),
        };
        let Some(reason) = reason else { return compiled };
        *self.refusals.entry(format!("{what}: {reason}")).or_default() += 1;
        None
    }

    /// One of several, often none.
    pub(super) fn maybe(&mut self, draft: &mut Draft, times: usize, phrases: &[Phrase]) {
        if self.random.one_in(times) {
            self.choose(draft, phrases);
        }
    }

    pub(super) fn choose(&mut self, draft: &mut Draft, phrases: &[Phrase]) {
        draft.say(phrases[self.random.below(phrases.len())]);
    }

    fn draft(&mut self) -> Draft {
        let mut body = Draft::default();
        let ownership = OWNERSHIPS[self.random.below(OWNERSHIPS.len())];
        body.say(ownership);
        let family = self.random.one_in(8).then(|| FAMILIES[self.random.below(2)]);
        family.into_iter().for_each(|family| body.say(family));
        let frame = Frame { own_chains: ownership.0.starts_with("own chains"), family };
        self.settings(&mut body);
        if self.random.one_in(5) {
            body.say(("use here::items(536);", &["item/use", "use/items", "use/with arguments"]));
        }
        for table in ["filter", "mangle", "raw", "nat", "security"] {
            if table == "filter" || self.random.one_in(3) {
                self.table(&mut body, table, frame);
            }
        }
        // Most definitions are for both families.
        let more = if family.is_some() { 0 } else { 2 };
        let also: Vec<&str> = (0..more).map(|_| LIBRARY[self.random.below(LIBRARY.len())].name).collect();
        let (text, used) = with_definitions(&body.text, &also);
        // Rules that are drawn at random hide each other, and are emitted all the same.
        let text_of_all = "#![allow(unreachable_rule, no_effect_rule)] ".to_owned();
        let mut all = Draft { text: text_of_all, used: vec!["policy/items", "policy/#![allow]"] };
        self.maybe(&mut all, 3, &INNER);
        all.add(Draft { text, used });
        all.used.extend(body.used);
        all
    }

    fn settings(&mut self, body: &mut Draft) {
        if !self.random.one_in(3) {
            return;
        }
        body.say(("sysctl {", &["item/sysctl"]));
        for setting in SETTINGS {
            self.maybe(body, 3, &[*setting]);
        }
        body.text.push_str("}\n");
    }

    fn table(&mut self, body: &mut Draft, table: &'static str, frame: Frame) {
        let name = match table {
            "filter" => "table/filter",
            "nat" => "table/nat",
            "mangle" => "table/mangle",
            "raw" => "table/raw",
            _ => "table/security",
        };
        let bare = table == "filter" && self.random.one_in(2);
        let item = if bare { "item/chain" } else { "table/chain" };
        body.used.push(name);
        let mut of_table = None;
        let mut place = Place { table, ..Place::default() };
        if !bare {
            body.used.push("item/table");
            let _ = writeln!(body.text, "table {table} {{");
            of_table =
                (frame.family.is_none() && self.random.one_in(8)).then(|| FAMILIES[self.random.below(2)].0);
            if let Some(family) = of_table {
                body.say((family, &["table/family"]));
            }
        }
        place.family = of_table.unwrap_or_default();
        place.policy_family = frame.family.map_or("", |(text, _)| text);
        self.foreign(body, &mut place, bare, frame);
        let mut hooks = builtin_chains(table).expect("a table").to_vec();
        while hooks.len() > 1 && self.random.one_in(2) {
            hooks.remove(self.random.below(hooks.len()));
        }
        let families = place.family;
        for chain in &hooks {
            body.used.push(item);
            let mut head = Draft::default();
            let words: &[Phrase] = match (frame.own_chains, table) {
                (true, _) => &POSITIONS,
                (false, "nat") => &[("", &[])],
                _ => &[
                    ("", &[]),
                    ("policy accept", &["chain/policy accept"]),
                    ("policy drop", &["chain/policy drop"]),
                ],
            };
            self.choose(&mut head, words);
            place.callable.truncate(place.foreign);
            place.callable.extend(CHAINS.map(|(chain, _)| chain));
            place.callers = Vec::new();
            place.family = families;
            self.chain(body, (chain, &["chain/built-in"]), head, &mut place);
        }
        for (index, chain) in CHAINS.iter().enumerate() {
            body.used.push(item);
            // Each calls only those after it, so that there is no circle.
            place.callable.truncate(place.foreign);
            place.callable.extend(CHAINS[index + 1..].iter().map(|(chain, _)| *chain));
            place.callers = hooks.clone();
            place.family = families;
            self.chain(body, *chain, Draft::default(), &mut place);
        }
        if !bare {
            body.text.push_str("}\n");
        }
        for assertion in std::mem::take(&mut place.assertions) {
            body.add(assertion);
        }
        if table == "filter" && !frame.own_chains && self.random.one_in(4) {
            self.choose(body, &HOST_ASSERTIONS);
            body.used.push("item/assert");
        }
    }

    fn foreign(&mut self, body: &mut Draft, place: &mut Place, bare: bool, frame: Frame) {
        let item = if bare { "item/foreign chain" } else { "table/foreign chain" };
        if self.random.one_in(3) {
            let both = place.family.is_empty() && frame.family.is_none();
            let chosen = usize::from(both && self.random.one_in(2));
            body.say(FOREIGN[chosen]);
            body.used.push(item);
            place.callable.push(["F-OTHERS", "F-FOUR"][chosen]);
            place.declared = FOREIGN[chosen].0;
        }
        place.foreign = place.callable.len();
        if !frame.own_chains && self.random.one_in(5) {
            body.say(("foreign chain f2b-+;", &["foreign-chain/names that begin so"]));
            body.used.push(item);
        }
    }

    fn chain(&mut self, body: &mut Draft, (name, used): Phrase, head: Draft, place: &mut Place) {
        place.chain = name;
        if self.random.one_in(8) {
            body.text.push_str("/// A chain.\n");
            body.used.push("attribute/doc of a chain");
        }
        if self.random.one_in(8) {
            self.choose(body, &ATTRIBUTES);
            body.used.extend(["attribute/of a chain", "attribute/of an item"]);
        }
        if self.random.one_in(8) {
            body.say(("#[optimise]\n", &["attribute/optimise"]));
        }
        let _ = write!(body.text, "chain {name} ");
        body.used.extend(used);
        body.add(head);
        body.text.push_str("{\n");
        // One that others go to for both families stays for both.
        let both = place.family.is_empty() && place.policy_family.is_empty();
        if both && place.callers.is_empty() && self.random.one_in(10) {
            let (family, used) = FAMILIES[self.random.below(2)];
            place.family = family;
            body.say((family, &["chain/family"]));
            body.used.extend(&used[1..]);
        }
        if self.random.one_in(4) {
            self.guard(body, place);
        }
        for _ in 0..self.random.below(6) {
            if let Some(statement) = self.statement(place) {
                body.add(statement);
            }
        }
        body.text.push_str("}\n");
    }

    /// A rule at the top of a chain, and an assertion that holds by it.
    fn guard(&mut self, body: &mut Draft, place: &mut Place) {
        let from_here = matches!(place.chain, "OUTPUT" | "POSTROUTING");
        // A user chain may be on the way out, where there is no incoming interface.
        let guarded = match place.callers.is_empty() {
            true if from_here => "out \"guard0\" udp",
            true => "in \"guard0\" udp",
            false => "udp dport 65000",
        };
        let verdict = match place.table {
            "nat" => self.random.pick(&["accept", "return"]),
            "filter" => self.random.pick(&["accept", "drop", "return", "reject"]),
            _ => self.random.pick(&["accept", "drop", "return"]),
        };
        // What returns from a built-in chain has not been decided by it.
        let verdict = if place.callers.is_empty() && verdict == "return" { "accept" } else { verdict };
        let _ = writeln!(body.text, "{guarded} => {verdict};");
        let other = if verdict == "drop" { "accept" } else { "drop" };
        let mut assertion = Draft::default();
        let (path, kind) = match (place.table, place.chain) {
            ("filter", chain) if chain.starts_with('"') => (chain.to_owned(), "assert/quoted chain"),
            ("filter", chain) => (chain.to_owned(), "assert/chain"),
            // A quoted name takes no table.
            (_, chain) if chain.starts_with('"') => return,
            (table, chain) => (format!("{table}/{chain}"), "assert/table and chain"),
        };
        let (claim, used): (String, Phrase) = match self.random.below(4) {
            0 => (format!("{verdict}|{other}"), ("", &["claim/verdict", "verdicts/a|b"])),
            1 => (format!("[{other}, {verdict}]"), ("", &["claim/verdict", "verdicts/[a, b]"])),
            _ => (verdict.to_owned(), ("", &["claim/verdict", "verdicts/one"])),
        };
        let _ = write!(
            assertion.text,
            "assert {path} {{ {guarded} => {claim}; #[cfg(any())] never so; {guarded} from HOSTS => !{other}; "
        );
        assertion.used.extend(used.1);
        // A rule behind it, which leads to a chain whatever else there is.
        let own = place.callable.get(place.foreign).copied();
        if let Some(chain) = own.filter(|_| self.random.one_in(2)) {
            let led = guarded.replace("udp", "sctp");
            let _ = writeln!(body.text, "{led} => goto {chain};");
            body.used.extend(["statement/rule", "verdict/goto"]);
            let _ = write!(assertion.text, "{led} => reaches {chain}; {guarded} => !reaches {chain}; ");
            assertion.used.extend(["claim/reaches", "claim/!reaches"]);
        }
        assertion.text.push_str("}\n");
        assertion.used.extend([
            "item/assert",
            kind,
            "claim/!verdict",
            "verdicts/one",
            "assert/several matches",
            "attribute/of a case",
            "attribute/cfg that does not hold",
        ]);
        place.assertions.push(assertion);
    }
}

/// The message without the names in it, so that equal reasons are counted together.
fn without_names(message: &str) -> String {
    let pieces = message.split('`').enumerate();
    pieces.map(|(number, piece)| if number % 2 == 0 { piece } else { "…" }).collect()
}
