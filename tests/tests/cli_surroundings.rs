//! The command line where its surroundings are not as usual: the umask, the file system, the standard output, the
//! user, the file tree.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Output;

use fwdsl_runtime::family::Family;
use fwdsl_tests::netns::require;
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};

fn each_variant(test: impl Fn(Host)) {
    if require(&PROGRAMS) {
        VARIANTS.into_iter().for_each(|variant| test(Host::new(variant, env!("CARGO_BIN_EXE_cli_host"))));
    }
}

/// Runs `apply` within a shell script, in which it is `"$@"`.
fn apply_in(host: &Host, script: &str, arguments: &[&str]) -> Output {
    let mut command = host.netns.command("sh");
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_cli_host"), "apply", "--variant"]);
    command.arg(host.variant.name()).arg("--root").arg(&host.root).args(arguments);
    command.output().expect("the shell runs")
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).mode() & 0o7777
}

#[test]
fn the_umask_decides_nothing() {
    each_variant(|host| {
        for umask in ["000", "077"] {
            let output =
                apply_in(&host, &format!("umask {umask}; exec \"$@\""), &["--save", "--replace-foreign"]);
            assert!(output.status.success(), "{}", stderr(&output));
            for (path, expected) in [
                ("etc/sysctl.d", 0o755),
                ("etc/iptables", 0o755),
                ("etc/systemd/system/multi-user.target.wants", 0o755),
                ("etc/sysctl.d/zz-fwdsl.conf", 0o644),
                ("var/lib", 0o755),
                // Who can write here decides what an undo restores; who can open the lock can hold it.
                ("var/lib/fwdsl", 0o700),
                ("var/lib/fwdsl/record.json", 0o600),
                ("run/fwdsl", 0o700),
                ("run/fwdsl/lock", 0o600),
            ] {
                assert_eq!(
                    format!("{:o}", mode(&host.root.join(path))),
                    format!("{expected:o}"),
                    "{umask} {path}"
                );
            }
            for path in ["etc/sysctl.d", "etc/iptables", "etc/systemd", "var", "run"] {
                fs::remove_dir_all(host.root.join(path)).unwrap();
            }
        }
    });
}

#[test]
fn the_environment_names_no_program() {
    each_variant(|host| {
        let (marker, theirs) = (host.root.join("was-run"), host.root.join("theirs"));
        fs::create_dir_all(&theirs).unwrap();
        let script = format!("#!/bin/sh\necho \"$0 $*\" >>{}\nexit 1\n", marker.display());
        let mut names = vec!["nft", "ipset", "modprobe", "ip", "sh", "systemctl", "systemd-run", "sysctl"];
        let of_iptables: Vec<String> = ["iptables", "ip6tables"]
            .iter()
            .flat_map(|program| ["", "-legacy", "-nft"].map(|variant| format!("{program}{variant}")))
            .flat_map(|program| ["", "-save", "-restore"].map(|what| format!("{program}{what}")))
            .collect();
        names.extend(of_iptables.iter().map(String::as_str));
        for name in names {
            fs::write(theirs.join(name), &script).unwrap();
            fs::set_permissions(theirs.join(name), Permissions::from_mode(0o755)).unwrap();
        }
        // Set within the namespace: `ip` itself is found by PATH.
        let variables = ["PATH", "XTABLES_LIBDIR", "IPTABLES_LIB_DIR", "IP6TABLES_LIB_DIR", "IPTABLES"];
        let act = |arguments: &[&str]| {
            let mut command = host.netns.command("env");
            command.args(variables.map(|variable| format!("{variable}={}", theirs.display())));
            command.arg(format!("XTABLES_LOCKFILE={}", theirs.join("lock").display()));
            command.arg(env!("CARGO_BIN_EXE_cli_host")).args(arguments).arg("--root").arg(&host.root);
            command.output().expect("the binary runs")
        };
        let variant = ["--variant", host.variant.name()];
        let programs = theirs.to_str().unwrap();
        for (arguments, code) in [
            (&["plan"][..], 10),
            (&["apply", "--save"], 0),
            (&["status"], 0),
            (&["rollback"], 0),
            (&["history"], 0),
            (&["recover"], 0),
        ] {
            let takes_variant = matches!(arguments[0], "plan" | "apply" | "status");
            let more = if takes_variant { &variant[..] } else { &[] };
            let output = act(&[arguments, more].concat());
            assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
            assert!(!marker.exists(), "{arguments:?}: {}", host.text("was-run"));
        }
        // The scripts would be run, and tell it: an option may name them.
        let output = act(&[&["apply", "--program-dir", programs][..], &variant].concat());
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(host.text("was-run").contains(&theirs.display().to_string()));
        assert!(!theirs.join("lock").exists());
    });
}

