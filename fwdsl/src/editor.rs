//! What the names and words of a policy are to an editor. Only the expansion that rust-analyzer sees uses
//! these types; none has a constructor function, so that a chain may have its name.

/// A chain of a policy.
pub struct Chain {}

/// A `let` of a policy.
pub struct Let {
    /// Its value, as the language writes it.
    pub value: &'static str,
}

/// A set of a policy.
pub struct Set {
    /// Its kind, as ipset calls it.
    pub kind: &'static str,
}

/// What a template takes: a value, or the name of a chain.
pub struct Value {}

/// A parameter of a template or fragment.
pub struct Parameter {}

/// A word that a match begins with.
pub struct Match {}

/// A word that a verdict begins with.
pub struct Verdict {}

// Every word that a match or a verdict begins with, with what the catalogue says about it.
fwdsl_macros::words_impl! {}
