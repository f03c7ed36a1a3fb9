//! How long it takes from rules to the text of `iptables-restore` and back, beside the programs that one would use
//! instead, on the same rules and in the same run.
//!
//! `cargo bench -p fwdsl-tests --bench text --profile release` prints the figures, and fails where a goal is missed. With
//! `-- --write` it writes `docs/benchmarks/text.md`. It needs root, ferm and the legacy variant of iptables; rules are
//! loaded in a network namespace of its own.

mod cases;
mod goals;
mod measure;
mod memory;
mod peers;
mod report;

use std::process::ExitCode;

use fwdsl_tests::netns;

/// Names the file of a packed policy to a child that is to be its provisioning binary.
const POLICY: &str = "FWDSL_BENCH_POLICY";

fn main() -> ExitCode {
    if cfg!(debug_assertions) {
        eprintln!("this measures programs as they are installed: `cargo bench … --profile release`");
        return ExitCode::FAILURE;
    }
    if let Some(file) = std::env::var_os(POLICY) {
        return peers::provisioning_binary(&file);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, what, file] = arguments.as_slice()
        && flag == "--memory"
    {
        println!("{}", memory::measure(what, file));
        return ExitCode::SUCCESS;
    }
    if !netns::require(&["ferm", "iptables-legacy-restore"]) {
        return ExitCode::FAILURE;
    }
    let measured = measure::all();
    print!("{}", report::tables(&measured));
    let goals = goals::goals(&measured);
    print!("{}", report::verdicts(&goals));
    if arguments.iter().any(|word| word == "--write") {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks/text.md");
        std::fs::write(page, report::page(&measured, &goals)).expect("the page is written");
    }
    if goals.iter().all(|goal| goal.is_met()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
