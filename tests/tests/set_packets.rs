//! What rules over sets do with packets: those that match, those that do not, and sets that packets change.

use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::rules::restore;
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use fwdsl_tests::sets::{kernel_has, policy_of, restore_sets};

/// Two namespaces with an interface between them: the sender's, then the receiver's. Neither asks for the other's
/// hardware address, so that no rule can be in the way of that.
fn network() -> [Netns; 2] {
    let [sender, receiver] = [Netns::new(), Netns::new()];
    sender.sh(&format!(
        "ip link add eth0 address 02:00:00:00:00:01 type veth peer name eth0 address 02:00:00:00:00:02 netns {}",
        receiver.name()
    ));
    for (own, [mine, other], mac) in
        [(&sender, ["1", "2"], "02:00:00:00:00:02"), (&receiver, ["2", "1"], "02:00:00:00:00:01")]
    {
        own.sh(&format!(
            "ip link set lo up; ip link set eth0 up; ip addr add 10.0.0.{mine}/24 dev eth0;
             ip addr add fd00::{mine}/64 dev eth0 nodad;
             ip neigh replace 10.0.0.{other} lladdr {mac} dev eth0 nud permanent;
             ip neigh replace fd00::{other} lladdr {mac} dev eth0 nud permanent"
        ));
    }
    [sender, receiver]
}

fn load(receiver: &Netns, family: Family, variant: Variant, source: &str) {
    let policy = policy_of(source);
    let sets = policy.emit_sets(family).unwrap();
    let output = restore_sets(receiver, &sets);
    assert!(output.status.success(), "{}\n{sets}", String::from_utf8_lossy(&output.stderr));
    let text = policy.emit(family).unwrap().expect("both families have rules");
    let output = restore(receiver, family, variant, &text);
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
}

