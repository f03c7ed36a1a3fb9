//! Rule specifications and whole firewalls, run through iptables and through the importer, and compared.
//!
//! The specifications stand in `tests/corpus/specs`, in the form that [`read`] reads. What iptables makes of one is not
//! written down anywhere: [`Judge`] asks it, on both variants. [`examine`] compares.

mod case;
mod examine;
mod firewall;
pub mod generated;
mod judge;
mod work;

use std::path::{Path, PathBuf};

pub use case::{Case, Corpus, known_differences, read};
pub use examine::{Class, Examined, Imported, canonical, examine};
pub use firewall::{Firewall, firewalls};
pub use judge::{Judge, Ruling, block_of};
pub use work::side_by_side;

/// The corpus of this repository.
#[must_use]
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}
