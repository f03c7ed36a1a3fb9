//! Which variant of iptables a machine has, and its programs.

use super::error::ApplyError;
use super::program::{Programs, Runner};
use crate::family::Family;
pub use crate::variant::Variant;

impl Variant {
    /// The program of this variant, by its unambiguous name: `ip6tables-nft-save`.
    pub fn program(self, family: Family, action: &str) -> String {
        format!("{}-{}-{action}", base(family), self.name())
    }

    /// What the output of `iptables-restore --version` says; iptables before 1.8 is legacy and says nothing.
    pub fn from_version(version: &str) -> Variant {
        if version.contains("(nf_tables)") { Variant::Nft } else { Variant::Legacy }
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
