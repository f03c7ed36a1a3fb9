//! Lowering keeps meaning: for random policies and random packets, the rules that iptables gets
//! decide, log and consult exactly as the rules of the source do.

use fwdsl::family::Family;
use fwdsl::lower::lower;
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::meaning::{in_lowered, in_source, packet};
use fwdsl_tests::policies;
use fwdsl_tests::random::Random;

#[test]
fn lowered_rules_do_what_the_source_says() {
    let wanted: usize =
        std::env::var("FWDSL_RANDOM_POLICIES").map_or(150, |count| count.parse().expect("a number"));
    let mut random = Random::new(2);
    let mut through_chains = 0;
    let mut decided = std::collections::BTreeMap::new();
    for _ in 0..wanted {
        let source = policies::policy(&mut random);
        let compiled = compile(source.parse().expect("tokens"));
        assert!(compiled.is_sound(), "{:?}\n{source}", compiled.diagnostics);
        for family in Family::ALL {
            let Some(ruleset) = lower(&compiled.model, family) else { continue };
            through_chains +=
                ruleset.tables.iter().flat_map(|table| &table.chains).filter(|chain| chain.auxiliary).count();
            for chain in compiled.model.chains() {
                for _ in 0..20 {
                    let packet = packet(&mut random, family);
                    let limits = random.one_in(2);
                    let meant = in_source(&compiled.model, chain.table(), chain.name(), &packet, limits);
                    let done = in_lowered(&ruleset, chain.table(), chain.name(), &packet, limits);
                    *decided.entry(done.verdict.clone()).or_insert(0) += 1;
                    assert!(
                        done.is_meant_by(&meant),
                        "{} {family} {packet:?}\nmeant {meant:?}\ndone  {done:?}\n{source}\n{}",
                        chain.name(),
                        fwdsl::emit::emit(&ruleset, Default::default())
                    );
                }
            }
        }
    }
    // Otherwise the test has shown nothing.
    assert!(through_chains > wanted / 4, "only {through_chains} auxiliary chains");
    for verdict in ["accept", "drop", "reject", "end"] {
        assert!(decided.get(verdict).is_some_and(|count| *count > 10), "{verdict}: {decided:?}");
    }
}
