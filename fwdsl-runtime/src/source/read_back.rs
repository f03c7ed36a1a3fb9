//! Whatever is written is read as what it was: every option of the catalogue with random values.

use std::net::IpAddr;
use std::str::FromStr;

use proc_macro2::TokenStream;

use super::lets::Lets;
use super::phrase::{match_phrases, verdict_phrase};
use crate::catalogue::{
    COMMENT, CORE, EXTENSIONS, Extension, FAMILY, Kind, List, MaskForm, OptionSpec, PORTS, ValueKind,
};
use crate::family::{Family, FamilySet};
use crate::ipset::Direction;
use crate::loc::{Loc, Located};
use crate::model::{
    Action, Address, Chunk, Class, Endpoint, Few, HeaderOption, IcmpMatch, Mac, Masked, Match, Moment, Net,
    OptionUse, PortRange, Rate, Rule, SetRef, Share, Span, TcpFlags, TimeOfDay, TimeUnit, Value, from_bits,
    width,
};
use crate::syntax::compile;

/// How often each option is tried.
const TRIES: usize = 30;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }

    /// A number of either end, or between.
    fn between(&mut self, min: u64, max: u64) -> u64 {
        match self.below(4) {
            0 => min,
            1 => max,
            _ => min + self.below((max - min).saturating_add(1)),
        }
    }

    fn bits(&mut self) -> u32 {
        *self.one(&[0, 1, 0x10, 0xff, 0x1e, 0xffff_0000, u32::MAX, 0x2e5])
    }

    fn text(&mut self) -> String {
        let pieces = [
            "a",
            "B",
            " ",
            "\"",
            "\\",
            "'",
            "ü",
            "{",
            "//",
            "#",
            "-",
            "0x",
            "$a",
            "|",
            "\t",
            "é\u{301}",
            "/*",
        ];
        (0..self.between(1, 6)).map(|_| *self.one(&pieces)).collect()
    }

    fn addr(&mut self, family: Family) -> IpAddr {
        let mut bits = u128::from(self.next()) << 64 | u128::from(self.next());
        // Groups of digits followed by `e`, zeros, small numbers: what lexers trip over.
        if self.below(2) == 0 {
            bits = 0x2001_0db8_0000_0000_0000_0000_0000_0000
                | u128::from(*self.one(&[0x1eu16, 0x9e, 0, 1, 0x1e5, 0xbad])) << 16;
        }
        from_bits(family, bits)
    }

    fn net(&mut self, family: Family) -> Net {
        let prefix = self.between(0, u64::from(width(family))) as u8;
        Net { addr: self.addr(family), prefix }.truncated()
    }

    fn value(&mut self, spec: &OptionSpec) -> Value {
        let family = *self.one(&Family::ALL);
        match spec.value {
            ValueKind::Interface => {
                let names = [
                    "eth0", "br-lan", "wg+", "eth0.100", "WAN", "e1:2", "1e", "in", "a b", "tun-", "lo",
                    "0x", "état",
                ];
                Value::Interface((*self.one(&names)).into())
            }
            ValueKind::Id if self.below(2) == 0 => Value::Text("www-data".into()),
            ValueKind::Id => {
                let first = self.below(1000);
                Value::Span(Span { first, last: first + self.below(2) })
            }
            ValueKind::Label if self.below(2) == 0 => Value::Text("eth0-in".into()),
            ValueKind::Label => Value::Number(self.between(0, 127)),
            ValueKind::U32 => Value::Text("0x6&0xff=0x11&&0x0>>0x16&0x3c@0x0=0x1:0xff".into()),
            ValueKind::Bytecode => Value::Text("4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0".into()),
            ValueKind::Chunk => {
                let names: [&str; 6] = ["data", "init-ack", "abort:t", "data:Be", "all", "none"];
                Value::Chunk(Chunk::parse(names[self.below(6) as usize]).expect("a kind of chunk"))
            }
            ValueKind::HeaderOption => {
                let length = (self.below(2) == 0).then(|| self.below(255) as u8);
                Value::HeaderOption(HeaderOption { ty: self.between(1, 255) as u8, length })
            }
            ValueKind::Duration => Value::Number(*self.one(&[250_000, 2_000_000, 999, 1_500_000, 0])),
            ValueKind::SegmentSize | ValueKind::PortNumber => Value::Number(self.between(0, 65_535)),
            ValueKind::WordOrName { words, .. } if self.below(2) == 0 => {
                Value::Word(self.below(words.len() as u64) as u8)
            }
            ValueKind::WordOrName { .. } => Value::Text("a name".into()),
            ValueKind::BitRate => Value::Bytes(self.between(1, 1 << 30)),
            ValueKind::Address => match self.below(3) {
                0 => Value::Address(Address::Range { first: self.addr(family), last: self.addr(family) }),
                1 => Value::Address(Address::Net(Net::host(self.addr(family)))),
                _ => Value::Address(Address::Net(self.net(family))),
            },
            ValueKind::Host => Value::Address(Address::Net(Net::host(self.addr(family)))),
            ValueKind::Network { .. } => Value::Address(Address::Net(self.net(family))),
            ValueKind::PrefixLength => Value::Number(self.between(0, 128)),
            ValueKind::Protocol | ValueKind::ProtocolNumber => Value::Protocol(self.below(256) as u8),
            ValueKind::Port | ValueKind::PortSpan(_) => Value::Ports(self.ports()),
            ValueKind::Endpoint => self.endpoint(family),
            ValueKind::IcmpType(Family::Ipv4) if self.below(9) == 0 => Value::Icmp(IcmpMatch::Any),
            ValueKind::IcmpType(_) => {
                let code = (self.below(2) == 0).then(|| self.below(20) as u8);
                Value::Icmp(IcmpMatch::Type { ty: self.below(254) as u8, code })
            }
            ValueKind::Word(words) | ValueKind::Words(words) => {
                Value::Word(self.below(words.len() as u64) as u8)
            }
            ValueKind::Rate => self.rate(),
            ValueKind::HashRate if self.below(2) == 0 => Value::Bytes(self.between(16, u64::from(u32::MAX))),
            ValueKind::HashRate => self.rate(),
            ValueKind::HashBurst if self.below(2) == 0 => Value::Bytes(self.between(1, 1 << 40)),
            ValueKind::HashBurst => Value::Number(self.between(1, 10_000)),
            ValueKind::NumberOr { words, .. } if !words.is_empty() && self.below(2) == 0 => {
                Value::Word(self.below(words.len() as u64) as u8)
            }
            ValueKind::Number { min, max }
            | ValueKind::Hex { min, max, .. }
            | ValueKind::NumberOr { min, max, .. }
            | ValueKind::Named { min, max, .. } => Value::Number(self.between(min, max)),
            ValueKind::NamedNumber(words) => Value::Number(self.below(words.len() as u64 + 2)),
            ValueKind::Span { max, open, .. } => {
                let first = self.between(0, max);
                let last = if open && self.below(2) == 0 { max } else { self.between(first, max) };
                Value::Span(Span { first, last })
            }
            ValueKind::Masked(form, names) => Value::Masked(match self.below(3) {
                0 if !names.is_empty() => Masked::new(self.one(names).1, 0x3f),
                1 if form != MaskForm::None => Masked::new(self.bits(), self.bits()),
                _ => Masked::whole(self.bits()),
            }),
            ValueKind::Probability => Value::Share(Share(self.between(0, u64::from(Share::WHOLE.0)) as u32)),
            ValueKind::Text { .. }
            | ValueKind::Name { .. }
            | ValueKind::Bare { .. }
            | ValueKind::Quoted { .. } => Value::Text(self.text()),
            ValueKind::Pattern { hex: true } => {
                Value::Pattern((0..self.between(1, 5)).map(|_| self.below(256) as u8).collect())
            }
            ValueKind::Pattern { hex: false } => Value::Pattern(self.text().into_bytes()),
            ValueKind::Mac => Value::Mac(Mac([(); 6].map(|()| self.below(256) as u8))),
            ValueKind::TimeOfDay => Value::Time(TimeOfDay(self.between(0, 86_399) as u32)),
            ValueKind::Date => Value::Moment(Moment(self.between(0, i32::MAX as u64 - 86_400) as u32)),
            ValueKind::Class => {
                let part = |random: &mut Random| *random.one(&[0, 1, 0x10, 0x1e, 0xffff, 0xe]);
                Value::Class(Class { major: part(self), minor: part(self) })
            }
            ValueKind::TcpFlags => {
                Value::TcpFlags(TcpFlags { mask: self.below(64) as u8, set: self.below(64) as u8 })
            }
            ValueKind::Set => {
                let name = *self.one(&["ADMINS", "f2b-sshd", "a b", "x.y"]);
                let directions = [Direction::Source, Direction::Destination];
                let directions = (0..self.between(1, 3)).map(|_| *self.one(&directions)).collect();
                Value::Set(SetRef { name: name.into(), directions, kernel: None })
            }
            other => panic!("no random value for {other:?}"),
        }
    }

    fn ports(&mut self) -> PortRange {
        let known = [22, 80, 443, 53, 0, 65_535, 1, 8080, 113];
        let (first, last) = (*self.one(&known), *self.one(&known));
        if self.below(2) == 0 { PortRange::one(first) } else { PortRange { first, last } }
    }

    fn rate(&mut self) -> Value {
        Value::Rate(Rate { count: self.between(1, 10_000) as u32, per: *self.one(&TimeUnit::ALL) })
    }

    fn endpoint(&mut self, family: Family) -> Value {
        let first = self.addr(family);
        let last = if self.below(2) == 0 { first } else { self.addr(family) };
        let addresses = (self.below(3) > 0).then_some((first, last));
        let ports = (addresses.is_none() || self.below(2) == 0).then(|| self.ports());
        let shifted = ports.filter(|ports| ports.first != ports.last && self.below(3) == 0);
        Value::Endpoint(Endpoint { addresses, ports, base: shifted.map(|_| 8000) })
    }

    fn option(&mut self, spec: &'static OptionSpec) -> OptionUse {
        let count = match spec.list {
            _ if spec.value == ValueKind::Flag => 0,
            List::No => 1,
            List::Union | List::Joined | List::Apart => self.between(1, 3),
        };
        let values = (0..count).map(|_| Located::new(self.value(spec), Loc::default())).collect();
        let negated = spec.only_negated || spec.negatable && self.below(2) == 0;
        OptionUse { spec, negated, values, loc: Loc::default() }
    }
}

