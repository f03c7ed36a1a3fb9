//! A table's rules as conditions on regions.

use super::atom::Atoms;
use super::changed::changed_before;
use super::interface::Interfaces;
use super::marks::Marks;
use super::meaning::{
    Meaning, changes, differs_by_variant, drops_tiny_fragments, is_changed, is_modelled, meaning,
    reads_transport, words_of,
};
use super::packet::{PacketType, Status, Tracking};
use super::region::{AXES, Axis, Choice, Condition, LATER, Region, Set, Span, WHOLE, complement, union};
use super::sets::{Contents, PORT_SET_PROTOCOLS, exact, known, names_unknown};
use crate::catalogue::{Aspects, CONNTRACK, CORE, Extension, Flow, RAW, RETURN, SET_MATCH, TCP_NUMBER};
use crate::family::Family;
use crate::lower::{Table, can_have_protocol};
use crate::model::{self, Address, IcmpMatch, Match, OptionUse, Value, width};

/// A table of one family.
#[derive(Debug)]
pub(super) struct Program {
    /// In the order of the table's chains, each with a rule for each of the chain's.
    pub(super) chains: Vec<Vec<Rule>>,
    pub(super) family: Family,
    pub(super) classes: Classes,
}

/// What of the endless many names and numbers the rules can tell apart.
#[derive(Debug, Clone)]
pub(super) struct Classes {
    pub(super) interfaces: Interfaces,
    pub(super) marks: Marks,
}

/// A rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) test: Test,
    pub(super) action: Action,
}

/// What a rule asks of a packet.
#[derive(Debug, Default)]
pub(super) struct Test {
    /// Conditions on what every packet has.
    pub(super) always: Vec<Condition>,
    /// Those of them that the rule asks first, before any match of an extension; only where legacy may drop small TCP
    /// fragments on the way to the others.
    pub(super) core: Vec<Condition>,
    /// Conditions on the transport header.
    pub(super) transport: Vec<Condition>,
    /// Sets of ports in which the packet must not be; one without ports is in none.
    pub(super) not_in: Vec<Condition>,
    /// Whether it looks into the transport header, if only to see that it is there.
    pub(super) reads_transport: bool,
    /// Whether there are matches beside, of which nothing is known.
    pub(super) opaque: bool,
    /// Matches beside of which no more is known than that they say the same of a packet wherever they stand, by
    /// their number among the table's.
    pub(super) atoms: Vec<u32>,
    /// Whether those are all of which nothing is known.
    pub(super) is_steady: bool,
    /// Whether legacy may drop a small TCP fragment that comes here.
    pub(super) drops_tiny_fragments: bool,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing that matters to the packet's way.
    Pass,
    Verdict(&'static Extension),
    Return,
    Jump(usize),
    Goto(usize),
    /// A target of which nothing is known: whatever a target can do.
    Unknown,
    /// Goes to a chain of others, where anything may happen to the packet, and comes back perhaps.
    JumpAway,
    /// The same, but what comes back goes on behind the caller.
    GotoAway,
}

/// What a test makes of a region: parts of which it is true, of which it may be true, and of which
/// it is not. They are apart, and together they are the region.
#[derive(Debug, Default)]
pub(super) struct Division {
    pub(super) yes: Vec<Region>,
    pub(super) perhaps: Vec<Region>,
    pub(super) no: Vec<Region>,
}

/// Prepares a table. The classes are those that its rules, and whatever is asked of it, tell apart.
pub(super) fn program(table: &Table, family: Family, classes: Classes) -> Program {
    // Other packets change sets and marks of connections, at any time.
    let of_others = changes(table).and(Aspects::SETS.or(Aspects::CONNMARK));
    let before = changed_before(table);
    prepare(table, family, classes, |chain, rule| before[chain][rule].or(of_others))
}

/// The same where nothing is known of what is in `changed`, and the rest is as the packet says.
pub(super) fn program_where(table: &Table, family: Family, classes: Classes, changed: Aspects) -> Program {
    prepare(table, family, classes, |_, _| changed)
}

/// Prepares a table, where `changed` tells for each rule, by chain and place, of what nothing is known there.
fn prepare(
    table: &Table,
    family: Family,
    classes: Classes,
    changed: impl Fn(usize, usize) -> Aspects,
) -> Program {
    let chain = |name: &str| table.position(name);
    let action = |action: &model::Action| match action {
        model::Action::Target { extension, .. } if extension.flow == Flow::Continues => Some(Action::Pass),
        model::Action::Target { extension, .. } if **extension == RETURN => Some(Action::Return),
        model::Action::Target { extension, .. } if **extension == RAW => Some(Action::Unknown),
        model::Action::Target { extension, .. } => Some(Action::Verdict(extension)),
        model::Action::Jump(name) if table.is_foreign(name) => Some(Action::JumpAway),
        model::Action::Goto(name) if table.is_foreign(name) => Some(Action::GotoAway),
        model::Action::Jump(name) => chain(name).map(Action::Jump),
        model::Action::Goto(name) => chain(name).map(Action::Goto),
    };
    let (mut atoms, mut contents) = (Atoms::default(), Contents::default());
    let chains = table.chains.iter().enumerate().map(|(number, chain)| {
        let rules = chain.rules.iter().enumerate().map(|(place, rule)| {
            let changed = changed(number, place);
            let mut test = test_with(&rule.matches, family, &classes, changed, &mut contents);
            test.is_steady = find_atoms(&rule.matches, &classes, changed, &mut atoms, &mut test.atoms);
            // Such a target is a verdict on the packets that it takes, and nobody knows on which.
            let may_end = matches!(
                &rule.action,
                model::Action::Target { extension, .. } if extension.flow == Flow::MayEnd
            );
            test.opaque |= may_end;
            test.is_steady &= !may_end;
            // A jump to a chain that is not there is passed over; so rules keep their numbers.
            Rule { test, action: action(&rule.action).unwrap_or(Action::Pass) }
        });
        rules.collect()
    });
    let chains = chains.collect();
    Program { chains, family, classes }
}

/// The interface on which a host talks to itself.
pub(super) const LOOPBACK: &str = "lo";

impl Classes {
    /// The classes that these conjunctions of matches tell apart.
    pub(super) fn new<'a>(rules: impl Iterator<Item = &'a [Match]>) -> Classes {
        // Lints ask for the loopback interface, which a policy may forget.
        let (mut patterns, mut marks) = (vec![LOOPBACK], Vec::new());
        for option in rules.flatten().flat_map(|entry| &entry.options) {
            for value in &option.values {
                match &value.value {
                    Value::Interface(pattern) => patterns.push(pattern.as_str()),
                    Value::Masked(bits) if option.spec.name == "mark" => marks.push(*bits),
                    _ => {}
                }
            }
        }
        Classes { interfaces: Interfaces::new(patterns.into_iter()), marks: Marks::new(&marks) }
    }
}

