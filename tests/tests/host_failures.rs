//! What an apply says of its failures, each of which it undoes, byte for byte. `host_faults.rs` injects faults at every step.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::process::Output;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS, desired, failure};
use serde_json::json;

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");

/// Programs that are the real ones, but for the n-th call of any of them.
struct Fakes<'a> {
    host: &'a Sandbox,
}

impl Fakes<'_> {
    fn new(host: &Sandbox) -> Fakes<'_> {
        let dir = host.file("programs");
        fs::create_dir(&dir).unwrap();
        for family in Family::ALL {
            for action in ["save", "restore"] {
                let name = host.variant.program(family, action);
                let script = format!(
                    "#!/bin/sh\nn=$(($(cat {dir}/calls) + 1)); echo $n >{dir}/calls\n\
                     if [ $n = \"$(cat {dir}/fail-at)\" ]; then . {dir}/instead; fi\nexec /usr/sbin/{name} \"$@\"\n",
                    dir = dir.display()
                );
                fs::write(dir.join(&name), script).unwrap();
                fs::set_permissions(dir.join(&name), fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        symlink("/usr/sbin/nft", dir.join("nft")).unwrap();
        Fakes { host }
    }

    /// Applies with the n-th call doing `instead`.
    fn apply(&self, n: usize, instead: &str, options: &[&str]) -> Output {
        let dir = self.host.file("programs");
        fs::write(dir.join("calls"), "0").unwrap();
        fs::write(dir.join("fail-at"), n.to_string()).unwrap();
        fs::write(dir.join("instead"), instead).unwrap();
        let mut all = vec!["--replace-foreign", "--program-dir", dir.to_str().unwrap()];
        all.extend(options);
        self.host.apply(&all)
    }

    /// Makes a call that looks and one that loads fail; `host_faults.rs` goes through all of them.
    fn fail(&self, instead: &str, options: &[&str], check: impl Fn(&str)) {
        let before = self.host.state();
        for n in [2, 4] {
            check(&failure(&self.apply(n, instead, options)));
            assert_eq!(self.host.state(), before, "after call {n}");
            assert!(!self.host.journal().exists());
        }
    }
}

/// Which calls load rules: behind two snapshots and, on legacy, a try of the lock for each family; and what was there is
/// looked at once more before, and behind.
fn loads(host: &Sandbox) -> [usize; 2] {
    match host.variant {
        Variant::Legacy => [5, 9],
        Variant::Nft => [4, 7],
    }
}

fn each_variant(test: impl Fn(Sandbox)) {
    if require(&PROGRAMS) {
        VARIANTS.into_iter().for_each(|variant| test(Sandbox::new(variant, DRIVER)));
    }
}

#[test]
fn a_program_that_fails_is_quoted_and_everything_is_put_back() {
    each_variant(|host| {
        let check =
            |said: &str| assert!(said.contains("failed (exit status: 3): these are my words"), "{said}");
        Fakes::new(&host).fail("echo these are my words >&2; exit 3", &[], check);
    });
}

#[test]
fn a_program_that_hangs_is_ended_with_its_children() {
    each_variant(|host| {
        let check = |said: &str| assert!(said.contains("and was ended"), "{said}");
        let instead = format!("sleep 1001.{}", std::process::id());
        Fakes::new(&host).fail(&instead, &["--program-deadline", "1", "--lock-wait", "1"], check);
        let left = std::process::Command::new("pgrep").args(["-f", &instead]).output().unwrap();
        assert!(left.stdout.is_empty(), "{}", String::from_utf8_lossy(&left.stdout));
    });
}

#[test]
fn a_program_that_says_yes_and_does_nothing_is_found_out() {
    each_variant(|host| {
        let before = host.state();
        for family in Family::ALL {
            let fakes = Fakes::new(&host);
            let program = host.file("programs").join(host.variant.program(family, "restore"));
            let script = fs::read_to_string(&program).unwrap();
            fs::write(&program, script.replace("exec", "cat >/dev/null; exit 0")).unwrap();
            let said = failure(&fakes.apply(0, "", &[]));
            assert!(
                said.contains("the kernel does not hold what was loaded") && said.contains("in table filter"),
                "{said}"
            );
            assert_eq!(host.state(), before);
            fs::remove_dir_all(host.file("programs")).unwrap();
        }
    });
}

#[test]
fn a_program_that_does_nothing_once_is_run_again() {
    each_variant(|host| {
        let fakes = Fakes::new(&host);
        // Only a restore can do nothing; a save that prints nothing is a host without rules.
        for n in loads(&host) {
            let output = fakes.apply(n, "case $0 in *restore) cat >/dev/null; exit 0;; esac", &[]);
            assert!(output.status.success(), "{}", failure(&output));
            assert_eq!(host.apply_well(&[])["changed"], false);
            host.reset();
        }
    });
}

#[test]
fn the_kernels_missing_table_is_explained() {
    each_variant(|host| {
        let words = "iptables-restore v1.8.9 (legacy): can't initialize iptables table `filter': Table does not exist";
        let fakes = Fakes::new(&host);
        let instead = format!("echo \"{}\" >&2; exit 3", words.replace('`', "\\`"));
        let said = failure(&fakes.apply(loads(&host)[1], &instead, &[]));
        assert!(said.contains(words) && said.contains("reboot"), "{said}");
        assert!(said.contains("the former state is back"), "{said}");
    });
}

#[test]
fn rules_that_the_kernel_refuses_leave_no_table_changed() {
    each_variant(|host| {
        let before = host.state();
        let mut bad = desired();
        // Each COMMIT is a transaction of its own: `filter` of both families is loaded before this one fails.
        let v6 = bad["ipv6"].as_str().unwrap().to_owned();
        let tail = "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n\
                    -A OUTPUT -j NO_SUCH_CHAIN\nCOMMIT\n";
        bad["ipv6"] = json!(v6 + tail);
        host.desire(&bad);
        let said = failure(&host.apply(&["--replace-foreign"]));
        assert!(
            said.starts_with("loading the IPv6 rules failed") && said.contains("NO_SUCH_CHAIN"),
            "{said}"
        );
        assert_eq!(host.state(), before);
    });
}

#[test]
fn a_sysctl_that_the_kernel_refuses_takes_the_rules_back_too() {
    each_variant(|host| {
        let before = host.state();
        for (key, value, module, words) in [
            ("net/ipv4/tcp_syncookies", "777", None, "Invalid argument"),
            ("net/ipv4/no_such_key", "1", Some("no_such_module"), "no_such_module"),
        ] {
            let mut bad = desired();
            bad["sysctls"]
                .as_array_mut()
                .unwrap()
                .push(json!({ "key": key, "value": value, "module": module }));
            host.desire(&bad);
            let said = failure(&host.apply(&["--replace-foreign"]));
            assert!(
                said.starts_with(&format!("setting sysctl `{key}` failed")) && said.contains(words),
                "{said}"
            );
            assert_eq!(host.state(), before);
        }
        // Without the program that loads modules, nothing is begun.
        let programs = Fakes::new(&host);
        let said = failure(&programs.apply(0, "", &[]));
        assert!(said.starts_with("`modprobe` is not installed"), "{said}");
        assert_eq!(host.state(), before);
        // Without a module that could bring it, the key is refused at once.
        let mut bad = desired();
        bad["sysctls"] = json!([{ "key": "net/ipv4/no_such_key", "value": "1" }]);
        host.desire(&bad);
        let said = failure(&host.apply(&["--replace-foreign"]));
        assert!(
            said.contains("this kernel has no sysctl `net/ipv4/no_such_key`; nothing was changed"),
            "{said}"
        );
        assert_eq!(host.state(), before);
    });
}

#[test]
fn a_file_that_cannot_be_written_takes_everything_back() {
    if !require(&["unshare"]) {
        return;
    }
    each_variant(|host| {
        let before = host.state();
        for (options, words) in [("size=4k", "No space left"), ("ro", "Read-only file system")] {
            let mut bad = desired();
            let file = json!({ "path": "/etc/sysctl.d/last", "text": "x".repeat(100_000) });
            bad["files"].as_array_mut().unwrap().push(file);
            host.desire(&bad);
            let dir = host.root.join("etc/sysctl.d");
            let script = format!("mount -t tmpfs -o {options} none {} && exec \"$@\"", dir.display());
            let output = host
                .command_under(&["unshare", "-m", "sh", "-c", &script, "sh"], "apply", &["--replace-foreign"])
                .output()
                .unwrap();
            let said = failure(&output);
            assert!(said.contains("writing `/etc/sysctl.d/") && said.contains(words), "{said}");
            assert!(said.contains("the former state is back"), "{said}");
            assert_eq!(host.state(), before);
        }
    });
}

#[test]
fn a_text_that_is_none_is_refused_before_anything_else() {
    each_variant(|host| {
        let before = host.state();
        for (text, words) in [
            ("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", "no policy for its chain FORWARD"),
            ("*filtre\nCOMMIT\n", "no table `filtre`"),
            ("*filter\n", "without COMMIT"),
        ] {
            let mut bad = desired();
            bad["ipv6"] = json!(text);
            host.desire(&bad);
            let said = failure(&host.apply(&["--replace-foreign"]));
            assert!(said.contains("the IPv6 rules") && said.contains(words), "{said}");
            assert_eq!(host.state(), before);
        }
    });
}

#[test]
fn an_undo_that_fails_says_what_is_not_back_and_the_next_command_does_it() {
    each_variant(|host| {
        let before = host.state();
        let dir = host.file("programs");
        let fakes = Fakes::new(&host);
        // From the load of IPv6 on, nothing works any more.
        fs::write(dir.join("broken"), "").unwrap();
        let instead = format!(
            "[ -e {d}/broken ] && {{ echo 99 >{d}/calls; echo broken >&2; exit 9; }}",
            d = dir.display()
        );
        fs::write(dir.join("always"), &instead).unwrap();
        for family in Family::ALL {
            let program = dir.join(host.variant.program(family, "restore"));
            let script = fs::read_to_string(&program).unwrap();
            let load = loads(&host)[1];
            let hook = format!("if [ $n -ge {load} ]; then . {}/always; fi\nexec", dir.display());
            fs::write(&program, script.replace("exec", &hook)).unwrap();
        }
        let said = failure(&fakes.apply(0, "", &[]));
        assert!(said.contains("loading the IPv6 rules failed"), "{said}");
        assert!(said.contains("the former state is NOT back"), "{said}");
        assert!(
            said.contains("the IPv4 rules are not as before") && !said.contains("the IPv6 rules are not"),
            "{said}"
        );
        assert!(host.journal().exists() && said.contains(host.journal().to_str().unwrap()), "{said}");
        fs::remove_file(dir.join("broken")).unwrap();
        let output = host.command("recover", &[]).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains("IPv4 filter"), "{output:?}");
        assert_eq!(host.state(), before);
        assert!(!host.journal().exists());
    });
}

