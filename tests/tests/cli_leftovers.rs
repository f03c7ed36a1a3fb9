//! The command line on a host where earlier applies, or somebody since, left something odd.

use std::fs;
use std::os::unix::fs::symlink;

use fwdsl_runtime::family::Family;
use fwdsl_tests::netns::require;
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};

fn each_variant(test: impl Fn(Host)) {
    if require(&PROGRAMS) {
        VARIANTS.into_iter().for_each(|variant| test(Host::new(variant, env!("CARGO_BIN_EXE_cli_host"))));
    }
}

#[test]
fn a_record_that_is_lost_explains_why_own_rules_are_foreign() {
    each_variant(|host| {
        assert!(host.apply(&[]).status.success());
        host.file("var/lib/fwdsl/record.json", "{");
        host.netns.sh(&format!("iptables-{} -A INPUT -s 192.0.2.7 -j ACCEPT", host.variant));
        let output = host.apply(&["--json"]);
        assert_eq!(output.status.code(), Some(4));
        let message = json(&output)["error"]["message"].to_string();
        assert!(message.contains("192.0.2.7") && message.contains("note: the record"), "{message}");
    });
}

#[test]
fn a_dry_run_beside_an_unfinished_apply_says_so_whatever_it_finds() {
    each_variant(|host| {
        host.file("var/lib/fwdsl/journal/manifest.json", "{}");
        let output = host.apply(&["--dry-run"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stderr(&output).contains("another apply is under way"), "{}", stderr(&output));
        host.netns.sh(&format!("iptables-{} -A INPUT -s 192.0.2.7 -j ACCEPT", host.variant));
        let output = host.apply(&["--dry-run"]);
        assert_eq!(output.status.code(), Some(4));
        assert!(stderr(&output).contains("note: another apply is under way"), "{}", stderr(&output));
    });
}

#[test]
fn a_journal_that_cannot_be_read_says_what_to_do() {
    each_variant(|host| {
        let before = host.saved(Family::Ipv4);
        for (manifest, words) in
            [("", "is damaged"), ("{ \"format\": 7 }", "another version of fwdsl (format 7)")]
        {
            host.file("var/lib/fwdsl/journal/manifest.json", manifest);
            let output = host.apply(&["--save"]);
            assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
            for words in [words, "then delete it"] {
                assert!(stderr(&output).contains(words), "{words} is not in\n{}", stderr(&output));
            }
        }
        assert_eq!(host.saved(Family::Ipv4), before);
    });
}

#[test]
fn what_an_apply_left_before_its_journal_stood_is_swept_away() {
    each_variant(|host| {
        host.file("var/lib/fwdsl/journal.new/ipv4.rules", "");
        host.file("var/lib/fwdsl/journal.done/ipv4.rules", "");
        for _ in 0..2 {
            assert!(host.apply(&[]).status.success());
            let names = fs::read_dir(host.root.join("var/lib/fwdsl")).unwrap();
            let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
            assert!(names.iter().all(|name| name == "record.json" || name == "history"), "{names:?}");
            host.file("var/lib/fwdsl/journal.new/ipv4.rules", "");
        }
    });
}

#[test]
fn programs_of_two_variants_are_refused() {
    each_variant(|host| {
        let directory = host.root.join("mixed");
        fs::create_dir(&directory).unwrap();
        for family in Family::ALL {
            for (variant, action) in [(host.variant, "restore"), (host.variant.other(), "save")] {
                let name = variant.program(family, action);
                let path = ["/usr/sbin", "/sbin"].iter().map(|dir| std::path::Path::new(dir).join(&name));
                let plain = directory.join(name.replace(&format!("-{}", variant.name()), ""));
                symlink(path.into_iter().find(|path| path.exists()).expect("it is installed"), plain)
                    .unwrap();
            }
        }
        let output = host.run(&[
            "apply",
            "--root",
            host.root.to_str().unwrap(),
            "--program-dir",
            directory.to_str().unwrap(),
        ]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let expected =
            format!("`iptables-restore` is the {} variant but `iptables-save` is", host.variant.name());
        assert!(stderr(&output).contains(&expected), "{}", stderr(&output));
        assert!(!host.saved(Family::Ipv4).contains("50134"));
    });
}

#[test]
fn a_restore_that_does_nothing_is_found_out_in_plain_words() {
    each_variant(|host| {
        let restore = host.variant.program(Family::Ipv4, "restore");
        let directory = host.programs_with(&restore, "cat >/dev/null");
        let output = host.apply(&["--program-dir", directory.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
        let expected = "the policy of FORWARD is ACCEPT instead of DROP";
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));

        fs::write(directory.join(&restore), "#!/bin/sh\nexit 1\n").unwrap();
        let output = host.apply(&["--program-dir", directory.to_str().unwrap()]);
        assert!(stderr(&output).contains("and said nothing\n"), "{}", stderr(&output));
    });
}

#[test]
fn a_manager_in_an_image_is_named_when_rules_are_saved_there() {
    let host = match require(&PROGRAMS) {
        true => Host::new(VARIANTS[0], env!("CARGO_BIN_EXE_cli_host")),
        false => return,
    };
    host.file("etc/systemd/system/multi-user.target.wants/firewalld.service", "");
    let output = host.run(&["save", "--root", host.root.to_str().unwrap()]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("firewalld is enabled"), "{}", stderr(&output));
}
