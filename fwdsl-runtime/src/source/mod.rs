//! Model to Rust source: a policy that a person would be happy to have written, and that is emitted as the model is.
//!
//! ```text
//! Model ──lower──▶ lines of each family ──align──▶ entries ──group──▶ entries ──settle──▶ entries ──print──▶ text
//! ```
//!
//! It starts from the lines that iptables has, so any model can be written. Each is put in the most natural form that is
//! emitted as the same line; what is not is written more strictly: as it stands in iptables, `#[exact]`, and at last as
//! `raw` text. The text is read back, and must be emitted as the model is.

mod align;
mod entry;
mod error;
mod form;
mod group;
mod lets;
mod phrase;
mod quote;
mod value;
mod verify;

pub use error::SourceError;
