//! What a policy says of chains that are not its own, and what comes of it without a kernel.

use fwdsl::family::Family;
use fwdsl::prelude::*;
use fwdsl_runtime::syntax::compile;

fn text(policy: &Policy, family: Family) -> String {
    policy.emit(family).unwrap_or_default()
}

/// What the compiler says to a policy: each message with its help.
fn said(source: &str) -> Vec<String> {
    let compiled = compile(source.parse().expect("tokens"));
    compiled.diagnostics.iter().map(|found| found.text(&compiled.model.sources())).collect()
}

#[test]
fn a_policy_of_own_chains_is_emitted_with_its_jumps() {
    let policy = firewall! {
        own chains;
        chain INPUT {
            in lo => accept;
            tcp dport [ssh, http] limit 1/s => log("x"), accept;
            _ => drop;
        }
        chain FORWARD hook after DOCKER-USER { _ => jump web; }
        chain OUTPUT hook last { udp dport 53 => return; }
        chain web { tcp dport http => accept; }
        table nat { chain POSTROUTING hook before "f2b-x" { to 10.0.0.1 => accept; } }
    };
    assert_eq!(
        text(&policy, Family::Ipv4),
        "*nat\n:fwdsl-POSTROUTING - [0:0]\n-A fwdsl-POSTROUTING -d 10.0.0.1/32 -j ACCEPT\n\
         # before the jump to f2b-x:\n-I POSTROUTING 1 -j fwdsl-POSTROUTING\nCOMMIT\n\
         *filter\n:fwdsl-FORWARD - [0:0]\n:fwdsl-INPUT - [0:0]\n:fwdsl-INPUT.2 - [0:0]\n:fwdsl-OUTPUT - [0:0]\n\
         :web - [0:0]\n-A fwdsl-FORWARD -j web\n-A fwdsl-INPUT -i lo -j ACCEPT\n\
         -A fwdsl-INPUT -p tcp -m multiport --dports 22,80 -m limit --limit 1/sec -j fwdsl-INPUT.2\n\
         -A fwdsl-INPUT -j DROP\n-A fwdsl-INPUT.2 -j LOG --log-prefix x\n-A fwdsl-INPUT.2 -j ACCEPT\n\
         -A fwdsl-OUTPUT -p udp -m udp --dport 53 -j RETURN\n-A web -p tcp -m tcp --dport 80 -j ACCEPT\n\
         -I INPUT 1 -j fwdsl-INPUT\n# after the jump to DOCKER-USER:\n-A FORWARD -j fwdsl-FORWARD\n\
         -A OUTPUT -j fwdsl-OUTPUT\nCOMMIT\n"
    );
}

#[test]
fn foreign_chains_are_gone_to_and_not_declared() {
    let policy = firewall! {
        own tables;
        foreign chain "f2b-"+;
        foreign chain DOCKER-USER { family ipv4; }
        chain FORWARD { _ => jump DOCKER-USER; in lo => accept; }
    };
    assert!(
        text(&policy, Family::Ipv4)
            .ends_with("-A FORWARD -j DOCKER-USER\n-A FORWARD -i lo -j ACCEPT\nCOMMIT\n")
    );
    assert!(!text(&policy, Family::Ipv4).contains(":DOCKER-USER"));
    assert!(
        text(&policy, Family::Ipv6).ends_with("OUTPUT ACCEPT [0:0]\n-A FORWARD -i lo -j ACCEPT\nCOMMIT\n")
    );
    let again = Model::from_bytes("x.rs", &policy.model().to_bytes()).expect("it was packed");
    assert_eq!(again.foreign_chains()[0].name(), "f2b-+");
    assert_eq!(again, *policy.model());
}
