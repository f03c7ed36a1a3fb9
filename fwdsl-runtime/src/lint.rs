//! The lints: findings that an attribute can silence.

/// A lint.
#[derive(Debug)]
pub struct Lint {
    /// The name in `#[allow(…)]`.
    pub name: &'static str,
    /// What it finds, and why that is worth a warning.
    pub about: &'static str,
}

/// A rule on `fragment` that the kernel never lets match.
pub const FRAGMENT_REASSEMBLED: &str = "fragment_reassembled";

/// Every lint.
pub static LINTS: &[Lint] = &[Lint {
    name: FRAGMENT_REASSEMBLED,
    about: "`fragment` in INPUT, or in a policy that uses connection tracking: the kernel has put the \
            packet together before the rule sees it, so the rule never matches",
}];

/// The lint of this name.
pub fn find(name: &str) -> Option<&'static Lint> {
    LINTS.iter().find(|lint| lint.name == name)
}
