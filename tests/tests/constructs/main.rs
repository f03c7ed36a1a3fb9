//! Every construct of the language on a real kernel: packets that must match and packets that must not.

mod matches;
mod states;
mod transport;
mod verdicts;
mod whole;

use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::report::run_all;
use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::PROGRAMS;

/// A section: its title, and what makes its cases.
type Section = (&'static str, fn() -> Vec<Case>);

macro_rules! sections {
    ($($name:ident: $cases:path;)*) => {
        /// All of them.
        const SECTIONS: &[Section] = &[$((stringify!($name), $cases)),*];

        $(
            #[test]
            fn $name() {
                if require(&PROGRAMS) {
                    run_all(stringify!($name), &$cases());
                }
            }
        )*
    };
}

sections! {
    interfaces: matches::interfaces;
    addresses: matches::addresses;
    protocols: transport::protocols;
    ports: transport::ports;
    icmp_types: transport::icmp_types;
    tcp_flags: transport::tcp_flags;
    states: states::states;
    rates: states::rates;
    fragments: states::fragments;
    ways: verdicts::ways;
    policies: verdicts::policies;
    rejects: verdicts::rejects;
    logs: verdicts::logs;
    tables: verdicts::tables;
    names: whole::names;
    abstractions: whole::abstractions;
}
