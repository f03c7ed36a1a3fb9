//! Large firewalls whose dead rules are known: for the benchmark of the analysis, and for its tests.
//!
//! All are text as `iptables-save` writes it, and the same in every run. What is planted has addresses that no other
//! rule knows, so that nothing but what is planted with it has a say.

mod campus;
mod lists;
mod mazes;
mod plants;
mod writer;

use fwdsl::family::Family;

pub use campus::{campus, without_plants};
pub use lists::{access_list, many_callers, many_chains, pairs_of_fields, ports_of_one_host};
pub use mazes::{excluded_ports, gotos, holes, opaque_returns, ranges, wide_fields};

/// A firewall.
#[derive(Debug, Clone)]
pub struct Large {
    /// The family.
    pub family: Family,
    /// The text of `iptables-save`.
    pub text: String,
    /// The number of its rules.
    pub rules: usize,
    /// The lines of rules to which no packet comes that they match, with the kind, in order.
    pub dead: Vec<(u32, &'static str)>,
    /// The lines of rules that were planted beside these and that packets come to.
    pub live: Vec<u32>,
    /// Whether every rule that is not among the dead is alive.
    pub is_known: bool,
}
