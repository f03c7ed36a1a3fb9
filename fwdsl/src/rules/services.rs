//! Services whose answers connection tracking does not know.

crate::rules! {
    /// Lets in what a DHCP server sends to a client: the answer to a broadcast comes from another address than the question
    /// went to, so it is of no connection (RFC 2131, section 4.1; RFC 8415, section 7.2, of IPv6).
    pub dhcp_client {
        from 0.0.0.0/0 udp sport 67 dport 68   => accept;
        from fe80::/10 udp sport 547 dport 546 => accept;
    }

    /// Lets in multicast DNS, by which neighbours find each other (RFC 6762).
    pub mdns {
        to [224.0.0.251, ff02::fb] udp dport 5353 => accept;
    }
}
