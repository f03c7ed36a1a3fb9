//! The host: detect, snapshot, apply, roll back, persist.

pub mod change;
