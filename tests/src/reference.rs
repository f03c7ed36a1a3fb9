//! The pages of the language reference: each example in them compiles.

#[cfg(doctest)]
#[doc = include_str!("../../docs/language.md")]
pub struct Language;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/items.md")]
pub struct Items;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/matches.md")]
pub struct Matches;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/values.md")]
pub struct Values;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/verdicts.md")]
pub struct Verdicts;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/extensions.md")]
pub struct Extensions;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/exact.md")]
pub struct Exact;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/templates.md")]
pub struct Templates;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/rust.md")]
pub struct Rust;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/sets.md")]
pub struct Sets;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/chains-of-others.md")]
pub struct ChainsOfOthers;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/sysctls.md")]
pub struct Sysctls;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/assertions.md")]
pub struct Assertions;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/lints.md")]
pub struct Lints;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/names.md")]
pub struct Names;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/decisions.md")]
pub struct Decisions;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/coverage.md")]
pub struct Coverage;

#[cfg(doctest)]
#[doc = include_str!("../../docs/language/emitted.md")]
pub struct Emitted;
