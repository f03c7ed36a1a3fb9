//! State that the kernel keeps under a name: it outlives a replace, so other parameters have another name. Under traffic,
//! on both variants.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl_runtime::Policy;
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::rules::{restore, saved_table};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use fwdsl_tests::sets::policy_of;

/// How long packets flow under each policy.
const WINDOW: Duration = Duration::from_millis(1500);
/// A packet every so often, which is far more than the tight policy lets through.
const PACE: Duration = Duration::from_millis(2);

fn load(netns: &Netns, variant: Variant, policy: &Policy) {
    let text = policy.emit(Family::Ipv4).expect("it compiles").expect("IPv4 has rules");
    let output = restore(netns, Family::Ipv4, variant, &text);
    assert!(output.status.success(), "{variant}: {}\n{text}", String::from_utf8_lossy(&output.stderr));
}

/// The packets that the first rule with this target has let through.
fn passed(netns: &Netns, variant: Variant) -> u64 {
    let saved = netns.sh(&format!("{} -c -t filter 2>/dev/null", variant.program(Family::Ipv4, "save")));
    let rule = saved.lines().find(|line| line.contains("] -A INPUT") && line.ends_with("-j ACCEPT"));
    let counters = rule.unwrap_or_else(|| panic!("{variant}: {saved}")).trim_start_matches('[');
    counters.split(':').next().and_then(|packets| packets.parse().ok()).expect("a number of packets")
}

/// What passes under the second policy, in a time, if packets have flowed under the first and flow on; and the time.
fn passed_after(netns: &Netns, variant: Variant, before: &Policy, after: &Policy) -> (u64, u64, Duration) {
    let flowing = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            netns.enter(|| {
                let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
                while flowing.load(Ordering::Relaxed) {
                    // Nobody listens, so that an error comes back now and then.
                    let _ = socket.send_to(b"x", "127.0.0.1:9");
                    sleep(PACE);
                }
            });
        });
        load(netns, variant, before);
        sleep(WINDOW);
        let loose = passed(netns, variant);
        load(netns, variant, after);
        let start = Instant::now();
        sleep(WINDOW);
        let tight = passed(netns, variant);
        let time = start.elapsed();
        flowing.store(false, Ordering::Relaxed);
        sender.join().expect("the sender ends");
        (loose, tight, time)
    })
}

fn limited(attribute: &str, rate: &str) -> Policy {
    policy_of(&format!(
        "chain INPUT {{
             {attribute} udp dport 9 hashlimit(upto {rate}, mode srcip, name \"flood\") => accept;
             udp dport 9 => drop;
         }}"
    ))
}

#[test]
fn a_tighter_rate_holds_from_the_replace_on() {
    if !require(&PROGRAMS) {
        return;
    }
    for variant in VARIANTS {
        let netns = Netns::new();
        netns.sh("ip link set lo up");
        let (loose, tight) = (limited("", "1000/s, burst 1000"), limited("", "4/s, burst 2"));
        let (before, after, time) = passed_after(&netns, variant, &loose, &tight);
        assert!(before > 100, "{variant}: {before} packets passed under the loose policy");
        // The burst, what the rate gives in the time, and one for each end of it.
        let most = 2 + 4 * time.as_secs() + 4 + 2;
        assert!(
            (1..=most).contains(&after),
            "{variant}: {after} packets passed in {time:?}, not up to {most}"
        );
    }
}

/// Why names change: exact rules keep theirs, and with it the table of the rules before.
#[test]
fn a_table_of_the_same_name_keeps_its_rate() {
    if !require(&PROGRAMS) {
        return;
    }
    for variant in VARIANTS {
        let netns = Netns::new();
        netns.sh("ip link set lo up");
        let [loose, tight] = ["1000/s, burst 1000", "4/s, burst 2"].map(|rate| limited("#[exact]", rate));
        let (before, after, _) = passed_after(&netns, variant, &loose, &tight);
        assert!(before > 100 && after > 100, "{variant}: {before} and {after} packets passed");
    }
}

/// The kernel would refuse another estimator of the same name as long as the old rules are there.
#[test]
fn estimators_are_replaced_by_others_of_the_same_name() {
    if !require(&PROGRAMS) {
        return;
    }
    let measured = |attribute: &str, times: &str| {
        policy_of(&format!(
            "chain INPUT {{
                 {attribute} udp => rateest(name \"flood-of-udp\", {times});
                 {attribute} rateest(\"flood-of-udp\", gt, pps 100) => drop;
             }}"
        ))
    };
    for variant in VARIANTS {
        let netns = Netns::new();
        for times in
            ["interval 250ms, ewmalog 500ms", "interval 1s, ewmalog 8s", "interval 250ms, ewmalog 500ms"]
        {
            let policy = measured("", times);
            load(&netns, variant, &policy);
            let text = policy.emit(Family::Ipv4).expect("it compiles").expect("IPv4 has rules");
            assert_eq!(saved_table(&netns, Family::Ipv4, variant, "filter"), text, "{variant}");
        }
        let exact = ["interval 250ms, ewmalog 500ms", "interval 1s, ewmalog 8s"]
            .map(|times| measured("#[exact]", times));
        load(&netns, variant, &exact[0]);
        let text = exact[1].emit(Family::Ipv4).expect("it compiles").expect("IPv4 has rules");
        assert!(!restore(&netns, Family::Ipv4, variant, &text).status.success(), "{variant} takes it");
    }
}

