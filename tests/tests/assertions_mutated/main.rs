//! Mutation: one rule of a policy is changed whose assertions are proven. Wherever a packet of a pattern then gets a
//! verdict that breaks its assertion, the proof must fail; and no packet breaks an assertion that is proven.
//!
//! The packets come from [`evaluate`] and [`evaluate_host`], which share nothing with the search: random ones, and ones
//! made of the values that the changed rule and the patterns name.

mod judge;
mod mutants;
mod policies;
mod subject;
mod values;

use fwdsl_tests::random::Random;

use judge::{Tally, judge};
use mutants::{mutants, places, statement, with};
use policies::POLICIES;
use subject::subject;

fn wanted(default: usize) -> usize {
    std::env::var("FWDSL_MUTANTS").map_or(default, |count| count.parse().expect("a number"))
}

#[test]
fn no_mutant_is_proven_that_a_packet_refutes() {
    let mut random = Random::new(23);
    let mut tally = Tally::default();
    let per_policy = wanted(70);
    for policy in POLICIES {
        let subject = subject(&mut random, policy, 40);
        judge(&subject, &subject.source, "none", &mut tally);
        assert_eq!((tally.changed, tally.broken), (0, 0), "what is proven holds");
        let mut rest = Tally::default();
        let lines: Vec<&str> = policy.lines().collect();
        let places = places(policy);
        let mut all: Vec<(&'static str, String)> = Vec::new();
        for (index, place) in places.iter().enumerate() {
            let mutated = mutants(statement(lines[*place]));
            for (number, text) in mutated.into_iter().enumerate() {
                let kind = if number == 0 { "a rule is dropped" } else { "a rule is changed" };
                all.push((kind, with(policy, *place, &text)));
            }
            // Two rules change places.
            if let Some(next) = places.get(index + 1).filter(|next| **next == place + 1) {
                let mut swapped: Vec<&str> = lines.clone();
                swapped.swap(*place, *next);
                all.push(("rules change places", with(&swapped.join("\n"), usize::MAX, "")));
            }
        }
        while rest.mutants < per_policy && !all.is_empty() {
            let (kind, source) = all.swap_remove(random.below(all.len()));
            judge(&subject, &source, kind, &mut rest);
        }
        tally.mutants += rest.mutants;
        tally.told += rest.told;
        tally.held += rest.held;
        for (kind, count) in rest.kinds {
            *tally.kinds.entry(kind).or_default() += count;
        }
        tally.changed = 0;
        tally.broken = 0;
    }
    let changed: usize = tally.kinds.values().sum();
    println!("{changed} of {} mutants mean something else: {:?}", tally.mutants, tally.kinds);
    println!("{} proofs failed with a packet told, {} packets held against proofs", tally.told, tally.held);
    assert!(changed * 4 >= tally.mutants, "too few mutants mean something else");
    assert!(tally.kinds.len() >= 3, "{:?}", tally.kinds);
}
