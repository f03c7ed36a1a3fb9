//! A chain name of more than 28 bytes.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain A23456789-B23456789-C2345678 { _ => drop; }
    chain A23456789-B23456789-C23456789 { _ => drop; }
};

fn main() {}
