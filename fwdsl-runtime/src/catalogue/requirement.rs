//! What an extension's options want of each other.

/// A condition on the options of one use of an extension, which are named as the language names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// One of these, and only one.
    OneOf(&'static [&'static str]),
    /// One of these at least.
    AnyOf(&'static [&'static str]),
    /// Not two of these.
    AtMostOneOf(&'static [&'static str]),
    /// The first only together with one of the others.
    Needs(&'static str, &'static [&'static str]),
    /// If the option holds the word, the other option must be there.
    WordNeeds {
        /// The option.
        option: &'static str,
        /// Its word.
        word: &'static str,
        /// The other option.
        needs: &'static str,
    },
    /// The options only if another holds the word.
    OnlyWithWord {
        /// The options.
        options: &'static [&'static str],
        /// The other option.
        with: &'static str,
        /// Its word.
        word: &'static str,
    },
    /// The option is less than another, if both are there.
    Below {
        /// The lesser option.
        less: &'static str,
        /// The greater option.
        more: &'static str,
        /// Whether they may be the same.
        or_equal: bool,
        /// Only if this option is there too.
        with: Option<&'static str>,
    },
    /// The options only if another holds the number, not negated.
    OnlyWithNumber {
        /// The options.
        options: &'static [&'static str],
        /// The other option.
        with: &'static str,
        /// Its number.
        number: u64,
    },
    /// The option's list has at most so many values.
    AtMost {
        /// The option.
        option: &'static str,
        /// How many values.
        values: usize,
    },
    /// The option has no bit beyond as many as another says.
    Bits {
        /// The option with the bits.
        option: &'static str,
        /// The option with their number.
        of: &'static str,
    },
    /// iptables takes what breaks the condition, and leaves some of it out: a lint.
    Taken(&'static Requirement),
    /// The option's range holds at least two numbers and at most so many.
    Wide {
        /// The option.
        option: &'static str,
        /// How many numbers at most.
        most: u64,
    },
}

impl Requirement {
    /// Every option that it names.
    pub fn options(&self) -> Vec<&'static str> {
        match *self {
            Requirement::OneOf(names) | Requirement::AnyOf(names) | Requirement::AtMostOneOf(names) => {
                names.to_vec()
            }
            Requirement::Needs(option, others) => {
                std::iter::once(option).chain(others.iter().copied()).collect()
            }
            Requirement::WordNeeds { option, needs, .. } => vec![option, needs],
            Requirement::OnlyWithWord { options, with, .. } => {
                options.iter().copied().chain([with]).collect()
            }
            Requirement::OnlyWithNumber { options, with, .. } => {
                options.iter().copied().chain([with]).collect()
            }
            Requirement::AtMost { option, .. } => vec![option],
            Requirement::Bits { option, of } => vec![option, of],
            Requirement::Taken(requirement) => requirement.options(),
            Requirement::Below { less, more, with, .. } => [less, more].into_iter().chain(with).collect(),
            Requirement::Wide { option, .. } => vec![option],
        }
    }
}
