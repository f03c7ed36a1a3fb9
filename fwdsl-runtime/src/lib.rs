//! The library behind `fwdsl`: everything that the macro, the provisioning command line and the
//! tests have in common.
//!
//! ```text
//! tokens ──syntax──▶ Model ──check──▶ Model ──lower──▶ Ruleset ──emit──▶ text ──host──▶ kernel
//! ```
//!
//! Features: `syntax` reads tokens (the macro, tools that read Rust source); `host` touches a
//! machine; `json` writes and reads policies as JSON; `page` makes a page of a policy for people. Without them the crate has no dependencies.

pub mod analysis;
pub mod catalogue;
pub mod check;
pub mod diagnostic;
#[cfg(feature = "page")]
pub mod digest;
pub mod edits;
pub mod emit;
mod expression;
pub mod family;
#[cfg(feature = "syntax")]
pub mod format;
#[cfg(feature = "host")]
pub mod host;
pub mod icmp;
pub mod import;
pub mod ipset;
#[cfg(feature = "json")]
pub mod json;
pub mod lint;
pub mod loc;
pub mod lower;
pub mod model;
pub mod nearest;
#[cfg(feature = "page")]
pub mod page;
pub mod policy;
pub mod protocols;
pub mod restore_text;
pub mod services;
#[cfg(feature = "syntax")]
pub mod source;
#[cfg(feature = "syntax")]
pub mod syntax;
pub mod sysctl;
pub mod table;
pub mod values;
pub mod variant;

pub use policy::Policy;
