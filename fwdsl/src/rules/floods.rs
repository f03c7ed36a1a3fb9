//! Floods, and who tries too often.

crate::rules! {
    /// Drops pings to broadcast addresses, and packets that claim to be from one: a smurf attack has a whole network answer
    /// to its victim (RFC 2644; RFC 1122, section 3.2.1.3, forbids such sources).
    pub smurf {
        addrtype(src-type broadcast|multicast)         => drop;
        icmp echo-request addrtype(dst-type broadcast) => drop;
    }

    /// Drops TCP connection requests beyond a rate for each source address, `burst` of them at once (RFC 4987, section 3.1).
    /// Against a flood from forged sources only SYN cookies help: the profile `fwdsl::sysctls::hardened` has them.
    pub fn syn_flood(rate, burst_) {
        tcp syn hashlimit(above rate, burst burst_, mode srcip, name "syn") => drop;
    }

    /// Drops new connections to `port` beyond a rate for each source: an IPv4 address, or a /64 of IPv6, which is what one
    /// host may have of it (RFC 6177). Five come through at once. `name` is that of the table that counts; uses with another
    /// rate want another name.
    pub fn brute_force(port, rate, name_) {
        tcp dport port ct new {
            from 0.0.0.0/0 hashlimit(above rate, burst 5, mode srcip, name name_) => drop;
            from ::/0 hashlimit(above rate, burst 5, mode srcip, srcmask 64, name name_) => drop;
        }
    }

    /// `brute_force` for SSH, under the name `ssh`: who guesses passwords opens many connections (sshd_config(5),
    /// `MaxAuthTries`, allows some tries in each).
    pub fn ssh_brute_force(port, rate) {
        use crate::rules::brute_force(port, rate, "ssh");
    }
}
