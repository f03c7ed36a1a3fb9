//! What a proof finds, and how it is told.

use super::packet::Packet;
use super::story::Note;
use crate::catalogue::{ACCEPT, DROP, Extension, REJECT, RETURN};
use crate::diagnostic::Diagnostic;
use crate::family::Family;
use crate::loc::Loc;
use crate::model::{AssertionCase, BUDGET_ATTRIBUTE, Outcome};

/// An assertion that is not proven.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Where the assertion stands.
    pub loc: Loc,
    /// Why it is not proven.
    pub problem: Problem,
    pub(super) message: String,
    pub(super) notes: Vec<Note>,
    pub(super) help: Option<String>,
    /// The rules that the packet met and that matter.
    pub(super) causes: Vec<Loc>,
}

/// Why an assertion is not proven.
#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    /// It is not true.
    Broken(Box<Counterexample>),
    /// It speaks of no packet, so that it cannot be meant.
    NoPacket,
    /// The proof takes more steps than it may.
    NotDecided {
        /// The number of steps that were allowed.
        budget: u64,
    },
    /// It depends on what rules change for later ones, and the proof does not follow that.
    NotFollowed,
    /// The chains go deeper than any variant of iptables takes.
    TooDeep,
}

/// A packet that breaks an assertion.
#[derive(Debug, Clone, PartialEq)]
pub struct Counterexample {
    /// The family.
    pub family: Family,
    /// The packet as it enters the chain, or as it arrives; one that is routed through has the interface that it will
    /// leave by.
    pub packet: Packet,
    /// The verdict that it can get; `None` if it comes to a chain that no packet should come to.
    pub verdict: Option<&'static Extension>,
}

impl Finding {
    /// The pattern covers no packet.
    pub(super) fn no_packet(case: &AssertionCase, place: &str) -> Finding {
        let mut notes: Vec<Note> = Vec::new();
        let mut options = case.matches.iter().flat_map(|entry| &entry.options);
        if options.any(|option| option.spec.name == "fragment" && !option.negated) {
            let note = "the kernel puts fragments together before INPUT, and everywhere on their way in \
                        once connection tracking is in use";
            notes.push((note.into(), None));
        }
        let help = format!(
            "its matches exclude each other, or what {place} is for, or what is known of packets there"
        );
        Finding {
            loc: case.loc,
            problem: Problem::NoPacket,
            message: "the pattern covers no packet".into(),
            notes,
            help: Some(help),
            causes: Vec::new(),
        }
    }

    /// The proof takes too many steps.
    pub(super) fn not_decided(case: &AssertionCase, budget: u64) -> Finding {
        let more = budget.saturating_mul(10);
        let help = format!(
            "allow more at the top of the policy, `#![{BUDGET_ATTRIBUTE}({more})]`, or assert something narrower"
        );
        Finding {
            loc: case.loc,
            problem: Problem::NotDecided { budget },
            message: format!("assertion not decided: the proof takes more than {budget} steps"),
            notes: Vec::new(),
            help: Some(help),
            causes: Vec::new(),
        }
    }

    /// What rules change is not followed as far as it would have to be.
    pub(super) fn not_followed(case: &AssertionCase) -> Finding {
        let help = "assert something narrower, of packets to which these rules do not apply";
        Finding {
            loc: case.loc,
            problem: Problem::NotFollowed,
            message: "assertion not decided: rules ask for what others changed before, such as the mark"
                .into(),
            notes: Vec::new(),
            help: Some(help.into()),
            causes: Vec::new(),
        }
    }

    /// The chains go too deep.
    pub(super) fn too_deep(case: &AssertionCase) -> Finding {
        Finding {
            loc: case.loc,
            problem: Problem::TooDeep,
            message: "assertion not decided: the chains go deeper from here than iptables takes".into(),
            notes: Vec::new(),
            help: None,
            causes: Vec::new(),
        }
    }

    /// A packet breaks it.
    pub(super) fn broken(
        case: &AssertionCase,
        found: Counterexample,
        shows_flags: bool,
        notes: Vec<Note>,
    ) -> Finding {
        let packet = found.packet.words(shows_flags);
        let message = match (&case.claim.outcome, found.verdict) {
            (Outcome::Verdict(_), Some(verdict)) => {
                format!("assertion broken: `{packet}` is {}", participle(verdict))
            }
            (Outcome::Reaches { chain, .. }, Some(_)) => {
                format!("assertion broken: `{packet}` does not come to `{}`", chain.value)
            }
            (Outcome::Reaches { chain, .. }, None) => {
                format!("assertion broken: `{packet}` comes to `{}`", chain.value)
            }
            (Outcome::Verdict(_), None) => format!("assertion broken by `{packet}`"),
        };
        let causes = notes.iter().filter_map(|(_, loc)| *loc).collect();
        let problem = Problem::Broken(Box::new(found));
        Finding { loc: case.loc, problem, message, notes, help: None, causes }
    }

    /// The finding as an error of the check.
    pub fn diagnostic(&self) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.loc, &self.message).maybe_help(self.help.clone());
        diagnostic.causes = self.causes.clone();
        self.notes.iter().fold(diagnostic, |diagnostic, (note, loc)| diagnostic.note(note.clone(), *loc))
    }
}

/// The union that would let both verdicts be, where a verdict alone is asserted that is hardly told from the other, or
/// that depends on what is not known.
pub(super) fn union_help(case: &AssertionCase, verdict: &Extension, assumed: bool) -> Option<String> {
    let Outcome::Verdict(verdicts) = &case.claim.outcome else { return None };
    let ([asserted], false) = (verdicts.as_slice(), case.claim.negated) else { return None };
    let refusals: [&Extension; 2] = [&DROP, &REJECT];
    let alike = refusals.contains(asserted) && refusals.contains(&verdict);
    let either = assumed && [&ACCEPT, &DROP, &REJECT].contains(&verdict) && **asserted != RETURN;
    (alike || either).then(|| format!("if either may be, assert `{}|{}`", asserted.word(), verdict.word()))
}

/// What happened to a packet with this verdict.
pub(super) fn participle(verdict: &Extension) -> String {
    if *verdict == ACCEPT {
        "accepted".into()
    } else if *verdict == DROP {
        "dropped".into()
    } else if *verdict == REJECT {
        "rejected".into()
    } else if *verdict == RETURN {
        "returned to the caller".into()
    } else {
        format!("given to `{}`", verdict.word())
    }
}
