//! What a packet becomes on its way: rules set marks, keep packets from being tracked, translate addresses.

use super::meaning::Meaning;
use super::packet::Tracking;
use crate::catalogue::{Aspects, CONNMARK, CT, Extension, MARK, NOTRACK, TPROXY};
use crate::model::{Masked, OptionUse, Value};

/// What of a packet is otherwise than it was at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// The mark, as far as it is known.
    mark: u32,
    /// The bits of it that are not known.
    open: u32,
    /// Whether a rule has kept the packet from being tracked.
    pub(super) untracked: bool,
    /// What may have become something that is not known.
    pub(super) changed: Aspects,
    /// The fields of addresses and ports of which that is true.
    pub(super) hidden: Fields,
}

/// A set of the fields that address translation changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Fields(u8);

impl Fields {
    pub(super) const NONE: Fields = Fields(0);
    pub(super) const SOURCE: Fields = Fields(1);
    pub(super) const DESTINATION: Fields = Fields(1 << 1);
    pub(super) const SOURCE_PORT: Fields = Fields(1 << 2);
    pub(super) const DESTINATION_PORT: Fields = Fields(1 << 3);

    pub(super) const fn or(self, other: Fields) -> Fields {
        Fields(self.0 | other.0)
    }

    const fn meets(self, other: Fields) -> bool {
        self.0 & other.0 != 0
    }

    /// The fields that an option with this meaning looks at.
    const fn of(meaning: Meaning) -> Fields {
        match meaning {
            Meaning::Source => Fields::SOURCE,
            Meaning::Destination => Fields::DESTINATION,
            Meaning::SourcePort => Fields::SOURCE_PORT,
            Meaning::DestinationPort => Fields::DESTINATION_PORT,
            Meaning::EitherPort => Fields::SOURCE_PORT.or(Fields::DESTINATION_PORT),
            _ => Fields::NONE,
        }
    }
}

/// How many states of one packet are kept apart; of more it is only known what they have in common.
const STATES_MAX: usize = 16;

impl State {
    /// A packet with this mark that nothing has changed yet.
    pub(super) const fn new(mark: u32) -> State {
        State { mark, open: 0, untracked: false, changed: Aspects::NONE, hidden: Fields::NONE }
    }

    /// Whether an option with this meaning asks for a field that is not known.
    pub(super) const fn hides(self, meaning: Meaning) -> bool {
        self.hidden.meets(Fields::of(meaning))
    }

    /// Whether the mark has these bits; `None` if that is not known.
    pub(super) const fn has_mark(self, bits: Masked) -> Option<bool> {
        let mask = match bits.mask {
            Some(mask) => mask,
            None => u32::MAX,
        };
        if bits.value & !mask != 0 || (self.mark ^ bits.value) & mask & !self.open != 0 {
            return Some(false);
        }
        if self.open & mask == 0 { Some(true) } else { None }
    }

    /// The mark, if all of it is known.
    pub(super) const fn mark(self) -> Option<u32> {
        if self.open == 0 { Some(self.mark) } else { None }
    }

    /// The same with fields that are not known.
    #[must_use]
    pub(super) const fn hiding(self, fields: Fields) -> State {
        State { hidden: self.hidden.or(fields), ..self }
    }

    /// The same once connection tracking has seen the packet, and said what it is.
    #[must_use]
    pub(super) const fn tracked(self) -> State {
        State { untracked: false, changed: self.changed.without(Aspects::TRACKING), ..self }
    }

    /// What becomes of the packet at a target after which it goes on.
    pub(super) fn after(self, target: &Extension, options: &[OptionUse]) -> State {
        if target.changes.without(self.changed) == Aspects::NONE && *target != TPROXY {
            return self;
        }
        if *target == MARK || *target == TPROXY {
            return options.iter().fold(self, |state, option| state.marked(option));
        }
        if *target == CONNMARK && !options.iter().any(|option| option.spec.name == "restore") {
            return self.with_changed(Aspects::CONNMARK);
        }
        let says_notrack = || options.iter().any(|option| option.spec.name == "notrack");
        if *target == NOTRACK || *target == CT && says_notrack() {
            return State { untracked: true, ..self };
        }
        self.with_changed(target.changes)
    }

