//! What a packet costs under long lists of rules: without any, under the rules as they are, as trees (`#[optimise]`), and
//! where one set says it all.
//!
//! `cargo bench -p fwdsl-tests --bench packets` prints a table, and fails where a tree costs more than it may. With
//! `-- --write` it writes `docs/benchmarks/packets.md`. Packets go from one network namespace to another, whose INPUT drops
//! them; no packet leaves them.

mod field;
mod report;
mod shapes;

use std::process::ExitCode;

use fwdsl::host::Variant;
use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::VARIANTS;

use field::{Field, Times};
use report::Row;
use shapes::{SHAPES, Shape, Worst};

/// How many rules.
const SIZES: [usize; 2] = [1_000, 10_000];
/// How often each kind of rules is measured, in turn.
const ROUNDS: usize = 600;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let writes = arguments.iter().any(|argument| argument == "--write");
    let only = arguments.iter().find(|argument| SHAPES.iter().any(|shape| shape.name == argument.as_str()));
    if !require(&["ip", "ipset", "iptables-legacy-restore", "iptables-nft-restore"]) {
        return ExitCode::FAILURE;
    }
    let mut rows = Vec::new();
    for rules in SIZES {
        for shape in SHAPES.iter().filter(|shape| only.is_none_or(|only| shape.name == only)) {
            for variant in VARIANTS {
                let row = measure(shape, rules, variant);
                println!("{}", row.line());
                rows.push(row);
            }
        }
    }
    if writes {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks/packets.md");
        std::fs::write(docs, report::report(&rows)).expect("the report is written");
    }
    if rows.iter().all(Row::is_met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn measure(shape: &Shape, rules: usize, variant: Variant) -> Row {
    let made = shape.make(rules);
    let worst: Worst = made.worst();
    let mut fields = vec![
        Field::new(variant, "", shapes::NO_RULES),
        Field::new(variant, "", &made.linear),
        Field::new(variant, "", &made.tree),
    ];
    if let Some((set, rules)) = &made.set {
        fields.push(Field::new(variant, set, rules));
    }
    let loading: Vec<Times> = field::load_in_turn(&fields[1..3], &[&made.linear, &made.tree]);
    // Who meets all rules of the list, and who meets the most of the tree; without rules all packets are the same.
    let packets = [&worst.of_tree, &worst.of_linear, &worst.of_tree, &worst.of_linear];
    let times = field::send_in_turn(&fields, &packets[..fields.len()], ROUNDS);
    Row {
        shape: shape.name,
        about: shape.about,
        rules: made.rules,
        variant,
        lines: made.lines,
        met: worst.met,
        loading: [loading[0], loading[1]],
        nothing: times[0],
        linear: times[1],
        tree: times[2],
        set: times.get(3).copied(),
    }
}
