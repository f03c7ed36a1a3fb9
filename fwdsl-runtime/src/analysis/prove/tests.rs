//! The two methods against each other.

use super::{Budgets, Problem, prover};
use crate::analysis::diagram::tests::{Random, ruleset};
use crate::analysis::tables::Tables;
use crate::catalogue::{ACCEPT, DROP, REJECT};
use crate::family::Family;
use crate::import::{Unknown, import};
use crate::loc::{Loc, Located};
use crate::model::{Assertion, AssertionCase, Claim, Match, Model, Outcome, Scope};
use crate::table::TableName;

const STEPS: u64 = 50_000_000;

/// A claim on packets that enter INPUT.
fn assertion(matches: Vec<Match>, negated: bool, outcome: Outcome) -> Assertion {
    let loc = Loc::default();
    let case = AssertionCase { matches, claim: Claim { negated, outcome, loc }, loc };
    let scope = Scope::Chain { table: TableName::Filter, name: "INPUT".to_owned() };
    Assertion { scope, cases: vec![case], loc }
}

/// Whether a case holds, by one of the methods alone; `None` if it covers no packet.
fn holds(model: &Model, budgets: Budgets) -> Option<bool> {
    let tables = Tables::new(model);
    let [assertion] = model.assertions() else { panic!("one assertion") };
    let finding = prover(model, &tables).prove_case(assertion, &assertion.cases()[0], budgets);
    match finding.map(|finding| finding.problem) {
        None => Some(true),
        Some(Problem::Broken(_)) => Some(false),
        Some(Problem::NoPacket) => None,
        Some(other) => panic!("{other:?}"),
    }
}

#[test]
fn the_diagram_decides_as_the_search_does() {
    let mut random = Random(0xd1a6);
    let (mut proven, mut broken) = (0, 0);
    for _ in 0..120 {
        let (text, _) = ruleset(&mut random);
        let mut model = import(&text, "test", Family::Ipv4, Unknown::Refuse).expect("rules that load").model;
        let rules: Vec<Vec<Match>> = { model.chains().iter() }
            .flat_map(|chain| &chain.rules)
            .map(|rule| rule.matches.clone())
            .collect();
        let chain = |name: &str| Outcome::Reaches {
            table: TableName::Filter,
            chain: Located::new(name.to_owned(), Loc::default()),
        };
        for outcome in [
            Outcome::Verdict(vec![&ACCEPT]),
            Outcome::Verdict(vec![&DROP]),
            Outcome::Verdict(vec![&DROP, &REJECT]),
            chain("a"),
            chain("b"),
        ] {
            for negated in [false, true] {
                let matches = match random.below(rules.len() + 1) {
                    0 => Vec::new(),
                    number => rules[number - 1].clone(),
                };
                model.assertions = vec![assertion(matches, negated, outcome.clone())];
                let searched = holds(&model, Budgets { search: STEPS, diagram: 0 });
                let drawn = holds(&model, Budgets { search: 0, diagram: STEPS });
                assert_eq!(searched, drawn, "{:?}\n{text}", model.assertions());
                proven += usize::from(searched == Some(true));
                broken += usize::from(searched == Some(false));
            }
        }
    }
    assert!(proven > 200 && broken > 200, "{proven} proven, {broken} broken");
}
