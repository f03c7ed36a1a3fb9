//! Random policies, as source text.
//!
//! `rules` says what can be said about a rule, in every combination, and takes nothing but sets beside them.
//! [`whole`] makes policies of the whole grammar, of what the other modules offer.

mod deck;
mod fragments;
mod library;
mod phrases;
mod rules;
mod settings;
mod statements;
mod values;
pub mod whole;

pub use rules::{SETS, Vocabulary, pattern, policy, policy_of};
