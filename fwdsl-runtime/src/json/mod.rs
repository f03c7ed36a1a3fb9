//! A policy as JSON: for programs of any language that read it, and back.
//!
//! The document is described in `docs/json.md` and by `docs/schema/policy-v1.json`. Each file here holds both ways of one
//! part, so that what is written and what is read stand side by side. Nothing that is not known is skipped: a field
//! or a word that this version does not have is an error at its path.

mod address;
mod assertion;
mod chain;
mod comparison;
mod error;
mod explanation;
mod fits;
mod lowered;
mod matrix;
mod node;
mod object;
mod place;
mod policy;
mod rule;
mod set;
mod value;

pub use comparison::comparison_to_json;
pub use error::{JsonError, JsonErrors};
pub use explanation::{explanation_to_json, trace_to_json};
pub use matrix::matrix_to_json;
pub use policy::{VERSION, from_json, to_json};
