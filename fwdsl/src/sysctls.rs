//! Kernel parameters that belong together, to be spliced into a `sysctl` block: `use fwdsl::sysctls::hardened;`.
//!
//! A setting of the policy's own overrides that of a profile for the same key, and its settings for one interface
//! override a profile's `*`. Of two profiles the later counts.
//!
//! ```
//! use fwdsl::prelude::*;
//!
//! static HOST: Policy = firewall! {
//!     sysctl {
//!         use fwdsl::sysctls::hardened;
//!         net.ipv4.conf.eth1.rp_filter = 2;
//!     }
//! };
//! # assert!(HOST.check().unwrap().is_empty());
//! ```
//!
//! Sources: `Documentation/networking/ip-sysctl.rst` of Linux, and the RFCs named beside the settings.

crate::rules! {
    /// For a host that ends connections and forwards nothing for others.
    pub hardened {
        // SYN floods fill no queue (RFC 4987, section 3.6).
        net.ipv4.tcp_syncookies                    = 1;
        // No part in smurf attacks (RFC 2644), and no log of others' mistakes about them.
        net.ipv4.icmp_echo_ignore_broadcasts       = 1;
        net.ipv4.icmp_ignore_bogus_error_responses = 1;
        // Only routers tell of better routes (RFC 1122, section 3.2.2.2), and a host believes none of them.
        net.ipv4.conf.*.send_redirects             = 0;
        net.ipv4.conf.*.accept_redirects           = 0;
        net.ipv4.conf.*.secure_redirects           = 0;
        net.ipv6.conf.*.accept_redirects           = 0;
        // The sender does not choose the way (RFC 7126, section 4.3; RFC 5095).
        net.ipv4.conf.*.accept_source_route        = 0;
        net.ipv6.conf.*.accept_source_route        = 0;
        // A source must be reachable by the interface that its packet came in by (RFC 3704, section 2.2).
        net.ipv4.conf.*.rp_filter                  = 1;
        net.ipv4.conf.*.log_martians               = 1;
        // A reset for a connection in TIME-WAIT does not end it (RFC 1337).
        net.ipv4.tcp_rfc1337                       = 1;
    }

    /// For a host that forwards between networks: forwarding in both families, and of `hardened` what a router needs too.
    pub router {
        use crate::sysctls::hardened;
        net.ipv4.ip_forward            = 1;
        net.ipv6.conf.all.forwarding   = 1;
        // A router tells the hosts of its link about better ones (RFC 1812, section 5.2.7.2).
        net.ipv4.conf.*.send_redirects = 1;
    }
}
