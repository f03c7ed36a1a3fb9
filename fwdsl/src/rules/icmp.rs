//! ICMP and ICMPv6: what IP does not work without.

crate::rules! {
    /// The ICMP errors that hosts must act upon (RFC 1122, section 3.2.2; RFC 1191 on `fragmentation-needed`, without which
    /// connections over a narrow link hang).
    ///
    /// `ct related` lets most of them in already; these rules do not depend on it.
    pub icmp_required {
        icmp [destination-unreachable, time-exceeded, parameter-problem] => accept;
    }

    /// The ICMPv6 messages that a host's firewall must not drop (RFC 4890, section 4.4.1): errors, among them
    /// `packet-too-big`, since IPv6 routers do not fragment (RFC 8200, section 5); neighbour discovery and router discovery
    /// (RFC 4861), of which section 7.1 wants a hop limit of 255, so that nobody beyond the link can send them; inverse
    /// discovery (RFC 3122); the multicast listener discovery of the link (RFC 2710, RFC 3810).
    pub icmpv6_required {
        icmpv6 [destination-unreachable, packet-too-big, time-exceeded, parameter-problem] => accept;
        icmpv6 [
            router-solicitation, router-advertisement, neighbour-solicitation, neighbour-advertisement,
            inverse-neighbour-solicitation, inverse-neighbour-advertisement
        ] hl(eq 255) => accept;
        from [fe80::/10, ::] {
            icmpv6 [
                mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report
            ] => accept;
        }
    }

    /// Answers pings up to a rate, for all senders together (RFC 1122, section 3.2.2.6: every host answers; RFC 4890,
    /// section 4.4.1, of IPv6). The rest goes on to the next rule.
    pub fn ping(rate) {
        icmp echo-request limit rate   => accept;
        icmpv6 echo-request limit rate => accept;
    }
}
