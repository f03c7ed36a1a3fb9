//! Sets to the text that `ipset restore` reads and, but for order and `initval`, `ipset save` writes.

use std::fmt::Write;

use crate::ipset::KernelSet;

/// The text that makes and fills the sets; those of others are left out. Sets come in the given order, in which lists
/// are to stand behind what they hold.
pub fn emit_sets<'a>(sets: impl IntoIterator<Item = &'a KernelSet>) -> String {
    let mut out = String::new();
    for set in sets.into_iter().filter(|set| !set.foreign) {
        // Writing into a `String` cannot fail.
        let _ = writeln!(out, "create {} {} {}", set.name, set.kind.name, set.parameters);
        for element in &set.elements {
            let _ = writeln!(out, "add {} {element}", set.name);
        }
    }
    out
}
