//! The names of sets in the kernel.

use crate::family::Family;

/// The longest name that ipset takes, in bytes: `IPSET_MAXNAMELEN` is 32 with the closing NUL.
pub const NAME_MAX_BYTES: usize = 31;

/// What [`kernel_name`] adds to a set's own name: `.4.1a2b3c4d`.
pub const SUFFIX_BYTES: usize = 11;

/// The name of a set in the kernel: its own, its family (`x` if it is of none), and a hash of `identity`, which is
/// everything in which one generation of the set differs from another.
pub fn kernel_name(name: &str, family: Option<Family>, identity: &[String]) -> String {
    let family = match family {
        Some(Family::Ipv4) => '4',
        Some(Family::Ipv6) => '6',
        None => 'x',
    };
    format!("{name}.{family}.{:08x}", hash(identity))
}

/// FNV-1a, which is the same on every machine and in every version of Rust.
fn hash(lines: &[String]) -> u32 {
    let bytes = lines.iter().flat_map(|line| line.bytes().chain([b'\n']));
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_long_as_is_said_and_never_change() {
        let identity = ["hash:net".to_owned(), "10.0.0.0/8".to_owned()];
        let name = kernel_name("ADMINS", Some(Family::Ipv4), &identity);
        assert_eq!(name.len(), "ADMINS".len() + SUFFIX_BYTES);
        assert_eq!(name, "ADMINS.4.fbf3b818");
        assert!(kernel_name("PORTS", None, &identity).starts_with("PORTS.x."));
        assert_ne!(kernel_name("ADMINS", Some(Family::Ipv4), &identity[..1]), name);
    }
}
