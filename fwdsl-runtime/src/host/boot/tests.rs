//! Plans for made-up systems of every distribution.

use super::*;
use crate::host::tree::image::Image;

const RULES: &str = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n";
const BOTH: [(Family, &str); 2] = [(Family::Ipv4, RULES), (Family::Ipv6, RULES)];

fn planned(image: &Image, rules: &[(Family, &str)]) -> BootPlan {
    let tree = Tree::new(Some(image.root()));
    plan(rules, detect(&tree).unwrap(), &tree).unwrap()
}

/// What is to stand: `PATH MODE` for files, `PATH -> TARGET` for links.
pub(super) fn outline(plan: &BootPlan) -> Vec<String> {
    let line = |change: &FileChange| match &change.content {
        FileContent::Regular { mode, .. } => format!("{} {mode:o}", change.path.display()),
        FileContent::Symlink(target) => format!("{} -> {}", change.path.display(), target.display()),
        FileContent::Absent => format!("{} absent", change.path.display()),
    };
    plan.files.iter().map(line).collect()
}

#[test]
fn arch() {
    let unit = "[Install]\nWantedBy=multi-user.target\n";
    let image = Image::new()
        .file("/etc/os-release", "ID=arch\n")
        .file("/usr/lib/systemd/system/iptables.service", unit)
        .file("/usr/lib/systemd/system/ip6tables.service", unit);
    let plan = planned(&image, &BOTH);
    assert_eq!(
        outline(&plan),
        [
            "/etc/iptables/iptables.rules 644",
            "/etc/systemd/system/multi-user.target.wants/iptables.service -> /usr/lib/systemd/system/iptables.service",
            "/etc/iptables/ip6tables.rules 644",
            "/etc/systemd/system/multi-user.target.wants/ip6tables.service -> /usr/lib/systemd/system/ip6tables.service",
        ]
    );
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

#[test]
fn debian() {
    let image = Image::new()
        .file("/etc/os-release", "ID=ubuntu\nID_LIKE=debian\n")
        .file("/lib/systemd/system/netfilter-persistent.service", "[Install]\nWantedBy=multi-user.target\n")
        .file(
            "/lib/systemd/system/netfilter-persistent.service.d/iptables.conf",
            "[Install]\nAlias=iptables.service ip6tables.service\n",
        )
        .file("/usr/share/netfilter-persistent/plugins.d/15-ip4tables", "")
        .file("/usr/share/netfilter-persistent/plugins.d/25-ip6tables", "");
    let plan = planned(&image, &BOTH);
    let unit = "/lib/systemd/system/netfilter-persistent.service";
    assert_eq!(
        outline(&plan),
        [
            "/etc/iptables/rules.v4 640".to_owned(),
            format!("/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service -> {unit}"),
            format!("/etc/systemd/system/iptables.service -> {unit}"),
            format!("/etc/systemd/system/ip6tables.service -> {unit}"),
            "/etc/iptables/rules.v6 640".to_owned(),
        ]
    );
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

#[test]
fn fedora() {
    let image = Image::new()
        .file("/etc/os-release", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n")
        .file("/usr/lib/systemd/system/iptables.service", "[Install]\nWantedBy=multi-user.target\n")
        .file("/etc/sysconfig/iptables", "*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
    let plan = planned(&image, &[(Family::Ipv4, RULES)]);
    assert_eq!(
        outline(&plan),
        [
            "/etc/sysconfig/iptables 600",
            "/etc/systemd/system/multi-user.target.wants/iptables.service -> /usr/lib/systemd/system/iptables.service",
        ]
    );
    let FileContent::Regular { bytes, .. } = &plan.files[0].content else { panic!() };
    let text = String::from_utf8_lossy(bytes);
    assert!(text.contains(RULES) && text.ends_with("*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"), "{text}");
}

#[test]
fn alpine() {
    let image = Image::new()
        .file("/etc/os-release", "ID=alpine\n")
        .file("/etc/init.d/iptables", "")
        .file("/etc/init.d/ip6tables", "")
        .file("/etc/conf.d/ip6tables", "# comment\nIP6TABLES_SAVE=\"/etc/firewall/rules6\"\n");
    assert_eq!(
        outline(&planned(&image, &BOTH)),
        [
            "/etc/iptables/rules-save 600",
            "/etc/runlevels/default/iptables -> /etc/init.d/iptables",
            "/etc/firewall/rules6 600",
            "/etc/runlevels/default/ip6tables -> /etc/init.d/ip6tables",
        ]
    );
}

#[test]
fn a_service_that_is_missing_is_told_with_its_package() {
    for (os, package, services) in [
        ("arch", "iptables", 2),
        ("debian", "iptables-persistent", 1),
        ("fedora", "iptables-services", 2),
        ("alpine", "iptables", 2),
    ] {
        let image = Image::new().file("/etc/os-release", &format!("ID={os}\n"));
        let plan = planned(&image, &BOTH);
        assert_eq!(plan.files.len(), 2, "{os}: the files are written all the same");
        assert_eq!(plan.warnings.len(), services, "{os}: one warning for each service");
        for warning in plan.warnings {
            assert!(warning.to_string().contains(&format!("install the package `{package}`")), "{warning}");
        }
    }
}

#[test]
fn a_masked_service_is_told() {
    let image = Image::new()
        .file("/etc/os-release", "ID=arch\n")
        .link("/etc/systemd/system/iptables.service", "/dev/null");
    let plan = planned(&image, &[(Family::Ipv4, RULES)]);
    assert_eq!(plan.warnings, [BootWarning::Masked { service: "iptables.service" }]);
}

#[test]
fn another_variant_at_boot_is_told() {
    let image = Image::new()
        .file("/usr/bin/xtables-legacy-multi", "")
        .link("/usr/bin/iptables-restore", "xtables-legacy-multi");
    let tree = Tree::new(Some(image.root()));
    assert!(other_variants(&Family::ALL, Variant::Legacy, None, &tree).is_empty());
    let warnings = other_variants(&Family::ALL, Variant::Nft, None, &tree);
    assert_eq!(
        warnings,
        [BootWarning::OtherVariant { family: Family::Ipv4, in_use: Variant::Nft, at_boot: Variant::Legacy }]
    );
    assert!(warnings[0].to_string().contains("apply with legacy"), "{}", warnings[0]);
}

#[test]
fn a_file_that_holds_something_else_is_not_overwritten() {
    let image = Image::new()
        .file("/etc/os-release", "ID=arch\n")
        .file("/etc/iptables/iptables.rules", "#!/bin/sh\niptables -F\n");
    let tree = Tree::new(Some(image.root()));
    let error = plan(&BOTH, Distribution::Arch, &tree).unwrap_err().to_string();
    assert_eq!(
        error,
        "`/etc/iptables/iptables.rules` is not a file of iptables rules (line 2), and saving would overwrite it: move \
         it away first"
    );
}
