//! The policy of a router between several networks, as source: some thirty chains, for what has to stay legible.

use std::fmt::Write;

/// The networks: a name, the interface, the addresses.
const ZONES: [(&str, &str, &str); 5] = [
    ("LAN", "lan0", "10.0.0.0/16"),
    ("DMZ", "dmz0", "10.1.0.0/24"),
    ("GUEST", "guest0", "10.2.0.0/22"),
    ("ADMIN", "adm0", "10.3.0.0/28"),
    ("WAN", "wan0", "0.0.0.0/0"),
];

/// The source of the policy.
#[must_use]
pub fn router() -> String {
    let mut text = String::from(
        "sysctl { net.ipv4.ip_forward = 1; net.ipv4.conf.*.rp_filter = 1; }
         set BANNED: hash:net family ipv4 { 192.0.2.0/24, 198.51.100.0/24 }
         chain INPUT policy drop {
             in lo => accept; ct established|related => accept; icmpv6 => jump ICMP6; icmp => jump ICMP4;
             from @BANNED => drop;
             /// administration, from the administrators' own network
             in adm0 tcp dport ssh ct new => accept;
             in [lan0, dmz0, guest0] udp dport [domain, bootps] ct new => accept;
             _ => jump REFUSED;
         }
         chain OUTPUT policy accept {}
         chain ICMP4 { icmp [echo-request, destination-unreachable, time-exceeded] limit 20/s => accept; _ => drop; }
         chain ICMP6 { icmpv6 [neighbour-solicitation, neighbour-advertisement, packet-too-big] => accept; _ => drop; }
         chain REFUSED { limit 5/minute => log(\"[refused] \"); _ => reject; }
         chain WEB { tcp dport [http, https] => accept; udp dport https => accept; }
         chain MAIL { tcp dport [smtp, submission, imaps] => accept; }
         chain NAMES { tcp|udp dport domain => accept; }
         chain FORWARD policy drop {
             ct established|related => accept; ct invalid => drop; from @BANNED => drop;\n",
    );
    let pairs = || {
        ZONES.iter().flat_map(|from| ZONES.iter().filter(move |to| to.0 != from.0).map(move |to| (from, to)))
    };
    for ((from, inside, _), (to, outside, _)) in pairs() {
        let _ = writeln!(text, "in {inside} out {outside} => goto {from}_{to};");
    }
    text.push_str("}\n");
    for ((from, _, net), (to, ..)) in pairs() {
        let _ = writeln!(text, "/// What {from} may do in {to}.\nchain {from}_{to} {{");
        let source = if *from == "WAN" { String::new() } else { format!("from {net} ") };
        let any = if source.is_empty() { "_ " } else { &source };
        text.push_str(&match (*from, *to) {
            ("ADMIN", _) => format!("{source}=> accept;"),
            (_, "DMZ") => format!(
                "{any}=> jump WEB; {source}to 10.1.0.25 => jump MAIL; {source}to 10.1.0.53 => jump NAMES;"
            ),
            ("LAN", "WAN") => format!("{source}=> accept;"),
            ("GUEST", "WAN") => format!("{source}=> jump WEB; {source}=> jump NAMES;"),
            ("DMZ", "WAN") => {
                "from 10.1.0.25 tcp dport smtp => accept; from 10.1.0.53 => jump NAMES;".to_owned()
            }
            _ => String::new(),
        });
        text.push_str("_ => jump REFUSED; }\n");
    }
    text.push_str(
        "assert INPUT { in wan0 tcp dport ssh ct new => !accept; }
         assert FORWARD {
             in guest0 out lan0 ct new => !accept;
             in lan0 out dmz0 from 10.0.3.4 to 10.1.0.80 tcp dport https ct new => accept;
             in wan0 out dmz0 from !@BANNED to 10.1.0.25 tcp dport smtp ct new => accept;
         }
         table nat { family ipv4; chain POSTROUTING { out wan0 => masquerade; } }\n",
    );
    text
}