/// Sends a datagram to each port, one after the other.
fn send(sender: &Netns, family: Family, ports: &[u16]) {
    let to = if family == Family::Ipv4 { "10.0.0.2" } else { "[fd00::2]" };
    for port in ports {
        let output = sender
            .command(env!("CARGO_BIN_EXE_peer"))
            .args(["udp", &format!("{to}:{port}")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// How many packets a rule has seen, by its comment.
fn counted(receiver: &Netns, family: Family, variant: Variant, comment: &str) -> u64 {
    // The last packet may still be on its way.
    std::thread::sleep(std::time::Duration::from_millis(20));
    let text = receiver.sh(&format!("{} -c 2>/dev/null", variant.program(family, "save")));
    let line = text.lines().find(|line| line.contains(&format!("--comment {comment} ")));
    let line = line.unwrap_or_else(|| panic!("no {comment} in\n{text}"));
    line.trim_start_matches('[').split(':').next().unwrap().parse().unwrap()
}

fn each(test: impl Fn(&Netns, &Netns, Family, Variant)) {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    for variant in VARIANTS {
        for family in Family::ALL {
            let [sender, receiver] = network();
            test(&sender, &receiver, family, variant);
        }
    }
}

/// A policy of rules that count, each named after what stands in it.
fn counting(sets: &str, rules: &[(&str, &str)]) -> String {
    let rules = rules.iter().map(|(name, matches)| format!("/// {name}\n{matches} => jump COUNT;\n"));
    format!("{sets} chain INPUT {{ {} }} chain COUNT {{ _ => return; }}", rules.collect::<String>())
}

#[test]
fn each_kind_matches_what_is_in_it_and_nothing_else() {
    each(|sender, receiver, family, variant| {
        let marks = kernel_has(receiver, "hash:ip,mark");
        let macs = kernel_has(receiver, "hash:mac");
        let mut sets = "set IP: ip { 10.0.0.1, fd00::1 } set OTHER: ip { 10.0.0.9, fd00::9 }
            set NET: net { 10.0.0.0/24, fd00::/64 } set HOLE: net { 10.0.0.0/8, 10.0.0.1 nomatch, fd00::/16, fd00::1 nomatch }
            set IPPORT: ip,port { (10.0.0.2, udp 7), (fd00::2, udp 7), (10.0.0.2, tcp 9), (fd00::2, tcp 9) }
            set NETPORT: net,port { (10.0.0.0/24, udp [7, 9]), (fd00::/64, udp [7, 9]) }
            set IFACE: net,iface { (10.0.0.0/24, eth0), (fd00::/64, eth0) }
            set PREFIX: net,iface { (10.0.0.0/24, et+), (fd00::/64, et+) }
            set NOIFACE: net,iface { (10.0.0.0/24, eth1), (fd00::/64, eth1) }
            set TRIPLE: ip,port,ip { (10.0.0.1, udp 7, 10.0.0.2), (fd00::1, udp 7, fd00::2) }
            set TRIPLENET: ip,port,net { (10.0.0.1, udp 7, 10.0.0.0/8), (fd00::1, udp 7, fd00::/8) }
            set BITS: bitmap:ip range 10.0.0.0/24 { 10.0.0.1 }
            set PORTS: port { 7 } set LIST: list { @OTHER, @NET } set EMPTY: net {}"
            .to_owned();
        let mut rules = vec![
            ("ip", "from @IP"),
            ("not-ip", "from !@IP"),
            ("other", "from @OTHER"),
            ("net", "from @NET to @NET"),
            ("hole", "from @HOLE"),
            ("only-hole", "set(@HOLE src, return-nomatch)"),
            ("ip-port", "set(@IPPORT dst,dst)"),
            ("net-port", "set(@NETPORT src,dst)"),
            ("iface", "set(@IFACE src,src)"),
            ("prefix", "set(@PREFIX src,src)"),
            ("no-iface", "set(@NOIFACE src,src)"),
            ("triple", "set(@TRIPLE src,dst,dst)"),
            ("triple-net", "set(@TRIPLENET src,dst,dst)"),
            ("port", "udp dport @PORTS"),
            ("not-port", "udp dport !@PORTS"),
            ("list", "from @LIST"),
            ("empty", "from @EMPTY"),
        ];
        if family == Family::Ipv4 {
            rules.push(("bits", "from @BITS"));
        }
        if macs {
            sets.push_str(" set MACS: mac { \"02:00:00:00:00:01\" }");
            rules.push(("mac", "set(@MACS src)"));
        }
        if marks {
            sets.push_str(" set MARKS: ip,mark { (10.0.0.1, 0), (fd00::1, 0) }");
            rules.push(("mark", "set(@MARKS src,src)"));
        }
        load(receiver, family, variant, &counting(&sets, &rules));
        send(sender, family, &[7, 7, 9]);
        for (name, expected) in [
            ("ip", 3),
            ("not-ip", 0),
            ("other", 0),
            ("net", 3),
            ("hole", 0),
            ("only-hole", 3),
            ("ip-port", 2),
            ("net-port", 3),
            ("iface", 3),
            ("prefix", 3),
            ("no-iface", 0),
            ("triple", 2),
            ("triple-net", 2),
            ("port", 2),
            ("not-port", 1),
            ("list", 3),
            ("empty", 0),
        ] {
            // Router solicitations and their like are from other addresses, and have no ports.
            let found = counted(receiver, family, variant, name);
            let noise = family == Family::Ipv6 && name == "not-ip";
            assert!(found == expected || noise, "{name}: {found}, not {expected} ({family} {variant})");
        }
        if family == Family::Ipv4 {
            assert_eq!(counted(receiver, family, variant, "bits"), 3);
        }
        for name in ["mac", "mark"].into_iter().filter(|name| rules.iter().any(|(other, _)| other == name)) {
            assert!(counted(receiver, family, variant, name) >= 3, "{name}");
        }
    });
}

#[test]
fn packets_put_their_source_into_a_set_and_take_it_out() {
    each(|sender, receiver, family, variant| {
        let source = "set BANNED: ip timeout 60 counters {}
            chain INPUT {
                /// banned
                from @BANNED udp dport 7 => drop;
                udp dport 23 => set(add @BANNED src, timeout 500, exist);
                udp dport 24 => set(del @BANNED src);
            }";
        load(receiver, family, variant, source);
        let banned = || {
            let text = receiver.sh("ipset save");
            text.lines().filter(|line| line.starts_with("add ")).map(str::to_owned).collect::<Vec<_>>()
        };
        let seen = || counted(receiver, family, variant, "banned");
        send(sender, family, &[7]);
        assert_eq!((seen(), banned().len()), (0, 0));
        send(sender, family, &[23, 7, 7]);
        assert_eq!(seen(), 2);
        let [element] = &banned()[..] else { panic!("{:?}", banned()) };
        let address = if family == Family::Ipv4 { "10.0.0.1" } else { "fd00::1" };
        assert!(element.contains(&format!(" {address} timeout 4")), "{element}");
        send(sender, family, &[24, 7]);
        assert_eq!((seen(), banned().len()), (2, 0));
    });
}
