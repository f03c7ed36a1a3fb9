//! Kept sets, which an apply changes in place: what is in them comes back as it was, and is not taken for more than it is.

use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS, failure};
use fwdsl_tests::sets::{apply_well, desired_of, kernel_name};
use serde_json::{Value, json};

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");

fn each_variant(test: impl Fn(Sandbox)) {
    if require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        VARIANTS.into_iter().for_each(|variant| test(Sandbox::new(variant, DRIVER)));
    }
}

/// What the policy brings about, with IPv6 rules that do not load.
fn broken(source: &str) -> Value {
    let mut desired = desired_of(source);
    desired["ipv6"] =
        json!(desired["ipv6"].as_str().unwrap().replace("COMMIT", "-A INPUT -j NOWHERE\nCOMMIT"));
    desired
}

#[test]
fn an_undo_gives_an_element_its_former_words_back() {
    const POLICY: &str =
        "set NETS: net comment keep { 192.0.2.0/24 comment \"ours\", 198.51.100.0/24 comment \"a\" }
        chain INPUT { from @NETS => drop; }";
    each_variant(|host| {
        apply_well(&host, POLICY);
        let nets = kernel_name(POLICY, "NETS");
        // Others say something else of one of the policy's elements, and take another out of the set's answer.
        host.netns.sh(&format!(
            "ipset -exist add {nets} 192.0.2.0/24 comment theirs; ipset -exist add {nets} 198.51.100.0/24 nomatch comment b"
        ));
        let before = host.state();
        host.desire(&broken(POLICY));
        let said = failure(&host.apply(&["--replace-foreign"]));
        assert!(said.contains("loading the IPv6 rules failed"), "{said}");
        assert_eq!(host.state(), before);
    });
}

#[test]
fn many_elements_of_others_are_taken_over_in_time() {
    const POLICY: &str = "set BANNED: ip keep maxelem 200000 { } chain INPUT { from @BANNED => drop; }";
    each_variant(|host| {
        apply_well(&host, POLICY);
        let old = kernel_name(POLICY, "BANNED");
        host.netns.sh(&format!(
            "for a in $(seq 0 255); do for b in $(seq 0 255); do echo add {old} 10.1.$a.$b; echo add {old} 10.2.$a.$b; done; done | ipset restore"
        ));
        let start = std::time::Instant::now();
        let second = POLICY.replace("keep", "keep counters");
        apply_well(&host, &second);
        let took = start.elapsed();
        let text = host.netns.sh(&format!("ipset save {} | wc -l", kernel_name(&second, "BANNED")));
        assert_eq!(text.trim(), "131073");
        assert!(took < std::time::Duration::from_secs(30), "{took:?}");
    });
}

#[test]
fn a_set_that_becomes_a_kept_one_takes_nothing_over_that_left_the_policy() {
    const FIRST: &str =
        "set ADMINS: net { 192.0.2.0/24, 198.51.100.0/24 } chain INPUT { from @ADMINS => accept; }";
    each_variant(|host| {
        apply_well(&host, FIRST);
        let second = FIRST.replace("net {", "net keep {").replace("192.0.2.0/24, ", "");
        apply_well(&host, &second);
        let text = host.netns.sh("ipset save");
        assert!(text.contains("198.51.100.0/24") && !text.contains("192.0.2.0/24"), "{text}");
    });
}
