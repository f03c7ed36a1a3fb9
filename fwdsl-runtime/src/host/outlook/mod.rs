//! What an apply would change, for those who only look.
//!
//! The same survey as that of an apply, which the first problem does not end: what may not be read without rights is said
//! to be unknown, what an apply would be refused for is said to block it, and all else is told. No lock is taken, and
//! nothing is written.

mod diff;
mod files;
mod meaning;
mod place;

use std::sync::Arc;
use std::time::Duration;

use super::confirm;
use super::detect::{self, Host};
use super::error::ApplyError;
use super::journal;
use super::kernel;
use super::options::{Desired, Options};
use super::plan::{self, Plan, Problem, RulesPlan, Survey};
use super::record::{self, Record};
use super::report::{Part, SysctlReport};
use super::sets::{self, SetOutlook};
use super::variant::Variant;
use crate::family::Family;
use crate::lower::Ruleset;
use crate::model::Model;
use crate::restore_text::SavedText;

pub use diff::{DiffLine, Sign, TableDiff};
pub use files::{FileAlteration, FileOutlook};
pub use meaning::Meaning;
pub(super) use meaning::sides;
pub(super) use place::PrintedLines;

/// The policy behind the texts of a [`Desired`]: by it, rules are told from where they come.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The policy.
    pub model: &'a Model,
    /// Its lowered rules, family by family.
    pub rulesets: &'a [Arc<Ruleset>],
}

/// What an apply would change.
#[derive(Debug)]
pub struct Outlook {
    /// The variant in use; `None` if it is not known or no rules were asked for.
    pub variant: Option<Variant>,
    /// The families whose rules would change.
    pub rules: Vec<RulesOutlook>,
    /// The sets that are not as they should be.
    pub sets: Vec<SetOutlook>,
    /// The sysctls that have another value.
    pub sysctls: Vec<SysctlReport>,
    /// The files that have other contents.
    pub files: Vec<FileOutlook>,
    /// What an apply would be refused for.
    pub blocked: Vec<(Part, ApplyError)>,
    /// What this process may not look at, each with the reason.
    pub unknown: Vec<(Part, String)>,
    /// The kernel has no IPv6, so the IPv6 rules would be passed over.
    pub ipv6_absent: bool,
    /// What the reader should know, each a sentence.
    pub warnings: Vec<String>,
}

/// What would change in the rules of one family.
#[derive(Debug)]
pub struct RulesOutlook {
    /// The family.
    pub family: Family,
    /// The tables whose text would change, each with what goes and what comes.
    pub tables: Vec<TableDiff>,
    /// The order in which tables would change; empty if there is no more than one.
    pub order: Vec<String>,
    /// No order is certain to let through only what either the old or the new rules do, so the filter would be closed
    /// meanwhile.
    pub closed_meanwhile: bool,
    /// What would become of packets; `None` where iptables does not print all that is there.
    pub meaning: Option<Meaning>,
}

impl Outlook {
    /// Whether an apply would change anything, as far as it is known.
    pub fn changed(&self) -> bool {
        let rules = self.rules.iter().any(|rules| !rules.tables.is_empty());
        rules || !(self.sets.is_empty() && self.sysctls.is_empty() && self.files.is_empty())
    }

    /// Adds what could not be planned at all.
    pub fn add_problem(&mut self, part: Part, error: ApplyError) {
        match is_hidden(&error) {
            true => self.unknown.push((part, error.reason())),
            false => self.blocked.push((part, error)),
        }
    }
}

/// Whether rights would make the difference, and nothing else is known to be wrong.
fn is_hidden(error: &ApplyError) -> bool {
    match error {
        ApplyError::MissingRights { .. } => true,
        ApplyError::System { error, .. } => error.kind() == std::io::ErrorKind::PermissionDenied,
        _ => false,
    }
}

/// Tells what an apply would change. `origin` is the policy that the texts come from.
///
/// # Errors
///
/// If the texts are not what they should be, or there is no such root directory.
pub fn plan(desired: &Desired, origin: Origin<'_>, options: &Options) -> Result<Outlook, ApplyError> {
    let Look { host, plan, problems, warnings, .. } = look(desired, options)?;
    let is_printed = !problems.iter().any(|problem| is_about_printing(&problem.error));
    let rules = rules(&host, &plan, origin, is_printed);
    Ok(Outlook { rules, ..outlook_of(&host, plan, problems, warnings, desired) })
}

