//! A host's firewall as Rust source.
