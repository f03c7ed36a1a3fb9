//! What two tables do differently at a hook.

use super::align::{Numbers, Occurrences, numbers};
use super::decide::{Point, decide};
use super::verdict::Verdict;
use super::walk::{Shared, Walk};
use super::words::{Words, header_protocols};
use crate::analysis::diagram::{ALL, Exhausted, Field, GOES_ON, Level, NONE, Node, Product, likely};
use crate::analysis::entry::{Surroundings, entries};
use crate::analysis::packet::{Packet, Tracking};
use crate::analysis::program::tracking_bits;
use crate::analysis::region::{Axis, Choice, LATER, Span, intersection, union};
use crate::analysis::witness::witness;
use crate::family::Family;
use crate::loc::Loc;
use crate::lower::{Ruleset, Table};
use crate::model::{ChainPolicy, Match};
use crate::table::{Hook, TableName};

/// Packets of which something else becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The family.
    pub family: Family,
    /// The table.
    pub table: TableName,
    /// The built-in chain.
    pub hook: Hook,
    /// What became of them.
    pub old: Verdict,
    /// What becomes of them.
    pub new: Verdict,
    /// Which packets: those of any line.
    pub lines: Vec<Line>,
    /// Whether the lines are all of them.
    pub is_complete: bool,
}

/// Packets, as the matches of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// In the words of the language.
    pub text: String,
    /// The matches that these are, one by one; none if any packet is meant.
    pub matches: Vec<String>,
    /// One of them.
    pub packet: Packet,
    /// What decided it in the old firewall.
    pub old: Decision,
    /// What decides it in the new one.
    pub new: Decision,
}

/// What decides a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A rule.
    Rule(Loc),
    /// No rule: the chain's end.
    End,
}

/// What a firewall holds for a hook.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) ruleset: &'a Ruleset,
    pub(super) table: Option<&'a Table>,
    /// The chain in which packets begin.
    pub(super) start: Option<usize>,
}

impl Held<'_> {
    fn occurrences(self, shared: &mut Shared<'_>) -> Occurrences {
        match (self.table, self.start) {
            (Some(table), Some(start)) => Walk::new(shared, table).occurrences(start),
            _ => Occurrences::new(),
        }
    }
}

/// How many lines of a change are told.
const LINES_MAX: usize = 200;

