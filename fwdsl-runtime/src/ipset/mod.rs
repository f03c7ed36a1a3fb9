//! Sets of ipset(8): their kinds, and what the kernel gets of one.
//!
//! ```text
//! model::Set ──lower──▶ KernelSet for each family ──emit──▶ text of `ipset restore` ──host──▶ kernel
//! ```
//!
//! A set's name in the kernel ends in a hash of what it is: `ADMINS.4.1a2b3c4d`. So a set never changes what rules
//! that are in force accept: other contents are another set, which only the new rules refer to.

mod icmp;
mod kernel;
mod kind;
mod name;

#[cfg(feature = "host")]
pub(crate) use icmp::by_save_name as icmp_by_save_name;
pub(crate) use icmp::save_name as icmp_save_name;
pub use kernel::{Direction, KernelSet};
pub use kind::{KINDS, Method, Part, SetKind, UNKNOWN, find_kind};
pub use name::{NAME_MAX_BYTES, SUFFIX_BYTES, kernel_name};
