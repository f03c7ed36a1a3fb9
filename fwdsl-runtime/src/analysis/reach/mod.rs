//! Which rules packets come to.
//!
//! For each rule a packet is looked for that comes to it and that it may match: beginning with all that the rule asks
//! for, the rules on the way, from the top of its chain and from the jumps that lead there, cut off what they surely take. What is
//! left at a hook is found; if nothing is, the rules that cut are the reason. The search goes on with one part at a
//! time, so that most rules are found alive after looking at the few rules that ask for something in common.
//!
//! Later fragments may match a rule that asks for ports, on the nft variant, which takes their bytes for ports; nobody means
//! that, so such packets make no rule alive. Elsewhere fragments are everywhere, though the kernel may put them together.
//!
//! A match that is not modelled never cuts, unless the rule itself asks the very same (`Test::atoms`).

mod area;
mod areas;
mod conflict;
mod cube;
mod cut;
mod cuts;
mod effect;
mod index;
mod prepare;
mod search;
#[cfg(test)]
mod tests;

pub(super) use cube::Cube;
pub(super) use effect::{Comers, Effects};
pub(super) use prepare::Prepared;
pub(super) use search::{Reach, Scope};
