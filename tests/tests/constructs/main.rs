//! Every construct of the language on a real kernel: packets that must match and packets that must not.

mod matches;

use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::report::run_all;
use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::PROGRAMS;

fn run(title: &str, cases: &[Case]) {
    if require(&PROGRAMS) {
        run_all(title, cases);
    }
}

#[test]
fn interfaces() {
    run("interfaces", &matches::interfaces());
}
