//! A host's firewall as Rust source.
//!
//! [`firewall!`] turns a compact rule language into a [`Policy`] that is checked while the program
//! compiles. The policy prints itself in the format of `iptables-restore`, and with the feature
//! `cli` the program that holds it becomes a provisioning binary.

pub use fwdsl_runtime::{Policy, catalogue, diagnostic, emit, family, ipset, lower, model, table};

#[cfg(feature = "host")]
pub use fwdsl_runtime::host;

#[cfg(feature = "cli")]
pub mod cli;
pub mod rules;
pub mod sysctls;

#[doc(hidden)]
pub mod editor;

/// What a program that holds a policy needs: `use fwdsl::prelude::*;`.
pub mod prelude {
    pub use crate::{Policy, firewall, rules};
}

/// For the expansion of [`firewall!`] alone.
#[doc(hidden)]
pub mod __private {
    pub use fwdsl_macros::{firewall_impl, rules_impl};
    pub use fwdsl_runtime::{Policy, values};
}

/// A policy, checked while it compiles.
///
/// It is an expression of type [`Policy`] and may stand in a `static`, a `const` or a function.
///
/// ```
/// use fwdsl::prelude::*;
///
/// static HOST: Policy = firewall! {
///     chain INPUT policy drop {
///         in lo                  => accept;
///         ct established|related => accept;
///         tcp dport ssh          => accept;
///     }
/// };
///
/// let text = HOST.emit(fwdsl::family::Family::Ipv4).unwrap().unwrap();
/// assert!(text.contains("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"));
/// ```
#[macro_export]
macro_rules! firewall {
    // `$crate` is this crate under whatever name, or through whatever re-export, it was reached.
    ($($policy:tt)*) => { $crate::__private::firewall_impl! { { $crate } {} $($policy)* } };
}

/// Rules or items that stand outside of a policy and are spliced into it with `use path::NAME;`.
///
/// Each fragment is a name with a body: rules, items of a policy, or settings of a `sysctl` block, as the
/// place of the `use` wants them. It is read, resolved and checked in each policy that uses it.
///
/// ```
/// use fwdsl::prelude::*;
///
/// rules! {
///     /// What every host lets in.
///     pub baseline {
///         in lo                  => accept;
///         ct established|related => accept;
///     }
///
///     pub fn service(port, rate) {
///         tcp dport port ct new limit rate => accept;
///     }
/// }
///
/// static HOST: Policy = firewall! {
///     chain INPUT policy drop {
///         use baseline;
///         use service(ssh, 3/minute);
///     }
/// };
/// # assert!(HOST.check().is_ok());
/// ```
///
/// Inside a fragment, Rust paths and `#` values begin with `crate::` or the name of a crate, and a `#[cfg(…)]` asks
/// for the features of the crate that declares it.
#[macro_export]
macro_rules! rules {
    ($($fragments:tt)*) => { $crate::__private::rules_impl! { { $crate } {} $($fragments)* } };
}
