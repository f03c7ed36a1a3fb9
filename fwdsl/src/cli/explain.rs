//! `explain`: which verdicts the packets of a pattern get, and why.

use fwdsl_runtime::Policy;
use fwdsl_runtime::analysis::{Explanation, explain_request};
use fwdsl_runtime::json::explanation_to_json;
use serde_json::{Map, Value};

use super::args::ExplainArguments;
use super::failure::Failure;
use super::output::Done;

pub(super) fn explain(policy: &Policy, arguments: &ExplainArguments) -> Result<Done, Failure> {
    let policy = &policy.read()?;
    let model = policy.model();
    let explanations = explain_request(&model, &arguments.request()).map_err(Failure::Question)?;
    let sources = model.sources();
    let texts: Vec<String> = explanations.iter().map(|one: &Explanation| one.text(sources)).collect();
    let objects: Vec<Value> = explanations.iter().map(|one| explanation_to_json(one, sources)).collect();
    let json = Map::from_iter([("explanations".to_owned(), Value::Array(objects))]);
    Ok(Done { text: texts.join("\n"), json, warnings: Vec::new() })
}
