//! Kernel parameters: their keys, what values they take, and the catalogue of those known.
//!
//! Nothing here touches a machine; `host::sysctl` expands and plans, the apply engine writes.

pub mod catalogue;
mod data;
pub mod key;
pub mod value;

pub use key::{Key, KeyError};
pub use value::{ValueError, ValueKind};

/// One line of a policy's `sysctl` block: a key, perhaps with `*` in it, and the value it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Which parameter, or which parameters where the key holds a `*`.
    pub key: Key,
    /// The value as it is written to the kernel, without a newline.
    pub value: String,
}
