//! The report.

use std::fmt::Write as _;
use std::time::Duration;

use super::cases::{Case, Goal};
use super::measure::Measured;

/// A goal and what was measured, as a line.
pub(crate) fn line(goal: &Goal, measured: &Measured) -> String {
    let verdict = if goal.is_met_by(measured) { "ok" } else { "TOO MUCH" };
    let Goal { case, most, .. } = goal;
    format!(
        "{:12} {:6} rules: {} of {}, {} MB; all lints {}, import {}, lowering {}; {} unreachable: {verdict}",
        case.name,
        measured.rules,
        shown(measured.analysis),
        shown(*most),
        measured.peak_kib / 1024,
        shown(measured.lints),
        shown(measured.import),
        shown(measured.lower),
        measured.unreachable
    )
}

fn shown(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    if millis < 10.0 { format!("{millis:.1} ms") } else { format!("{millis:.0} ms") }
}

/// The whole report, in Markdown.
pub(crate) fn report(goals: &[(&Goal, Measured)], scales: &[(&Case, Vec<Measured>)]) -> String {
    let mut text = String::from(HEAD);
    text += "\n| firewall | rules | may take | analysis | of that lowering | all lints | reading the text | \
             memory at most | unreachable |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    for (goal, measured) in goals {
        let memory = match goal.most_megabytes {
            Some(most) => format!("{} of {most} MB", measured.peak_kib / 1024),
            None => format!("{} MB", measured.peak_kib / 1024),
        };
        let import = if measured.import.as_micros() == 0 { "–".to_owned() } else { shown(measured.import) };
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {import} | {memory} | {} |",
            goal.case.about,
            measured.rules,
            shown(goal.most),
            shown(measured.analysis),
            shown(measured.lower),
            shown(measured.lints),
            measured.unreachable
        )
        .expect("memory takes it");
    }
    text += "\n## Growth\n\n![Time by number of rules](analysis.svg)\n\n";
    text += "| firewall | rules | analysis | of that lowering | reading the text | memory at most |\n";
    text += "| --- | ---: | ---: | ---: | ---: | ---: |\n";
    for (case, sizes) in scales {
        for measured in sizes {
            writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} MB |",
                case.about,
                measured.rules,
                shown(measured.analysis),
                shown(measured.lower),
                shown(measured.import),
                measured.peak_kib / 1024
            )
            .expect("memory takes it");
        }
    }
    text
}

const HEAD: &str = "# What the analysis takes

Written by `cargo bench -p fwdsl-tests --bench analysis -- --write`; without `--write` the same command prints the first
table and fails where something takes more than it may.

The analysis is what `unreachable_rule` asks: from the model, lowered for its families, to a packet for each rule or the
rules that take all of them. All lints is what `fwdsl check` does behind the reading: that, the other lints and the checks of
every rule. Neither may take more than the table allows. It runs inside rustc, which builds macros without optimisation,
whatever the profile of the program. So all of it is measured at `opt-level = 0` with debug assertions and overflow checks,
as `cargo build` has them.

Times are processor time, the least of several runs, each in a process of its own: what else happens on the machine adds
to a run, and takes nothing from it. Memory is the most that such a process ever held, the text and the model included.
As a baseline the same runs measure the lowering alone, which every use of a policy needs, and reading the text of
`iptables-save`. The firewalls are made by `tests/src/large`, the same in every run.
";
