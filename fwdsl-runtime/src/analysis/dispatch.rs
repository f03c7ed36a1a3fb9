//! Proves that trees of chains do with every packet what the rules did that they stand for.
//!
//! ```text
//! the rules          the tree                    walked with
//! 1 -s A … ACCEPT    -j t                        every packet, rules 1 to 4 to be met
//! 2 -s B … LOG       t    -s 10.0.0.0/9 -g t1      those of 10.0.0.0/9, and the rules that meet them
//! 3 -s B … DROP      t    rule 4                   all others, and the rules that meet these
//! 4 -s C … ACCEPT    t1   rules 1, 2, 3
//! ```
//!
//! The proof is that on each way through the tree a packet meets, in the same order, the very rules that it may match among
//! those of the chain; each says and does there what it did, for it is the same rule. So verdicts, side effects and
//! their number are the same, whatever a match that is not modelled says. It holds for what the trees are, and knows nothing
//! of how they were made. What it takes for granted is what [`super::meaning`] says of options.
//!
//! Later fragments have no ports. Legacy's matches say no to them, and so do nft's with new kernels; with old ones these
//! read what stands there. So ways are walked with ports in all packets, and again for fragments without any. A third walk is
//! for small TCP fragments, which legacy drops where it looks for ports.

use super::aside::{changes_on_return, has_state, leaves};
use super::entry::{hooks, sees_fragments, uses_tracking};
use super::program::{Classes, Test, choice_domain, spans_between, test};
use super::region::{Axis, Choice, Condition, LATER, Region, Span, WHOLE, is_within, meets};
use crate::catalogue::{Aspects, COMMENT, CORE, Flow, IPRANGE, TCP, TCP_NUMBER, UDP};
use crate::family::Family;
use crate::lower::{Chain, Rule, Ruleset, Table};
use crate::model::{Action, Match};

/// A tree that stands in a chain for a run of its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stead {
    /// The place of the rule that enters the tree.
    pub(crate) entry: usize,
    /// The first of the rules that it stands for, in the chain as it was.
    pub(crate) first: usize,
    /// The rule behind the last of them.
    pub(crate) end: usize,
}

/// Whether later fragments can come to a chain of a table.
pub(crate) fn may_see_fragments(ruleset: &Ruleset, table: &Table, chain: usize) -> bool {
    let tracks = uses_tracking(ruleset);
    hooks(table, chain).into_iter().any(|hook| sees_fragments(hook, ruleset.family, tracks))
}

/// Proves that a chain with trees is the same as it was without. `now` is the table with the trees.
///
/// # Errors
/// What is different, or may be.
pub(crate) fn check_trees(
    was: (&Ruleset, &Table, usize),
    now: &Table,
    steads: &[Stead],
) -> Result<(), String> {
    let (ruleset, table, number) = was;
    let chain = &table.chains[number];
    let with_trees = now.chain(&chain.name).ok_or("the chain is gone")?;
    if (chain.policy, chain.auxiliary) != (with_trees.policy, with_trees.auxiliary) {
        return Err("the chain has another policy".into());
    }
    // Between the trees both are the same, rule by rule.
    let (mut old, mut new) = (0, 0);
    let end = Stead { entry: with_trees.rules.len(), first: chain.rules.len(), end: chain.rules.len() };
    for stead in steads.iter().chain([&end]) {
        let kept = chain.rules.get(old..stead.first).ok_or("runs overlap")?;
        let there = with_trees.rules.get(new..stead.entry).ok_or("trees overlap")?;
        if kept.len() != there.len() || !kept.iter().zip(there).all(|(one, other)| says_the_same(one, other))
        {
            return Err(format!("the rules from {} on are not those that they were", old + 1));
        }
        (old, new) = (stead.end, stead.entry + 1);
        if new > with_trees.rules.len() {
            break;
        }
        let run = chain.rules.get(stead.first..stead.end).ok_or("a run goes beyond the chain")?;
        let is_last = stead.end == chain.rules.len() && new == with_trees.rules.len();
        let root = root_of(&with_trees.rules[stead.entry], run, is_last)?;
        check_run(table, run)?;
        let rules = table.chains.iter().chain(&now.chains).flat_map(|chain| &chain.rules);
        let mut proof = Proof {
            was: table,
            now,
            family: ruleset.family,
            classes: Classes::new(rules.map(|rule| &rule.matches[..])),
            run,
            tests: Vec::new(),
            ways: Vec::new(),
            world: World::Ports,
        };
        proof.prepare();
        let mut worlds = vec![World::Ports, World::Fragments];
        if ruleset.family == Family::Ipv4 && may_see_fragments(ruleset, table, number) {
            worlds.push(World::SmallFragments);
        }
        for world in worlds {
            proof.world = world;
            let all: Vec<usize> = (0..run.len()).collect();
            proof.walk(root, proof.everything(), all)?;
        }
    }
    Ok(())
}

