//! What fuzzing found (`fuzz/`): rules that were taken, and emitted as something that is not taken again.

use fwdsl_runtime::family::Family;

use crate::{canonical, with_rule};

/// Tables, chains, rules of IPv4, and what becomes of each: the rule as it is saved, or words of the reason.
const FOUND: &[(&str, &str, &str, Result<&str, &str>)] = &[(
    "raw",
    "PREROUTING",
    "-j IDLETIMER --timeout 1 --label aaaaaaaaaaaaaaaaaaaaaa\u{1a}aaaaaaaaaaaaaaaaaaaaaa",
    Err("control character"),
)];

#[test]
fn what_is_taken_is_taken_again_as_it_was_emitted() {
    for (table, chain, rule, becomes) in FOUND {
        let said = canonical(&with_rule(table, chain, rule), Family::Ipv4);
        match (&said, becomes) {
            (Ok(text), Ok(saved)) => {
                assert!(text.contains(&format!("\n-A {chain} {saved}\n")), "{rule}: {text}");
                assert_eq!(canonical(text, Family::Ipv4).as_ref(), Ok(text), "{rule}");
            }
            (Err(reasons), Err(reason)) => assert!(reasons.contains(reason), "{rule}: {reasons}"),
            _ => panic!("{rule}: {said:?}"),
        }
    }
}
