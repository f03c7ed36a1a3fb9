//! Rust values in a form that a policy does not take.

use fwdsl::prelude::*;

mod inner {
    pub const PORT: u16 = 1;
}
const LOW: u16 = 1;

static HOST: Policy = firewall! {
    chain INPUT policy drop {
        tcp dport #inner::PORT => accept;
        tcp dport #LOW..=22 => accept;
        tcp dport #{} => accept;
        comment(#TEXT) => accept;
    }
};

const TEXT: &str = "text";

fn main() {}
