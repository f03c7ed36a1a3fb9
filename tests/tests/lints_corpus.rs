//! What the lints find in the firewalls of the corpus.
use fwdsl_runtime::import::{Unknown, import};
use fwdsl_tests::corpus::firewalls;

#[test]
fn findings() {
    let mut out = String::new();
    for firewall in firewalls() {
        let imported =
            import(&firewall.text, &firewall.name, firewall.family, Unknown::Refuse).expect("imported");
        let sources = imported.model.sources().clone();
        for (kind, found) in [
            ("saved", fwdsl_runtime::check::check_saved(&imported.model)),
            ("policy", fwdsl_runtime::check::check(&imported.model)),
        ] {
            for it in found {
                if kind == "policy" && !matches!(it.lint, Some("ipv6_left_open" | "forwarding_disabled")) {
                    continue;
                }
                out += &format!(
                    "{kind} {} {:?} {}: {}\n\n",
                    firewall.name,
                    it.lint,
                    sources.place(it.loc),
                    it.text(&sources)
                );
            }
        }
    }
    println!("{out}");
}
