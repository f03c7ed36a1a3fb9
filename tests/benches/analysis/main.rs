//! How long the analysis takes for large firewalls, and how much memory, without optimisation: as rustc runs it.
//!
//! `cargo bench -p fwdsl-tests --bench analysis` prints a table, and fails where something takes more than it may.
//! With `-- --write` it writes `docs/benchmarks/analysis.md` and the plot. What is measured is processor time, each case
//! in a process of its own, the least of several runs.

mod cases;
mod measure;
mod plot;
mod report;

use std::process::{Command, ExitCode};

use cases::{Case, GOALS, SCALES, SIZES};
use measure::Measured;

/// How often each case runs.
const RUNS: usize = 3;
/// The same for those that take long.
const RUNS_OF_LARGE: usize = 2;
const LARGE: usize = 20_000;

fn main() -> ExitCode {
    if !cfg!(debug_assertions) {
        eprintln!("this measures code as rustc builds it for macros: `cargo bench`, or `--profile dev`");
        return ExitCode::FAILURE;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["--one", name, rules] => {
            let case = cases::find(name).expect("a case of this name");
            println!("{}", measure::measure(case, rules.parse().expect("a number")));
            ExitCode::SUCCESS
        }
        _ => all(words.contains(&"--write")),
    }
}

fn all(writes: bool) -> ExitCode {
    let mut goals = Vec::new();
    let mut is_met = true;
    for goal in GOALS {
        let measured = least(goal.case, goal.rules);
        is_met &= goal.is_met_by(&measured);
        println!("{}", report::line(goal, &measured));
        goals.push((goal, measured));
    }
    let mut scales: Vec<(&Case, Vec<Measured>)> = Vec::new();
    for name in SCALES {
        let case = cases::find(name).expect("a case");
        let sizes = SIZES.iter().map(|rules| least(case, *rules));
        let sizes: Vec<Measured> = sizes.inspect(|measured| println!("{name}: {measured}")).collect();
        scales.push((case, sizes));
    }
    if writes {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks");
        std::fs::create_dir_all(&docs).expect("a directory for the report");
        std::fs::write(docs.join("analysis.svg"), plot::plot(&scales)).expect("the plot is written");
        std::fs::write(docs.join("analysis.md"), report::report(&goals, &scales))
            .expect("the report is written");
    }
    if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The least of several runs: what others do on the machine only adds to it.
fn least(case: &Case, rules: usize) -> Measured {
    let runs = if rules >= LARGE { RUNS_OF_LARGE } else { RUNS };
    let mut least: Option<Measured> = None;
    for _ in 0..runs {
        let own = std::env::current_exe().expect("the path of this program");
        let output =
            Command::new(own).args(["--one", case.name, &rules.to_string()]).output().expect("it runs");
        assert!(output.status.success(), "{}: {}", case.name, String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        let measured: Measured = text.trim().parse().expect("the child says what it measured");
        least = Some(match least {
            Some(before) => before.least(&measured),
            None => measured,
        });
    }
    least.expect("there is one run at least")
}
