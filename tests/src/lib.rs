//! Helpers that the tests of the workspace share. The tests themselves stand in `tests/tests/`.

pub mod asserted;
pub mod booted;
pub mod coexisting;
pub mod constructs;
pub mod contents;
pub mod corpus;
pub mod coverage;
pub mod editor;
pub mod faults;
pub mod fragments;
pub mod history;
pub mod html;
pub mod large;
pub mod lsp;
pub mod manual;
pub mod meaning;
pub mod netns;
pub mod nfnetlink;
pub mod packets;
pub mod plainly;
pub mod policies;
pub mod processes;
pub mod productions;
pub mod provisioned;
pub mod random;
pub mod reference;
pub mod respaced;
pub mod router;
pub mod rules;
pub mod samples;
pub mod sandbox;
pub mod schema;
pub mod session;
pub mod sets;
pub mod snapshot;
pub mod steady;
pub mod verdicts;
pub mod wire;

/// The policy that the README shows compiles, and its assertion holds.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The program of `docs/explain.md` does what the page says.
#[cfg(doctest)]
#[doc = include_str!("../../docs/explain.md")]
pub struct Explain;
