//! The two kernel interfaces that go by the name of iptables.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::ApplyError;
use super::program::{Programs, Runner};
use crate::family::Family;

/// Which kernel interface `iptables` speaks to. Both can hold rules at once, and packets pass both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// x_tables, the interface from before nftables.
    Legacy,
    /// nf_tables, through `iptables-nft`.
    Nft,
}

impl Variant {
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

    /// The program of this variant, by its unambiguous name: `ip6tables-nft-save`.
    pub fn program(self, family: Family, action: &str) -> String {
        format!("{}-{}-{action}", base(family), self.name())
    }

    /// What the output of `iptables-restore --version` says; iptables before 1.8 is legacy and says nothing.
    pub fn from_version(version: &str) -> Variant {
        if version.contains("(nf_tables)") { Variant::Nft } else { Variant::Legacy }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The program that a family's programs are named after.
pub(crate) const fn base(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "iptables",
        Family::Ipv6 => "ip6tables",
    }
}

/// The name of `iptables-restore` (or, for IPv6, `ip6tables-restore`), and the variant that it is here.
pub(crate) fn detect(
    programs: &Programs,
    runner: &Runner,
    family: Family,
) -> Result<(String, Variant), ApplyError> {
    let name = format!("{}-restore", base(family));
    let output = runner.read(&programs.need(&name)?, &["--version"])?;
    Ok((name, Variant::from_version(&output)))
}

/// Likewise for `iptables-save`; `None` where it does not say, as before 1.8, when there was one variant.
pub(crate) fn of_save(
    programs: &Programs,
    runner: &Runner,
    family: Family,
) -> Result<Option<(String, Variant)>, ApplyError> {
    let name = format!("{}-save", base(family));
    let said = runner.read(&programs.need(&name)?, &["--version"]).ok();
    Ok(said.map(|output| (name, Variant::from_version(&output))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_line_tells_the_variant() {
        assert_eq!(Variant::from_version("iptables-restore v1.8.9 (nf_tables)"), Variant::Nft);
        assert_eq!(Variant::from_version("iptables-restore v1.8.9 (legacy)"), Variant::Legacy);
        assert_eq!(Variant::from_version("iptables-restore v1.6.2"), Variant::Legacy);
    }
}