#[test]
fn the_undo_needs_nothing_of_a_read_only_file_system() {
    each_variant(|host| {
        let etc = host.root.join("etc").display().to_string();
        // In a mount namespace of its own, so nothing has to be unmounted.
        let script = format!(
            "exec unshare --mount sh -c 'mount --bind {etc} {etc} && mount -o remount,ro,bind {etc} && exec \"$@\"' sh \"$@\""
        );
        let output = apply_in(&host, &script, &["--save"]);
        assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
        for words in
            ["failed: cannot create the directory", "Read-only file system", "the former state is back"]
        {
            assert!(stderr(&output).contains(words), "{words} is not in\n{}", stderr(&output));
        }
        assert!(!host.root.join("var/lib/fwdsl/journal").exists());
        assert!(!host.saved(Family::Ipv4).contains("50134"));
        assert!(host.apply(&["--save"]).status.success());
    });
}

#[test]
fn what_was_done_but_could_not_be_said_has_an_exit_code_of_its_own() {
    each_variant(|host| {
        let output = apply_in(&host, "exec \"$@\" >/dev/full", &[]);
        assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
        assert!(stderr(&output).contains("cannot write to standard output"), "{}", stderr(&output));
        assert!(host.saved(Family::Ipv4).contains("50134"));
        host.netns.sh(&format!("iptables-{} -A INPUT -s 192.0.2.7 -j ACCEPT", host.variant));
        // A refusal stays one.
        assert_eq!(apply_in(&host, "exec \"$@\" >/dev/full", &["--json"]).status.code(), Some(4));
    });
}

#[test]
fn whoever_may_not_look_is_not_told_that_there_is_nothing() {
    each_variant(|host| {
        assert!(host.apply(&[]).status.success());
        fs::create_dir(host.root.join("var/lib/fwdsl/journal")).unwrap();
        // The binary may lie where others cannot reach it.
        let binary = host.root.join("binary");
        fs::copy(env!("CARGO_BIN_EXE_cli_host"), &binary).unwrap();
        fs::set_permissions(&binary, Permissions::from_mode(0o755)).unwrap();
        let mut command = host.netns.command("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        let output = command.arg(&binary).args(["recover", "--root"]).arg(&host.root).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
        assert!(stderr(&output).contains("run it as root; nothing was changed"), "{}", stderr(&output));
    });
}

#[test]
fn a_tree_that_names_no_distribution_is_taken_for_one_like_the_running_host() {
    each_variant(|host| {
        if !["/etc/os-release", "/usr/lib/os-release"].iter().any(|path| Path::new(path).exists()) {
            return;
        }
        fs::remove_file(host.root.join("etc/os-release")).unwrap();
        let output = host.apply(&["--save", "--json"]);
        assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
        let warnings = json(&output)["warnings"].to_string();
        assert!(warnings.contains("like the running host"), "{warnings}");
        assert!(host.root.join("etc/sysctl.d/zz-fwdsl.conf").exists());
        let image = host.root.join("image");
        fs::create_dir(&image).unwrap();
        let output = host.run(&["save", "--root", image.to_str().unwrap()]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stderr(&output).contains("like the running host"), "{}", stderr(&output));
    });
}

#[test]
fn a_root_that_is_no_directory_is_named() {
    each_variant(|host| {
        let file = host.root.join("file");
        File::create(&file).unwrap();
        for command in ["save", "recover", "apply"] {
            let output = host.run(&[command, "--root", file.to_str().unwrap()]);
            assert_eq!(output.status.code(), Some(1), "{command}");
            let said = stderr(&output);
            assert!(
                said.contains(file.to_str().unwrap()) && said.contains("nothing was changed"),
                "{command}: {said}"
            );
        }
    });
}

#[test]
fn a_link_that_leads_nowhere_is_refused_before_anything_is_changed() {
    each_variant(|host| {
        std::os::unix::fs::symlink("/nowhere", host.root.join("etc/sysctl.d")).unwrap();
        let output = host.apply(&["--save"]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains("is a link to what is not there"), "{}", stderr(&output));
        assert!(!host.saved(Family::Ipv4).contains("50134"));
    });
}

#[test]
fn an_ignored_sigchld_is_refused_before_anything_is_changed() {
    each_variant(|host| {
        let output = apply_in(&host, "exec env --ignore-signal=CHLD \"$@\"", &[]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains("env --default-signal=CHLD"), "{}", stderr(&output));
        assert!(!host.saved(Family::Ipv4).contains("50134"));
    });
}
