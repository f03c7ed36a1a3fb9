//! What a rule makes of packets.

use super::outcomes::Outcomes;
use super::space::{Branches, Level, Space};
use super::store::{Diagram, Exhausted, MEMBER, NONE, Node, Outcome};
use crate::analysis::program::{Test, has_ports_of_sets};
use crate::analysis::region::{Axis, Choice, Condition, LATER, Span};
use crate::catalogue::TCP_NUMBER;

/// The packet goes on to the next rule; of a whole chain: behind the rule that called it.
pub(in crate::analysis) const GOES_ON: Outcome = MEMBER;
/// The packet goes back to the caller, until the chain's end is put together.
pub(in crate::analysis) const RETURNS: Outcome = 1;
/// The rule is true of the packet, until what it does is put in its place.
const MATCHES: Outcome = 2;
/// The outcomes from here on are verdicts.
pub(in crate::analysis) const VERDICTS: Outcome = 3;

/// Of which packets a rule is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analysis) struct Truth {
    /// Those of which it is, whatever opaque matches answer.
    pub(in crate::analysis) surely: Node,
    /// Those of which it may be, these among them.
    pub(in crate::analysis) perhaps: Node,
}

impl Space {
    /// The packets of which a test is true, and may be true.
    pub(in crate::analysis) fn truth(&self, diagram: &mut Diagram, test: &Test) -> Result<Truth, Exhausted> {
        let mut surely = self.conditions(diagram, &test.always)?;
        let mut perhaps = NONE;
        let later = self.condition(diagram, &Condition::OneOf(Choice::Fragment, LATER))?;
        if test.reads_transport {
            perhaps = diagram.and(surely, later)?;
            let transport = self.conditions(diagram, &test.transport)?;
            surely = diagram.without(surely, later)?;
            surely = diagram.and(surely, transport)?;
        }
        for set in &test.not_in {
            let with_ports = self.condition(diagram, &has_ports_of_sets())?;
            let in_set = self.condition(diagram, set)?;
            let asked = diagram.and(surely, with_ports)?;
            let open = diagram.and(asked, later)?;
            perhaps = diagram.or(perhaps, open)?;
            let refused = diagram.or(in_set, later)?;
            let refused = diagram.and(asked, refused)?;
            surely = diagram.without(surely, refused)?;
        }
        perhaps = diagram.or(perhaps, surely)?;
        Ok(Truth { surely: if test.opaque { NONE } else { surely }, perhaps })
    }

    /// What comes of packets that meet a rule with this test, and of those of which it is true what `action` says: a
    /// function further on, or one outcome.
    pub(super) fn rule(
        &self,
        diagram: &mut Diagram,
        test: &Test,
        action: Node,
        sees_fragments: bool,
    ) -> Result<Node, Exhausted> {
        let mut function = match (action.is_terminal(), plain(test)) {
            (true, Some(conditions)) => self.plain_rule(diagram, test, conditions, action, sees_fragments)?,
            _ => {
                let truth = self.truth(diagram, test)?;
                self.guarded(diagram, truth, action)?
            }
        };
        if sees_fragments && test.drops_tiny_fragments {
            function = self.with_tiny_fragments(diagram, test, function)?;
        }
        Ok(function)
    }

    /// What `action` gives to packets of which something is true, while the others go on.
    pub(super) fn guarded(
        &self,
        diagram: &mut Diagram,
        truth: Truth,
        action: Node,
    ) -> Result<Node, Exhausted> {
        let goes_on = diagram.not(truth.surely)?;
        let matches = diagram.terminal(&[MATCHES]);
        let perhaps = diagram.replace(MEMBER, truth.perhaps, matches)?;
        let asked = diagram.or(goes_on, perhaps)?;
        diagram.replace(MATCHES, asked, action)
    }

    /// A rule of one condition for each axis: node upon node, without any operation.
    fn plain_rule(
        &self,
        diagram: &mut Diagram,
        test: &Test,
        mut conditions: Vec<(Level, &Condition)>,
        action: Node,
        sees_fragments: bool,
    ) -> Result<Node, Exhausted> {
        diagram.spend(conditions.len() as u64)?;
        conditions.sort_unstable_by_key(|(level, _)| *level);
        let goes_on = diagram.terminal(&[GOES_ON]);
        let may_act = diagram.or(action, goes_on)?;
        let path = |diagram: &mut Diagram, with_transport: bool, mut inside: Node| {
            for (level, condition) in conditions.iter().rev() {
                if !with_transport && test.transport.contains(condition) {
                    continue;
                }
                let branches = Branches { inside, outside: goes_on };
                inside = match condition {
                    Condition::Within(_, spans) => self.cut(diagram, *level, spans, branches),
                    Condition::OneOf(_, bits) => self.cut_bits(diagram, *level, *bits, branches),
                    Condition::EitherPort(_) | Condition::EitherChoice(_) => inside,
                };
            }
            inside
        };
        let whole = path(diagram, true, if test.opaque { may_act } else { action });
        if !(sees_fragments && test.reads_transport) {
            return Ok(whole);
        }
        let of_later = path(diagram, false, may_act);
        let branches = Branches { inside: of_later, outside: whole };
        Ok(self.cut_bits(diagram, Level::FRAGMENT, LATER, branches))
    }

    /// The same where legacy may drop small TCP fragments before it looks further.
    fn with_tiny_fragments(
        &self,
        diagram: &mut Diagram,
        test: &Test,
        function: Node,
    ) -> Result<Node, Exhausted> {
        let tcp = Span { first: u128::from(TCP_NUMBER), last: u128::from(TCP_NUMBER) };
        let mut small = self.conditions(diagram, &test.core)?;
        for condition in
            [Condition::Within(Axis::Protocol, [tcp].into()), Condition::OneOf(Choice::Fragment, LATER)]
        {
            let other = self.condition(diagram, &condition)?;
            small = diagram.and(small, other)?;
        }
        let dropped = diagram.terminal(&[Outcomes::DROPPED]);
        let dropped = diagram.replace(MEMBER, small, dropped)?;
        diagram.or(function, dropped)
    }
}

/// The conditions of a test that has at most one for each axis, and nothing beside; fragments apart.
fn plain(test: &Test) -> Option<Vec<(Level, &Condition)>> {
    if !test.not_in.is_empty() {
        return None;
    }
    let mut conditions: Vec<(Level, &Condition)> =
        Vec::with_capacity(test.always.len() + test.transport.len());
    for condition in test.always.iter().chain(&test.transport) {
        let level = match condition {
            Condition::Within(axis, _) => Level::of_axis(*axis),
            Condition::OneOf(Choice::Fragment, _) => return None,
            Condition::OneOf(choice, _) => Level::of_choice(*choice),
            Condition::EitherPort(_) | Condition::EitherChoice(_) => return None,
        };
        if conditions.iter().any(|(other, _)| *other == level) {
            return None;
        }
        conditions.push((level, condition));
    }
    Some(conditions)
}
