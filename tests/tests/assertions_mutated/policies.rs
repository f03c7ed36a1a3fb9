//! Policies whose assertions are proven.

/// Policies with `%` before each statement that may be changed.
pub(crate) const POLICIES: [&str; 5] = [
    // The article's.
    "let SSH = 50134; let NETBIOS = [135, 137, 138, 139]; let NOBODY = [255.255.255.255, 224.0.0.1];
     chain INPUT policy drop {
     % in lo => accept;
     % ct established|related => accept;
     % tcp|udp dport NETBIOS => drop;
     % icmp echo-request => jump PING;
     % icmpv6 [neighbour-solicitation, packet-too-big] => accept;
     % to NOBODY => drop;
     % tcp dport 113 => reject(tcp-reset);
     % tcp dport SSH => accept;
     % limit 1/s => log;
     }
     chain OUTPUT policy accept {
     % tcp|udp sport NETBIOS => drop;
     }
     chain PING {
     % limit 1/s burst 4 => accept;
     % _ => drop;
     }
     assert INPUT {
         in eth0 to !NOBODY tcp dport SSH ct new => accept;
         in eth0 tcp dport 137 ct new => drop;
         in eth0 tcp dport 3306 ct new => !accept;
         in lo => accept;
         in eth0 icmp echo-request ct new => accept|drop;
         in eth0 icmp echo-request ct new => reaches PING;
         in eth0 tcp ct new => !reaches PING;
         icmpv6 packet-too-big => accept;
         in eth0 tcp dport 113 ct new to 10.0.0.1 => reject;
         ct related => accept;
     }
     assert OUTPUT { tcp sport 139 => drop; udp sport 53 => accept; }",
    // A web server.
    "let ADMINS = [192.0.2.0/24, 2001:db8:ad::/48];
     chain INPUT policy drop {
     % in lo => accept;
     % ct invalid => drop;
     % ct established|related => accept;
     % tcp dport [http, https] => jump WEB;
     % from ADMINS tcp dport ssh => accept;
     % tcp dport ssh => jump STRANGERS;
     % udp => goto UDP;
     % tcp => reject(tcp-reset);
     }
     chain WEB {
     % from [198.51.100.0/24, 2001:db8:bad::/48] => drop;
     % tcp !syn ct new => return;
     % _ => accept;
     }
     chain STRANGERS {
     % limit 3/m => return;
     % from 203.0.113.0/24 => reject;
     % _ => drop;
     }
     chain UDP {
     % dport_443 => accept;
     % udp dport [67, 68, 5353] => drop;
     }
     chain FORWARD policy drop { }
     assert INPUT {
         from ADMINS tcp dport ssh ct new => accept;
         in eth0 from !ADMINS tcp dport ssh ct new => !accept;
         in eth0 from 203.0.113.0/24 tcp dport ssh ct new => reject;
         in eth0 from 10.0.0.0/8 tcp dport ssh ct new => drop|reject;
         in eth0 tcp syn dport http from 10.0.0.0/8 ct new => accept;
         in eth0 tcp !syn dport https ct new => !accept;
         in eth0 from 198.51.100.0/24 tcp dport http ct new => drop;
         in eth0 udp dport 443 ct new => accept;
         in eth0 udp dport [67, 5353] ct [new, untracked] => drop;
         in eth0 udp ct new => reaches UDP;
         in eth0 udp ct new => !reaches WEB;
         in eth0 tcp dport [http, https] ct new => reaches WEB;
         ct invalid in eth0 => drop;
         in eth0 tcp dport 25 ct new => reject;
     }
     assert host forward { _ => drop; }
     assert host input { in eth0 tcp dport 25 ct new => reject; in eth0 tcp syn dport https from 10.0.0.0/8 ct new => accept; }",
    // A router with address translation and marks.
    "family ipv4;
     table raw { chain PREROUTING {
     % udp dport 53 => ct(notrack);
     % from 198.51.100.0/24 => drop;
     } }
     table mangle { chain PREROUTING {
     % in vpn0 => mark(set 0x10);
     % in lan0 => mark(set 0x20);
     } chain FORWARD {
     % tcp dport 25 => drop;
     } }
     table nat { chain PREROUTING {
     % in wan0 to 203.0.113.1 tcp dport 80 => dnat(to 10.0.0.2:8080);
     % in wan0 to 203.0.113.1 tcp dport 443 => dnat(to 10.0.0.3);
     % in lan0 tcp dport 3128 => redirect(to 8888);
     } chain POSTROUTING {
     % out wan0 => masquerade;
     } }
     chain INPUT policy drop {
     % in lo => accept;
     % ct untracked udp dport 53 => accept;
     % mark 0x10 tcp dport ssh => accept;
     % in lan0 tcp dport 8888 => accept;
     }
     chain FORWARD policy drop {
     % ct established|related => accept;
     % to 10.0.0.2 tcp dport 8080 => accept;
     % to 10.0.0.3 tcp dport 443 => jump TLS;
     % mark 0x20 out wan0 => accept;
     % in wan0 => reject;
     }
     chain TLS {
     % from 192.0.2.0/24 => drop;
     % _ => accept;
     }
     assert host forward {
         in wan0 from 10.0.0.0/8 to 203.0.113.1 tcp dport 80 ct new => accept;
         in wan0 from 192.0.2.0/24 to 203.0.113.1 tcp dport 443 ct new => drop;
         in wan0 from 10.0.0.0/8 to 203.0.113.1 tcp dport 443 ct new => reaches TLS;
         in lan0 out wan0 from 10.0.0.0/8 udp dport 123 ct new => accept;
         in wan0 from 10.0.0.0/8 to 203.0.113.1 tcp dport 22 ct new mark 0 => reject;
         tcp dport 25 ct new => drop;
         from 198.51.100.0/24 => drop;
     }
     assert host input {
         from 10.0.0.0/8 udp dport 53 in wan0 => accept;
         in vpn0 tcp dport ssh from 10.0.0.0/8 ct new => accept;
         in wan0 tcp dport ssh mark 0 ct new => drop;
         in lan0 from 10.0.0.0/8 tcp dport 3128 ct new => accept;
         in lan0 tcp dport 8888 ct new from 10.0.0.0/8 => accept;
         in wan0 tcp dport 8888 ct new => !accept;
         from 198.51.100.0/24 => !reaches mangle/PREROUTING;
     }
     assert FORWARD { in wan0 to 10.0.0.2 tcp dport 8080 ct new => accept; }",
    // Chains that come back, and lists that need chains of their own.
    "chain INPUT policy accept {
     % in ![lo, eth1] tcp dport ![22, 80..=90] from ![10.0.0.0/8, 192.0.2.1, 192.0.2.3] => drop;
     % tcp dport [22, 80] => jump A;
     % udp port 53 => goto B;
     % tcp flags(syn,fin / syn,fin) => drop;
     % icmp [echo-request, 3/4] => return;
     % icmp => drop;
     }
     chain A {
     % from 10.1.0.0/16 => jump B;
     % from 10.0.0.0/8 => return;
     % tcp dport 80..=89 => reject;
     }
     chain B {
     % from 10.1.2.0/24 => return;
     % udp dport 53 from 192.0.2.0/24 => accept;
     % _ => drop;
     }
     assert INPUT {
         in eth0 from 192.0.2.2 tcp dport 443 => drop;
         in eth1 tcp flags(syn / syn,fin) dport 443 => accept;
         from 10.1.3.0/24 tcp dport 22 => drop;
         from 10.1.2.3 tcp flags(none / fin) dport 80 => accept;
         from 198.51.100.1 tcp dport 80 => reject;
         from 10.1.2.0/24 tcp dport 22 => reaches A;
         udp dport 53 from 198.51.100.0/24 => drop;
         udp sport 53 dport 99 from 10.1.2.0/24 => accept;
         udp port 53 => !reaches A;
         icmp echo-request => accept;
         icmp echo-reply => drop;
         in eth1 tcp flags(syn,fin / syn,fin) dport 443 => drop;
     }
     assert A { from 10.1.2.0/24 => return; from 198.51.100.1 tcp dport 85 => reject; }",
    // A dead rule and what hides it.
    "chain FORWARD policy drop {
     % in lan+ out wan0 => accept;
     % in lan1 => reject;
     % in wan0 out lan+ ct established|related => accept;
     % in wan0 out lan0 tcp dport [25, 587] => jump MAIL;
     % in [lan0, lan1] out [lan0, lan1] => accept;
     }
     chain MAIL {
     % to 10.0.0.25 => accept;
     % to fd00::25 => accept;
     }
     assert FORWARD {
         in lan5 out wan0 => accept;
         in lan1 out wan1 => reject;
         in lan1 out lan0 => !accept;
         in lan0 out lan1 => accept;
         in wan0 out lan0 to 10.0.0.25 tcp dport 587 => accept;
         in wan0 out lan0 to 10.0.0.26 tcp dport 587 ct new => drop;
         in wan0 out lan+ ct new udp => drop;
         in wan0 out lan1 ct new => !reaches MAIL;
     }
     assert host forward { in wan0 out lan0 to 10.0.0.25 tcp dport 25 => accept; out wan1 in wan0 => drop; }",
];