/// Whether nothing at all is known of what an option says.
fn says_nothing(entry: &Match, option: &OptionUse, changed: Aspects) -> bool {
    names_unknown(option)
        || differs_by_variant(entry, option)
        || is_changed(entry.extension, option.spec(), changed)
}

/// Whether an option may be true or not of some packets of which its conditions are true.
fn is_opaque(entry: &Match, option: &OptionUse, classes: &Classes, changed: Aspects) -> bool {
    says_nothing(entry, option, changed)
        || match meaning(entry.extension, option.spec()) {
            Meaning::Opaque => true,
            Meaning::Mark => !classes.marks.are_known(),
            _ => option.values().any(has_gaps),
        }
}

/// Collects the matches of a rule that are not modelled but steady, and tells whether all of them are.
fn find_atoms<'a>(
    matches: &'a [Match],
    classes: &Classes,
    changed: Aspects,
    atoms: &mut Atoms<'a>,
    found: &mut Vec<u32>,
) -> bool {
    let mut all = true;
    for entry in matches {
        let opaque = |option: &OptionUse| is_opaque(entry, option, classes, changed);
        if is_modelled(entry.extension) && !entry.options.iter().any(opaque) {
            continue;
        }
        match atoms.number(entry, changed) {
            Some(number) => found.push(number),
            None => all = false,
        }
    }
    all
}

impl Program {
    /// Every packet, whether it can be or not.
    pub(super) fn everything(&self) -> Region {
        let all = |axis| domain(axis, self.family, &self.classes);
        let choices = Choice::ALL.map(|choice| choice_domain(choice, &self.classes));
        Region::new(Axis::ALL.map(all), choices)
    }
}

/// Every number of each field, but for the interfaces, which are these.
pub(super) fn spans_between(
    [incoming, outgoing]: [Span; 2],
    family: Family,
    classes: &Classes,
) -> [Span; AXES] {
    Axis::ALL.map(|axis| match axis {
        Axis::In => incoming,
        Axis::Out => outgoing,
        _ => domain(axis, family, classes),
    })
}

/// Every number that a field can be.
pub(super) fn domain(axis: Axis, family: Family, classes: &Classes) -> Span {
    let last = match axis {
        Axis::In | Axis::Out => classes.interfaces.any().last,
        Axis::Source | Axis::Destination => u128::MAX >> (128 - width(family)),
        Axis::Protocol => u128::from(u8::MAX),
        Axis::SourcePort | Axis::DestinationPort | Axis::Icmp => u128::from(u16::MAX),
    };
    Span { first: 0, last }
}

