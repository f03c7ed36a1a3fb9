//! The same rule in other words comes out as it is saved.

use fwdsl_runtime::family::Family;

use crate::{canonical, rules, with_rule};

/// Each rule as it may be written, and as iptables 1.8.9 saved it; in `filter`'s FORWARD for IPv4.
const IPV4: &[(&str, &[&str])] = &[
    // Parameters, their long names and abbreviations, and their order.
    (
        "-j ACCEPT -o eth1 -i eth0 -p tcp -d 10.0.0.2 -s 10.0.0.1",
        &["-s 10.0.0.1/32 -d 10.0.0.2/32 -i eth0 -o eth1 -p tcp -j ACCEPT"],
    ),
    (
        "--source 10.0.0.1 --destination 10.0.0.2 --in-interface a --out-interface b --protocol tcp --jump DROP",
        &["-s 10.0.0.1/32 -d 10.0.0.2/32 -i a -o b -p tcp -j DROP"],
    ),
    (
        "--src 10.0.0.1 --dest 10.0.0.2 --in-i a --out b --proto udp --ju DROP",
        &["-s 10.0.0.1/32 -d 10.0.0.2/32 -i a -o b -p udp -j DROP"],
    ),
    ("--fragments -j DROP", &["-f -j DROP"]),
    ("! --fragments -j DROP", &["! -f -j DROP"]),
    ("-i + -s 0.0.0.0/0 -p all -j ACCEPT", &["-j ACCEPT"]),
    ("-v -j ACCEPT", &["-j ACCEPT"]),
    ("-4 -j ACCEPT", &["-j ACCEPT"]),
    ("-6 -j ACCEPT", &[]),
    ("--ipv6 -s fd00::1 -j ACCEPT", &[]),
    ("-p tcp", &["-p tcp"]),
    // Addresses.
    ("-s 10.1.2.3/8", &["-s 10.0.0.0/8"]),
    ("-s 10/8", &["-s 10.0.0.0/8"]),
    ("-s 10.1.2.3/255.255.0.0", &["-s 10.1.0.0/16"]),
    ("-s 10.1.2.3/255.0.255.0", &["-s 10.0.2.0/255.0.255.0"]),
    ("-s whatever/0", &[""]),
    ("-s ::ffff:10.0.0.1", &["-s 10.0.0.1/32"]),
    (
        "-s 10.0.0.1,10.0.0.2 -d 10.0.1.1,10.0.1.0/24 -j DROP",
        &[
            "-s 10.0.0.1/32 -d 10.0.1.1/32 -j DROP",
            "-s 10.0.0.1/32 -d 10.0.1.0/24 -j DROP",
            "-s 10.0.0.2/32 -d 10.0.1.1/32 -j DROP",
            "-s 10.0.0.2/32 -d 10.0.1.0/24 -j DROP",
        ],
    ),
    // `!` before the option, and behind it as releases before 1.4.3 wrote it.
    ("! -s 10.0.0.1 ! -i lo ! -p tcp", &["! -s 10.0.0.1/32 ! -i lo ! -p tcp"]),
    ("-s ! 10.0.0.1 -i ! lo -p ! tcp", &["! -s 10.0.0.1/32 ! -i lo ! -p tcp"]),
    ("-p tcp --dport ! 22 -m state --state ! NEW", &["-p tcp -m tcp ! --dport 22 -m state ! --state NEW"]),
    // The protocol's own match is loaded for its options.
    ("-p tcp --dport 22", &["-p tcp -m tcp --dport 22"]),
    ("-p 6 --destination-port ssh", &["-p tcp -m tcp --dport 22"]),
    ("-p TCP --dport=0x16", &["-p tcp -m tcp --dport 22"]),
    ("-p tcp -m state --state NEW --dport 22", &["-p tcp -m state --state NEW -m tcp --dport 22"]),
    ("-p tcp -m tcp", &["-p tcp -m tcp"]),
    ("-p tcp --sport 1024: --dport :1023", &["-p tcp -m tcp --sport 1024:65535 --dport 0:1023"]),
    ("-p tcp --sport 0:65535", &["-p tcp -m tcp"]),
    ("-p tcp --syn", &["-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"]),
    ("-p tcp ! --syn", &["-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN"]),
    ("-p tcp --tcp-flags all none", &["-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE"]),
    (
        "-p tcp --syn -m tcp --tcp-flags SYN,ACK SYN",
        &["-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m tcp --tcp-flags SYN,ACK SYN"],
    ),
    ("-p hopopt", &[""]),
    ("-p udp --dport 2147483647", &["-p udp -m udp --dport 65535"]),
    ("-p udp --sport domain", &["-p udp -m udp --sport 53"]),
    ("-p icmp --icmp-type ping", &["-p icmp -m icmp --icmp-type 8"]),
    ("-p icmp --icmp-type frag", &["-p icmp -m icmp --icmp-type 3/4"]),
    ("-p icmp ! --icmp-type 3/0x4", &["-p icmp -m icmp ! --icmp-type 3/4"]),
    ("-p icmp --icmp-type 255/1", &["-p icmp -m icmp --icmp-type any"]),
    ("-p sctp --chunk-types Any init,DATA:Be", &["-p sctp -m sctp --chunk-types any DATA:Be,INIT"]),
    // Modules: several, one twice, and abbreviations among those that are loaded.
    ("-p tcp -m multiport --dport 22,http,1024:2048", &["-p tcp -m multiport --dports 22,80,1024:2048"]),
    ("-p tcp -m multiport --source-port 22", &["-p tcp -m multiport --sports 22"]),
    ("-m mark --mark 1 -m mark ! --mark 010/0x10", &["-m mark --mark 0x1 -m mark ! --mark 0x8/0x10"]),
    ("-m connmark --mark 1 -m mark --mark 2", &["-m connmark --mark 0x1 -m mark --mark 0x2"]),
    ("-m conntrack --ctstate est,REL,new", &["-m conntrack --ctstate NEW,RELATED,ESTABLISHED"]),
    ("-m conntrack --ctstate NEW,UNTRACKED", &["-m conntrack --ctstate NEW,UNTRACKED"]),
    (
        "-m conntrack --ctorigsrc 10.1.2.3/8 --ctproto tcp",
        &["-m conntrack --ctproto 6 --ctorigsrc 10.1.2.3/8"],
    ),
    ("-m limit", &["-m limit --limit 3/hour"]),
    ("-m limit --limit 5", &["-m limit --limit 5/sec"]),
    ("-m limit --limit 60/MIN --limit-burst 0x7", &["-m limit --limit 1/sec --limit-burst 7"]),
    (
        "-m hashlimit ! --hashlimit 5/m --hashlimit-name x",
        &["-m hashlimit --hashlimit-above 5/min --hashlimit-burst 5 --hashlimit-name x"],
    ),
    (
        "-m hashlimit --hashlimit-above 1/hour --hashlimit-burst 30 --hashlimit-mode srcip --hashlimit-name x",
        &[
            "-m hashlimit --hashlimit-above 1/hour --hashlimit-burst 30 --hashlimit-mode srcip --hashlimit-name x",
        ],
    ),
    ("-m recent --set", &["-m recent --set --name DEFAULT --mask 255.255.255.255 --rsource"]),
    ("-m recent --set --mask 24", &["-m recent --set --name DEFAULT --mask 0.0.0.24 --rsource"]),
    ("-m recent --set --mask 0xffffff00", &["-m recent --set --name DEFAULT --mask 255.255.255.0 --rsource"]),
    ("-m recent --set --rsource --rdest", &["-m recent --set --name DEFAULT --mask 255.255.255.255 --rdest"]),
    ("-m iprange --src-range 10.0.0.1", &["-m iprange --src-range 10.0.0.1-10.0.0.1"]),
    ("-m addrtype --dst-type broadcast,LOCAL", &["-m addrtype --dst-type LOCAL,BROADCAST"]),
    ("-m pkttype --pkt-type BCAST", &["-m pkttype --pkt-type broadcast"]),
    (
        "-m time --weekdays Su,1 --timestart 8:5",
        &[
            "-m time --timestart 08:05:00 --timestop 23:59:59 --weekdays Mon,Sun --datestop 2038-01-19T03:14:07",
        ],
    ),
    ("-m mac --mac-source 0:1:2:A:b:c", &["-m mac --mac-source 00:01:02:0a:0b:0c"]),
    ("-m string --algo bm --hex-string |61|b", &["-m string --string \"ab\" --algo bm"]),
    (
        "-m statistic --mode random --probability 5e-1",
        &["-m statistic --mode random --probability 0.50000000000"],
    ),
    ("-m set --match-set my-set src,dst", &["-m set --match-set my-set src,dst"]),
    (
        "-m policy --dir in --pol ipsec --strict --reqid 1 --next --proto ah --reqid 2",
        &["-m policy --dir in --pol ipsec --strict --reqid 1 --next --reqid 2 --proto ah"],
    ),
    // Comments and quotes.
    ("-m comment --comment plain", &["-m comment --comment plain"]),
    ("-m comment --comment \"plain\"", &["-m comment --comment plain"]),
    (r#"-m comment --comment "it's \"so\"""#, &[r#"-m comment --comment "it\'s \"so\"""#]),
    ("\"-j\" \"ACCEPT\"", &["-j ACCEPT"]),
    // Targets.
    ("-j LOG --log-level warning --log-prefix \"a b\"", &["-j LOG --log-prefix \"a b\""]),
    (
        "-j LOG --log-level debug --log-uid --log-ip-options",
        &["-j LOG --log-level 7 --log-ip-options --log-uid"],
    ),
    (
        "-j LOG --log-prefix 0123456789012345678901234567890123456789",
        &["-j LOG --log-prefix 01234567890123456789012345678"],
    ),
    ("-j REJECT", &["-j REJECT --reject-with icmp-port-unreachable"]),
    ("-j REJECT --reject-with host", &["-j REJECT --reject-with icmp-host-unreachable"]),
    ("-p tcp -j REJECT --reject-with tcp-rst", &["-p tcp -j REJECT --reject-with tcp-reset"]),
    ("-j NFQUEUE", &["-j NFQUEUE --queue-num 0"]),
    ("-p tcp -j NFLOG --nflog-group 5 --dport 22", &["-p tcp -m tcp --dport 22 -j NFLOG --nflog-group 5"]),
    ("-m state --state NEW", &["-m state --state NEW"]),
    ("", &[""]),
    ("--", &[""]),
];

/// The same for IPv6.
const IPV6: &[(&str, &[&str])] = &[
    ("-s FD00:0:0::1/64", &["-s fd00::/64"]),
    ("-s fd00::1/ffff::", &["-s fd00::/16"]),
    ("-s ::/0 -j ACCEPT", &["-j ACCEPT"]),
    ("-4 -j ACCEPT", &[]),
    ("-p icmpv6 --icmpv6-type neighbour-solicitation", &["-p ipv6-icmp -m icmp6 --icmpv6-type 135"]),
    ("-p ipv6-icmp -m icmpv6 --icmpv6-type 1/0", &["-p ipv6-icmp -m icmp6 --icmpv6-type 1/0"]),
    ("-p icmp -j ACCEPT", &["-p icmp -j ACCEPT"]),
    ("-j REJECT --reject-with port-unreach", &["-j REJECT --reject-with icmp6-port-unreachable"]),
    (
        "-m connlimit ! --connlimit-above 5",
        &["-m connlimit --connlimit-upto 5 --connlimit-mask 128 --connlimit-saddr"],
    ),
];

#[test]
fn rules_come_out_as_iptables_saves_them() {
    for (family, cases) in [(Family::Ipv4, IPV4), (Family::Ipv6, IPV6)] {
        for (written, saved) in cases {
            let text = canonical(&with_rule("filter", "FORWARD", written), family);
            let text = text.unwrap_or_else(|reasons| panic!("{family} {written}: {reasons}"));
            assert_eq!(rules(&text), *saved, "{family} {written}");
            // What is saved is read as it is.
            assert_eq!(canonical(&text, family).as_deref(), Ok(text.as_str()), "{family} {written}");
        }
    }
}

#[test]
fn other_tables_have_their_own_targets() {
    for (table, chain, written, saved) in [
        (
            "nat",
            "PREROUTING",
            "-p tcp -j DNAT --to 10.0.0.1:http",
            "-p tcp -j DNAT --to-destination 10.0.0.1:80",
        ),
        ("nat", "POSTROUTING", "-j SNAT --to-s 10.0.0.1-10.0.0.9", "-j SNAT --to-source 10.0.0.1-10.0.0.9"),
        ("nat", "PREROUTING", "-p tcp -j REDIRECT --to-port 8080", "-p tcp -j REDIRECT --to-ports 8080"),
        ("nat", "PREROUTING", "-j NETMAP --to 10.0.0.7/24", "-j NETMAP --to 10.0.0.0/24"),
        ("nat", "PREROUTING", "-j NETMAP --to 10.1/16", "-j NETMAP --to 10.0.0.0/16"),
        ("nat", "PREROUTING", "-j NETMAP --to 10.1", "-j NETMAP --to 10.0.0.1/32"),
        ("mangle", "PREROUTING", "-i + -j ACCEPT", "-j ACCEPT"),
        (
            "mangle",
            "PREROUTING",
            "-j CONNMARK --left-shift-mark 3 --set-mark 1",
            "-j CONNMARK --set-xmark 0x1/0xffffffff --left-shift-mark 3",
        ),
        (
            "mangle",
            "PREROUTING",
            "-j CONNMARK --save-mark --left-shift-mark 3 --right-shift-mark 0",
            "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff",
        ),
        (
            "nat",
            "POSTROUTING",
            "-p icmp -j SNAT --to-source 10.0.0.1:5",
            "-p icmp -j SNAT --to-source 10.0.0.1:5",
        ),
        ("mangle", "PREROUTING", "-j MARK --set-xmark 0x1", "-j MARK --set-xmark 0x1/0xffffffff"),
        ("mangle", "POSTROUTING", "-j CLASSIFY --set-class 1:A", "-j CLASSIFY --set-class 0001:000a"),
        ("raw", "PREROUTING", "-j CT --ctevents destroy,new", "-j CT --ctevents new,destroy"),
    ] {
        let text = canonical(&with_rule(table, chain, written), Family::Ipv4);
        let text = text.unwrap_or_else(|reasons| panic!("{written}: {reasons}"));
        assert_eq!(rules(&text), [saved]);
    }
}