#[test]
fn a_sysctl_that_comes_with_a_module_is_put_back_to_what_it_came_with() {
    each_variant(|host| {
        let fakes = Fakes::new(&host);
        let modprobe = host.file("programs").join("modprobe");
        // What the module brings is an interface here, with its keys.
        fs::write(
            &modprobe,
            "#!/bin/sh\n[ \"$2\" = late_module ] && ip link add late0 type veth peer name late1\n",
        )
        .unwrap();
        fs::set_permissions(&modprobe, fs::Permissions::from_mode(0o755)).unwrap();
        let key = "net/ipv4/conf/late0/accept_source_route";
        let value = || host.netns.sh(&format!("cat /proc/sys/{key}")).trim().to_owned();
        let mut late = desired();
        let sysctls = late["sysctls"].as_array_mut().unwrap();
        sysctls.push(json!({ "key": key, "value": "1", "module": "late_module" }));
        sysctls.push(json!({ "key": "net/ipv4/tcp_syncookies", "value": "777" }));
        host.netns.sh("echo 0 >/proc/sys/net/ipv4/conf/default/accept_source_route");
        let before = host.state();
        host.desire(&late);
        assert!(
            failure(&fakes.apply(0, "", &[])).contains("setting sysctl `net/ipv4/tcp_syncookies` failed")
        );
        assert_eq!(value(), "0");
        assert_eq!(host.state(), before);
        late["sysctls"].as_array_mut().unwrap().pop();
        host.desire(&late);
        host.netns.sh("ip link delete late0");
        assert!(fakes.apply(0, "", &[]).status.success());
        assert_eq!(value(), "1");
    });
}