/// What the sides do differently with the packets that can be at a hook.
pub(super) fn compare_hook(
    sides: [Held<'_>; 2],
    table: TableName,
    hook: Hook,
    shared: &mut Shared<'_>,
) -> Result<Vec<Change>, Exhausted> {
    let mut regions = Vec::new();
    for side in sides {
        for region in entries(&[hook], Surroundings::new(side.ruleset), &shared.program.classes) {
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
    }
    shared.sees_fragments = regions.iter().any(|region| region.choice(Choice::Fragment) & LATER != 0);
    let [of_old, of_new] = sides.map(|side| side.occurrences(shared));
    let old = function(sides[0], Numbers::new(), shared)?;
    let new = function(sides[1], numbers(&of_old, &of_new), shared)?;
    let entering = shared.space.regions(&mut shared.diagram, &regions)?;
    let entering = possible(entering, shared)?;
    let differing = shared.diagram.differing(old.function, new.function)?;
    let differing = shared.diagram.and(differing, entering)?;
    let mut changes = Vec::new();
    let of_old = shared.diagram.within(old.function, differing)?;
    for was in shared.diagram.all_outcomes(of_old) {
        let those = shared.diagram.gives(of_old, was)?;
        let of_new = shared.diagram.within(new.function, those)?;
        for is in shared.diagram.all_outcomes(of_new) {
            let set = shared.diagram.gives(of_new, is)?;
            let (lines, is_complete) = lines(set, entering, [&old, &new], sides, shared)?;
            changes.push(Change {
                family: shared.family,
                table,
                hook,
                old: shared.verdicts.verdict(was),
                new: shared.verdicts.verdict(is),
                lines,
                is_complete,
            });
        }
    }
    // What is opened comes first, then what is closed.
    changes.sort_by_key(|change| match (change.old.is_accept(), change.new.is_accept()) {
        (false, true) => 0,
        (true, false) => 1,
        _ => 2,
    });
    Ok(changes)
}

/// The packets of a set with the answers that they can get.
fn possible(set: Node, shared: &mut Shared<'_>) -> Result<Node, Exhausted> {
    let Shared { diagram, space, atoms, .. } = shared;
    let mut possible = set;
    for (number, atom) in atoms.list.iter().enumerate() {
        if let Some(within) = &atom.within {
            let within = space.condition(diagram, within)?;
            let refused = space.by_atom(diagram, number, ALL, NONE)?;
            let refused = diagram.without(refused, within)?;
            possible = diagram.without(possible, refused)?;
        }
    }
    Ok(possible)
}

/// What comes of packets at a hook, and the rules that say so.
struct Way {
    function: Node,
    blocks: Vec<super::walk::Block>,
    root: Option<usize>,
}

fn function(side: Held<'_>, numbers: Numbers, shared: &mut Shared<'_>) -> Result<Way, Exhausted> {
    let end = match (side.table, side.start) {
        (Some(table), Some(start)) => table.chains[start].policy.map(|policy| match policy {
            ChainPolicy::Accept => Verdict::accept(),
            ChainPolicy::Drop => Verdict::drop(),
        }),
        _ if side.ruleset.chains_alone => None,
        _ => Some(Verdict::accept()),
    };
    let mut way = Way { function: shared.diagram.terminal(&[GOES_ON]), blocks: Vec::new(), root: None };
    if let (Some(table), Some(start)) = (side.table, side.start) {
        let mut walk = Walk::new(shared, table);
        walk.numbers = numbers;
        let root = walk.hook(start)?;
        way.function = walk.blocks[root].function;
        way.root = Some(root);
        way.blocks = walk.blocks;
    }
    if let Some(end) = end {
        let end = shared.verdict(end);
        way.function = shared.diagram.replace(GOES_ON, way.function, end)?;
    }
    Ok(way)
}

fn lines(
    set: Node,
    entering: Node,
    ways: [&Way; 2],
    sides: [Held<'_>; 2],
    shared: &mut Shared<'_>,
) -> Result<(Vec<Line>, bool), Exhausted> {
    let told = shared.space.without_copies(&mut shared.diagram, set)?;
    let family = shared.family;
    let connected = connected();
    let may_be = |product: &Product, level: Level| match level.field() {
        Field::Axis(Axis::Protocol) => {
            let mut of = product.iter().filter_map(|(level, _)| header_protocols(level.field(), family));
            let first = of.next()?;
            Some(of.fold(first, |all, more| intersection(&all, &more).to_vec()))
        }
        Field::Choice(Choice::Tracking) => product
            .iter()
            .any(|(level, _)| level.field() == Field::Choice(Choice::Status))
            .then(|| connected.clone()),
        _ => None,
    };
    let (products, is_complete) = shared.diagram.cover(told, entering, &shared.space, &may_be, LINES_MAX)?;
    let rules = sides.iter().filter_map(|side| side.table).flat_map(|table| &table.chains);
    let matches: Vec<&Match> = rules.flat_map(|chain| &chain.rules).flat_map(|rule| &rule.matches).collect();
    let words = Words::new(&shared.space, &shared.program.classes, family, matches.into_iter());
    let mut lines = Vec::new();
    for product in &products {
        for (part, matches) in words.lines(product, &shared.atoms.list) {
            let node = shared.space.product(&mut shared.diagram, &part);
            let node = shared.diagram.and(node, set)?;
            let region = shared.diagram.region(node, &shared.space, &shared.program.everything(), &likely);
            let Some(region) = region else { continue };
            let packet = witness(&region, shared.program);
            let mut point = Point { packet: &packet, classes: &shared.program.classes, holding: Vec::new() };
            point.answer(&shared.diagram, &shared.space, node);
            let decision = |way: &Way| {
                let decided = way.root.and_then(|root| decide(&shared.diagram, &way.blocks, root, &point));
                decided.map_or(Decision::End, Decision::Rule)
            };
            let (old, new) = (decision(ways[0]), decision(ways[1]));
            let text = if matches.is_empty() { "_".to_owned() } else { matches.join(" ") };
            lines.push(Line { text, matches, packet, old, new });
        }
    }
    Ok((lines, is_complete))
}

/// The places of states with a connection.
fn connected() -> Vec<Span> {
    let bits = tracking_bits(|tracking: &Tracking| tracking.state.has_connection());
    let places = (0..u64::BITS).filter(|bit| bits >> bit & 1 == 1);
    union(places.map(|bit| Span { first: bit.into(), last: bit.into() }).collect()).to_vec()
}
