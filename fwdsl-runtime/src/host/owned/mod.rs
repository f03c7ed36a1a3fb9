//! Tables changed in place: those that are ours as a whole, and chains of ours among chains and rules of others.
//!
//! ```text
//! Sharing · record · what is there ──goals──▶ Goal ──edit──▶ a text for `iptables-restore --noflush`
//!                                              │ former
//!                                              ▼
//!                                             Goal, in the journal ──edit──▶ the same, backwards
//! ```
//!
//! A [`Goal`] names what is ours in a table and how it is to stand; an [`edit`](edit::edit) is what brings it
//! about, and nothing if it stands so. The undo is an edit like any other, towards what was there. So it can be
//! repeated, knows of what is done already, and never names a chain of others.
//!
//! Others change their rules while we look and load. An edit deletes by what a rule says, not by its number, so
//! it can fail but not hit another's rule; and what is loaded is read back and, where others were in between,
//! brought about once more.

mod carry;
pub(crate) mod close;
mod difference;
mod edit;
mod goal;
mod goals;
mod policy;

pub(crate) use carry::Loader;
pub(crate) use edit::edit;
pub(crate) use goal::Goal;
pub(crate) use goals::{Goals, Known, Planned, find, tables};
