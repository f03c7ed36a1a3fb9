//! A look around, for commands that only look.

use serde::Serialize;

use super::detect;
use super::error::ApplyError;
use super::journal;
use super::nft;
use super::options::Options;
use super::others::{self, Manager};
use super::variant::Variant;
use crate::family::Family;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// The variant in use, or the one that was asked for.
    pub variant: Variant,
    /// The kernel has no IPv6.
    pub ipv6_absent: bool,
    /// The other variant holds rules, chains or policies, in either family.
    pub other_variant_holds_rules: bool,
    /// Services that manage rules as well, if they are active or enabled.
    pub managers: Vec<Manager>,
    /// Native nft base chains at the hooks that iptables uses, in words.
    pub native_chains: Vec<String>,
    /// An apply is under way, or died and was not undone.
    pub unfinished_apply: bool,
    /// All of that as sentences.
    pub warnings: Vec<String>,
}

/// Looks at the host and changes nothing.
///
/// # Errors
///
/// Where programs or rights are missing, as for an apply.
pub fn inspect(options: &Options) -> Result<Inspection, ApplyError> {
    let host = detect::detect(options, &Family::ALL)?;
    let families: Vec<Family> = host.families.iter().map(|(family, _)| *family).collect();
    let ruleset = host.nft.as_ref().and_then(|nft| nft::list(nft, &host.runner).ok());
    let managers = others::managers(&host.root, &host.programs, &host.runner);
    // IPv4 is always among the families, so there is a variant.
    let variant = host.variant.unwrap_or(Variant::Nft);
    let other = others::other_variant_holds_rules(&host.programs, &host.runner, variant, &families);
    let native_chains = others::native_chains(ruleset.as_ref(), &families);
    let warnings = others::warnings(&managers, variant, &other, &native_chains);
    Ok(Inspection {
        variant,
        ipv6_absent: host.ipv6_absent,
        other_variant_holds_rules: !other.is_empty(),
        managers,
        native_chains,
        unfinished_apply: journal::exists(&host.root)?,
        warnings,
    })
}
