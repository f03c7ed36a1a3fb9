//! `install` and `uninstall`: what stands for the boot, what the boot makes of it, and its undo, complete or cut off.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::process::Output;
use std::time::Duration;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_tests::booted::{
    PROGRAM, RENAME, UNLINK, boot_files, booted, power_failure, restart, run, start_unit,
};
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::provisioned::{Host, json as object, stderr, stdout};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use serde_json::json;

const BINARY: &str = env!("CARGO_BIN_EXE_boot_host");
/// It owns only its chains, and relies on those of others.
const SHARED: &str = env!("CARGO_BIN_EXE_cli_shared");
/// It asserts nothing.
const SILENT: &str = env!("CARGO_BIN_EXE_cli_host");
const UNITS: [&str; 3] = ["fwdsl.service", "fwdsl-lockdown.service", "fwdsl-recover.service"];
/// What `systemd-analyze security` may say of each at most, times ten. `docs/boot.md` has the figures.
const EXPOSURE: [u32; 3] = [18, 18, 30];
const NOTHING: &str = "nothing to change: all is as the policy says\n";

fn program(host: &Host, arguments: &[&str]) -> Output {
    run(host, &[], &[&[PROGRAM], arguments].concat())
}

fn well(output: &Output) -> String {
    assert!(output.status.success(), "{}{}", stdout(output), stderr(output));
    stdout(output)
}

fn can_boot() -> bool {
    require(&PROGRAMS) && require(&["unshare", "mount", "ipset", "strace"])
}

/// On each variant at once: their hosts have nothing in common.
fn each_variant(test: impl Fn(Variant) + Sync) {
    if can_boot() {
        std::thread::scope(|scope| {
            for variant in VARIANTS {
                let test = &test;
                scope.spawn(move || test(variant));
            }
        });
    }
}

fn install(host: &Host) -> String {
    well(&program(host, &["install", "--variant", host.variant.name()]))
}

/// What of the lock-down stands in the kernel.
fn lockdown(host: &Host) -> bool {
    Family::ALL.iter().any(|family| host.saved(*family).contains("lockdown"))
}

