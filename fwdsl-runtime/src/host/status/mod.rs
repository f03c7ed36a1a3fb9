//! What is loaded, against what the policy says.
//!
//! The survey of an apply says whether something differs (`super::outlook`); here it is said which rule of the policy, or
//! which line of the kernel's, and how many packets each rule of the policy has matched.

mod counted;
mod drift;

use std::sync::Arc;
use std::time::Duration;

use super::error::ApplyError;
use super::options::{Desired, Options};
use super::outcome::{self, Outcome};
use super::outlook::{Look, Origin, Outlook, look, outlook_of};
use super::variant::Variant;
use crate::family::Family;

pub use counted::{ChainCount, FamilyCount, RuleCount};
pub use drift::{Difference, Drift};

/// What is loaded, against what the policy says.
#[derive(Debug)]
pub struct Status {
    /// The variant in use; `None` if it is not known.
    pub variant: Option<Variant>,
    /// What differs in the rules.
    pub drift: Vec<Drift>,
    /// The packets that each rule of the policy has matched, chain by chain; empty if the rules cannot be seen.
    pub counts: Vec<ChainCount>,
    /// What an apply would change.
    pub outlook: Outlook,
    /// How long the last apply still waits for its confirmation, if it does.
    pub pending: Option<Duration>,
    /// How an earlier apply ended that did not end by itself, if that is known.
    pub last_outcome: Option<Outcome>,
}

impl Status {
    /// Whether the kernel is known to hold something else than the policy says. Files for boot do not count: they are
    /// another promise.
    pub fn differs(&self) -> bool {
        let Outlook { sets, sysctls, .. } = &self.outlook;
        !(self.drift.is_empty() && sets.is_empty() && sysctls.is_empty())
    }
}

/// Looks at what is loaded. The files of `desired` are those for boot.
///
/// # Errors
///
/// As for [`super::plan`].
pub fn status(desired: &Desired, origin: Origin<'_>, options: &Options) -> Result<Status, ApplyError> {
    let Look { host, plan, mut problems, warnings, pending } = look(desired, options)?;
    // That is told by itself.
    problems.retain(|problem| !matches!(problem.error, ApplyError::Pending { .. }));
    let mut drift = Vec::new();
    let families: Vec<Family> = plan.seen.iter().map(|seen| seen.family).collect();
    let mut counts = counted::chains(origin, &families);
    for seen in &plan.seen {
        let change = plan.rules.iter().find(|change| change.family == seen.family);
        let ruleset = origin.rulesets.iter().map(Arc::as_ref).find(|ruleset| ruleset.family == seen.family);
        if let Some(ruleset) = ruleset {
            let mut found = drift::find(ruleset, seen, &plan.protocols);
            drift.append(&mut found.drift);
            counted::add(&mut counts, ruleset, seen, &found.same);
        }
        drift.extend(change.map(|change| drift::planned(change, ruleset)).unwrap_or_default());
    }
    let variant = host.variant;
    let outlook = outlook_of(&host, plan, problems, warnings, desired);
    let last_outcome = outcome::of_the_last(&host.root);
    Ok(Status { variant, drift, counts, outlook, pending, last_outcome })
}
