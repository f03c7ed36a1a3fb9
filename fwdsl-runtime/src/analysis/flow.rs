//! Packets on their way: what they are now, and what they were as they came.

use std::rc::Rc;

use super::packet::Tracking;
use super::region::{Axis, Choice, Region, Span};

/// Packets on their way. What is changed there is told apart from what came: each packet of the one may become
/// any of the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flow {
    /// What they are.
    pub(super) now: Region,
    /// What they were, where something was changed.
    before: Option<Rc<Before>>,
    /// What happened to them, the last first, if somebody wants to know.
    pub(super) path: Option<Rc<Step>>,
}

/// The fields that were changed, as they were before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Before {
    region: Region,
    /// A bit for each axis that was changed.
    axes: u16,
    /// A bit for each choice that was changed.
    choices: u16,
}

/// Something that happened on the way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    pub(super) rule: RulePlace,
    pub(super) event: Event,
    /// What the packets were then.
    pub(super) now: Region,
    /// What happened before.
    pub(super) earlier: Option<Rc<Step>>,
}

/// A rule, by the places of its chain and of itself. At the place behind the last rule the chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RulePlace {
    /// The table, by its place on the way.
    pub(super) station: usize,
    pub(super) chain: usize,
    pub(super) rule: usize,
}

/// What happened at a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// It went to another chain.
    Jump,
    /// It left the chain.
    Return,
    /// A match of which nothing is known was taken to match.
    TakenToMatch,
    /// A match of which nothing is known was taken not to match.
    TakenNotToMatch,
    /// The packet was changed.
    Changed,
    /// The table let it through.
    Accepted,
}

/// What a target changes of the packets that it is given.
#[derive(Debug, Clone, Default)]
pub(super) struct Effect {
    /// What these fields are then.
    pub(super) sets: Vec<(Axis, Span)>,
    pub(super) choices: Vec<(Choice, u64)>,
    /// Whether the connection has a translated destination then.
    pub(super) translates: bool,
    /// The same of its source.
    pub(super) translates_source: bool,
}

impl Effect {
    pub(super) fn is_none(&self) -> bool {
        self.sets.is_empty() && self.choices.is_empty() && !self.translates && !self.translates_source
    }
}

impl Flow {
    /// Packets at the beginning of their way.
    pub(super) fn new(now: Region) -> Flow {
        Flow { now, before: None, path: None }
    }

    /// The same way with other packets: a part of these.
    pub(super) fn part(&self, now: Region) -> Flow {
        Flow { now, before: self.before.clone(), path: self.path.clone() }
    }

    /// The packets as they came.
    pub(super) fn origin(&self) -> Region {
        let Some(before) = &self.before else { return self.now.clone() };
        let mut origin = self.now.clone();
        for axis in Axis::ALL.into_iter().filter(|axis| before.axes & (1 << *axis as u16) != 0) {
            origin = origin.with_set(axis, before.region.set(axis).to_vec());
        }
        for choice in Choice::ALL.into_iter().filter(|choice| before.choices & (1 << *choice as u16) != 0) {
            origin = origin.with_choice(choice, before.region.choice(choice));
        }
        origin
    }

    /// Whether every packet of the other flow is in this one, and came as one of these.
    pub(super) fn covers(&self, other: &Flow) -> bool {
        if !self.now.covers(&other.now) {
            return false;
        }
        match (&self.before, &other.before) {
            (None, None) => true,
            (mine, others) if mine == others => true,
            // What was changed in one alone: then the two tell different stories.
            (Some(mine), Some(others)) => {
                (mine.axes, mine.choices) == (others.axes, others.choices)
                    && self.origin().covers(&other.origin())
            }
            _ => false,
        }
    }

    /// Gives a field another value.
    pub(super) fn set(&mut self, axis: Axis, spans: Vec<Span>) {
        let now = self.now.with_set(axis, spans);
        self.remember(
            |before| &mut before.axes,
            axis as u16,
            |region, now| region.with_set(axis, now.set(axis).to_vec()),
        );
        self.now = now;
    }

    /// Gives a field another value.
    pub(super) fn choose(&mut self, choice: Choice, bits: u64) {
        let now = self.now.with_choice(choice, bits);
        self.remember(
            |before| &mut before.choices,
            choice as u16,
            |region, now| region.with_choice(choice, now.choice(choice)),
        );
        self.now = now;
    }

    /// Keeps what a field was before its first change.
    fn remember(
        &mut self,
        changed: impl Fn(&mut Before) -> &mut u16,
        field: u16,
        keep: impl Fn(&Region, &Region) -> Region,
    ) {
        let mut before = match &self.before {
            Some(before) => (**before).clone(),
            None => Before { region: self.now.clone(), axes: 0, choices: 0 },
        };
        if *changed(&mut before) & (1 << field) == 0 {
            before.region = keep(&before.region, &self.now);
            *changed(&mut before) |= 1 << field;
        }
        self.before = Some(Rc::new(before));
    }

    /// Gives a field the value back that it came with.
    pub(super) fn restore(&mut self, axis: Axis) {
        let Some(before) = &self.before else { return };
        if before.axes & (1 << axis as u16) == 0 {
            return;
        }
        self.now = self.now.with_set(axis, before.region.set(axis).to_vec());
        let mut before = (**before).clone();
        before.axes &= !(1 << axis as u16);
        self.before = (before.axes != 0 || before.choices != 0).then(|| Rc::new(before));
    }

    /// What a target makes of the packets.
    pub(super) fn changed_by(&self, effect: &Effect) -> Flow {
        let mut flow = self.clone();
        for (axis, span) in &effect.sets {
            flow.set(*axis, vec![*span]);
        }
        for (choice, bits) in &effect.choices {
            flow.choose(*choice, *bits);
        }
        if effect.translates {
            let bits = flow.now.choice(Choice::Tracking);
            flow.choose(Choice::Tracking, translated(bits, |tracking| tracking.dnat = true));
        }
        if effect.translates_source {
            // Unless that is what it is already.
            let bits = flow.now.choice(Choice::Tracking);
            flow.choose(Choice::Tracking, bits | translated(bits, |tracking| tracking.snat = true));
        }
        flow
    }

    /// The same with one more thing that happened, if somebody wants to know.
    pub(super) fn after(&self, is_traced: bool, rule: RulePlace, event: Event) -> Flow {
        let mut flow = self.clone();
        if is_traced {
            let step = Step { rule, event, now: self.now.clone(), earlier: self.path.clone() };
            flow.path = Some(Rc::new(step));
        }
        flow
    }

    /// What happened, in order.
    pub(super) fn steps(&self) -> Vec<&Step> {
        let mut steps = Vec::new();
        let mut step = self.path.as_deref();
        while let Some(here) = step {
            steps.push(here);
            step = here.earlier.as_deref();
        }
        steps.reverse();
        steps
    }
}

/// The states of connections that are translated from now on.
fn translated(bits: u64, translate: impl Fn(&mut Tracking)) -> u64 {
    let mut translated = 0;
    for (bit, tracking) in Tracking::ALL.iter().enumerate() {
        if bits & (1 << bit) == 0 {
            continue;
        }
        let mut with = *tracking;
        if tracking.state.has_connection() {
            translate(&mut with);
        }
        if let Some(place) = Tracking::ALL.iter().position(|other| *other == with) {
            translated |= 1 << place;
        }
    }
    translated
}
