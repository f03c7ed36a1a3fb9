//! What can be said about every packet before the first one comes.
//!
//! ```text
//! Model ──lower──▶ Ruleset ──program──▶ conditions on regions ──search──▶ a region that breaks it
//!                     │                                                        │ witness
//!                     └──────────────── evaluate · trace ◀── Packet ◀──────────┘
//! ```
//!
//! Proofs are on the lowered rules, so that they hold for what the kernel gets, lists and
//! negations encoded as they are; only an assertion's pattern is read from the source. The search
//! and [`evaluate`] share nothing but the table of what each option means, and tests hold one
//! against the other.
//!
//! What is modelled: family, interfaces, addresses, protocol, ports, ICMP types, TCP flags, the
//! states of connection tracking and what has become of a connection, fragments, marks, packet types, sets whose contents are known. Every other match may match or not, and otherwise the
//! next time. Outside of it are packets whose transport header is cut short: legacy drops them at
//! the first rule that asks for ports, and connection tracking calls them invalid.

mod answer;
mod aside;
mod atom;
mod changed;
mod compare;
mod conflicting;
mod diagram;
mod dispatch;
mod effect;
mod entry;
mod evaluate;
mod explain;
mod finding;
mod flow;
mod host;
mod interface;
mod interplay;
mod lints;
mod marks;
mod matrix;
mod meaning;
mod no_effect;
mod packet;
mod program;
mod prove;
mod question;
mod reach;
mod region;
mod search;
mod sets;
mod state;
mod story;
mod tables;
mod translate;
mod travel;
mod unknown;
mod unreachable;
mod walk;
mod way;
mod witness;

pub use answer::Answer;
pub(crate) use aside::{changes_on_return, has_state, leaves};
pub use compare::{
    COMPARE_BUDGET, Change, CompareError, Comparison, Decision, Line, NotDecided, Side, Verdict, compare,
    compare_rulesets,
};
pub use conflicting::{Conflict, conflicting_rules};
pub(crate) use dispatch::{Stead, check_trees, may_see_fragments};
pub use evaluate::{evaluate, evaluate_for};
pub use explain::{
    Event, Explanation, MetRule, Place, Reason, Step, Trace, explain, trace_chain, trace_host, way_of,
};
#[cfg(feature = "syntax")]
pub use explain::{Request, RequestError, explain_request};
pub use finding::{Counterexample, Finding, Problem};
pub(crate) use host::ends_the_way;
pub(crate) use interplay::{Wanted, interplay};
pub(crate) use lints::{lint_families, lint_packets};
pub use matrix::{
    Class, Matrix, MatrixError, Open, Question, Service, ServiceError, Sources, matrix, sources,
};
#[cfg(feature = "host")]
pub(crate) use meaning::changed_by;
pub use no_effect::{NoEffect, rules_without_effect};
pub use packet::{CtState, Packet, PacketType, Status, Tracking};
pub(crate) use prove::prove_known;
pub use prove::{prove, prove_for_every_value};
pub(crate) use tables::Tables;
pub use travel::{Fate, evaluate_host};
pub(crate) use unknown::known_part;
pub use unreachable::{
    ReachState, RuleReach, Unreachable, UnreachableKind, reach_of_rules, unreachable_rules,
};
pub use way::Station;
