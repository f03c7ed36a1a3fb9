//! Exact sets of packets, and functions from packets to what comes of them.
//!
//! ```text
//! Test ──rule──▶ a small diagram ──one after another──▶ a chain ──in the place of a call──▶ its callers
//!                                        gives, and, without, forget ──▶ sets, regions
//! ```
//!
//! A diagram is a graph: from the top a packet takes at each node the edge on which its number lies, and ends at what
//! comes of it. Edges are ranges of numbers; equal parts are there once, so that equal sets are equal nodes. All that
//! may come of a packet is one function, whatever opaque matches answer: to sets of [`Outcome`]s. So a chain is worked
//! out once, whoever calls it, and what may come and what surely comes of a packet are read from the same function.
//!
//! What enters each chain and reaches each rule (`reach`) can be told as well; it is there for tests, which hold the search
//! for what comes to a rule against it.
//!
//! The code is written for a compiler that does not optimise, as it is when a macro runs: flat arrays, no iterators
//! where it matters, a hash of two multiplications.

mod apply;
mod boxes;
mod chain;
mod cover;
mod exact;
mod memo;
mod outcomes;
#[cfg(test)]
mod parts;
mod quantify;
#[cfg(test)]
mod reach;
mod rule;
mod space;
mod store;
#[cfg(test)]
pub(super) mod tests;

pub(super) use boxes::likely;
pub(super) use chain::Functions;
pub(super) use cover::Product;
pub(super) use exact::{Literal, READS_FRAGMENTS};
pub(super) use rule::{GOES_ON, RETURNS, VERDICTS};
pub(super) use space::{Field, Level, Space};
pub(super) use store::{ALL, Diagram, Exhausted, NONE, Node, Outcome};