/// What was found, but for the rules.
pub(super) fn outlook_of(
    host: &Host,
    plan: Plan,
    problems: Vec<Problem>,
    mut warnings: Vec<String>,
    desired: &Desired,
) -> Outlook {
    let mut outlook = Outlook {
        variant: host.variant,
        rules: Vec::new(),
        sets: sets::outlook(&plan.sets),
        sysctls: plan.sysctls_report(),
        files: plan.files.iter().map(FileOutlook::of).collect(),
        blocked: Vec::new(),
        unknown: Vec::new(),
        ipv6_absent: host.ipv6_absent,
        warnings: Vec::new(),
    };
    problems.into_iter().for_each(|Problem { part, error }| outlook.add_problem(part, error));
    let hidden = outlook.unknown.iter().find(|(part, _)| *part == Part::Rules);
    if let Some((_, reason)) = hidden.filter(|_| !desired.sets.is_empty()).cloned() {
        outlook.unknown.push((Part::Sets, reason));
    }
    warnings.extend(plan.warnings);
    outlook.warnings = warnings;
    outlook
}

/// What was found by looking.
pub(super) struct Look {
    pub(super) host: Host,
    pub(super) plan: Plan,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<String>,
    /// How long an apply still waits for its confirmation, if one does.
    pub(super) pending: Option<Duration>,
}

/// Looks at all parts of the host, as far as this process may.
pub(super) fn look(desired: &Desired, options: &Options) -> Result<Look, ApplyError> {
    let mut texts = plan::desired_texts(desired)?;
    let root = options.root()?;
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let mut pending = None;
    let record = match record::load(&root) {
        Ok((record, warning)) => {
            warnings.extend(warning);
            record
        }
        // It matters for rules alone, which who may not read it may not read either.
        Err(error) if is_hidden(&error) => Record::default(),
        Err(error) => {
            problems.push(Problem { part: Part::Rules, error });
            Record::default()
        }
    };
    plan::add_left_families(&mut texts, &record);
    match journal::exists(&root) {
        Ok(true) => match confirm::time_left(&root) {
            Ok(Some(left)) => pending = Some(left),
            // One that is just being written, or that ends meanwhile, is no other case.
            Ok(None) | Err(_) => warnings.push(journal::UNDER_WAY.to_owned()),
        },
        Ok(false) => {}
        Err(error) => problems.push(Problem { part: Part::Journal, error }),
    }
    if let Some(left) = pending {
        problems.push(Problem { part: Part::Journal, error: ApplyError::Pending { left } });
    }
    let host = look_around(&texts, options, &mut problems)?;
    let Survey { plan, problems: found } = plan::survey(&host, &texts, record, desired, options);
    problems.extend(found);
    Ok(Look { host, plan, problems, warnings, pending })
}

/// The host; without its families, and so without rules and sets, if they may not be looked at.
fn look_around(
    texts: &[(Family, SavedText)],
    options: &Options,
    problems: &mut Vec<Problem>,
) -> Result<Host, ApplyError> {
    let families: Vec<Family> = texts.iter().map(|(family, _)| *family).collect();
    let found = detect::look_around(options, &families)
        .and_then(|host| host.variant.map_or(Ok(()), kernel::check_rights).map(|()| host));
    found.or_else(|error| {
        problems.push(Problem { part: Part::Rules, error });
        detect::look_around(options, &[])
    })
}

/// Whether the kernel's rules are not all in what iptables prints.
fn is_about_printing(error: &ApplyError) -> bool {
    matches!(error, ApplyError::Unfaithful(_) | ApplyError::FaithfulnessUnknown { .. })
}

fn rules(host: &Host, plan: &Plan, origin: Origin<'_>, is_printed: bool) -> Vec<RulesOutlook> {
    let mut rules = Vec::new();
    for seen in &plan.seen {
        let change = plan.rules.iter().find(|change| change.family == seen.family);
        let after = meaning::after(seen, change);
        let tables = diff::tables(seen, &after, &plan.protocols);
        // What a set holds can change without a word of the rules.
        let of_sets = plan.sets.changes_in_place();
        if tables.is_empty() && !of_sets {
            continue;
        }
        let meaning = is_printed.then(|| Meaning::of(host, plan, seen, &after, origin));
        let meaning = meaning.filter(|meaning| !tables.is_empty() || !meaning.is_same());
        if !tables.is_empty() || meaning.is_some() {
            let (order, closed_meanwhile) = change.map(RulesPlan::order_told).unwrap_or_default();
            rules.push(RulesOutlook { family: seen.family, tables, order, closed_meanwhile, meaning });
        }
    }
    rules
}
