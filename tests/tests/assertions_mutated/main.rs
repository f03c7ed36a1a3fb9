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

use fwdsl_tests::corpus::side_by_side;
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
    let mut tally = Tally::default();
    for of_policy in side_by_side(&POLICIES, || (), |(), policy| judge_mutants(policy)) {
        tally.mutants += of_policy.mutants;
        tally.told += of_policy.told;
        tally.held += of_policy.held;
        for (kind, count) in of_policy.kinds {
            *tally.kinds.entry(kind).or_default() += count;
        }
    }
    let changed: usize = tally.kinds.values().sum();
    println!("{changed} of {} mutants mean something else: {:?}", tally.mutants, tally.kinds);
    println!("{} proofs failed with a packet told, {} packets held against proofs", tally.told, tally.held);
    assert!(changed * 4 >= tally.mutants, "too few mutants mean something else");
    assert!(tally.kinds.len() >= 3, "{:?}", tally.kinds);
}

/// Judges a policy, and as many of its mutants as are wanted.
fn judge_mutants(policy: &str) -> Tally {
    let mut random = Random::new(23 + policy.len() as u64);
    let subject = subject(&mut random, policy, 40);
    let mut unchanged = Tally::default();
    judge(&subject, &subject.source, "none", &mut unchanged);
    assert_eq!((unchanged.changed, unchanged.broken), (0, 0), "what is proven holds");
    let mut tally = Tally::default();
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
    let wanted = wanted(70);
    while tally.mutants < wanted && !all.is_empty() {
        let (kind, source) = all.swap_remove(random.below(all.len()));
        judge(&subject, &source, kind, &mut tally);
    }
    tally
}
