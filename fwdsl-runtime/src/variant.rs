//! The two kernel interfaces that go by the name of iptables.

use std::fmt;

/// Which kernel interface `iptables` speaks to. Both can hold rules at once, and packets pass both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "host", serde(rename_all = "lowercase"))]
pub enum Variant {
    /// x_tables, the interface from before nftables.
    Legacy,
    /// nf_tables, through `iptables-nft`.
    Nft,
}

impl Variant {
    /// Both.
    pub const ALL: [Variant; 2] = [Variant::Legacy, Variant::Nft];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Variant {
        match self {
            Variant::Legacy => Variant::Nft,
            Variant::Nft => Variant::Legacy,
        }
    }

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
