//! The path of a `use` that leads to a macro of another kind.

use fwdsl::prelude::*;

macro_rules! plain {
    () => {};
}

static HOST: Policy = firewall! {
    chain INPUT {
        use plain;
    }
};

fn main() {}
