//! Former states of the host: kept by each apply, and brought back.

use fwdsl_tests::history::{numbers, run, state};
use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS, desired, failure};
use serde_json::json;

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");

fn each_variant(test: impl Fn(Sandbox) + Sync) {
    if require(&PROGRAMS) {
        std::thread::scope(|scope| {
            for variant in VARIANTS {
                let test = &test;
                scope.spawn(move || test(Sandbox::new(variant, DRIVER)));
            }
        });
    }
}

#[test]
fn a_rollback_goes_back_and_the_next_one_forward_again() {
    each_variant(|host| {
        let old = state(&host);
        assert_eq!(numbers(&host), [0; 0]);
        host.apply_well(&["--replace-foreign"]);
        let new = state(&host);
        assert_ne!(old, new);
        let dry = run(&host, "rollback", &["--dry-run"]);
        assert_eq!(dry["state"]["number"], 1, "{dry}");
        assert_eq!(state(&host), new);
        let back = run(&host, "rollback", &[]);
        assert_eq!(state(&host), old, "{back}");
        assert_eq!(numbers(&host), [2, 1]);
        let forth = run(&host, "rollback", &[]);
        assert_eq!(state(&host), new, "{forth}");
        assert_eq!(run(&host, "history", &[])["states"][0]["about"]["action"], json!({ "rollback": 2 }));
        // What is so already is not touched, and nothing is kept of it.
        assert!(!run(&host, "rollback", &["--state", "2"])["rules"].to_string().contains("filter"));
        assert_eq!(numbers(&host), [3, 2, 1]);
        let _ = (desired(), failure);
    });
}
