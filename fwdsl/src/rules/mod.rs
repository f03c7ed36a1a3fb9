//! Rules that most hosts want, to be spliced into a chain: `use fwdsl::rules::baseline;`.
//!
//! Each is a fragment ([`rules!`](crate::rules!)): its rules are checked, analysed and emitted as if they stood in the
//! policy. Each says why it is there and which RFC or manual page it follows.
//!
//! ```
//! use fwdsl::prelude::*;
//!
//! static HOST: Policy = firewall! {
//!     chain INPUT policy drop {
//!         use fwdsl::rules::spoofed_loopback;
//!         use fwdsl::rules::baseline;
//!         use fwdsl::rules::icmp_required;
//!         use fwdsl::rules::icmpv6_required;
//!         use fwdsl::rules::ssh_brute_force(ssh, 4/minute);
//!         tcp dport ssh => accept;
//!         use fwdsl::rules::log_and_drop("[dropped] ");
//!     }
//!
//!     assert INPUT {
//!         in eth0 tcp dport mysql ct new => drop;
//!     }
//! };
//! # assert!(HOST.check().unwrap().is_empty());
//! ```
//!
//! | in a chain | does |
//! | --- | --- |
//! | [`baseline`] | loopback and established connections in, broken packets out |
//! | [`icmp_required`], [`icmpv6_required`] | the messages that IP does not work without |
//! | [`ping`] | answers to pings, at a rate |
//! | [`spoofed_loopback`], [`antispoof`], [`bogons`] | drops packets whose source cannot be true |
//! | [`smurf`], [`syn_flood`] | drops what such attacks are made of |
//! | [`brute_force`], [`ssh_brute_force`] | drops further connections of who opens too many |
//! | [`dhcp_client`], [`mdns`] | lets in what these services want |
//! | [`log_and_drop`], [`log_and_reject`] | ends a chain, and tells of it at a rate |

mod first;
mod floods;
mod icmp;
mod last;
mod services;
mod spoofing;

#[doc(inline)]
pub use first::baseline;
#[doc(inline)]
pub use floods::{brute_force, smurf, ssh_brute_force, syn_flood};
#[doc(inline)]
pub use icmp::{icmp_required, icmpv6_required, ping};
#[doc(inline)]
pub use last::{log_and_drop, log_and_reject};
#[doc(inline)]
pub use services::{dhcp_client, mdns};
#[doc(inline)]
pub use spoofing::{antispoof, bogons, spoofed_loopback};
