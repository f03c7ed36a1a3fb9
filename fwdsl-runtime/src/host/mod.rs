//! The host: detect, snapshot, apply, roll back, persist.

pub mod change;
pub mod sysctl;
pub mod tree;
