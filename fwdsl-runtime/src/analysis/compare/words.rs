//! Products as lines of the language.

use super::atom::{Atom, Which};
use super::question::{Answer, Members, Phrases, Wording, conjunctions, phrases};
use super::values::{self, interface_word};
use crate::analysis::diagram::{Field, Level, Product, READS_FRAGMENTS, Space};
use crate::analysis::packet::{CtState, PacketType, Status, Tracking};
use crate::analysis::program::Classes;
use crate::analysis::region::{Axis, Choice, Span, union};
use crate::catalogue::PORT_PROTOCOLS;
use crate::family::Family;
use crate::model::{Masked, Match, TcpFlags, Value};

/// What is needed to put numbers in words.
pub(super) struct Words<'a> {
    pub(super) space: &'a Space,
    pub(super) classes: &'a Classes,
    pub(super) family: Family,
    /// The interfaces that rules speak of.
    pub(super) patterns: Vec<&'a str>,
    /// The marks that rules ask for.
    pub(super) marks: Vec<Masked>,
}

/// The order of the words of a line.
const ORDER: [Field; 14] = [
    Field::Axis(Axis::In),
    Field::Axis(Axis::Out),
    Field::Axis(Axis::Source),
    Field::Axis(Axis::Destination),
    Field::Axis(Axis::Protocol),
    Field::Axis(Axis::Icmp),
    Field::Choice(Choice::TcpFlags),
    Field::Axis(Axis::SourcePort),
    Field::Axis(Axis::DestinationPort),
    Field::Choice(Choice::Fragment),
    Field::Choice(Choice::Tracking),
    Field::Choice(Choice::Status),
    Field::Choice(Choice::Mark),
    Field::Choice(Choice::PacketType),
];

impl<'a> Words<'a> {
    pub(super) fn new(
        space: &'a Space,
        classes: &'a Classes,
        family: Family,
        rules: impl Iterator<Item = &'a Match>,
    ) -> Words<'a> {
        let mut words = Words { space, classes, family, patterns: Vec::new(), marks: Vec::new() };
        for option in rules.flat_map(|entry| &entry.options) {
            for value in option.values() {
                match value {
                    Value::Interface(pattern) if !words.patterns.contains(&pattern.as_str()) => {
                        words.patterns.push(pattern);
                    }
                    Value::Masked(bits) if option.spec.name == "mark" && !words.marks.contains(bits) => {
                        words.marks.push(*bits);
                    }
                    _ => {}
                }
            }
        }
        words
    }

    /// The lines for a product, each with the part of it that it says: its matches, in the order in which they stand.
    pub(super) fn lines(&self, product: &Product, atoms: &[Atom]) -> Vec<(Product, Vec<String>)> {
        let mut lines = vec![(Product::new(), Vec::new())];
        let rank = |level: &Level| match level.field() {
            Field::Atom(atom) => (ORDER.len(), atom),
            field => (ORDER.iter().position(|other| *other == field).unwrap_or_default(), 0),
        };
        let mut constraints: Vec<&(Level, Vec<Span>)> = product.iter().collect();
        constraints.sort_by_key(|(level, _)| rank(level));
        for (level, spans) in constraints {
            let said = self.constraint(*level, spans, product, atoms);
            let mut next = Vec::with_capacity(lines.len() * said.len());
            for (part, words) in &lines {
                for (spans, word) in &said {
                    let (mut part, mut words): (Product, Vec<String>) = (part.clone(), words.clone());
                    part.push((*level, spans.clone()));
                    words.push(word.clone());
                    next.push((part, words));
                }
            }
            lines = next;
        }
        let finish = |(mut part, mut words): (Product, Vec<String>)| {
            part.sort_by_key(|(level, _)| *level);
            words.retain(|word| !word.is_empty());
            (part, words)
        };
        lines.into_iter().map(finish).collect()
    }

    fn constraint(
        &self,
        level: Level,
        spans: &[Span],
        product: &Product,
        atoms: &[Atom],
    ) -> Vec<(Vec<Span>, String)> {
        let one = |text: String| vec![(spans.to_vec(), text)];
        let last = self.space.last(level);
        let phrased = |phrases: Phrases| -> Vec<(Vec<Span>, String)> {
            phrases.into_iter().map(|(members, text)| (spans_of(&members), text)).collect()
        };
        let members = || members_of(spans, last);
        match level.field() {
            Field::Axis(Axis::In) => phrased(self.interfaces("in", &members())),
            Field::Axis(Axis::Out) => phrased(self.interfaces("out", &members())),
            Field::Axis(Axis::Source) => one(values::addresses("from", self.family, spans, last)),
            Field::Axis(Axis::Destination) => one(values::addresses("to", self.family, spans, last)),
            Field::Axis(Axis::Protocol) => one(values::protocols(spans, last)),
            Field::Axis(Axis::SourcePort) => one(values::ports("sport", spans, last)),
            Field::Axis(Axis::DestinationPort) => one(values::ports("dport", spans, last)),
            Field::Axis(Axis::Icmp) => one(values::icmp_types(self.family, spans, last)),
            Field::Choice(Choice::TcpFlags) => phrased(tcp_flags(&members())),
            Field::Choice(Choice::Fragment) => {
                let whole = spans.iter().any(|span| span.holds(0));
                // A line that asks for a transport header speaks of packets that have one.
                let is_said = whole && asks_for_header(product);
                one(if is_said { String::new() } else { format!("{}fragment", if whole { "!" } else { "" }) })
            }
            Field::Choice(Choice::Tracking) => phrased(tracking(&members())),
            Field::Choice(Choice::Status) => phrased(status(&members())),
            Field::Choice(Choice::Mark) => phrased(self.marks(&members())),
            Field::Choice(Choice::PacketType) => phrased(packet_types(&members())),
            Field::Atom(atom) => one(atom_words(atom, &atoms[atom], spans.iter().any(|span| span.holds(1)))),
        }
    }

    fn interfaces(&self, word: &str, set: &Members) -> Phrases {
        let within = |span: Option<Span>| -> Members {
            (0..set.len()).map(|class| span.is_some_and(|span| span.holds(class as u128))).collect()
        };
        let interfaces = &self.classes.interfaces;
        let mut questions: Vec<Members> =
            self.patterns.iter().map(|pattern| within(interfaces.span(pattern))).collect();
        questions.push(within(Some(interfaces.any())));
        let name = |question: usize| interface_word(self.patterns.get(question).copied().unwrap_or("+"));
        let wording = Wording {
            list: &|of, negated| list(word, of.iter().map(|of| name(*of)).collect(), negated),
            all: &|answers| words_of(answers, |of, holds| list(word, vec![name(of)], !holds)),
        };
        phrases(&questions, set, &wording)
    }

    fn marks(&self, set: &Members) -> Phrases {
        let with = |bits: &Masked| -> Members {
            let classes = self.classes.marks.with(*bits);
            (0..set.len()).map(|class| classes >> class & 1 == 1).collect()
        };
        let questions: Vec<Members> = self.marks.iter().map(with).collect();
        let name = |question: usize| match self.marks[question] {
            Masked { value, mask: None } => format!("{value:#x}"),
            Masked { value, mask: Some(mask) } => format!("{value:#x}/{mask:#x}"),
        };
        let wording = Wording {
            list: &|of, negated| list("mark", of.iter().map(|of| name(*of)).collect(), negated),
            all: &|answers| words_of(answers, |of, holds| list("mark", vec![name(of)], !holds)),
        };
        phrases(&questions, set, &wording)
    }
}

