//! Promise 2, the half without a kernel: what the search proves of random policies, the evaluation
//! of single packets does not refute, and every packet that it shows is one.

use fwdsl_runtime::analysis::{Packet, Problem, evaluate, prove};
use fwdsl_runtime::catalogue::{ACCEPT, Extension};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::lower::{Ruleset, lower};
use fwdsl_runtime::model::Model;
use fwdsl_runtime::syntax::compile;
use fwdsl_runtime::table::TableName;
use fwdsl_tests::corpus::side_by_side;
use fwdsl_tests::packets::packet;
use fwdsl_tests::policies;
use fwdsl_tests::random::Random;

const HOOKS: [&str; 3] = ["INPUT", "FORWARD", "OUTPUT"];
const PACKETS: usize = 150;

fn model(source: &str) -> Model {
    compile(source.parse().unwrap_or_else(|error| panic!("{error}: {source}"))).model
}

fn verdicts(ruleset: &Ruleset, chain: &str, packet: &Packet) -> Vec<&'static Extension> {
    evaluate(ruleset, TableName::Filter, chain, packet).expect("the chain is there")
}

/// What the proofs said, counted, so that the test is seen to have tried both.
#[derive(Default)]
struct Tally {
    proven: usize,
    broken: usize,
    no_packet: usize,
    not_decided: usize,
    not_followed: usize,
    covered: usize,
}

impl Tally {
    fn and(self, other: Tally) -> Tally {
        Tally {
            proven: self.proven + other.proven,
            broken: self.broken + other.broken,
            no_packet: self.no_packet + other.no_packet,
            not_decided: self.not_decided + other.not_decided,
            not_followed: self.not_followed + other.not_followed,
            covered: self.covered + other.covered,
        }
    }
}

fn try_policy(random: &mut Random, tally: &mut Tally) {
    let policy = policies::policy(random);
    let hook = HOOKS[random.below(HOOKS.len())];
    let pattern = policies::pattern(random, hook);
    // The pattern as a rule, so that a packet can be asked whether it is covered.
    let covers = model(&format!("{} chain {hook} policy drop {{ {pattern} => accept; }}", policies::SETS));
    let words = ["accept", "!accept", "drop", "!drop", "reject", "!reject"];
    let samples: Vec<Packet> = (0..PACKETS)
        .map(|_| {
            let family = Family::ALL[random.below(2)];
            packet(random, family, hook)
        })
        .collect();
    for word in words {
        let source = format!("{policy}\nassert {hook} {{ {pattern} => {word}; }}");
        let model = model(&source);
        let breaks =
            |verdict: &Extension| (verdict.word() == word.trim_start_matches('!')) == word.starts_with('!');
        let covered = |packet: &Packet| {
            let asked = lower(&covers, packet.family()).expect("a policy for both families");
            // A pattern that looks into the transport header speaks of packets that have one.
            let mut matches = model.assertions()[0].cases()[0].matches().iter();
            let has_header =
                !packet.later_fragment || matches.all(|entry| entry.extension().protocols.is_empty());
            has_header && verdicts(&asked, hook, packet).contains(&&ACCEPT)
        };
        let evaluated = |packet: &Packet| {
            let ruleset = lower(&model, packet.family()).expect("a policy for both families");
            verdicts(&ruleset, hook, packet)
        };
        match prove(&model).into_iter().next().map(|finding| finding.problem) {
            None => {
                tally.proven += 1;
                for packet in samples.iter().filter(|packet| covered(packet)) {
                    tally.covered += 1;
                    let verdicts = evaluated(packet);
                    assert!(
                        !verdicts.iter().any(|verdict| breaks(verdict)),
                        "{packet}: {verdicts:?}\n{source}"
                    );
                }
            }
            Some(Problem::Broken(found)) => {
                tally.broken += 1;
                let verdict = found.verdict.expect("it is about verdicts");
                assert!(breaks(verdict), "{verdict:?}\n{source}");
                assert!(evaluated(&found.packet).contains(&verdict), "{}\n{source}", found.packet);
                assert!(covered(&found.packet), "{} is not covered\n{source}", found.packet);
                // What is printed is the packet: as a pattern it covers it, and is broken itself.
                let again = format!("{policy}\nassert {hook} {{ {} => {word}; }}", found.packet);
                if !(found.packet.later_fragment && found.family == Family::Ipv6) {
                    let again = prove(&self::model(&again));
                    assert!(
                        matches!(again[..], [ref finding] if matches!(finding.problem, Problem::Broken(_))),
                        "{} as a pattern: {again:?}\n{source}",
                        found.packet
                    );
                }
            }
            Some(Problem::NoPacket) => {
                tally.no_packet += 1;
                let sample = samples.iter().find(|packet| !packet.later_fragment && covered(packet));
                assert!(sample.is_none(), "{} is covered\n{source}", sample.unwrap());
            }
            Some(Problem::NotDecided { .. }) => tally.not_decided += 1,
            // Targets change marks that rules ask for; the evaluation follows that, the search does not.
            Some(Problem::NotFollowed) => tally.not_followed += 1,
            Some(Problem::TooDeep) => panic!("{source}"),
        }
    }
}

#[test]
fn what_is_proven_of_random_policies_no_packet_refutes() {
    let wanted: usize =
        std::env::var("FWDSL_RANDOM_POLICIES").map_or(100, |count| count.parse().expect("a number"));
    let seeds: Vec<u64> = (7..).take(wanted).collect();
    let tried = side_by_side(
        &seeds,
        || (),
        |(), seed| {
            let mut tally = Tally::default();
            try_policy(&mut Random::new(*seed), &mut tally);
            tally
        },
    );
    let tally = tried.into_iter().fold(Tally::default(), Tally::and);
    let Tally { proven, broken, no_packet, not_decided, not_followed, covered } = tally;
    println!(
        "{proven} proven with {covered} packets, {broken} broken, {no_packet} cover none, {not_decided} open, {not_followed} not followed"
    );
    assert!(proven > wanted && broken > wanted && covered > wanted, "the policies try too little");
    assert!(not_decided <= wanted / 20, "{not_decided} assertions are not decided");
    assert!(not_followed <= wanted / 4, "{not_followed} assertions are not followed");
}
