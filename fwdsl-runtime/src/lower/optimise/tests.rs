//! Trees are compared with the rules that they stand for by the diagram, which knows nothing of either.

use super::{OptimisedRun, lower_optimised};
use crate::analysis::{COMPARE_BUDGET, compare_rulesets};
use crate::emit::{Protocols, emit};
use crate::family::Family;
use crate::import::{Unknown, import};
use crate::lower::{Ruleset, lower};

fn optimised(text: &str, family: Family) -> (Ruleset, Ruleset, Vec<OptimisedRun>) {
    let imported =
        import(text, "test", family, Unknown::Raw).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let mut model = imported.model;
    model.set_optimise(true);
    let plain = lower(&model, family).expect("a table");
    let (now, report) = lower_optimised(&model, family).expect("a table");
    (plain, now, report)
}

fn filter(rules: &[String]) -> String {
    format!("*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:a -\n:b -\n{}\nCOMMIT\n", rules.join("\n"))
}

#[test]
fn shapes_are_optimised_and_proven() {
    for n in [40usize, 1000, 10_000] {
        let addresses: Vec<String> = (0..n)
            .map(|k| {
                format!(
                    "-A INPUT -s 10.{}.{}.{}/32 -p tcp -m tcp --dport {} -j {}",
                    k % 7,
                    k / 250,
                    k % 250,
                    1 + k * 13 % 60000,
                    if k % 3 == 0 { "ACCEPT" } else { "DROP" }
                )
            })
            .collect();
        let ports: Vec<String> = (0..n)
            .map(|k| {
                format!(
                    "-A INPUT -p tcp -m tcp --dport {} -j {}",
                    1 + k * 5,
                    if k % 3 == 0 { "ACCEPT" } else { "DROP" }
                )
            })
            .collect();
        for rules in [addresses, ports] {
            let started = std::time::Instant::now();
            let (plain, now, report) = optimised(&filter(&rules), Family::Ipv4);
            println!("{n} {:?} {:?}", started.elapsed(), report);
            if n <= 1000 {
                let started = std::time::Instant::now();
                let difference = compare_rulesets(&plain, &now, 1000 * COMPARE_BUDGET).expect("few steps");
                println!("compare {:?}", started.elapsed());
                assert!(difference.changes.is_empty());
            }
            if n == 40 {
                println!("{}", emit(&now, Protocols::Named));
            }
        }
    }
}
