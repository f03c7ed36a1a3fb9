//! The command of a line: what is to be done with its rule or chain.

/// What a line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub(super) kind: RequestKind<'a>,
    /// The chain; every chain of the table if none.
    pub(super) chain: Option<&'a str>,
}

/// The commands of iptables(8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestKind<'a> {
    /// `-A`
    Append,
    /// `-I`, before the rule of this number from 1.
    Insert(usize),
    /// `-R`
    Replace(usize),
    /// `-D` with a rule.
    Delete,
    /// `-D` with a number.
    DeleteNumber(usize),
    /// `-C`
    Check,
    /// `-F`
    Flush,
    /// `-N`
    New,
    /// `-X`
    DeleteChain,
    /// `-E`, with the new name.
    Rename(&'a str),
    /// `-P`, with the policy.
    Policy(&'a str),
    /// `-Z`, of one rule if there is a number.
    Zero(Option<usize>),
    /// `-L` or `-S`
    List,
}

impl RequestKind<'_> {
    /// Whether the line has a rule.
    pub(super) fn has_rule(&self) -> bool {
        matches!(
            self,
            RequestKind::Append
                | RequestKind::Insert(_)
                | RequestKind::Replace(_)
                | RequestKind::Delete
                | RequestKind::Check
        )
    }
}
