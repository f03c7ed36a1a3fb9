//! The `firewall!` macro. All it knows comes from `fwdsl-runtime`; here stands only what must
//! stand in a proc-macro crate.
