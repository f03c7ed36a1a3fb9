//! `show --trees`: what became of the rules that were to be optimised.

use std::fmt::Write as _;

use fwdsl_runtime::Policy;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::loc::Sources;
use fwdsl_runtime::lower::{OptimisedRun, TreeSize};
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::output::Done;

/// Tells of each run of rules, in one family or in both.
pub(super) fn trees(policy: &Policy, asked: Option<Family>) -> Result<Done, Failure> {
    let model = policy.model();
    let mut runs = Vec::new();
    for family in asked.map_or(Family::ALL.to_vec(), |family| vec![family]) {
        runs.extend(policy.optimised_runs(family)?);
    }
    let mut text = String::new();
    if runs.is_empty() {
        text.push_str(match model.wants_trees() {
            true => "no chain has enough rules one behind the other that could be a tree\n",
            false => "no chain is to be optimised: write `#[optimise]` before it\n",
        });
    }
    for run in &runs {
        push_run(&mut text, run, model.sources());
    }
    let runs: Vec<Value> = runs.iter().map(|run| run_json(run, model.sources())).collect();
    Ok(Done { text, json: Map::from_iter([("runs".to_owned(), Value::Array(runs))]), warnings: Vec::new() })
}

fn push_run(text: &mut String, run: &OptimisedRun, sources: &Sources) {
    let OptimisedRun { family, table, chain, rules, .. } = run;
    let (first, last) = run.locs;
    let from = format!("{} to {}", sources.place(first), last.line);
    let what = match &run.tree {
        Ok(TreeSize { chains, lines, longest_way }) => {
            format!(
                "{chains} chains, {lines} lines; a packet meets at most {longest_way} of them, proven equal"
            )
        }
        Err(why) => format!("left as it is: {why}"),
    };
    let _ = writeln!(text, "{family} {chain} of {table}, {rules} rules ({from}): {what}");
}

fn run_json(run: &OptimisedRun, sources: &Sources) -> Value {
    let (first, last) = run.locs;
    let tree = run.tree.as_ref().ok();
    json!({
        "family": run.family.name(),
        "table": run.table.name(),
        "chain": run.chain,
        "first": sources.place(first),
        "last": sources.place(last),
        "rules": run.rules,
        "tree": tree.map(|tree| json!({ "chains": tree.chains, "lines": tree.lines, "longest_way": tree.longest_way })),
        "why_not": run.tree.as_ref().err(),
    })
}