/// Whether a product asks for something of the transport header.
pub(super) fn asks_for_header(product: &Product) -> bool {
    product.iter().any(|(level, _)| header_protocols(level.field(), Family::Ipv4).is_some())
}

/// The protocols that have a field of the transport header.
pub(super) fn header_protocols(field: Field, family: Family) -> Option<Vec<Span>> {
    let one = |number: u8| Span { first: number.into(), last: number.into() };
    match field {
        Field::Axis(Axis::SourcePort | Axis::DestinationPort) => {
            Some(union(PORT_PROTOCOLS.iter().map(|number| one(*number)).collect()).to_vec())
        }
        Field::Axis(Axis::Icmp) => Some(vec![one(values::icmp_number(family))]),
        Field::Choice(Choice::TcpFlags) => Some(vec![one(crate::catalogue::TCP_NUMBER)]),
        _ => None,
    }
}

/// `word value`, `word [value, value]`, `word ![value]`.
pub(super) fn list(word: &str, mut values: Vec<String>, negated: bool) -> String {
    let not = if negated { "!" } else { "" };
    match values.len() {
        1 => format!("{word} {not}{}", values.remove(0)),
        _ => format!("{word} {not}[{}]", values.join(", ")),
    }
}

fn words_of(answers: &[Answer], word: impl Fn(usize, bool) -> String) -> String {
    answers.iter().map(|(of, holds)| word(*of, *holds)).collect::<Vec<_>>().join(" ")
}

fn members_of(spans: &[Span], last: u128) -> Members {
    (0..=last).map(|number| spans.iter().any(|span| span.holds(number))).collect()
}

fn spans_of(members: &Members) -> Vec<Span> {
    let numbers = (0..members.len()).filter(|number| members[*number]);
    union(numbers.map(|number| Span { first: number as u128, last: number as u128 }).collect()).to_vec()
}

