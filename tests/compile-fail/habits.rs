//! What is written out of the habit of iptables.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let NETS = 10.0.0.0/8, 192.168.0.0/16;
    let PORTS = {22, 80};
    const HIGH = 8080;

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
        iif eth0 => accept;
        from $NETS => accept;
        from 10.0.0.1-10.0.0.9 => accept;
        tcp dport [HIGH, htp] => accept;
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
