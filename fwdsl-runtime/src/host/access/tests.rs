use super::*;
use crate::host::netlink::Tracked;
use crate::lower::lower;
use crate::syntax::compile;

const PEER: &str = "192.0.2.7 50000 192.0.2.1 22";
const PEER6: &str = "2001:db8:9::7 50000 2001:db8::1 22";

/// What is said of a connection under a policy in a file `policy.rs`.
fn judged(policy: &str, connection: &str, found: &Found) -> Access {
    let model = compile(policy.parse().unwrap()).model;
    let connection: Connection = connection.parse().unwrap();
    let family = if connection.peer.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
    let rules = lower(&model, family).unwrap();
    let gateway = connection.peer.is_ipv6().then(|| "fe80::1".parse().unwrap());
    let route = Route { interface: "eth0".to_owned(), gateway, has_neighbours: true };
    check_connection(&rules, &Sources::of_file("policy.rs"), &connection, &route, found, None)
}

fn tracked() -> Found {
    Found::Tracked(Tracked { to: "192.0.2.1:22".parse().unwrap() })
}

fn is_kept(policy: &str, connection: &str, found: &Found) {
    assert_eq!(judged(policy, connection, found), Access::default(), "{policy}");
}

#[track_caller]
fn is_cut(policy: &str, connection: &str, found: &Found, words: &str) {
    let access = judged(policy, connection, found);
    assert!(access.cut.iter().any(|cut| cut.contains(words)), "{words} is not in {access:?}");
}

#[test]
fn what_a_session_needs_is_enough() {
    let policy = "chain INPUT policy drop {
        ct established => accept;
        in eth0 from 192.0.2.0/24 tcp dport ssh ct new => accept;
        family ipv6 { tcp dport ssh ct new => accept;
        icmpv6 [neighbour-solicitation, neighbour-advertisement] hl(eq 255) => accept; }
    }
    chain OUTPUT policy drop {
        ct established => accept;
        icmpv6 [neighbour-solicitation, neighbour-advertisement] => accept;
    }";
    for found in [tracked(), Found::Untracked, Found::Unknown] {
        is_kept(policy, PEER, &found);
    }
    is_kept(policy, PEER6, &tracked_v6());
}

fn tracked_v6() -> Found {
    Found::Tracked(Tracked { to: "[2001:db8::1]:22".parse().unwrap() })
}

#[test]
fn each_part_that_is_missing_is_named() {
    let input = "chain INPUT policy drop { ct established => accept;\n";
    is_cut(&format!("{input} }}"), PEER, &tracked(), "a new connection from the same peer");
    let wrong =
        format!("{input} tcp dport ssh => jump GATE; }} chain GATE {{\nin eth1 => accept;\n_ => drop; }}");
    is_cut(&wrong, PEER, &tracked(), "is stopped by policy.rs:4, `-A GATE -j DROP`");
    let mute =
        format!("{input} tcp dport ssh => accept; }} chain OUTPUT policy drop {{ ct new => accept; }}");
    is_cut(&mute, PEER, &tracked(), "the answers to a new connection: `out eth0");
    is_cut(&mute, PEER, &tracked(), "the policy of OUTPUT in table filter (drop)");
    let raw = format!(
        "{input} tcp dport ssh => accept; }} table raw {{ chain PREROUTING policy accept {{\nfrom 192.0.2.7 => drop; }} }}"
    );
    is_cut(&raw, PEER, &tracked(), "by policy.rs:3, `-A PREROUTING -s 192.0.2.7/32 -j DROP`");
    let blind = format!("{input} tcp dport ssh => accept; }}");
    is_cut(&blind, PEER6, &tracked_v6(), "neighbour discovery: `in eth0 from fe80::1 to ff02::1:ff00:1");
}

#[test]
fn a_connection_that_nobody_tracks_is_picked_up_in_its_midst() {
    // What begins with SYN alone lets no old connection in, but this host's next packet begins it anew.
    let syn = "chain INPUT policy drop { ct established => accept; tcp syn dport ssh ct new => accept; }";
    is_kept(syn, PEER, &Found::Untracked);
    let mute = format!("{syn} chain OUTPUT policy drop {{ ct established => accept; }}");
    is_kept(&mute, PEER, &tracked());
    is_cut(&mute, PEER, &Found::Untracked, "the present connection: ");
    let access = judged(&mute, PEER, &Found::Unknown);
    assert!(access.cut.is_empty(), "{access:?}");
    assert!(access.doubts.iter().any(|doubt| doubt.contains("the present connection")), "{access:?}");
}

#[test]
fn what_the_rules_do_not_tell_is_a_doubt() {
    let limited =
        "chain INPUT policy drop { ct established => accept;\ntcp dport ssh limit 3/minute => accept; }";
    let access = judged(limited, PEER, &tracked());
    assert!(access.cut.is_empty());
    let [doubt] = access.doubts.as_slice() else { panic!("{access:?}") };
    assert!(doubt.starts_with("the new rules may cut this session off: a new connection"), "{doubt}");
    assert!(doubt.contains("may be stopped by policy.rs:2, `-A INPUT -p tcp"), "{doubt}");
}

#[test]
fn a_port_that_is_redirected_is_followed() {
    let policy = "chain INPUT policy drop { ct established => accept; tcp dport ssh ct dnat => accept; }";
    let nat = "table nat { chain PREROUTING policy accept { tcp dport 2222 => redirect(to 22); } }";
    let redirected = Found::Tracked(Tracked { to: "192.0.2.1:2222".parse().unwrap() });
    // By rules of others, of which the policy does not tell to where, or by its own.
    let access = judged(policy, PEER, &redirected);
    assert!(access.cut.is_empty() && !access.doubts.is_empty(), "{access:?}");
    is_cut(policy, PEER, &tracked(), "a new connection");
    let both = format!("{policy} {nat}");
    let access = judged(&both, PEER, &redirected);
    assert!(access.cut.is_empty(), "{access:?}");
}

#[test]
fn who_is_at_no_connection_is_not_cut_off() {
    for caller in [Caller::Console, Caller::Unattended] {
        assert_eq!(check_access(&[], &Sources::default(), &caller, None), Access::default());
    }
    let remote = Caller::Remote { by: "`mosh-server`".to_owned() };
    let access = check_access(&[], &Sources::default(), &remote, None);
    assert!(access.cut.is_empty() && access.doubts[0].contains("`mosh-server`"), "{access:?}");
}
