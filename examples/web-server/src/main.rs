//! A dual-stack web server as a provisioning binary: HTTP and HTTPS for everyone, SSH for the
//! administrators, and what IPv6 needs to work at all.

use fwdsl::prelude::*;

/// The web server's policy.
pub static HOST: Policy = firewall! {
    let WEB    = [http, https];
    let ADMINS = [192.0.2.0/24, 2001:db8:ad::/48];

    sysctl {
        net.ipv4.tcp_syncookies          = 1;
        net.ipv4.conf.*.rp_filter        = 1;
        net.ipv4.conf.*.accept_redirects = 0;
        net.ipv6.conf.*.accept_redirects = 0;
    }

    chain INPUT policy drop {
        in lo                  => accept;
        ct established|related => accept;
        ct invalid             => drop;

        icmp echo-request limit 10/s burst 20 => accept;
        icmpv6 => jump ICMPV6;

        tcp ct new {
            dport WEB             => accept;
            /// administration
            from ADMINS dport ssh => accept;
        }
        /// HTTP/3
        udp dport https => accept;

        limit 6/minute burst 10 => log("[web refused] ", level info);
        tcp                     => reject(tcp-reset);
        _                       => reject;
    }

    chain FORWARD policy drop {}

    /// What RFC 4890 wants let in to a host (section 4.4).
    chain ICMPV6 {
        icmpv6 [destination-unreachable, packet-too-big, time-exceeded, parameter-problem] => accept;
        icmpv6 [router-advertisement, neighbour-solicitation, neighbour-advertisement] => accept;
        icmpv6 echo-request limit 10/s burst 20 => accept;
        _ => drop;
    }

    assert INPUT {
        in eth0 tcp dport WEB ct new              => accept;
        in eth0 tcp dport mysql ct new            => !accept;
        in eth0 from ADMINS tcp dport ssh ct new  => accept;
        in eth0 from !ADMINS tcp dport ssh ct new => reject;
    }
};

fn main() -> std::process::ExitCode {
    fwdsl::cli::run(&HOST)
}
