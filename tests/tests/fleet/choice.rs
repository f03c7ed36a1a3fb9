//! Which policy is chosen, that it is told and kept in mind.

use fwdsl_tests::netns::require;
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use serde_json::json;

use super::{FLEET, PARTIAL, run, run_on};

#[test]
fn the_name_of_the_host_chooses_and_is_told() {
    if !require(&["unshare"]) {
        return;
    }
    for (host, policy, by) in [
        ("web-1", "web", "host"),
        ("WEB-1.example.org", "web", "host"),
        ("www.example.org", "web", "host"),
        ("www", "refuge", "otherwise"),
        ("db-7", "database", "host"),
        ("db-777", "refuge", "otherwise"),
    ] {
        let shown = run_on(host, FLEET, &["check", "--json"]);
        let chosen = &json(&shown)["chosen"];
        assert_eq!((&chosen["policy"], &chosen["by"]), (&json!(policy), &json!(by)), "{host}: {chosen}");
        assert!(chosen["reason"].as_str().unwrap().contains(&format!("`{host}`")), "{chosen}");
    }
    let shown = run_on("web-1", FLEET, &["show", "--family", "ipv4"]);
    let note = "note: the policy is `web`: this host is `web-1`, which matches `web-*`\n";
    assert_eq!(stderr(&shown), note);
    assert!(stdout(&shown).starts_with("*filter\n"), "{}", stdout(&shown));
    let listed = stdout(&run_on("db-1", FLEET, &["policies"]));
    assert!(listed.contains("* database  hosts db-?, db-??; roles database\n"), "{listed}");
    assert!(listed.contains("  refuge    all other hosts\n"), "{listed}");
}

#[test]
fn none_and_two_are_errors_that_list_them() {
    if !require(&["unshare"]) {
        return;
    }
    let none = run_on("db-1", PARTIAL, &["plan"]);
    assert_eq!(none.status.code(), Some(2));
    assert_eq!(
        stderr(&none),
        "error: no policy is for the host `db-1`:\n  web: hosts web-*, both; roles public\n  \
         mail: hosts mail.*, both; roles public, mail\nhelp: name the policy: --policy NAME\n"
    );
    let two = run_on("both", PARTIAL, &["apply", "--json"]);
    assert_eq!(two.status.code(), Some(2));
    let error = &json(&two)["error"];
    assert_eq!(error["kind"], "usage");
    assert!(error["message"].as_str().unwrap().contains("web: `both`\n  mail: `both`"), "{error}");
    // Who has to undo or look does not need a policy.
    let recovered = run_on("db-1", PARTIAL, &["recover", "--root", "/nowhere"]);
    assert!(!stderr(&recovered).contains("no policy is for"), "{}", stderr(&recovered));
    let listed = run_on("both", PARTIAL, &["policies", "--json"]);
    assert!(listed.status.success());
    assert_eq!(json(&listed)["chosen"], json!(null));
}

#[test]
fn a_role_or_a_name_chooses() {
    let chosen = |arguments: &[&str]| {
        json(&run(PARTIAL, &[&["check", "--json"], arguments].concat()))["chosen"].clone()
    };
    assert_eq!(chosen(&["--role", "mail"])["by"], "role");
    assert_eq!(chosen(&["--role", "mail"])["policy"], "mail");
    assert_eq!(chosen(&["--policy", "web"])["reason"], "it was named");
    for wrong in [&["--policy", "wep"][..], &["--role", "wep"], &["--policy", "web", "--role", "mail"]] {
        let refused = run(PARTIAL, &[&["check"], wrong].concat());
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}");
    }
    let near = stderr(&run(PARTIAL, &["check", "--policy", "wep"]));
    assert!(near.contains("a similar value exists: 'web'"), "{near}");
    if require(&["unshare"]) {
        // Among several of a role the host decides.
        let of_two = run_on("web-3", PARTIAL, &["check", "--json", "--role", "public"]);
        assert_eq!(json(&of_two)["chosen"]["policy"], "web");
        assert_eq!(run_on("db-3", PARTIAL, &["check", "--role", "public"]).status.code(), Some(2));
    }
}

#[test]
fn all_are_checked_and_shown() {
    let checked = run(FLEET, &["check", "--all", "--json"]);
    let policies = json(&checked)["policies"].clone();
    assert_eq!(policies.as_object().unwrap().len(), 3, "{policies}");
    let shown = stdout(&run(PARTIAL, &["show", "--all", "--family", "ipv6"]));
    // The policy of the other family alone is passed over.
    assert!(shown.starts_with("# policy web\n*filter\n") && !shown.contains("mail"), "{shown}");
    assert_eq!(run(PARTIAL, &["check", "--all", "--policy", "web"]).status.code(), Some(2));
}

#[test]
fn what_was_applied_and_kept_is_known_by_its_name() {
    if !require(&PROGRAMS) {
        return;
    }
    for variant in VARIANTS {
        let host = Host::new(variant, FLEET);
        let first = json(&host.apply(&["--json", "--role", "frontend", "--save"]));
        assert_eq!((&first["changed"], &first["chosen"]["policy"]), (&json!(true), &json!("web")), "{first}");
        assert_eq!(host.text("etc/fwdsl/policy-name"), "web\n");
        let again = json(&host.apply(&["--json", "--role", "frontend", "--save"]));
        assert_eq!(again["changed"], false, "{again}");
        let planned = host.act("plan", &["--role", "frontend", "--save"]);
        assert_eq!(planned.status.code(), Some(0), "{}", stdout(&planned));
        assert!(stderr(&planned).contains("note: the policy is `web`: it has the role `frontend`"));
        let status = host.act("status", &["--policy", "web", "--json"]);
        assert_eq!((status.status.code(), &json(&status)["chosen"]["by"]), (Some(0), &json!("policy")));

        // Another one is another thing, and that it is none that was there is told.
        let other = host.act("plan", &["--policy", "database"]);
        assert_eq!(other.status.code(), Some(10));
        let said = "the policy that was applied last is `web`, and this is `database`";
        assert!(stderr(&other).contains(said), "{}", stderr(&other));
        assert_eq!(json(&host.apply(&["--json", "--policy", "database"]))["changed"], true);
        assert!(host.text("var/lib/fwdsl/record.json").contains("\"database\""));
        assert_eq!(host.text("etc/fwdsl/policy-name"), "web\n");
        let mut back = host.command(&["rollback", "--root"]);
        assert!(back.arg(&host.root).output().unwrap().status.success());
        assert!(host.text("var/lib/fwdsl/record.json").contains("\"web\""));
    }
}

#[test]
fn an_image_has_a_name_of_its_own() {
    let root = std::env::temp_dir().join(format!("fwdsl-fleet-{}", std::process::id()));
    std::fs::create_dir_all(root.join("etc")).unwrap();
    std::fs::write(root.join("etc/os-release"), "ID=alpine\n").unwrap();
    std::fs::write(root.join("etc/hostname"), "# made\n\nmail.example.org\n").unwrap();
    let saved = run(PARTIAL, &["save", "--json", "--root", root.to_str().unwrap()]);
    let name = std::fs::read_to_string(root.join("etc/fwdsl/policy-name"));
    std::fs::remove_dir_all(&root).unwrap();
    assert_eq!(json(&saved)["chosen"]["policy"], "mail");
    assert_eq!(name.unwrap(), "mail\n");
}
