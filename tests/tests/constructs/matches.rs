//! What the headers of a packet tell.

use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::probe::tcp;

pub fn interfaces() -> Vec<Case> {
    vec![
        Case::matching("in eth0").hits([tcp(1)]).misses([tcp(1).via("eth1"), tcp(1).via("eth0.100")]),
        Case::matching("in eth+")
            .hits([tcp(1), tcp(1).via("eth1"), tcp(1).via("eth0.100")])
            .misses([tcp(1).via("wg7")]),
    ]
}