#[test]
fn what_is_installed_is_uninstalled() {
    if !can_boot() {
        return;
    }
    for (system, loader, services) in [
        ("debian", "fwdsl", "fwdsl.service"),
        ("debian", "distribution", "netfilter-persistent.service"),
        ("alpine", "fwdsl", "fwdsl"),
        ("alpine", "distribution", "iptables, ip6tables"),
    ] {
        let host = booted(Variant::Nft, BINARY);
        host.file("etc/os-release", &format!("ID={system}\n"));
        host.file("etc/init.d/iptables", "");
        host.file("etc/init.d/ip6tables", "");
        host.file("etc/conf.d/iptables", "# mine\nSAVE_ON_STOP=\"yes\"\n");
        host.file("etc/iptables/rules.v4", "*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
        fs::create_dir_all(host.root.join("etc/runlevels/default")).unwrap();
        symlink("/etc/init.d/iptables", host.root.join("etc/runlevels/default/iptables")).unwrap();
        // Here systemd is there to be found; on the other host OpenRC is told by the distribution.
        let arguments = ["--with", loader, "--root", host.root.to_str().unwrap()];
        let before = boot_files(&host);
        let command = |command| [&[command], &arguments[if command == "install" { 0 } else { 2 }..]].concat();
        let text = well(&host.run(&command("install")));
        assert!(text.ends_with(&format!("at boot, the policy is loaded by {services}\n")), "{text}");
        assert_eq!(host.text("etc/conf.d/iptables").contains("yes"), system == "debian", "{system}");
        assert!(well(&host.run(&command("install"))).starts_with(NOTHING));
        // Whoever saves from now on saves for what is installed.
        assert_eq!(well(&host.run(&["save", "--root", host.root.to_str().unwrap()])), NOTHING);
        let other = if loader == "fwdsl" { "distribution" } else { "fwdsl" };
        let refused = host.run(&["install", "--with", other, "--root", host.root.to_str().unwrap()]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains("`uninstall` first"), "{}", stderr(&refused));
        let text = well(&host.run(&command("uninstall")));
        assert!(text.contains(" removed (the program that the boot runs)\n"), "{text}");
        assert_eq!(boot_files(&host), before, "{system} {loader}");
        assert!(!host.root.join("usr/local").exists(), "the copy of the program is gone");
        assert!(well(&host.run(&command("uninstall"))).contains("nothing to undo"));
    }
}

#[test]
fn what_others_changed_since_stays() {
    if !can_boot() {
        return;
    }
    let host = booted(Variant::Nft, BINARY);
    let root = host.root.to_str().unwrap();
    host.file("etc/iptables/rules.v4", "*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
    well(&host.run(&["install", "--with", "distribution", "--root", root]));
    let rules = host.text("etc/iptables/rules.v4") + "*mangle\n:INPUT ACCEPT [0:0]\nCOMMIT\n";
    host.file("etc/iptables/rules.v4", &rules);
    let output = host.run(&["uninstall", "--root", root]);
    well(&output);
    assert!(stderr(&output).contains("`/etc/iptables/rules.v4` stays as it is"), "{}", stderr(&output));
    assert_eq!(host.text("etc/iptables/rules.v4"), rules);
}

#[test]
fn an_install_that_could_lock_its_owner_out_is_refused() {
    if !can_boot() {
        return;
    }
    let host = booted(Variant::Nft, SILENT);
    let before = boot_files(&host);
    let output = program(&host, &["install"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--without-way-in"), "{}", stderr(&output));
    assert_eq!(boot_files(&host), before);
    let output = program(&host, &["install", "--without-way-in"]);
    well(&output);
    assert!(
        stderr(&output).contains("warning: the policy asserts no way into the host"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn what_is_in_the_way_is_told() {
    if !can_boot() {
        return;
    }
    let host = booted(Variant::Nft, BINARY);
    let wants = host.root.join("etc/systemd/system/multi-user.target.wants");
    fs::create_dir_all(&wants).unwrap();
    for service in ["netfilter-persistent", "docker"] {
        symlink("/lib/systemd/system/x", wants.join(format!("{service}.service"))).unwrap();
    }
    symlink("/dev/null", host.root.join("etc/systemd/system/fwdsl-lockdown.service")).unwrap();
    let output = program(&host, &["install", "--json"]);
    well(&output);
    let said = object(&output)["warnings"].to_string();
    for words in [
        "netfilter-persistent is enabled",
        "docker is enabled",
        "`fwdsl-lockdown.service` is masked",
        "boot_host.rs:40",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert_eq!(object(&output)["services"][0], "fwdsl.service");
    // A mask is the administrator's word.
    let mask = fs::read_link(host.root.join("etc/systemd/system/fwdsl-lockdown.service")).unwrap();
    assert_eq!(mask.to_str(), Some("/dev/null"));
}

#[test]
fn a_shutdown_saves_nothing_that_nobody_has_confirmed() {
    if !can_boot() {
        return;
    }
    let host = booted(Variant::Nft, BINARY);
    let config = "etc/sysconfig/iptables-config";
    host.file(config, "# mine\nIPTABLES_SAVE_ON_STOP=\"yes\"\n");
    let wants = host.root.join("etc/systemd/system/multi-user.target.wants");
    fs::create_dir_all(&wants).unwrap();
    symlink("/lib/systemd/system/iptables.service", wants.join("iptables.service")).unwrap();
    let apply = ["apply", "--variant", "nft", "--confirm", "60s", "--detach"];
    let refused = program(&host, &apply);
    assert_eq!(refused.status.code(), Some(1), "{}", stdout(&refused));
    assert!(stderr(&refused).contains("what nobody has confirmed (`/etc/sysconfig/iptables-config`)"));
    assert!(host.saved(Family::Ipv4).is_empty());
    // Without that, it is only said.
    let applied = program(&host, &["apply", "--variant", "nft"]);
    well(&applied);
    assert!(
        stderr(&applied).contains("saves the rules that are loaded when it stops"),
        "{}",
        stderr(&applied)
    );
    install(&host);
    assert_eq!(host.text(config), "# mine\nIPTABLES_SAVE_ON_STOP=\"no\"\n");
    let applied = program(&host, &apply);
    well(&applied);
    assert!(!stderr(&applied).contains("when it stops"), "{}", stderr(&applied));
    well(&program(&host, &["uninstall"]));
    assert_eq!(host.text(config), "# mine\nIPTABLES_SAVE_ON_STOP=\"yes\"\n");
}

#[test]
fn the_running_systemd_is_told_and_need_not_answer() {
    if !can_boot() || !require(&["systemctl"]) {
        return;
    }
    let host = booted(Variant::Nft, BINARY);
    fs::create_dir_all(host.root.join("run/systemd/system")).unwrap();
    host.file("var/calls", "");
    let act = |systemctl: &str, arguments: &str| {
        host.file("var/systemctl", &format!("#!/bin/sh\necho $@ >>/var/calls\n{systemctl}\n"));
        let line = format!(
            "chmod +x /var/systemctl; mount --bind /var/systemctl $(command -v systemctl); exec '{PROGRAM}' {arguments}"
        );
        let output = run(&host, &[], &["sh", "-c", &line]);
        well(&output);
        // It is asked for other managers of rules too.
        let calls = host.text("var/calls");
        (calls.lines().filter(|call| *call == "daemon-reload").count(), stderr(&output))
    };
    assert_eq!(act("", "install").0, 1);
    assert_eq!(act("", "install").0, 1, "nothing has changed");
    assert_eq!(act("", "uninstall --dry-run").0, 1, "nothing is to change");
    let (calls, said) = act("echo no bus >&2; exit 1", "uninstall");
    assert_eq!(calls, 2);
    assert!(said.contains("systemd knows of the changed services only from the next boot on: "), "{said}");
    assert!(said.contains("no bus"), "{said}");
    assert_eq!(act("", "rollback").0, 3);
}

#[test]
fn systemd_takes_the_units_and_finds_them_little_exposed() {
    if !can_boot() || !require(&["systemd-analyze"]) {
        return;
    }
    let host = booted(Variant::Nft, BINARY);
    install(&host);
    let units = UNITS.map(|unit| format!("/etc/systemd/system/{unit}"));
    let verify = |host: &Host| {
        let line = format!("systemd-analyze verify --man=no {} sysinit.target; exit $?", units.join(" "));
        let output = run(host, &[], &["sh", "-c", &line]);
        (output.status.success(), stdout(&output) + &stderr(&output))
    };
    assert_eq!(verify(&host), (true, String::new()));
    for (unit, exposure) in units.iter().zip(EXPOSURE) {
        let rated = |threshold: u32| {
            let line = format!(
                "systemd-analyze security --no-pager --offline=true --threshold={threshold} {unit}; exit $?"
            );
            run(&host, &[], &["sh", "-c", &line])
        };
        let output = rated(exposure);
        assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
        assert!(!rated(exposure - 1).status.success(), "{unit} is better than the documentation says");
    }
    // It would say so if there were a circle, or a key that it does not know.
    let text = host.text("etc/systemd/system/fwdsl.service");
    host.file(
        "etc/systemd/system/fwdsl.service",
        &text.replace("Before=network-pre", "Before=local-fs.target network-pre"),
    );
    assert!(verify(&host).1.contains("ordering cycle"), "{:?}", verify(&host));
}

#[test]
fn the_boot_loads_what_was_kept() {
    each_variant(|variant| {
        let mut host = booted(variant, BINARY);
        install(&host);
        assert!(host.saved(Family::Ipv4).is_empty(), "an install loads nothing");
        // Whoever saves keeps to what was installed, the variant too.
        assert_eq!(well(&program(&host, &["save"])), NOTHING);
        let other = VARIANTS.into_iter().find(|other| *other != variant).unwrap();
        let said = stderr(&program(&host, &["apply", "--dry-run", "--save", "--variant", other.name()]));
        assert!(said.contains(&format!("the boot will load them in the {variant} one")), "{said}");
        let plan = stdout(&program(&host, &["plan", "--save", "--variant", variant.name()]));
        let told = "boot: fwdsl.service, of fwdsl itself, enabled, has not loaded its policy in this boot\n";
        assert!(plan.contains(told), "{plan}");
        // Somebody was first, as an initramfs may be; nobody is there to be asked.
        restart(&mut host);
        host.netns.sh(&format!("iptables-{variant} -A INPUT -s 192.0.2.77 -j ACCEPT"));
        let text = well(&start_unit(&host, "fwdsl.service", &[]).unwrap());
        assert!(text.contains("set BANNED.4"), "{text}");
        for (family, set) in [(Family::Ipv4, "BANNED.4"), (Family::Ipv6, "BANNED.6")] {
            assert!(host.saved(family).contains(set) && !host.saved(family).contains("192.0.2.77"));
        }
        assert!(start_unit(&host, "fwdsl-lockdown.service", &[]).is_none(), "there is no need of it");
        let status = object(&program(&host, &["--json", "status", "--variant", variant.name()]));
        // Sysctls are the work of another service.
        assert_eq!((&status["drift"], &status["sets"]), (&json!([]), &json!([])), "{status:#}");
        assert_eq!(status["boot"]["same"], true);
        let service =
            json!({ "service": "fwdsl.service", "loader": "fwdsl", "state": "enabled", "loaded": true });
        assert_eq!(status["boot"]["services"], json!([service]));
        // A boot is no change that there is a way back from, to an open host.
        assert_eq!(status["last_change"]["action"], "save");
        assert_eq!(status["last_change"]["number"], 1);
        // A reload in the same boot asks like any apply.
        assert_eq!(well(&start_unit(&host, "fwdsl.service", &[]).unwrap()), NOTHING);
        host.netns.sh(&format!("iptables-{variant} -A INPUT -s 192.0.2.77 -j ACCEPT"));
        assert_eq!(start_unit(&host, "fwdsl.service", &[]).unwrap().status.code(), Some(4));
    });
}

#[test]
fn the_boot_makes_the_chains_of_others_that_rules_go_to() {
    each_variant(|variant| {
        let mut host = booted(variant, SHARED);
        well(&program(&host, &["install", "--without-way-in", "--variant", variant.name()]));
        restart(&mut host);
        well(&start_unit(&host, "fwdsl.service", &[]).unwrap());
        let rules = host.saved(Family::Ipv4);
        for line in
            [":DOCKER-USER - ", "-A FORWARD -j fwdsl-FORWARD", "-A fwdsl-FORWARD -i eth7 -j DOCKER-USER"]
        {
            assert!(rules.contains(line), "{line} is not in {rules}");
        }
        // Docker comes, and the next load of the policy puts the jump where it belongs.
        host.netns.sh(&format!(
            "iptables-{variant} -N DOCKER-FORWARD && iptables-{variant} -A FORWARD -j DOCKER-FORWARD"
        ));
        well(&start_unit(&host, "fwdsl.service", &[]).unwrap());
        let rules = host.saved(Family::Ipv4);
        let place = |line: &str| rules.find(line).unwrap();
        assert!(place("-A FORWARD -j DOCKER-FORWARD") < place("-A FORWARD -j fwdsl-FORWARD"), "{rules}");
    });
}

#[test]
fn where_the_policy_does_not_load_the_lock_down_comes() {
    each_variant(|variant| {
        for binary in [BINARY, SHARED] {
            let mut host = booted(variant, binary);
            well(&program(&host, &["install", "--without-way-in", "--variant", variant.name()]));
            choose_alternative(&host);
            let policy = host.text("etc/fwdsl/policy.json");
            host.file("etc/fwdsl/policy.json", &policy[..policy.len() / 2]);
            restart(&mut host);
            let failed = start_unit(&host, "fwdsl.service", &[]).unwrap();
            assert_eq!(failed.status.code(), Some(1));
            assert!(stderr(&failed).contains("cannot be used: EOF"), "{}", stderr(&failed));
            well(&start_unit(&host, "fwdsl-lockdown.service", &[]).unwrap());
            let text = host
                .text("etc/fwdsl/lockdown.ipv4")
                .replace("# Written by fwdsl; changes made here are lost with its next save.\n", "");
            assert_eq!(sorted(&host.saved(Family::Ipv4)), sorted(&text));
            assert!(host.saved(Family::Ipv6).contains("-A fwdsl-lockdown-in -j DROP"));
            // It is ours, and an apply leaves nothing of it.
            if binary == SHARED {
                host.netns.sh(&format!("iptables-{variant} -N DOCKER-USER; iptables-{variant} -N DOCKER-FORWARD; iptables-{variant} -A FORWARD -j DOCKER-FORWARD"));
            }
            well(&program(&host, &["apply", "--variant", variant.name()]));
            assert!(!lockdown(&host), "{}", host.saved(Family::Ipv4));
        }
    });
}

/// The programs that a boot runs by their plain names.
fn choose_alternative(host: &Host) {
    fs::create_dir_all(host.root.join("etc/alternatives")).unwrap();
    for name in ["iptables-restore", "ip6tables-restore"] {
        let program = format!("/usr/sbin/{}", name.replace('-', &format!("-{}-", host.variant)));
        symlink(program, host.root.join("etc/alternatives").join(name)).unwrap();
    }
}

#[test]
fn openrc_loads_the_policy_or_the_lock_down() {
    if !can_boot() {
        return;
    }
    let mut host = booted(Variant::Nft, BINARY);
    host.file("etc/os-release", "ID=alpine\n");
    choose_alternative(&host);
    let root = host.root.to_str().unwrap().to_owned();
    well(&host.run(&["install", "--variant", "nft", "--root", &root]));
    let path = "etc/init.d/fwdsl";
    let script = host.text(path);
    assert!(script.contains("'/usr/local/sbin/boot_host' boot"), "{script}");
    host.file(path, &script.replace("/usr/local/sbin/boot_host", PROGRAM));
    // What openrc-run(8) gives a script.
    let openrc = "ebegin() { echo \"$1 ...\"; }; eend() { [ $1 = 0 ] || echo \"$2\"; return $1; }; \
                  need() { echo need $@; }; after() { echo after $@; }; before() { echo before $@; }; . /etc/init.d/fwdsl; ";
    let start = |host: &Host, what: &str| run(host, &[], &["sh", "-c", &format!("{openrc}{what}")]);
    assert_eq!(
        well(&start(&host, "depend")),
        "need localmount\nafter modules fwdsl-recover\nbefore net sysctl\n"
    );
    well(&start(&host, "start"));
    assert!(host.saved(Family::Ipv4).contains("BANNED.4") && !lockdown(&host));
    let policy = host.saved(Family::Ipv4);
    well(&start(&host, "stop"));
    assert_eq!(sorted(&host.saved(Family::Ipv4)), sorted(&policy), "who stops opens nothing");
    host.file("etc/fwdsl/policy.json", "{");
    // In the same boot, the policy stays that was loaded.
    assert_eq!(start(&host, "start").status.code(), Some(1));
    assert!(!lockdown(&host));
    restart(&mut host);
    let failed = start(&host, "start");
    assert_eq!(failed.status.code(), Some(1));
    assert!(stdout(&failed).ends_with("The firewall policy was not loaded\n"), "{}", stdout(&failed));
    assert!(lockdown(&host) && host.saved(Family::Ipv6).contains("-A fwdsl-lockdown-in -j DROP"));
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    // The counters of what has passed by now.
    lines.iter_mut().filter(|line| line.starts_with(':')).for_each(|line| {
        let end = line.find(" [").unwrap_or(line.len());
        line.truncate(end);
    });
    lines.sort();
    lines
}

/// Where the host's eth0 leads, with the addresses of an administrator and of somebody else.
fn outside(host: &Host) -> Netns {
    let peer = Netns::new();
    host.netns.sh(&format!(
        "ip link set lo up; ip link add eth0 type veth peer name eth0 netns {peer} && ip link set eth0 up && \
         ip address add 192.0.2.129/25 dev eth0 && ip address add 192.0.2.14/25 dev eth0 && \
         ip address add 192.0.2.13/25 dev eth0 && \
         ip address add 2001:db8:ad::1/64 dev eth0 nodad",
        peer = peer.name()
    ));
    peer.sh(
        "ip link set eth0 up && ip address add 192.0.2.1/25 dev eth0 && ip address add 192.0.2.99/25 dev eth0 && \
         ip address add 2001:db8:ad::2/64 dev eth0 nodad && ip address add 2001:db8:ad:ffff::9/128 dev eth0 nodad",
    );
    peer
}

#[test]
fn the_lock_down_lets_administrators_in_and_nobody_else() {
    if !can_boot() {
        return;
    }
    for stateless in [false, true] {
        let mut host = booted(Variant::Nft, BINARY);
        install(&host);
        if stateless {
            for family in ["ipv4", "ipv6"] {
                let text =
                    host.text(&format!("etc/fwdsl/lockdown.{family}")).replace("conntrack", "no-such-match");
                host.file(&format!("etc/fwdsl/lockdown.{family}"), &text);
            }
        }
        restart(&mut host);
        let said = well(&start_unit(&host, "fwdsl-lockdown.service", &[]).unwrap());
        assert_eq!(said.contains("ipv4.stateless"), stateless, "{said}");
        let peer = outside(&host);
        let listen = |address: &str| host.netns.enter(|| TcpListener::bind(address).unwrap());
        let listeners = ["0.0.0.0:22", "192.0.2.14:80", "[2001:db8:ad::1]:22"].map(listen);
        let connects = |from: &str, to: &str| peer.enter(|| connect(from, to, SOON));
        let is_dropped = |from: &str, to: &str| !peer.enter(|| connect(from, to, A_MOMENT));
        assert!(connects("192.0.2.1", "192.0.2.14:22"), "an administrator");
        assert!(is_dropped("192.0.2.1", "192.0.2.13:22"), "an address that the assertion excepts");
        assert!(is_dropped("192.0.2.1", "192.0.2.14:80"), "another port");
        assert!(is_dropped("192.0.2.99", "192.0.2.14:22"), "somebody else");
        // Neighbours are found, or nothing would get through.
        assert!(connects("2001:db8:ad::2", "[2001:db8:ad::1]:22"), "an administrator in IPv6");
        // What begins at the host gets its answers.
        let answer = peer.enter(|| TcpListener::bind("192.0.2.99:443").unwrap());
        assert!(host.netns.enter(|| connect("192.0.2.14", "192.0.2.99:443", SOON)));
        drop((listeners, answer));
    }
}

/// How long a connection may take that comes about; and one is waited for that does not.
const SOON: Duration = Duration::from_secs(10);
const A_MOMENT: Duration = Duration::from_millis(500);

/// Whether a connection from an address comes about within the time.
fn connect(from: &str, to: &str, within: Duration) -> bool {
    let to: SocketAddr = to.parse().unwrap();
    // The standard library cannot bind a socket that connects; the route says the source.
    let source = std::process::Command::new("ip")
        .args(["route", "replace", &to.ip().to_string(), "dev", "eth0", "src", from])
        .output()
        .unwrap();
    assert!(source.status.success(), "{}", stderr(&source));
    TcpStream::connect_timeout(&to, within).is_ok()
}

/// Ends a command before every third call of a kind, and then undoes what it left, as the next boot does. `host_faults` has
/// all other faults.
fn sweep(host: &mut Host, calls: &str, arguments: &[&str]) {
    let before = boot_files(host);
    let mut undone = 0;
    for n in (1..).step_by(3) {
        assert!(n < 90, "it is never done");
        let wrapper = power_failure(calls, n);
        let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
        if run(host, &wrapper, &[&[PROGRAM], arguments].concat()).status.success() {
            break;
        }
        restart(host);
        undone += usize::from(boot_files(host) != before);
        well(&program(host, &["recover"]));
        assert_eq!(boot_files(host), before, "before {calls} {n} of {arguments:?}");
    }
    assert!(undone > 3, "only {undone} had to be undone");
}

#[test]
fn an_install_that_is_cut_off_is_undone_and_so_is_an_uninstall() {
    if !can_boot() {
        return;
    }
    let mut host = booted(Variant::Nft, BINARY);
    let before = boot_files(&host);
    sweep(&mut host, RENAME, &["install"]);
    assert_ne!(boot_files(&host), before);
    sweep(&mut host, UNLINK, &["uninstall"]);
    assert_eq!(boot_files(&host), before);
}
