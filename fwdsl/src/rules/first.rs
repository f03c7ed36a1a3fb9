//! What stands first in nearly every chain.

crate::rules! {
    /// Lets in what comes over loopback (RFC 1122, section 3.2.1.3: a host talks to itself there) and what belongs to a
    /// connection that exists or is an error about one (`conntrack` in iptables-extensions(8)); drops what connection
    /// tracking finds broken, such as a TCP segment of no connection, which no service could answer anyhow.
    ///
    /// For INPUT. IPv6 neighbour discovery is not of any connection: see `icmpv6_required`.
    pub baseline {
        in lo                  => accept;
        ct established|related => accept;
        ct invalid             => drop;
    }
}
