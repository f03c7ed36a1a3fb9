//! The lints: findings that an attribute can silence, or make an error.

mod table;

pub use table::*;

use crate::diagnostic::Diagnostic;
use crate::model::{Chain, Model, Rule};

/// A lint.
#[derive(Debug)]
pub struct Lint {
    /// The name in `#[allow(…)]`.
    pub name: &'static str,
    /// What a finding is where no attribute says otherwise.
    pub level: Level,
    /// What it finds, and why that is worth a warning.
    pub about: &'static str,
    /// What it takes for a finding and what it does not, for the reference.
    pub docs: &'static str,
    /// The items of a policy that gets it.
    pub found_in: &'static str,
    /// The same as they were meant, without a finding.
    pub meant: &'static str,
}

/// What a finding of a lint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Nothing: it is not told.
    Allow,
    /// A warning.
    Warn,
    /// An error: the policy does not build.
    Deny,
}

impl Level {
    /// Every level.
    pub const ALL: [Level; 3] = [Level::Allow, Level::Warn, Level::Deny];

    /// The attribute that sets it.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Allow => "allow",
            Level::Warn => "warn",
            Level::Deny => "deny",
        }
    }

    /// The level that the attribute of this name sets.
    pub fn from_name(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// `#[allow(LINT)]`, `#[warn(LINT)]` or `#[deny(LINT)]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelSetting {
    /// The name of the lint.
    pub lint: String,
    /// Its level from here on.
    pub level: Level,
}

/// The lint of this name.
pub fn find(name: &str) -> Option<&'static Lint> {
    LINTS.iter().find(|lint| lint.name == name)
}

/// The level of a lint where these settings hold, those of the narrowest scope first; within one scope the
/// last counts.
pub fn level<'a>(lint: &str, scopes: impl IntoIterator<Item = &'a [LevelSetting]>) -> Level {
    let in_scope = |scope: &'a [LevelSetting]| scope.iter().rev().find(|setting| setting.lint == lint);
    let set = scopes.into_iter().find_map(in_scope).map(|setting| setting.level);
    set.or_else(|| find(lint).map(|lint| lint.level)).unwrap_or(Level::Warn)
}

/// Adds a finding about a chain, or a rule of it, at the level that holds there.
pub(crate) fn report(
    model: &Model,
    chain: &Chain,
    rule: Option<&Rule>,
    finding: Diagnostic,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(name) = finding.lint else { return };
    let of_rule = rule.map_or(&[][..], |rule| &rule.levels[..]);
    let level = level(name, [of_rule, &chain.levels[..], &model.levels[..]]);
    if level != Level::Allow {
        diagnostics.push(Diagnostic { level, ..finding }.about(chain.table, &chain.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_scope_decides_and_in_it_the_last() {
        let setting = |level| LevelSetting { lint: FRAGMENT_REASSEMBLED.into(), level };
        let (rule, policy) = (vec![], vec![setting(Level::Deny), setting(Level::Allow)]);
        assert_eq!(level(FRAGMENT_REASSEMBLED, [&rule[..], &policy[..]]), Level::Allow);
        let rule = [setting(Level::Deny)];
        assert_eq!(level(FRAGMENT_REASSEMBLED, [&rule[..], &policy[..]]), Level::Deny);
        assert_eq!(level(FRAGMENT_REASSEMBLED, []), Level::Warn);
    }
}