/// Every value that a choice can have, one bit each.
pub(super) fn choice_domain(choice: Choice, classes: &Classes) -> u64 {
    let first = |count: usize| u64::MAX >> (64 - count);
    match choice {
        Choice::TcpFlags => u64::MAX,
        Choice::Tracking => first(Tracking::ALL.len()),
        Choice::Fragment => WHOLE | LATER,
        Choice::Status => first(Status::COUNT as usize),
        Choice::Mark => classes.marks.all(),
        Choice::PacketType => first(PacketType::ALL.len()),
    }
}

/// The conjunction of matches. Their options may hold lists and be negated.
/// What is changed on the way of a packet is not known of it.
pub(super) fn test(matches: &[Match], family: Family, classes: &Classes, changed: Aspects) -> Test {
    test_with(matches, family, classes, changed, &mut Contents::default())
}

/// The same with sets that others ask for too.
fn test_with(
    matches: &[Match],
    family: Family,
    classes: &Classes,
    changed: Aspects,
    contents: &mut Contents,
) -> Test {
    let mut test = Test {
        drops_tiny_fragments: family == Family::Ipv4 && drops_tiny_fragments(matches, None),
        ..Test::default()
    };
    for entry in matches {
        if *entry.extension == SET_MATCH {
            // Of marks the sets that are known hold none.
            if Aspects::ADDRESSES.meets(changed) {
                test.opaque = true;
                continue;
            }
            test.ask_set(entry, family, classes, contents);
            continue;
        }
        test.opaque |= !is_modelled(entry.extension);
        let transport = reads_transport(entry);
        if transport {
            test.reads_transport = true;
            let numbers = entry.extension.protocols.iter();
            let spans = numbers.map(|number| one(u128::from(*number))).collect();
            test.always.push(Condition::Within(Axis::Protocol, union(spans)));
        }
        for option in &entry.options {
            test.opaque |= is_opaque(entry, option, classes, changed);
            if says_nothing(entry, option, changed) {
                continue;
            }
            let to = if transport { &mut test.transport } else { &mut test.always };
            let meaning = meaning(entry.extension, option.spec());
            // A status is asked of nothing but connections.
            if *entry.extension == CONNTRACK && meaning != Meaning::Tracking {
                to.extend(of_connection(entry, option));
                continue;
            }
            to.extend(conditions(entry.extension, option, family, classes));
        }
        if test.drops_tiny_fragments && *entry.extension == CORE {
            test.core = test.always.clone();
        }
    }
    // Asked for already, as a rule: `-p tcp -m tcp`.
    let mut kept: Vec<Condition> = Vec::with_capacity(test.always.len());
    for condition in test.always {
        if !kept.contains(&condition) {
            kept.push(condition);
        }
    }
    test.always = kept;
    test
}

/// Whether a value is more than its bounds say: of a mask with gaps not all addresses between them belong to it.
pub(super) fn has_gaps(value: &Value) -> bool {
    matches!(value, Value::Address(Address::Masked(_)))
}

fn one(number: u128) -> Span {
    Span { first: number, last: number }
}

/// What an option of `conntrack` beside the state asks. A packet without a connection has nothing to look at: there
/// the state decides alone, and where it is not asked for the match is false, negated or not
/// (net/netfilter/xt_conntrack.c, conntrack_mt).
fn of_connection(entry: &Match, option: &OptionUse) -> Vec<Condition> {
    let asks_for_state = entry.options.iter().any(|option| option.spec.name == "ctstate");
    let connected = tracking_bits(|tracking| tracking.state.has_connection());
    let status = (meaning(entry.extension, option.spec()) == Meaning::Status).then(|| status_bits(option));
    match (asks_for_state, status) {
        (true, Some(status)) => {
            vec![Condition::EitherChoice([(Choice::Tracking, !connected), (Choice::Status, status)])]
        }
        (true, None) => Vec::new(),
        (false, status) => {
            let status = status.map(|status| Condition::OneOf(Choice::Status, status));
            std::iter::once(Condition::OneOf(Choice::Tracking, connected)).chain(status).collect()
        }
    }
}