    /// The same where it is known what connection tracking says: a packet that has a connection keeps it
    /// (net/netfilter/xt_CT.c, xt_ct_target).
    pub(super) fn after_in(
        self,
        tracking: Option<Tracking>,
        target: &Extension,
        options: &[OptionUse],
    ) -> State {
        let after = self.after(target, options);
        let is_kept = tracking.is_some_and(|tracking| tracking.state.has_connection());
        if after.untracked && !self.untracked && is_kept { self } else { after }
    }

    /// The same with more that is not known.
    pub(super) const fn with_changed(self, more: Aspects) -> State {
        let open = if more.meets(Aspects::MARK) { u32::MAX } else { self.open };
        State { open, changed: self.changed.or(more.without(Aspects::MARK)), ..self }
    }

    /// What an option of `MARK` or `TPROXY` makes of the mark (net/netfilter/xt_mark.c, mark_tg).
    fn marked(self, option: &OptionUse) -> State {
        let Some(Value::Masked(bits)) = option.values().next() else { return self };
        let (clear, flip) = match option.spec.name {
            "set-xmark" | "mark" => (bits.mask(), bits.value),
            "set" => (bits.mask() | bits.value, bits.value),
            "and" => (!bits.value, 0),
            "or" => (bits.value, bits.value),
            "xor" => (0, bits.value),
            _ => return self.with_changed(Aspects::MARK),
        };
        State { mark: (self.mark & !clear) ^ flip, open: self.open & !clear, ..self }
    }

    /// What is known if it is one of both.
    fn joined(self, other: State) -> State {
        let mut changed = self.changed.or(other.changed);
        if self.untracked != other.untracked {
            changed = changed.or(Aspects::TRACKING);
        }
        State {
            mark: self.mark,
            open: self.open | other.open | (self.mark ^ other.mark),
            untracked: self.untracked && other.untracked,
            changed,
            hidden: self.hidden.or(other.hidden),
        }
    }
}

/// Adds a state to those that a packet may have.
pub(super) fn add_state(states: &mut Vec<State>, state: State) {
    if states.contains(&state) {
        return;
    }
    if states.len() < STATES_MAX {
        states.push(state);
        return;
    }
    let all = states.drain(..).fold(state, State::joined);
    states.push(all);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loc::{Loc, Located};

    fn option(extension: &'static Extension, name: &str, bits: Masked) -> OptionUse {
        let spec = extension.option(name).unwrap();
        let values = [Located::new(Value::Masked(bits), Loc::default())].into_iter().collect();
        OptionUse { spec, negated: false, values, loc: Loc::default() }
    }

    #[test]
    fn marks_are_followed_bit_by_bit() {
        let set = |state: State, name: &str, bits| state.after(&MARK, &[option(&MARK, name, bits)]);
        let start = State::new(0xff);
        for (name, bits, wanted) in [
            ("set-xmark", Masked::new(0x12, 0x0f), 0xe2),
            ("set", Masked::new(0x102, 0x0f), 0x1f2),
            ("and", Masked::whole(0x3c), 0x3c),
            ("or", Masked::whole(0x100), 0x1ff),
            ("xor", Masked::whole(0x101), 0x1fe),
        ] {
            assert_eq!(set(start, name, bits).mark(), Some(wanted), "{name}");
        }
        let unknown = start.with_changed(Aspects::MARK);
        assert_eq!(unknown.has_mark(Masked::whole(0xff)), None);
        let half = set(unknown, "set-xmark", Masked::new(0x1, 0xf));
        assert_eq!(half.has_mark(Masked::new(0x1, 0x3)), Some(true));
        assert_eq!(half.has_mark(Masked::new(0x2, 0xff)), Some(false));
        assert_eq!(half.has_mark(Masked::new(0x1, 0xff)), None);
        assert_eq!(half.has_mark(Masked::new(0x10, 0x3)), Some(false));
    }

    #[test]
    fn of_many_states_it_is_known_what_they_have_in_common() {
        let mut states = Vec::new();
        (0..40).for_each(|mark| add_state(&mut states, State::new(0x100 | mark)));
        assert!(states.len() <= STATES_MAX);
        for mark in 0..40 {
            assert!(states.iter().any(|state| state.has_mark(Masked::whole(0x100 | mark)) != Some(false)));
        }
        assert!(states.iter().all(|state| state.has_mark(Masked::new(0x100, 0x100)) == Some(true)));
    }
}
