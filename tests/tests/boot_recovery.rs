//! The power fails in the middle of an apply that also saves, and the next boot undoes it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use fwdsl_runtime::host::Variant;
use fwdsl_tests::booted::{self, PROGRAM, RENAME, RMDIR, UNLINK, boot_files, power_failure, restart, run};
use fwdsl_tests::netns::require;
use fwdsl_tests::provisioned::{Host, stderr, stdout};
use fwdsl_tests::sandbox::PROGRAMS;

const BINARY: &str = env!("CARGO_BIN_EXE_cli_host");
const JOURNAL: &str = "var/lib/fwdsl/journal";
const SYSTEMD_LINK: &str = "etc/systemd/system/sysinit.target.wants/fwdsl-recover.service";
const SYSTEMD_UNIT: &str = "etc/systemd/system/fwdsl-recover.service";

fn booted(variant: Variant) -> Host {
    booted::booted(variant, BINARY)
}

fn start_unit(host: &Host, wrapper: &[&str]) -> Option<Output> {
    booted::start_unit(host, "fwdsl-recover.service", wrapper)
}

fn apply(host: &Host, wrapper: &[&str]) -> Output {
    run(host, wrapper, &[PROGRAM, "apply", "--save", "--replace-foreign", "--variant", host.variant.name()])
}