fn tcp_flags(set: &Members) -> Phrases {
    let questions: Vec<Members> =
        (0..6).map(|bit| (0..set.len()).map(|flags| flags >> bit & 1 == 1).collect()).collect();
    let text = |answers: &[Answer], not: &str| {
        let bits = |of: &mut dyn Iterator<Item = &Answer>| of.fold(0u8, |bits, (bit, _)| bits | 1 << bit);
        let flags = TcpFlags {
            mask: bits(&mut answers.iter()),
            set: bits(&mut answers.iter().filter(|(_, holds)| *holds)),
        };
        values::flags(flags, not)
    };
    let (inside, outside) =
        (conjunctions(&questions, set), conjunctions(&questions, &set.iter().map(|is_in| !is_in).collect()));
    match outside.as_slice() {
        [only] if inside.len() > 1 => vec![(set.clone(), text(only, "!"))],
        _ => {
            let fits = |answers: &[Answer]| -> Members {
                let all = |value: usize| answers.iter().all(|(of, holds)| questions[*of][value] == *holds);
                (0..set.len()).map(all).collect()
            };
            inside.iter().map(|answers| (fits(answers), text(answers, ""))).collect()
        }
    }
}

fn tracking(set: &Members) -> Phrases {
    const STATES: [CtState; 5] =
        [CtState::Invalid, CtState::New, CtState::Established, CtState::Related, CtState::Untracked];
    let mut words: Vec<&str> = STATES.iter().map(|state| state.name()).collect();
    words.extend(["snat", "dnat"]);
    let with = |word: &&str| Tracking::ALL.iter().map(|tracking| tracking.answers_to(word)).collect();
    let questions: Vec<Members> = words.iter().map(with).collect();
    let wording = Wording {
        list: &|of, negated| {
            let names: Vec<&str> = of.iter().map(|of| words[*of]).collect();
            match negated && names.len() > 1 {
                true => format!("ct ![{}]", names.join(", ")),
                false => format!("ct {}{}", if negated { "!" } else { "" }, names.join("|")),
            }
        },
        all: &|answers| {
            words_of(answers, |of, holds| format!("ct {}{}", if holds { "" } else { "!" }, words[of]))
        },
    };
    phrases(&questions, set, &wording)
}

fn status(set: &Members) -> Phrases {
    const WORDS: [&str; 4] = ["expected", "seen-reply", "assured", "confirmed"];
    let with = |word: &&str| {
        (0..set.len()).map(|bits| Status::from_bits(bits as u8).answers_to(word)).collect::<Members>()
    };
    let questions: Vec<Members> = WORDS.iter().map(with).collect();
    let wording = Wording {
        list: &|of, negated| {
            let names: Vec<&str> = of.iter().map(|of| WORDS[*of]).collect();
            let not = if negated { "!" } else { "" };
            match names.as_slice() {
                [name] => format!("conntrack({not}ctstatus {name})"),
                _ => format!("conntrack({not}ctstatus [{}])", names.join(", ")),
            }
        },
        all: &|answers| {
            words_of(answers, |of, holds| {
                format!("conntrack({}ctstatus {})", if holds { "" } else { "!" }, WORDS[of])
            })
        },
    };
    phrases(&questions, set, &wording)
}

fn packet_types(set: &Members) -> Phrases {
    let with = |of: &PacketType| PacketType::ALL.iter().map(|other| other == of).collect::<Members>();
    let questions: Vec<Members> = PacketType::ALL.iter().map(with).collect();
    let name = |of: usize| PacketType::ALL[of].name();
    let word = |of: usize, holds: bool| format!("pkttype({}{})", if holds { "" } else { "!" }, name(of));
    let wording = Wording {
        list: &|of, negated| match of {
            [of] => word(*of, !negated),
            _ => {
                let names: Vec<&str> = of.iter().map(|of| name(*of)).collect();
                format!("pkttype({}[{}])", if negated { "!" } else { "" }, names.join(", "))
            }
        },
        all: &|answers| words_of(answers, word),
    };
    phrases(&questions, set, &wording)
}

fn atom_words(number: usize, atom: &Atom, holds: bool) -> String {
    if number == READS_FRAGMENTS {
        let not = if holds { "" } else { "not " };
        return format!("(whose payload is {not}read as a header)");
    }
    let place = match atom.which {
        Which::Any | Which::Nth(1) => String::new(),
        Which::Nth(nth) => format!(" (no. {nth})"),
        Which::After(_) => " (as changed before)".to_owned(),
    };
    format!("{}raw {:?}{place}", if holds { "" } else { "!" }, atom.text)
}
