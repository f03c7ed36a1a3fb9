//! A policy's sysctls on a machine: which files below `/proc/sys` they are there, how they are kept for the
//! next boot, and who else sets them.

pub mod elsewhere;
pub mod expand;
mod order;
pub mod persist;

pub use elsewhere::{Elsewhere, InForce, set_elsewhere};
pub use expand::{ExpandError, Expansion, expand};
pub use persist::{Reader, modules_file, parameters, sysctl_file};