/// The power fails before the n-th rename of an apply; gives back whether the apply was done before.
fn apply_until(host: &Host, n: usize) -> bool {
    let wrapper = power_failure(RENAME, n);
    let output = apply(host, &wrapper.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(output.status.success() || stdout(&output).is_empty(), "{}", stderr(&output));
    output.status.success()
}

/// After a restart, the boot brings the former files back; gives back whether it had to.
fn boot_undoes(host: &Host, old: &BTreeMap<PathBuf, String>) -> bool {
    let found = boot_files(host);
    let is_enabled = host.root.join(SYSTEMD_LINK).is_symlink();
    if is_enabled {
        if let Some(output) = start_unit(host, &[]) {
            assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
        }
    } else {
        // Nothing but the unit itself and what was made for it differs while no boot would start it.
        let ours = |path: &Path| {
            Path::new(SYSTEMD_LINK).starts_with(path)
                || path.starts_with(SYSTEMD_UNIT)
                || path.to_string_lossy().ends_with(".fwdsl-new")
        };
        let paths = found.keys().chain(old.keys());
        let others: Vec<_> = paths.filter(|path| found.get(*path) != old.get(*path) && !ours(path)).collect();
        assert!(others.is_empty(), "{others:?}");
        assert!(run(host, &[], &[PROGRAM, "recover"]).status.success());
    }
    assert_eq!(boot_files(host), *old);
    assert!(!host.root.join(JOURNAL).exists());
    // The next command would take note that it has told of this, with a rename that is not of its apply.
    let _ = fs::remove_file(host.root.join("run/fwdsl/outcome.json"));
    let rules = host.netns.sh(&format!("iptables-{}-save 2>/dev/null", host.variant));
    assert!(!rules.contains("-A "), "a boot loads no rules of the apply: {rules}");
    is_enabled && found != *old
}

/// Lets the power fail before each file that an apply puts in place. Gives back before how many renames the apply is not
/// decided yet.
fn sweep_apply(host: &mut Host) -> usize {
    let old = boot_files(host);
    let mut undone = 0;
    let done = (1..).find(|n| {
        assert!(*n < 50, "the apply is never done");
        let is_done = apply_until(host, *n);
        if !is_done {
            restart(host);
            undone += usize::from(boot_undoes(host, &old));
        }
        is_done
    });
    // Rules of two families, a service, sysctls and the record, at the least.
    assert!(undone >= 4, "only {undone} were undone by the boot");
    done.unwrap() - 1
}

/// Lets the power fail before each thing that the boot's undo does to a complete save.
fn sweep_undo(host: &mut Host, undecided: usize) {
    let old = boot_files(host);
    assert!(!apply_until(host, undecided));
    restart(host);
    let tree = host.root.with_extension("cut-off");
    copy(&host.root, &tree);
    for calls in [RENAME, UNLINK, RMDIR] {
        for n in 1.. {
            assert!(n < 50, "the undo is never done");
            let wrapper = power_failure(calls, n);
            let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
            let is_done = start_unit(host, &wrapper).unwrap().status.success();
            restart(host);
            boot_undoes(host, &old);
            fs::remove_dir_all(&host.root).unwrap();
            copy(&tree, &host.root);
            if is_done {
                break;
            }
        }
    }
    fs::remove_dir_all(tree).unwrap();
}

/// Whether power can be made to fail here. Files know of no variant, so each test takes one.
fn can_fail() -> bool {
    require(&PROGRAMS) && require(&["strace", "unshare", "mount"])
}

/// Files of an earlier policy that was saved here.
fn save_another(host: &Host) {
    let output = run(host, &[], &[PROGRAM, "save"]);
    assert!(output.status.success(), "{}", stderr(&output));
    for (path, from, to) in [
        ("etc/iptables/rules.v4", "50134", "22"),
        ("etc/iptables/rules.v6", "50134", "22"),
        ("etc/sysctl.d/zz-fwdsl.conf", "= 2", "= 1"),
        (SYSTEMD_UNIT, "[Unit]", "[Unit]\nDocumentation=man:former(8)"),
    ] {
        let text = host.text(path);
        assert!(text.contains(from), "{text}");
        host.file(path, &text.replace(from, to));
    }
}

#[test]
fn a_power_failure_in_the_first_save_leaves_nothing() {
    if !can_fail() {
        return;
    }
    let mut host = booted(Variant::Legacy);
    sweep_apply(&mut host);
    // The last apply was done: the next boot has nothing to undo.
    let new = boot_files(&host);
    restart(&mut host);
    assert!(start_unit(&host, &[]).is_none(), "the condition is false without a journal");
    assert_eq!(boot_files(&host), new);
    assert!(host.text("etc/iptables/rules.v4").contains("50134"));
}

#[test]
fn a_power_failure_in_a_later_save_leaves_the_former_files() {
    if !can_fail() {
        return;
    }
    let mut host = booted(Variant::Nft);
    save_another(&host);
    sweep_apply(&mut host);
    assert!(host.text("etc/iptables/rules.v4").contains("50134"));
}

#[test]
fn a_power_failure_in_a_rollback_leaves_the_saved_files_or_the_former_ones() {
    if !can_fail() {
        return;
    }
    let mut host = booted(Variant::Nft);
    let former = boot_files(&host);
    assert!(apply(&host, &[]).status.success());
    let saved = boot_files(&host);
    restart(&mut host);
    let tree = host.root.with_extension("saved");
    copy(&host.root, &tree);
    let (mut undone, mut done) = (0, 0);
    for calls in [RENAME, UNLINK] {
        for n in 1.. {
            assert!(n < 50, "the rollback is never done");
            let wrapper = power_failure(calls, n);
            let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
            let is_done = run(&host, &wrapper, &[PROGRAM, "rollback"]).status.success();
            restart(&mut host);
            let is_decided = host.root.join("var/lib/fwdsl/history/2").exists();
            if !is_decided && host.root.join(SYSTEMD_LINK).is_symlink() {
                // Without a journal it had not begun.
                if let Some(output) = start_unit(&host, &[]) {
                    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
                }
                assert_eq!(boot_files(&host), saved, "{calls} {n}");
                undone += 1;
            } else {
                // The service goes last: by then all else is as before the save, and this boot is one of that.
                let found = boot_files(&host);
                let unit = |path: &&PathBuf| !path.starts_with("etc/systemd");
                let files: Vec<_> = found.keys().filter(unit).collect();
                assert_eq!(files, former.keys().filter(unit).collect::<Vec<_>>(), "{calls} {n}");
                done += 1;
            }
            if !is_decided {
                // The next command undoes what no boot has.
                assert!(run(&host, &[], &[PROGRAM, "recover"]).status.success());
                assert_eq!(boot_files(&host), saved, "{calls} {n}");
            }
            fs::remove_dir_all(&host.root).unwrap();
            copy(&tree, &host.root);
            if is_done {
                break;
            }
        }
    }
    fs::remove_dir_all(tree).unwrap();
    assert!(undone > 5 && done > 1, "{undone} were undone, {done} done");
}

fn copy(from: &Path, to: &Path) {
    assert!(std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

#[test]
fn a_power_failure_in_the_undo_is_undone_by_the_boot_after_it() {
    if !can_fail() {
        return;
    }
    // The undo of files knows of no variant.
    for former in [|_: &Host| (), save_another] {
        let mut trial = booted(Variant::Nft);
        former(&trial);
        let undecided = sweep_apply(&mut trial);
        let mut host = booted(Variant::Nft);
        former(&host);
        sweep_undo(&mut host, undecided);
    }
}

#[test]
fn the_service_is_kept_with_the_first_save_and_then_left_alone() {
    if !require(&PROGRAMS) || !require(&["unshare", "mount"]) {
        return;
    }
    let host = booted(Variant::Nft);
    let output = apply(&host, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        !stderr(&output).contains("power failure"),
        "an installed program is no reason to warn: {}",
        stderr(&output)
    );
    let text = stdout(&output);
    let (unit, rules) =
        (text.find("/fwdsl-recover.service updated"), text.find("/etc/iptables/rules.v4 updated"));
    assert!(unit.is_some() && unit < rules, "{text}");
    for again in [apply(&host, &[]), run(&host, &[], &[PROGRAM, "save"])] {
        assert_eq!(stdout(&again), "nothing to change: all is as the policy says\n");
    }
    // A save to an image of this very tree has no business with the running host's boot.
    host.file("image/etc/os-release", "ID=debian\n");
    let image = host.root.join("image");
    assert!(host.run(&["save", "--root", image.to_str().unwrap()]).status.success());
    assert!(image.join("etc/iptables/rules.v4").exists() && !image.join(SYSTEMD_UNIT).exists());
}

#[test]
fn systemd_understands_the_unit() {
    if !require(&["systemd-analyze", "unshare", "mount"]) {
        return;
    }
    let host = booted(Variant::Nft);
    let output = run(&host, &[], &[PROGRAM, "save"]);
    assert!(output.status.success(), "{}", stderr(&output));
    // As the first process it would take itself for the init, and talk to the kernel's log.
    let verify = format!("systemd-analyze verify --man=no /{SYSTEMD_UNIT} multi-user.target; exit $?");
    let verdict = |host: &Host| {
        let output = run(host, &[], &["sh", "-c", &verify]);
        (output.status.success(), stdout(&output) + &stderr(&output))
    };
    assert_eq!(verdict(&host), (true, String::new()), "{}", host.text(SYSTEMD_UNIT));
    // It would say so if it could not find the program, or did not know a key.
    let text = host.text(SYSTEMD_UNIT);
    host.file(SYSTEMD_UNIT, &text.replace("%% host", "%% nobody").replace("Type=", "Tipe="));
    let (verified, words) = verdict(&host);
    assert!(!verified && words.contains("/var/lib/100% nobody") && words.contains("Tipe"), "{words}");
    host.file(SYSTEMD_UNIT, &text.replace("Before=systemd-sysctl", "Before=local-fs.target systemd-sysctl"));
    assert!(verdict(&host).1.contains("ordering cycle"), "{:?}", verdict(&host));
}

#[test]
fn the_script_for_openrc_runs_the_undo_where_there_is_a_journal() {
    if !require(&PROGRAMS) || !require(&["unshare", "mount"]) {
        return;
    }
    let host = booted(Variant::Nft);
    host.file("etc/os-release", "ID=alpine\n");
    let output = run(&host, &[], &[PROGRAM, "save"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(
        fs::read_link(host.root.join("etc/runlevels/boot/fwdsl-recover")).unwrap(),
        Path::new("/etc/init.d/fwdsl-recover")
    );
    // What openrc-run does, in short.
    let start = "ebegin() { echo begin; }; eend() { echo end $1; }; . /etc/init.d/fwdsl-recover && start";
    let start = || run(&host, &[], &["sh", "-c", start]);
    assert_eq!(stdout(&start()), "");
    fs::create_dir_all(host.root.join(JOURNAL)).unwrap();
    // A journal without a manifest is damaged, and the program says so: exit code 6.
    let damaged = start();
    assert_eq!(stdout(&damaged), "begin\nend 6\n", "{}", stderr(&damaged));
    assert!(stderr(&damaged).contains("journal"), "{}", stderr(&damaged));
}
