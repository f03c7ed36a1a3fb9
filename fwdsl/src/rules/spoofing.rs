//! Packets whose source cannot be true.

crate::rules! {
    /// Drops packets from or to a loopback address that did not come over loopback: no such packet may appear outside of
    /// a host (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3), and services on 127.0.0.1 trust it.
    pub spoofed_loopback {
        in !lo {
            from [127.0.0.0/8, ::1] => drop;
            to [127.0.0.0/8, ::1]   => drop;
        }
    }

    /// Drops, of what comes in by `interface`, all that is not from `networks`; and what claims to be from there and comes
    /// in elsewhere (BCP 38: RFC 2827; RFC 3704). Link-local sources and those of hosts that have no address yet pass.
    ///
    /// `networks` are all networks behind the interface, of both families: of a family that is not among them, only
    /// link-local addresses pass.
    pub fn antispoof(interface, networks) {
        in interface from ![networks, 0.0.0.0, ::, fe80::/10] => drop;
        in !interface from networks => drop;
    }

    /// Drops, of what comes in by `interface`, all from addresses that no host on the Internet has: private, documentation,
    /// benchmarking, reserved and multicast ones (RFC 6890 and the IANA registries of special-purpose addresses; RFC 1918,
    /// 6598, 5737, 2544, 1112; RFC 4193, 3849, 9637, 6666, 4291).
    ///
    /// For an interface that faces the Internet directly: not for a host behind address translation, whose neighbours are
    /// such addresses. Link-local IPv6 sources pass, since neighbour discovery uses them, and so does `::`.
    pub fn bogons(interface) {
        in interface from [
            0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.0.0.0/24, 192.0.2.0/24,
            192.168.0.0/16, 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24, 224.0.0.0/3,
            ::1, ::ffff:0:0/96, 64:ff9b:1::/48, 100::/64, 2001:2::/48, 2001:db8::/32, 3fff::/20, fc00::/7, ff00::/8
        ] => drop;
    }
}
