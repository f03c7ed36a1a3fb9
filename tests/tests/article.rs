//! The article's policy on a real kernel: the rules that its script leaves, and the packets.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::provisioned::Host;
use fwdsl_tests::rules::{restore, saved_table};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};

#[path = "../../examples/article-host/src/main.rs"]
#[allow(dead_code, unreachable_pub)]
mod article_host;

use article_host::HOST;

/// What the kernel held after the script ran.
const SCRIPT: &str = include_str!("../fixtures/article/filter.v4.save");

/// The sysctls that it set, `DEV` standing for every interface.
const SYSCTLS: &str = include_str!("../fixtures/article/sysctl.expected");

#[test]
fn the_kernel_holds_what_the_script_left() {
    if !require(&PROGRAMS) {
        return;
    }
    let text = HOST.emit(Family::Ipv4).expect("the policy is sound").expect("the policy is for IPv4");
    for variant in VARIANTS {
        let netns = Netns::new();
        assert!(restore(&netns, Family::Ipv4, variant, &text).status.success());
        let saved = saved_table(&netns, Family::Ipv4, variant, "filter");
        // The policy says `conntrack` where the script says `state`, and comments a rule.
        let saved = saved.replace("-m conntrack --ctstate", "-m state --state");
        let saved = saved.replace("-m comment --comment administration ", "");
        assert_eq!(saved, SCRIPT, "{variant}");
    }
}

#[test]
fn apply_leaves_the_article_s_rules_and_sysctls() {
    if !require(&PROGRAMS) {
        return;
    }
    for variant in VARIANTS {
        let host = Host::new(variant, env!("CARGO_BIN_EXE_article-host-tested"));
        let output = host.apply(&["--save"]);
        assert!(output.status.success(), "{variant}: {}", String::from_utf8_lossy(&output.stderr));
        for family in Family::ALL {
            assert_eq!(
                Some(host.saved(family)),
                HOST.emit(family).expect("the policy is sound"),
                "{variant}"
            );
        }
        let devices = host.netns.sh("ls /proc/sys/net/ipv4/conf");
        assert!(devices.contains("v.0"), "an interface with a dot is among them: {devices}");
        for line in SYSCTLS.lines().filter(|line| !line.starts_with('#')) {
            let (key, value) = line.split_once(" = ").expect("a key and a value");
            for device in devices.split_whitespace() {
                let path = key.replace('.', "/").replace("DEV", device);
                assert_eq!(host.sysctl(&path), value, "{variant}: {path}");
            }
        }
        for (file, family) in [("rules.v4", Family::Ipv4), ("rules.v6", Family::Ipv6)] {
            let saved = host.text(&format!("etc/iptables/{file}"));
            let (header, rules) = saved.split_once('\n').expect("a comment, then the rules");
            assert!(header.starts_with("# Written by fwdsl"), "{header}");
            assert_eq!(Some(rules.to_owned()), HOST.emit(family).expect("the policy is sound"), "{variant}");
        }
        let again = host.apply(&["--save", "--json"]);
        let again: serde_json::Value = serde_json::from_slice(&again.stdout).expect("JSON");
        assert_eq!(again["changed"], false, "{variant}: {again}");
    }
}

/// A server that holds the policy and a client, on a veth pair.
struct Network {
    server: Netns,
    client: Netns,
}

impl Network {
    fn new(variant: Variant) -> Network {
        let network = Network { server: Netns::new(), client: Netns::new() };
        let (server, client) = (network.server.name(), network.client.name());
        network.server.sh(&format!("ip link add eth0 type veth peer name eth0 netns {client}"));
        for (netns, host) in [(&network.server, 1), (&network.client, 2)] {
            netns.sh(&format!(
                "ip link set lo up; ip link set eth0 up; ip addr add 10.77.0.{host}/24 dev eth0;
                 ip addr add fd77::{host}/64 dev eth0 nodad"
            ));
        }
        for family in Family::ALL {
            let text =
                HOST.emit(family).expect("the policy is sound").expect("the policy is for both families");
            let output = restore(&network.server, family, variant, &text);
            assert!(output.status.success(), "{server}: {}", String::from_utf8_lossy(&output.stderr));
        }
        network
    }

