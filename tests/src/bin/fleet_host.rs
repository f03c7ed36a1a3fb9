//! A program with policies that some hosts have none of, and others two.

use fwdsl::cli::Member;
use fwdsl::prelude::*;

static WEB: Policy = firewall! {
    chain INPUT policy drop {
        in lo => accept;
        ct established|related => accept;
        use fwdsl::rules::icmpv6_required;
        tcp dport https => accept;
    }
};

static MAIL: Policy = firewall! {
    family ipv4;

    #[allow(ipv6_left_open)]
    chain INPUT policy drop {
        in lo => accept;
        ct established|related => accept;
        tcp dport smtp => accept;
    }
};

fn main() -> std::process::ExitCode {
    fwdsl::cli::run_fleet(&[
        Member::new("web", &WEB).hosts(&["web-*", "both"]).roles(&["public"]),
        Member::new("mail", &MAIL).hosts(&["mail.*", "both"]).roles(&["public", "mail"]),
    ])
}
