//! A host's firewall as Rust source.
//!
//! [`firewall!`] turns a compact rule language into a [`Policy`] that is checked while the program
//! compiles. The policy prints itself in the format of `iptables-restore`, and with the feature
//! `cli` the program that holds it becomes a provisioning binary.
//!
//! ```no_run
//! use fwdsl::prelude::*;
//!
//! const ADMINS: &[&str] = &["192.0.2.0/24", "2001:db8:ad::/48"];
//!
//! static HOST: Policy = firewall! {
//!     sysctl {
//!         use fwdsl::sysctls::hardened;           // a profile of the collection
//!     }
//!
//!     set BANNED: ip timeout 10m keep { }         // filled by a ban daemon
//!
//!     fn service(port, rate) {                    // a template
//!         tcp dport port ct new limit rate => accept;
//!     }
//!
//!     chain INPUT policy drop {
//!         use fwdsl::rules::baseline;             // loopback, established connections
//!         from @BANNED => drop;
//!         service([http, https], 100/s);
//!         /// administration
//!         from #ADMINS tcp dport ssh => accept;   // a Rust value
//!         limit 6/minute             => log("[refused] ");
//!     }
//!
//!     assert INPUT {                              // proven, or the build fails
//!         in eth0 tcp dport mysql ct new => !accept;
//!     }
//! };
//!
//! # #[cfg(feature = "cli")]
//! fn main() -> std::process::ExitCode {
//!     fwdsl::cli::run(&HOST)
//! }
//! # #[cfg(not(feature = "cli"))]
//! # fn main() {}
//! ```
//!
//! - [`firewall!`] shows the language at a glance; `docs/language.md` in the repository is its reference.
//! - [`rules!`] declares rules that policies of any crate splice in; [`rules`](mod@rules) and [`sysctls`] are a collection.
//! - [`Policy`] emits, checks and lends its rules; `cli::run` makes a command line of it, and `host` applies it.

pub use fwdsl_runtime::{
    Policy, analysis, catalogue, diagnostic, emit, family, ipset, lint, lower, model, table,
};

#[cfg(feature = "host")]
pub use fwdsl_runtime::host;

#[cfg(feature = "cli")]
pub mod cli;
pub mod rules;
pub mod sysctls;

#[doc(hidden)]
pub mod editor;

#[cfg(any(feature = "cli", feature = "tool"))]
#[doc(hidden)]
pub mod pages;

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
///
/// A chain is a `match` on packets: rules are tried in order, and the first verdict that ends decides.
///
/// | in a policy | |
/// | --- | --- |
/// | `let WEB = [http, https];` | a name for a value |
/// | `family ipv4;` | for one family; without it, for both |
/// | `chain NAME policy drop { … }`, `table nat { chain … }` | rules |
/// | `fn name(a) { … }`, `use path::NAME;` | templates, and fragments of [`rules!`](crate::rules!) |
/// | `set NAME: net { … }`, `foreign set NAME: ip;` | sets of ipset |
/// | `own chains;`, `foreign chain NAME;` | beside the chains of others |
/// | `sysctl { key = value; }` | kernel parameters |
/// | `assert CHAIN { PATTERN => VERDICT; }`, `assert host { … }` | what is proven |
///
/// | in a chain | |
/// | --- | --- |
/// | `in eth0`, `out wg+` | interface |
/// | `from 10.0.0.0/8`, `to !NET`, `from @SET` | address, network, range, set |
/// | `tcp dport [22, 8000..=8080]`, `udp sport domain` | protocol and ports |
/// | `icmp echo-request`, `tcp syn`, `ct established\|related` | types, flags, states |
/// | `limit 10/minute burst 20` | a rate |
/// | `hashlimit(above 4/s, mode srcip, name "x")` | any match of iptables by its name |
/// | `… => accept;`, `drop`, `reject`, `return`, `jump CHAIN`, `goto CHAIN`, `log("prefix")` | verdicts |
/// | `… => log, mark(set 1), drop;` | several, and any target of iptables by its name |
/// | `MATCHES { … }` | a block, which hands its matches to the rules inside |
/// | `#NAME`, `#{expression}` | a Rust value, wherever a value may stand |
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