    fn listen(&self, address: &str) -> Listener {
        let mut child = self
            .server
            .command(env!("CARGO_BIN_EXE_peer"))
            .args(["listen", address])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the peer runs");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        output.read_line(&mut line).expect("the peer says that it is ready");
        assert_eq!(line.trim(), "ready");
        Listener(child)
    }

    fn connect(&self, address: &str) -> String {
        let output = self
            .client
            .command(env!("CARGO_BIN_EXE_peer"))
            .args(["tcp", address])
            .output()
            .expect("the peer runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn udp(&self, address: &str) {
        let sent = self.client.command(env!("CARGO_BIN_EXE_peer")).args(["udp", address]).status();
        assert!(sent.expect("the peer runs").success());
    }

    /// The packets that the rule holding `needle` has counted.
    fn counted(&self, family: Family, variant: Variant, needle: &str) -> u64 {
        let text = self.server.sh(&format!("{} -c -t filter", variant.program(family, "save")));
        let line = text.lines().find(|line| line.contains(needle)).expect("the rule is there");
        let packets = line.trim_start_matches('[').split(':').next().expect("a counter");
        packets.parse().expect("a number")
    }
}

struct Listener(Child);

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn packets_meet_the_rules_that_are_meant_for_them() {
    if !require(&[&PROGRAMS[..], &["ping"]].concat()) {
        return;
    }
    for variant in VARIANTS {
        let network = Network::new(variant);
        let _listeners = [50134, 137, 22].map(|port| network.listen(&format!("[::]:{port}")));
        for (family, host) in [(Family::Ipv4, "10.77.0.1"), (Family::Ipv6, "[fd77::1]")] {
            // IPv6 has no connection before the neighbours have found each other again.
            network.client.sh("ip neigh flush all; ip -6 neigh flush all");
            network.server.sh("ip neigh flush all; ip -6 neigh flush all");
            assert_eq!(network.connect(&format!("{host}:50134")), "connected", "{variant} {family}: ssh");
            assert_eq!(network.connect(&format!("{host}:113")), "refused", "{variant} {family}: ident");
            assert_eq!(network.connect(&format!("{host}:137")), "silent", "{variant} {family}: NetBIOS");
            assert_eq!(network.connect(&format!("{host}:22")), "silent", "{variant} {family}: the rest");
            let accepted = network.counted(family, variant, "--dport 50134");
            assert_eq!(accepted, 1, "{variant} {family}: one new connection, one packet at the rule");
            let refused = network.counted(family, variant, "--dport 113");
            assert_eq!(refused, 1, "{variant} {family}");
            let before = network.counted(family, variant, "-p udp -m multiport --dports");
            network.udp(&format!("{host}:138"));
            let after = network.counted(family, variant, "-p udp -m multiport --dports");
            assert_eq!(
                after,
                before + 1,
                "{variant} {family}: NetBIOS over UDP is dropped where it should be"
            );
        }
    }
}

#[test]
fn pings_beyond_the_limit_are_logged_and_dropped() {
    if !require(&[&PROGRAMS[..], &["ping"]].concat()) {
        return;
    }
    for variant in VARIANTS {
        let network = Network::new(variant);
        // Each ping is a flow of its own; the later packets of one flow are `established`.
        let output = network
            .client
            .try_sh("for ping in 1 2 3 4 5 6 7 8 9 10; do ping -q -c 1 -W 1 10.77.0.1 & done; wait");
        let answered = String::from_utf8_lossy(&output.stdout).matches(", 1 received").count() as u64;
        let accepted = network.counted(Family::Ipv4, variant, "-A LOG_PINGDEATH -m limit");
        let logged = network.counted(Family::Ipv4, variant, "-A LOG_PINGDEATH -j LOG");
        assert_eq!((accepted, accepted + logged), (answered, 10), "{variant}");
        // The burst of 4, and what a slow machine lets come back at one a second.
        assert!((4..10).contains(&accepted), "{variant}: {accepted}");
    }
}
