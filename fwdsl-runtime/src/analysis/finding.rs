//! What a proof finds, and how it is told.

use super::packet::Packet;
use super::trace::{Assumed, Decided, Trace};
use crate::catalogue::{ACCEPT, DROP, Extension, REJECT, RETURN};
use crate::diagnostic::Diagnostic;
use crate::family::Family;
use crate::loc::Loc;
use crate::model::{Assertion, AssertionCase, BUDGET_ATTRIBUTE, Chain};

/// An assertion that is not proven.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Where the assertion stands.
    pub loc: Loc,
    /// Why it is not proven.
    pub problem: Problem,
    notes: Vec<(String, Option<Loc>)>,
    help: Option<String>,
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
    /// The packet.
    pub packet: Packet,
    /// The verdict that the chain can give it.
    pub verdict: &'static Extension,
    pub(super) shows_flags: bool,
}

/// Where the assertion stands and what it is about, for the notes.
pub(super) struct Place<'a> {
    pub(super) chain: &'a Chain,
    pub(super) case: &'a AssertionCase,
    /// Whether a jump leads to the chain from the built-in one, which belongs to others.
    pub(super) hooked: bool,
}

/// How many assumptions are told; a list of more helps nobody.
const ASSUMPTIONS_TOLD: usize = 4;

impl Finding {
    pub(super) fn new(loc: Loc, problem: Problem) -> Finding {
        Finding { loc, problem, notes: Vec::new(), help: None }
    }

    pub(super) fn no_packet(assertion: &Assertion, case: &AssertionCase) -> Finding {
        let mut finding = Finding::new(case.loc, Problem::NoPacket);
        let mut options = case.matches.iter().flat_map(|entry| &entry.options);
        if options.any(|option| option.spec.name == "fragment" && !option.negated) {
            let note = "the kernel puts fragments together before INPUT, and everywhere on their way in \
                        once connection tracking is in use";
            finding.notes.push((note.into(), None));
        }
        let help = format!(
            "its matches exclude each other, or what `{}` is for, or what is known of packets there",
            assertion.chain()
        );
        finding.help = Some(help);
        finding
    }

    pub(super) fn broken(
        counterexample: Counterexample,
        trace: Option<&Trace>,
        place: &Place<'_>,
    ) -> Finding {
        let Place { chain, case, hooked } = place;
        let verdict = counterexample.verdict;
        let mut finding = Finding::new(case.loc, Problem::Broken(Box::new(counterexample)));
        if let Some(trace) = trace {
            finding.notes.extend(decision_notes(trace, verdict, place));
            finding.notes.extend(trace.assumed.iter().take(ASSUMPTIONS_TOLD).map(assumption_note));
        }
        if chain.hook().is_none() {
            let note = format!(
                "`{}` is taken by itself, with whatever packet: what its callers match is not looked at",
                chain.name
            );
            finding.notes.push((note, None));
        } else if *case.verdict == RETURN && !hooked {
            let help = format!(
                "in `{}`, a built-in chain, `return` means its policy: name that verdict",
                chain.name
            );
            finding.help = Some(help);
        }
        finding
    }

    /// The finding as an error of the check.
    pub fn diagnostic(&self) -> Diagnostic {
        let (message, help) = match &self.problem {
            Problem::Broken(found) => {
                let packet = found.packet.words(found.shows_flags);
                (format!("assertion broken: this packet is {}: `{packet}`", participle(found.verdict)), None)
            }
            Problem::NoPacket => ("the pattern covers no packet".to_owned(), None),
            Problem::NotDecided { budget } => (
                format!("assertion not decided: the proof takes more than {budget} steps"),
                Some(format!(
                    "allow more at the top of the policy, `#![{BUDGET_ATTRIBUTE}({})]`, or assert something \
                     narrower",
                    budget.saturating_mul(10)
                )),
            ),
            Problem::NotFollowed => (
                "assertion not decided: rules ask for what others changed before, such as the mark"
                    .to_owned(),
                Some("assert something narrower, of packets to which these rules do not apply".to_owned()),
            ),
            Problem::TooDeep => {
                ("assertion not decided: the chains go deeper from here than iptables takes".to_owned(), None)
            }
        };
        let diagnostic = Diagnostic::error(self.loc, message).maybe_help(self.help.clone().or(help));
        self.notes.iter().fold(diagnostic, |diagnostic, (note, loc)| diagnostic.note(note.clone(), *loc))
    }
}

fn decision_notes(trace: &Trace, verdict: &Extension, place: &Place<'_>) -> Vec<(String, Option<Loc>)> {
    let chain = place.chain;
    let end = || match (&chain.policy, chain.hook()) {
        (_, Some(hook)) if place.hooked => {
            let note = format!("no rule decides, so it goes on to the rules of others in {hook}");
            (note, Some(chain.loc))
        }
        (Some(policy), _) => {
            let word = policy.value.name().to_ascii_lowercase();
            (format!("no rule decides, and the policy of `{}` is {word}", chain.name), Some(policy.loc))
        }
        (None, Some(_)) => (
            format!("no rule decides, and `{}` states no policy, so it is accept", chain.name),
            Some(chain.loc),
        ),
        (None, None) => (format!("no rule of `{}` decides", chain.name), Some(chain.loc)),
    };
    match trace.decided {
        Decided::Rule(loc) => vec![(format!("{} by this rule", participle(verdict)), Some(loc))],
        Decided::Others(loc) => {
            let note = "this rule goes to a foreign chain, whose rules are not known: it may decide anything";
            vec![(note.into(), Some(loc))]
        }
        Decided::TinyFragment(loc) => {
            let note = "the legacy variant drops TCP fragments at offset 8 once it looks at a rule that asks \
                        for TCP ports or flags";
            vec![(note.into(), Some(loc))]
        }
        Decided::Return(loc) => {
            vec![("it leaves the chain by this rule".into(), Some(loc)), end()]
        }
        Decided::End => vec![end()],
    }
}

fn assumption_note(assumed: &Assumed) -> (String, Option<Loc>) {
    let Assumed { loc, matches, word, of_fragment } = assumed;
    let not = if *matches { "" } else { "not " };
    let note = if *of_fragment {
        format!("this rule is taken {not}to match: it asks for a header that a later fragment does not have")
    } else {
        format!("`{word}` of this rule is taken {not}to match")
    };
    (note, Some(*loc))
}

/// What happened to a packet with this verdict.
fn participle(verdict: &Extension) -> String {
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
