//! The two kernel interfaces that go by the name of iptables.

use std::fmt;

/// Which kernel interface `iptables` speaks to. Both can hold rules at once, and packets pass both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    /// x_tables, the interface from before nftables.
    Legacy,
    /// nf_tables, through `iptables-nft`.
    Nft,
}

impl Variant {
    /// The word in the names of its programs: `iptables-legacy-save`, `iptables-nft-save`.
    pub const fn name(self) -> &'static str {
        match self {
            Variant::Legacy => "legacy",
            Variant::Nft => "nft",
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
