//! A policy is the same after it was packed into the program and read back.

use fwdsl::emit::emit;
use fwdsl::family::Family;
use fwdsl::lower::lower;
use fwdsl::model::Model;
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::policies;
use fwdsl_tests::random::Random;

#[test]
fn random_policies_survive_packing() {
    let mut random = Random::new(3);
    for _ in 0..100 {
        let source = policies::policy(&mut random);
        let source = format!(
            "sysctl {{ net.ipv4.conf.*.rp_filter = 1; }} {source} assert INPUT {{ fragment => accept; }}"
        );
        let model = compile(source.parse().expect("tokens")).model;
        let bytes = model.to_bytes();
        let unpacked = Model::from_bytes("host.rs", &bytes).expect("what was packed can be read");
        assert_eq!(unpacked.to_bytes(), bytes, "{source}");
        assert_eq!(unpacked.file(), "host.rs");
        assert_eq!(unpacked.sysctls().len(), 1);
        assert_eq!(unpacked.assertions().len(), 1);
        for family in Family::ALL {
            let text = |model: &Model| lower(model, family).map(|ruleset| emit(&ruleset, Default::default()));
            assert_eq!(text(&unpacked), text(&model), "{source}");
        }
    }
}