/// What an option asks; all of these.
fn conditions(
    extension: &Extension,
    option: &OptionUse,
    family: Family,
    classes: &Classes,
) -> Vec<Condition> {
    let within = |axes: &[Axis]| -> Vec<Condition> {
        // Outside the bounds no address belongs to it; inside, each may or may not.
        let values = option.values().filter(|value| !(option.negated() && has_gaps(value)));
        let spans = values.flat_map(|value| value_spans(axes[0], value, family, classes));
        let spans = union(spans.collect());
        match (axes, option.negated()) {
            ([axis], false) => vec![Condition::Within(*axis, spans)],
            (_, false) => vec![Condition::EitherPort(spans)],
            (_, true) => {
                let domain = |axis| domain(axis, family, classes);
                let outside = |axis| Condition::Within(axis, complement(&spans, domain(axis)));
                axes.iter().copied().map(outside).collect()
            }
        }
    };
    let one_of = |choice: Choice, bits: u64| {
        vec![Condition::OneOf(choice, if option.negated() { !bits } else { bits })]
    };
    match meaning(extension, option.spec()) {
        Meaning::Source => within(&[Axis::Source]),
        Meaning::Destination => within(&[Axis::Destination]),
        Meaning::In => within(&[Axis::In]),
        Meaning::Out => within(&[Axis::Out]),
        Meaning::Protocol => within(&[Axis::Protocol]),
        Meaning::SourcePort => within(&[Axis::SourcePort]),
        Meaning::DestinationPort => within(&[Axis::DestinationPort]),
        Meaning::EitherPort => within(&[Axis::SourcePort, Axis::DestinationPort]),
        Meaning::IcmpType => within(&[Axis::Icmp]),
        Meaning::Fragment => one_of(Choice::Fragment, LATER),
        Meaning::Tracking => one_of(
            Choice::Tracking,
            tracking_bits(|tracking| words_of(option).any(|word| tracking.answers_to(word))),
        ),
        Meaning::PacketType => {
            let is_asked = |of: &PacketType| words_of(option).any(|word| of.name() == word);
            one_of(Choice::PacketType, bits_of(&PacketType::ALL, is_asked))
        }
        Meaning::Mark if classes.marks.are_known() => {
            let bits = option.values().map(|value| match value {
                Value::Masked(bits) => classes.marks.with(*bits),
                _ => 0,
            });
            one_of(Choice::Mark, bits.fold(0, |all, bits| all | bits))
        }
        Meaning::TcpFlags => one_of(Choice::TcpFlags, flag_bits(option)),
        Meaning::Mark | Meaning::Status | Meaning::Always | Meaning::Opaque => Vec::new(),
    }
}

/// A value as numbers; those in it if it is a set.
fn value_spans(axis: Axis, value: &Value, family: Family, classes: &Classes) -> Vec<Span> {
    match value {
        Value::Set(used) => {
            let values = known(used).map(|(_, values)| values).unwrap_or_default();
            values.iter().filter_map(|value| value_span(axis, value, family, classes)).collect()
        }
        value => value_span(axis, value, family, classes).into_iter().collect(),
    }
}

/// A value as numbers; `None` if no packet of the family has it.
fn value_span(axis: Axis, value: &Value, family: Family, classes: &Classes) -> Option<Span> {
    match value {
        Value::Address(address) if address.family() == family => {
            let (first, last) = address.bounds();
            Some(Span { first, last })
        }
        Value::Interface(pattern) => classes.interfaces.span(pattern),
        Value::Protocol(number) if can_have_protocol(*number, family) => Some(one(u128::from(*number))),
        Value::Ports(ports) => Some(Span { first: u128::from(ports.first), last: u128::from(ports.last) }),
        Value::Icmp(IcmpMatch::Any) => Some(domain(axis, family, classes)),
        Value::Icmp(IcmpMatch::Type { ty: 255, .. }) if family == Family::Ipv4 => {
            Some(domain(axis, family, classes))
        }
        Value::Icmp(IcmpMatch::Type { ty, code }) => {
            let number = |code: u8| u128::from(u16::from_be_bytes([*ty, code]));
            Some(Span { first: number(code.unwrap_or(0)), last: number(code.unwrap_or(u8::MAX)) })
        }
        _ => None,
    }
}

/// A bit for each of the values that is meant.
fn bits_of<T>(all: &[T], is_meant: impl Fn(&T) -> bool) -> u64 {
    let meant = all.iter().enumerate().filter(|(_, value)| is_meant(value));
    meant.fold(0, |bits, (bit, _)| bits | 1 << bit)
}

pub(super) fn tracking_bits(is_meant: impl Fn(&Tracking) -> bool) -> u64 {
    bits_of(&Tracking::ALL, is_meant)
}

