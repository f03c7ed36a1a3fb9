//! The host: detect, snapshot, apply, roll back, persist.

pub mod boot;
pub mod change;
pub mod sysctl;
pub mod tree;
pub mod variant;
