//! A policy whose assertions are proven, with packets that their patterns cover.

use fwdsl_runtime::analysis::{Packet, evaluate, prove};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::model::{Assertion, Model, Scope};
use fwdsl_runtime::syntax::compile;
use fwdsl_runtime::table::{TableName, Way};
use fwdsl_tests::random::Random;

use super::mutants::with;
use super::values::Values;

pub(crate) fn model(source: &str) -> Option<Model> {
    // Lints are beside the point.
    let allowed =
        "#![allow(unreachable_rule, no_effect_rule, useless_match, odd_value, conflicting_rules)]\n";
    let compiled = compile(format!("{allowed}{source}").parse().ok()?);
    let proofs =
        |message: &str| message.starts_with("assertion ") || message == "the pattern covers no packet";
    let mut errors = compiled.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    errors.all(|error| proofs(&error.message)).then_some(compiled.model)
}

/// A case of an assertion, and packets that its pattern covers.
pub(crate) struct Case {
    pub(crate) assertion: usize,
    pub(crate) case: usize,
    pub(crate) claim: String,
    pub(crate) packets: Vec<Packet>,
}

/// The cases of a source text, in order: scope, pattern, claim.
pub(crate) fn cases(source: &str) -> Vec<(usize, usize, String, String, String)> {
    let mut cases = Vec::new();
    for (assertion, text) in source.split("assert ").skip(1).enumerate() {
        let (scope, rest) = text.split_once('{').expect("a body");
        let (body, _) = rest.split_once('}').expect("its end");
        for (case, text) in body.split(';').map(str::trim).filter(|text| !text.is_empty()).enumerate() {
            let (pattern, claim) = text.split_once("=>").expect("a case");
            let texts = [scope, pattern, claim].map(|text| text.trim().to_owned());
            let [scope, pattern, claim] = texts;
            cases.push((assertion, case, scope, pattern, claim));
        }
    }
    cases
}

/// The `let`s of a source text.
pub(crate) fn lets(source: &str) -> String {
    let starts = source.match_indices("let ").map(|(at, _)| at);
    starts.map(|at| source[at..].split_inclusive(';').next().unwrap_or_default()).collect()
}

/// Whether packets of the scope have interfaces: for each kind of packet, incoming and outgoing.
pub(crate) fn interfaces(scope: &Scope) -> Vec<(bool, bool)> {
    let hook = |name: &str| match name {
        "PREROUTING" | "INPUT" => (true, false),
        "OUTPUT" => (false, true),
        _ => (true, true),
    };
    match scope {
        Scope::Chain { name, .. } => vec![hook(name)],
        Scope::Host(way) => {
            let ways = Way::ALL.into_iter().filter(|other| way.is_none_or(|way| way == *other));
            ways.map(|way| (way.has_in_interface(), way.has_out_interface())).collect()
        }
    }
}

pub(crate) struct Subject {
    pub(crate) source: String,
    pub(crate) cases: Vec<Case>,
}

/// A policy whose assertions are proven, with packets for each.
pub(crate) fn subject(random: &mut Random, policy: &str, wanted: usize) -> Subject {
    let source = with(policy, usize::MAX, "");
    let model = model(&source).unwrap_or_else(|| {
        panic!("{:?}\n{source}", compile(source.parse().expect("tokens")).diagnostics);
    });
    assert!(prove(&model).is_empty(), "{:?}\n{source}", prove(&model));
    let mut values = Values::new();
    for rule in model.chains().iter().flat_map(|chain| chain.rules()) {
        values.add(rule.matches());
    }
    model.assertions().iter().flat_map(Assertion::cases).for_each(|case| values.add(case.matches()));
    values.interfaces.extend(["eth7", "lan9", "wan9", "eth2"].map(str::to_owned));
    values.ports.extend([23, 81, 54, 114, 8081]);
    let lets = lets(policy);
    let mut list = Vec::new();
    for (assertion, case, scope, pattern, claim) in cases(&source) {
        let covers =
            self::model(&format!("{lets} chain PATTERN {{ {pattern} => accept; }}")).expect("a pattern");
        let covers = Family::ALL.map(|family| lower(&covers, family).map(|ruleset| (family, ruleset)));
        let kinds = interfaces(model.assertions()[assertion].scope());
        let mut packets = Vec::new();
        for _ in 0..200_000 {
            if packets.len() == wanted {
                break;
            }
            let family = Family::ALL[random.below(2)];
            let ruleset = covers.iter().flatten().find(|(other, _)| *other == family);
            let Some((_, ruleset)) = ruleset.filter(|_| model.families().contains(family)) else { continue };
            let (incoming, outgoing) = kinds[random.below(kinds.len())];
            let packet = values.packet(random, family, incoming, outgoing);
            let verdicts = evaluate(ruleset, TableName::Filter, "PATTERN", &packet).expect("it is there");
            let asks = |word: &str| pattern.split(' ').any(|other| other == word);
            let has = (incoming || !asks("in")) && (outgoing || !asks("out"));
            // What comes in by it and is routed through is no packet.
            let looped = incoming
                && outgoing
                && packet.in_interface.as_deref() == Some("lo")
                && scope.starts_with("host");
            if has && !looped && verdicts.iter().any(|verdict| verdict.word() == "accept") {
                packets.push(packet);
            }
        }
        assert!(!packets.is_empty(), "no packet of `{pattern}`");
        list.push(Case { assertion, case, claim, packets });
    }
    Subject { source, cases: list }
}
