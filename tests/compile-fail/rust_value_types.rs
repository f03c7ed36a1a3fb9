//! A Rust value of a type that its place does not take: rustc says so at the expression.

use fwdsl::prelude::*;

const PORT: i32 = 22;
const NAME: u64 = 7;

fn host(flag: bool, ports: Vec<i64>) -> Policy {
    firewall! {
        chain INPUT policy drop {
            tcp dport #PORT => accept;
            tcp dport #{flag} => accept;
            tcp dport #ports => accept;
            from #{22u16} => accept;
            in #NAME => log(#NAME);
            limit 1/s burst #{"seven".len()} => accept;
        }
    }
}

fn main() {}
