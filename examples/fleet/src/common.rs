//! What all hosts share.

use fwdsl::prelude::*;

/// The networks that administrators work from.
pub(crate) const ADMINS: &[&str] = &["192.0.2.0/24", "2001:db8:ad::/48"];

/// The hosts that ask databases.
pub(crate) const FRONTENDS: &[&str] = &["198.51.100.0/26", "2001:db8:fe::/64"];

rules! {
    /// What every host's INPUT begins with.
    pub(crate) input {
        use fwdsl::rules::baseline;
        use fwdsl::rules::icmp_required;
        use fwdsl::rules::icmpv6_required;
        /// administration
        from #{crate::common::ADMINS} tcp dport ssh ct new => accept;
    }
}
