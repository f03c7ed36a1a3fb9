//! Mistakes in and about fragments: they point into the fragment's own source, in whatever crate.

use fwdsl::prelude::*;

rules! {
    pub mine {
        tcp dport htpt => accept;
    }

    pub fn two(a, b) {
        from a to b => accept;
    }
}

static HOST: Policy = firewall! {
    chain INPUT policy drop {
        use mine;
        use two(10.0.0.0/8);
        use two(10.0.0.0/8, fd00::/8);
        use fwdsl_tests::fragments::wrong(ssh);
        use fwdsl_tests::fragments::wrong(shs);
        use fwdsl_tests::fragments::circular;
        use;
    }
};

fn main() {}