/// Whether rules match the same and do the same. Where they come from says nothing about packets.
fn says_the_same(one: &Rule, other: &Rule) -> bool {
    one.matches == other.matches && one.action == other.action
}

/// The chain at the root of the tree that a rule enters.
fn root_of<'a>(entry: &'a Rule, run: &[Rule], is_last: bool) -> Result<&'a str, String> {
    if !entry.matches.is_empty() {
        return Err("not every packet enters the tree".into());
    }
    match &entry.action {
        Action::Goto(_) if !is_last => Err("what comes out of the tree would leave the chain".into()),
        Action::Jump(_) if !is_last && run.iter().any(leaves) => {
            Err("a rule would leave the tree, not the chain".into())
        }
        Action::Jump(name) | Action::Goto(name) => Ok(name),
        Action::Target { .. } => Err("no tree is entered".into()),
    }
}

/// What no tree may hold.
fn check_run(table: &Table, run: &[Rule]) -> Result<(), String> {
    for rule in run {
        if has_state(rule) {
            return Err("a rule remembers packets, and there would be two of it".into());
        }
        // A packet that has other addresses than before would be in the wrong branch.
        if changes_on_return(table, &rule.action).meets(Aspects::ADDRESSES) {
            return Err("a rule changes what the tree asks for".into());
        }
    }
    Ok(())
}

/// Which packets a walk is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum World {
    /// All that can be read as if they had ports.
    Ports,
    /// Later fragments, of which no port can be read.
    Fragments,
    /// Later fragments of TCP that legacy drops at a match of TCP.
    SmallFragments,
}

struct Proof<'a> {
    was: &'a Table,
    now: &'a Table,
    family: Family,
    classes: Classes,
    /// The rules that the tree stands for.
    run: &'a [Rule],
    /// What they ask.
    tests: Vec<Asked>,
    /// The chains that the walk is in.
    ways: Vec<usize>,
    world: World,
}

/// What a rule asks of a packet.
struct Asked {
    test: Test,
    /// Whether the packets that meet the conditions are all matched.
    is_whole: bool,
    /// Whether it matches no packet of which no port and the like can be read.
    reads: bool,
    ends: bool,
}

