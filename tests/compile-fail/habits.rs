//! What is written out of the habit of iptables.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chian FORWARD policy drop { }

    chain INPUT {
        -p tcp --dport 22 -j ACCEPT;
        tcp --dport 22 => accept;
        tcp dport 22 => -j ACCEPT;
        tcp dport 22 -> accept;
        tcp dport != 22 => accept;
        tcp dport: 22 => accept;
        tcp dport 22,80 => accept;
        tcp dport {22, 80} => accept;
        tcp dport (22, 80) => accept;
        in eth* => accept;
        from * => accept;
        any => accept;
        not in eth0 => drop;
        in eth0 syn => drop;
        ct ESTABLISHED|RELATED => accept;
        ct state new => accept;
        udp dport htp => accept;
        log("prefix") => drop;
        udp => log "prefix";
        udp => mark(5);
        udp => reject-with tcp-reset;
        let PORT = 22;
        dport 22 => accept;
        udp dport => accept;
    }

    chain JUMPS {
        udp => jump INPUT;
        open(22)
    }

    table nat {
        chain PREROUTING {
            dport 80 => dnat(to 10.0.0.1:80);
        }
    }

    fn open(port) {
        tcp dport port => accept;
    }

    assert FORWARD {
        udp => drop;
    }
};

fn main() {}
