//! What the names of a policy are to an editor. Only the expansion that rust-analyzer sees uses
//! these types; none has a constructor function, so that a chain may have its name.

/// A chain of a policy.
pub struct Chain {}

/// A `let` of a policy.
pub struct Let {
    /// Its value, as the language writes it.
    pub value: &'static str,
}

/// What a template takes: a value, or the name of a chain.
pub struct Value {}

/// A parameter of a template or fragment.
pub struct Parameter {}