/// A table of `recent` has the mask of the rules that made it.
#[test]
fn tables_of_recent_have_the_mask_of_the_new_rules() {
    if !require(&PROGRAMS) {
        return;
    }
    let seen = |attribute: &str, mask: &str| {
        policy_of(&format!("chain INPUT {{ {attribute} udp recent(set, name \"seen\"{mask}) => accept; }}"))
    };
    let networks = |netns: &Netns| {
        netns.sh("for file in /proc/net/xt_recent/*; do cut -d ' ' -f 1 $file; done | sort -u")
    };
    for variant in VARIANTS {
        for (attribute, wanted) in [("", "src=127.0.0.1"), ("#[exact]", "src=127.0.0.0")] {
            let netns = Netns::new();
            netns.sh("ip link set lo up");
            let send = || {
                netns.enter(|| {
                    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
                    socket.send_to(b"x", "127.0.0.1:9").expect("it is sent");
                });
            };
            load(&netns, variant, &seen(attribute, ", mask 255.255.255.0"));
            send();
            assert_eq!(networks(&netns).trim(), "src=127.0.0.0", "{variant}");
            load(&netns, variant, &seen(attribute, ""));
            send();
            assert_eq!(networks(&netns).trim(), wanted, "{variant} {attribute}");
        }
    }
}

/// Rules that share a name must want the same of what it stands for; where the kernel refuses them, the second spelling
/// of each says so.
const CONFLICTS: &[(&str, &[&str])] = &[
    (
        "_ => rateest(name \"x\", interval 1s, ewmalog 2s); _ => rateest(name \"x\", interval 1s, ewmalog 4s);",
        &[
            "-j RATEEST --rateest-name x --rateest-interval 1s --rateest-ewmalog 2s",
            "-j RATEEST --rateest-name x --rateest-interval 1s --rateest-ewmalog 4s",
        ],
    ),
    (
        "_ => idletimer(timeout 9, label \"fwdsl-kind\"); _ => idletimer(timeout 9, label \"fwdsl-kind\", alarm);",
        &[
            "-j IDLETIMER --timeout 9 --label fwdsl-kind",
            "-j IDLETIMER --timeout 9 --label fwdsl-kind --alarm",
        ],
    ),
    ("recent(set, name \"x\") => count; recent(rcheck, name \"x\", mask 255.0.0.0) => drop;", &[]),
];

#[test]
fn rules_of_one_name_want_the_same() {
    for (rules, _) in CONFLICTS {
        let compiled = compile(format!("chain INPUT {{ {rules} }}").parse().expect("tokens"));
        let said: Vec<&str> = compiled.diagnostics.iter().map(|found| found.message.as_str()).collect();
        assert!(matches!(said.as_slice(), [one] if one.contains("and elsewhere with")), "{rules}: {said:?}");
    }
    let apart =
        "#[exact] recent(set, name \"x\") => count; recent(rcheck, name \"x\", mask 255.0.0.0) => drop;";
    assert!(compile(format!("chain INPUT {{ {apart} }}").parse().expect("tokens")).is_sound());
    if !require(&PROGRAMS) {
        return;
    }
    let netns = Netns::new();
    for (variant, (_, rules)) in
        VARIANTS.into_iter().flat_map(|it| CONFLICTS.iter().map(move |rules| (it, rules)))
    {
        let rules: String = rules.iter().map(|rule| format!("-A INPUT {rule}\n")).collect();
        let output = restore(&netns, Family::Ipv4, variant, &format!("*filter\n{rules}COMMIT\n"));
        assert_eq!(output.status.success(), rules.is_empty(), "{variant}: {rules}");
    }
}

/// A timer takes the new time at once.
#[test]
fn timers_take_the_time_of_the_new_rules() {
    if !require(&PROGRAMS) {
        return;
    }
    // The kernel has one list of timers for all namespaces.
    let label = format!("fwdsl-state-{}", std::process::id());
    let timer = |seconds: u32| {
        policy_of(&format!("chain INPUT {{ _ => idletimer(timeout {seconds}, label \"{label}\"); }}"))
    };
    for variant in VARIANTS {
        let netns = Netns::new();
        let left = || -> u32 {
            let text = std::fs::read_to_string(format!("/sys/class/xt_idletimer/timers/{label}"));
            text.expect("the timer is there").trim().parse().expect("seconds")
        };
        load(&netns, variant, &timer(5000));
        assert!(left() > 4000, "{variant}");
        load(&netns, variant, &timer(50));
        assert!(left() <= 50, "{variant}");
    }
}