fn rule(matches: Vec<Match>, extension: &'static Extension, options: Vec<OptionUse>) -> Rule {
    let action = Action::Target { extension, options };
    Rule {
        families: FamilySet::BOTH,
        matches,
        verdicts: Few::one(crate::model::Verdict { action, loc: Loc::default() }),
        comment: None,
        exact: true,
        levels: Vec::new(),
        loc: Loc::default(),
    }
}

/// The options of a rule, without places and in the catalogue's order.
fn options(extension: &'static Extension, options: &[OptionUse]) -> Vec<(String, bool, Vec<Value>)> {
    let mut list: Vec<_> = options
        .iter()
        .map(|option| {
            let mut values: Vec<Value> = option.values().cloned().collect();
            if matches!(option.spec.value, ValueKind::Words(_)) {
                values.sort_by_key(|value| format!("{value:?}"));
            }
            let name = option.spec.name;
            // `dport [a, b]` is what `multiport` calls `dports`.
            let name = if extension.option(name).is_some() { name.to_owned() } else { format!("{name}s") };
            (name, option.negated, values)
        })
        .collect();
    list.sort_by_key(|(name, ..)| extension.options.iter().position(|spec| spec.name == name));
    list
}

#[test]
fn every_option_is_read_as_it_was_written() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let lets = Lets::default();
    for extension in EXTENSIONS {
        if [&PORTS, &COMMENT, &FAMILY].contains(extension) {
            continue;
        }
        for spec in extension.options {
            for _ in 0..TRIES {
                let first = random.option(spec);
                let mut used = vec![first];
                let other = random.one(extension.options);
                if other != spec && extension.module {
                    used.push(random.option(other));
                }
                let written = match extension.kind {
                    Kind::Match => {
                        let entry = Match { extension, options: used.clone(), loc: Loc::default() };
                        let protocol = |number: &u8| Match {
                            extension: &CORE,
                            options: vec![OptionUse {
                                spec: CORE.option("proto").expect("a core parameter"),
                                negated: false,
                                values: Few::one(Located::new(Value::Protocol(*number), Loc::default())),
                                loc: Loc::default(),
                            }],
                            loc: Loc::default(),
                        };
                        let protocol = extension.protocols.first().map(protocol);
                        let rule = rule(
                            protocol.into_iter().chain([entry]).collect(),
                            &crate::catalogue::COUNT,
                            Vec::new(),
                        );
                        let phrases =
                            match_phrases(&rule, &lets).unwrap_or_else(|| panic!("no words for {rule:?}"));
                        phrases.iter().map(|phrase| phrase.text.clone()).collect::<Vec<_>>().join(" ")
                            + " => count;"
                    }
                    Kind::Target => {
                        let action = Action::Target { extension, options: used.clone() };
                        format!("_ => {};", verdict_phrase(&action, &lets).expect("words for it"))
                    }
                };
                let source = format!("#![exact] foreign set ADMINS; chain X {{ {written} }}");
                let tokens =
                    TokenStream::from_str(&source).unwrap_or_else(|error| panic!("{error}: {source}"));
                let compiled = compile(tokens);
                let found =
                    compiled.model.chains()[0].rules().first().and_then(|rule| match extension.kind {
                        Kind::Match => {
                            let here = |entry: &&Match| [extension, &&PORTS].contains(&&entry.extension());
                            let found = rule.matches().iter().filter(here).flat_map(Match::options);
                            Some(options(extension, &found.cloned().collect::<Vec<_>>()))
                        }
                        Kind::Target => match rule.verdicts()[0].action() {
                            Action::Target { options: found, .. } => Some(options(extension, found)),
                            _ => None,
                        },
                    });
                let said: Vec<String> = compiled.diagnostics.iter().map(|it| it.message.clone()).collect();
                assert_eq!(found, Some(options(extension, &used)), "{source}\n{}", said.join("\n"));
            }
        }
    }
}