impl Proof<'_> {
    fn prepare(&mut self) {
        self.tests = self.run.iter().map(|rule| self.asked(rule)).collect();
    }

    fn asked(&self, rule: &Rule) -> Asked {
        // A rule may stop at any match that says no: those behind one that remembers are left out.
        let before = rule.matches.iter().position(Match::is_stateful).unwrap_or(rule.matches.len());
        let test = test(&rule.matches[..before], self.family, &self.classes, Aspects::NONE);
        let plain = |entry: &Match| [&CORE, &TCP, &UDP, &IPRANGE, &COMMENT].contains(&entry.extension);
        let ends = matches!(&rule.action, Action::Target { extension, .. } if extension.flow == Flow::Ends);
        Asked {
            is_whole: !test.opaque && test.not_in.is_empty() && rule.matches.iter().all(plain),
            reads: self.needs_header(&test),
            test,
            ends,
        }
    }

    /// Whether a test is false of every packet without a transport header. What asks for any port at all
    /// may be left out by `iptables-nft-restore`.
    fn needs_header(&self, test: &Test) -> bool {
        let all = self.all();
        test.transport.iter().any(|condition| !holds_all(condition, &all))
    }

    /// Every packet, whether it can be or not.
    fn all(&self) -> Region {
        let interfaces = self.classes.interfaces.any();
        // Those without an interface are of class 0.
        let interfaces = Span { first: 0, ..interfaces };
        let spans = spans_between([interfaces, interfaces], self.family, &self.classes);
        Region::new(spans, Choice::ALL.map(|choice| choice_domain(choice, &self.classes)))
    }

    fn everything(&self) -> Vec<Region> {
        let fragments = if self.world == World::Ports { WHOLE | LATER } else { LATER };
        let all = self.all().with_choice(Choice::Fragment, fragments);
        if self.world == World::SmallFragments {
            let tcp = Span { first: u128::from(TCP_NUMBER), last: u128::from(TCP_NUMBER) };
            return vec![all.with_set(Axis::Protocol, vec![tcp])];
        }
        vec![all]
    }

    /// Follows these packets through a chain of the tree; `rest` are the rules of the run that they may match and have not met.
    fn walk(&mut self, name: &str, mut regions: Vec<Region>, mut rest: Vec<usize>) -> Result<(), String> {
        let now = self.now;
        let place = now.position(name).filter(|_| self.was.position(name).is_none());
        let place = place.ok_or_else(|| format!("`{name}` is no chain of a tree"))?;
        if self.ways.contains(&place) {
            return Err(format!("`{name}` leads to itself"));
        }
        self.ways.push(place);
        let chain: &Chain = &now.chains[place];
        let mut met = 0;
        for (number, rule) in chain.rules.iter().enumerate() {
            if let Action::Goto(to) = &rule.action
                && self.was.position(to).is_none()
                && !self.was.is_foreign(to)
            {
                let branch =
                    self.branch(rule).map_err(|why| format!("`{name}`, rule {}: {why}", number + 1))?;
                let (inside, outside) = self.divide(&branch, regions, &rest[met..])?;
                let left = &rest[met..];
                let of_branch = self.that_meet(left, &inside);
                if !inside.is_empty() {
                    self.walk(to, inside, of_branch)?;
                }
                if outside.is_empty() {
                    self.ways.pop();
                    return Ok(());
                }
                rest = self.that_meet(left, &outside);
                (regions, met) = (outside, 0);
                continue;
            }
            let next = rest.get(met).filter(|next| says_the_same(&self.run[**next], rule));
            if let Some(next) = next {
                met += 1;
                if self.is_certain(&self.tests[*next], &regions) {
                    self.ways.pop();
                    return Ok(());
                }
            } else if self.may_match(&self.asked(rule), &regions) {
                return Err(format!("`{name}`, rule {}, is met out of turn", number + 1));
            }
        }
        self.ways.pop();
        match rest.get(met) {
            None => Ok(()),
            Some(missing) => Err(format!("rule {} of the run is not met in `{name}`", missing + 1)),
        }
    }

    /// What a rule that leads to a branch asks: nothing but what is known of each packet.
    fn branch(&self, rule: &Rule) -> Result<Test, String> {
        let branch = test(&rule.matches, self.family, &self.classes, Aspects::NONE);
        let plain = |entry: &Match| {
            [&CORE, &TCP, &UDP, &IPRANGE].contains(&entry.extension)
                && entry.options().iter().all(|option| !option.negated())
        };
        let asks = |condition: &Condition| matches!(condition, Condition::Within(..));
        let reads = !branch.reads_transport || self.needs_header(&branch);
        let known = reads && !branch.opaque && branch.not_in.is_empty() && rule.matches.iter().all(plain);
        if !known || !branch.always.iter().chain(&branch.transport).all(asks) {
            return Err("it asks what nobody knows of a packet".into());
        }
        Ok(branch)
    }

    /// The packets that enter a branch, and the others.
    fn divide(
        &self,
        branch: &Test,
        regions: Vec<Region>,
        rest: &[usize],
    ) -> Result<(Vec<Region>, Vec<Region>), String> {
        let mut outside = Vec::new();
        if self.world != World::Ports && branch.reads_transport {
            if self.world == World::SmallFragments && branch.drops_tiny_fragments {
                // They are dropped here; so they must have been by the next rule that they met.
                let dropped = split(regions, &branch.core, &mut outside);
                let first = self.that_meet(rest, &dropped).into_iter().next();
                let same = first.is_some_and(|first| self.drops_all(&self.tests[first].test, &dropped));
                if !dropped.is_empty() && !same {
                    return Err("small fragments would be dropped where they were not".into());
                }
                return Ok((Vec::new(), outside));
            }
            return Ok((Vec::new(), regions));
        }
        let conditions: Vec<Condition> = branch.always.iter().chain(&branch.transport).cloned().collect();
        let inside = split(regions, &conditions, &mut outside);
        Ok((inside, outside))
    }

    fn that_meet(&self, rules: &[usize], regions: &[Region]) -> Vec<usize> {
        let mut meeting = Vec::with_capacity(rules.len().min(64));
        for rule in rules {
            if self.may_match(&self.tests[*rule], regions) {
                meeting.push(*rule);
            }
        }
        meeting
    }

    /// Whether a rule may do something with some of these packets.
    fn may_match(&self, asked: &Asked, regions: &[Region]) -> bool {
        let test = &asked.test;
        regions.iter().any(|region| match self.world {
            World::Ports => holds_some(&test.always, region) && holds_some(&test.transport, region),
            World::SmallFragments if test.drops_tiny_fragments => holds_some(&test.core, region),
            _ => !asked.reads && holds_some(&test.always, region),
        })
    }

    /// Whether a rule ends the way of all of these packets.
    fn is_certain(&self, asked: &Asked, regions: &[Region]) -> bool {
        let test = &asked.test;
        if self.world == World::SmallFragments && test.drops_tiny_fragments {
            return self.drops_all(test, regions);
        }
        let conditions = || test.always.iter().chain(&test.transport);
        asked.ends
            && asked.is_whole
            && (self.world == World::Ports || !asked.reads)
            && regions.iter().all(|region| conditions().all(|condition| holds_all(condition, region)))
    }

    fn drops_all(&self, test: &Test, regions: &[Region]) -> bool {
        test.drops_tiny_fragments
            && regions.iter().all(|region| test.core.iter().all(|condition| holds_all(condition, region)))
    }
}

fn split(regions: Vec<Region>, conditions: &[Condition], outside: &mut Vec<Region>) -> Vec<Region> {
    conditions.iter().fold(regions, |open, condition| {
        let mut inside = Vec::with_capacity(open.len());
        for region in &open {
            region.split(condition, &mut inside, outside);
        }
        inside
    })
}

/// Whether each condition is true of some packets of a region.
fn holds_some(conditions: &[Condition], region: &Region) -> bool {
    conditions.iter().all(|condition| match condition {
        Condition::Within(axis, set) => meets(region.set(*axis), set),
        Condition::OneOf(choice, bits) => region.choice(*choice) & bits != 0,
        Condition::EitherPort(_) | Condition::EitherChoice(_) => true,
    })
}

/// Whether a condition is true of all packets of a region.
fn holds_all(condition: &Condition, region: &Region) -> bool {
    match condition {
        Condition::Within(axis, set) => is_within(region.set(*axis), set),
        Condition::OneOf(choice, bits) => region.choice(*choice) & !bits == 0,
        Condition::EitherPort(_) | Condition::EitherChoice(_) => false,
    }
}
