//! The rules that all hosts of one site share. A host's policy splices them in by path; what is wrong with them is told with
//! the place in this file and the place of the `use`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fwdsl::model::Net;
use fwdsl::rules;

/// The networks that administrators work from.
pub const ADMINS: [Net; 2] = [
    Net { addr: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 0)), prefix: 24 },
    Net { addr: IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xad, 0, 0, 0, 0, 0)), prefix: 48 },
];

/// The host that collects the site's measurements.
pub const MONITOR: &str = "198.51.100.9";

/// The port that a host's measurements are asked at.
pub const METRICS: u16 = 9100;

rules! {
    /// What every host's INPUT begins with.
    pub input {
        use fwdsl::rules::spoofed_loopback;
        use fwdsl::rules::baseline;
        use fwdsl::rules::icmp_required;
        use fwdsl::rules::icmpv6_required;
        use fwdsl::rules::ping(10/s);
        from #{crate::ADMINS} {
            /// administration
            tcp dport ssh ct new => accept;
        }
        from #{crate::MONITOR} tcp dport #{crate::METRICS} ct new => jump MEASURED;
    }

    /// What every host's policy holds besides: the chain that `input` goes to.
    pub items {
        /// Counts the visits of the monitor by the comment of its rule.
        chain MEASURED {
            /// the monitor's visits
            _ => accept;
        }
    }

    /// A service for everybody, up to a rate of new connections for each source address, counted under a name.
    pub fn public_service(port, rate, name_) {
        use fwdsl::rules::brute_force(port, rate, name_);
        tcp dport port ct new => accept;
    }
}
