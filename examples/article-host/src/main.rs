//! The firewall of the article, every rule and every sysctl of its script, as a provisioning
//! binary.
//!
//! Where the script is for IPv4 alone, the policy is for both families: a rule goes to each that
//! its matches allow. So neighbour discovery has to be let in, which the script had no need for.

use fwdsl::prelude::*;

/// The article's host.
pub static HOST: Policy = firewall! {
    let SSH     = 50134;
    let NETBIOS = [135, 137, 138, 139];
    let NOBODY  = [255.255.255.255, 224.0.0.1];

    sysctl {
        net.ipv4.tcp_syncookies              = 1;
        net.ipv4.icmp_echo_ignore_broadcasts = 1;
        net.ipv4.conf.*.send_redirects       = 0;
        net.ipv4.conf.*.accept_redirects     = 0;
        net.ipv4.conf.*.accept_source_route  = 0;
    }

    chain INPUT policy drop {
        in lo                  => accept;
        ct established|related => accept;
        #[allow(fragment_reassembled)] // kept from the article; the kernel reassembles before INPUT
        fragment               => log("[IPTABLES FRAGMENT] : "), drop;
        tcp|udp dport NETBIOS  => drop;
        icmp echo-request      => jump LOG_PINGDEATH;
        icmpv6 [neighbour-solicitation, neighbour-advertisement, router-advertisement, packet-too-big] => accept;
        to NOBODY              => drop;
        tcp dport 113          => reject(tcp-reset);
        /// administration
        tcp dport SSH          => accept;
        limit 1/s              => log("[IPTABLES INPUT] : ");
        _                      => drop;
    }

    chain FORWARD policy drop {
        limit 1/s => log("[IPTABLES FORWARD] : ");
        _         => drop;
    }

    chain OUTPUT policy accept {
        tcp|udp sport NETBIOS => drop;
    }

    chain LOG_PINGDEATH {
        limit 1/s burst 4 => accept;
        _                 => log("[IPTABLES PINGDEATH] : "), drop;
    }

    assert INPUT {
        in eth0 to !NOBODY tcp dport SSH ct new => accept;
        in eth0 tcp dport 137 ct new            => drop;
        in eth0 tcp dport 3306 ct new           => !accept;
    }
};

fn main() -> std::process::ExitCode {
    fwdsl::cli::run(&HOST)
}