/// The combinations of which an option on the status is true.
fn status_bits(option: &OptionUse) -> u64 {
    let is_asked = |status: &Status| words_of(option).any(|word| status.answers_to(word)) != option.negated();
    let all: Vec<Status> = (0..Status::COUNT).map(|bits| Status::from_bits(bits as u8)).collect();
    bits_of(&all, is_asked)
}

fn flag_bits(option: &OptionUse) -> u64 {
    let mut bits = 0;
    for value in option.values() {
        if let Value::TcpFlags(wanted) = value {
            let combinations = (0..64u8).filter(|flags| flags & wanted.mask == wanted.set);
            bits |= combinations.fold(0, |bits, flags| bits | 1u64 << flags);
        }
    }
    bits
}

impl Division {
    /// How many parts the region was divided into.
    pub(super) fn parts(&self) -> usize {
        self.yes.len() + self.perhaps.len() + self.no.len()
    }
}

impl Test {
    /// Adds what a match on a set asks.
    fn ask_set(&mut self, entry: &Match, family: Family, classes: &Classes, contents: &mut Contents) {
        let Some(asked) = exact(entry) else {
            self.opaque = true;
            return;
        };
        let axis = match asked.meaning {
            Meaning::Source => Axis::Source,
            Meaning::Destination => Axis::Destination,
            Meaning::SourcePort => Axis::SourcePort,
            _ => Axis::DestinationPort,
        };
        let of_ports = matches!(axis, Axis::SourcePort | Axis::DestinationPort);
        let spans = contents.numbers(axis, &asked, || {
            let spans = asked.values.iter().filter_map(|value| value_span(axis, value, family, classes));
            let spans = union(spans.collect());
            if asked.negated && !of_ports { complement(&spans, domain(axis, family, classes)) } else { spans }
        });
        match (of_ports, asked.negated) {
            (false, _) => self.always.push(Condition::Within(axis, spans)),
            (true, false) => {
                self.reads_transport = true;
                self.always.push(has_ports_of_sets());
                self.transport.push(Condition::Within(axis, spans));
            }
            (true, true) => self.not_in.push(Condition::Within(axis, spans)),
        }
    }

    /// Divides a region by what the test says of its packets.
    pub(super) fn divide(&self, region: &Region) -> Division {
        let mut division = Division::default();
        let mut open = split_all(vec![region.clone()], &self.always, &mut division.no);
        if self.reads_transport {
            let mut whole = Vec::with_capacity(open.len());
            let later = Condition::OneOf(Choice::Fragment, LATER);
            for region in open {
                region.split(&later, &mut division.perhaps, &mut whole);
            }
            open = split_all(whole, &self.transport, &mut division.no);
        }
        for set in &self.not_in {
            let mut outside = Vec::with_capacity(open.len());
            let with_ports = split_all(open, &[has_ports_of_sets()], &mut outside);
            let mut whole = Vec::with_capacity(with_ports.len());
            let later = Condition::OneOf(Choice::Fragment, LATER);
            division.perhaps.extend(split_all(with_ports, &[later], &mut whole));
            division.no.extend(split_all(whole, std::slice::from_ref(set), &mut outside));
            open = outside;
        }
        if self.opaque {
            division.perhaps.append(&mut open);
        }
        division.yes = open;
        division
    }

    /// The small TCP fragments of a region that legacy may drop here.
    pub(super) fn tiny_fragments(&self, region: &Region) -> Vec<Region> {
        if !self.drops_tiny_fragments || region.choice(Choice::Fragment) & LATER == 0 {
            return Vec::new();
        }
        let tcp = Condition::Within(Axis::Protocol, [one(u128::from(TCP_NUMBER))].into());
        let small = split_all(vec![region.clone()], &[tcp], &mut Vec::new());
        let later = [Condition::OneOf(Choice::Fragment, LATER)];
        split_all(split_all(small, &self.core, &mut Vec::new()), &later, &mut Vec::new())
    }
}

/// The packet has ports that the kernel looks up in a set of ports.
pub(super) fn has_ports_of_sets() -> Condition {
    Condition::Within(Axis::Protocol, numbers(PORT_SET_PROTOCOLS))
}

/// These numbers as a set.
pub(super) fn numbers(list: impl IntoIterator<Item = u8>) -> Set {
    union(list.into_iter().map(|number| one(u128::from(number))).collect())
}

/// The parts of which all conditions are true; the others go to `no`.
fn split_all(regions: Vec<Region>, conditions: &[Condition], no: &mut Vec<Region>) -> Vec<Region> {
    let mut open = regions;
    for condition in conditions {
        if open.is_empty() {
            break;
        }
        let mut inside = Vec::with_capacity(open.len());
        for region in &open {
            region.split(condition, &mut inside, no);
        }
        open = inside;
    }
    open
}
