//! The lints: findings that an attribute can silence, or make an error.

/// A lint.
#[derive(Debug)]
pub struct Lint {
    /// The name in `#[allow(…)]`.
    pub name: &'static str,
    /// What a finding is where no attribute says otherwise.
    pub level: Level,
    /// What it finds, and why that is worth a warning.
    pub about: &'static str,
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

/// A rule on `fragment` that the kernel never lets match.
pub const FRAGMENT_REASSEMBLED: &str = "fragment_reassembled";

/// A rule that no packet matches.
pub const UNREACHABLE_RULE: &str = "unreachable_rule";

/// A rule without which every packet fares the same.
pub const NO_EFFECT_RULE: &str = "no_effect_rule";

/// Rules that decide otherwise of some packets in common.
pub const CONFLICTING_RULES: &str = "conflicting_rules";

/// A match that every packet meets.
pub const USELESS_MATCH: &str = "useless_match";

/// What one variant of iptables takes and the other refuses.
pub const ONE_VARIANT: &str = "one_variant";

/// A verdict, or an option of one, that changes nothing.
pub const USELESS_OPTION: &str = "useless_option";

/// A value that iptables takes, and that says something else than it seems to.
pub const ODD_VALUE: &str = "odd_value";

/// Every lint.
pub static LINTS: &[Lint] = &[
    Lint {
        name: FRAGMENT_REASSEMBLED,
        level: Level::Warn,
        about: "`fragment` in INPUT, or in a policy that uses connection tracking: the kernel has put the \
                packet together before the rule sees it, so the rule never matches",
    },
    Lint {
        name: UNREACHABLE_RULE,
        level: Level::Deny,
        about: "a rule to which no packet comes that it matches: its matches exclude each other, earlier rules take all of \
                its packets, or none of them comes to its chain; iptables takes such a rule without a word",
    },
    Lint {
        name: NO_EFFECT_RULE,
        level: Level::Warn,
        about: "a rule without which every packet would get the same verdict, and would be logged, marked and counted the \
                same; one without matches at the end of its chain is style, and not meant",
    },
    Lint {
        name: CONFLICTING_RULES,
        level: Level::Allow,
        about: "one rule accepts, another drops or rejects, and some packets match both while neither matches all of the \
                other's: their order decides",
    },
    Lint {
        name: USELESS_MATCH,
        level: Level::Deny,
        about: "a condition that every packet meets; it says nothing, and was meant to say something",
    },
    Lint {
        name: ONE_VARIANT,
        level: Level::Deny,
        about: "what the legacy variant of iptables takes and the nft variant does not, or the other way round: the \
                policy loads on some hosts and not on others",
    },
    Lint {
        name: USELESS_OPTION,
        level: Level::Deny,
        about: "an option of a verdict that iptables takes and that changes nothing, because another one decides or \
                its value is what holds anyway; or a verdict without the option that would make it do something",
    },
    Lint {
        name: ODD_VALUE,
        level: Level::Deny,
        about: "a value that iptables takes, and that says something else than it seems to: bits beyond a mask, text \
                that is cut, a number that is saved under a name or not at all",
    },
];

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
