//! Explanations as JSON.

use serde_json::{Map, Value, json};

use crate::analysis::{Answer, Event, Explanation, MetRule, Step, Trace};
use crate::catalogue::Extension;
use crate::loc::Sources;

/// An explanation as JSON: the verdicts, and for each a packet and its way.
pub fn explanation_to_json(explanation: &Explanation, sources: &Sources) -> Value {
    let answer = |(verdict, trace): &(&'static Extension, Trace)| json!({ "verdict": verdict.word(), "packet": trace.packet.to_string(), "trace": trace_to_json(trace, sources) });
    json!({
        "family": explanation.family.name(),
        "verdicts": explanation.answers.iter().map(answer).collect::<Vec<Value>>(),
        "undecided": words(&explanation.undecided),
    })
}

/// A trace as JSON.
pub fn trace_to_json(trace: &Trace, sources: &Sources) -> Value {
    json!({
        "steps": trace.steps.iter().map(|one| step(one, sources)).collect::<Vec<Value>>(),
        "cut": trace.is_cut,
        "verdicts": words(&trace.verdicts),
        "joined": trace.joined,
    })
}

fn words(verdicts: &[&'static Extension]) -> Vec<String> {
    verdicts.iter().map(|verdict| verdict.word()).collect()
}

fn step(step: &Step, sources: &Sources) -> Value {
    let mut object = Map::from_iter([
        ("hook".to_owned(), json!(step.hook.map(|hook| hook.name()))),
        ("table".to_owned(), json!(step.table.name())),
        ("chain".to_owned(), json!(step.chain)),
        ("depth".to_owned(), json!(step.depth)),
        ("certain".to_owned(), json!(step.certain)),
    ]);
    let (kind, value) = match &step.event {
        Event::Rule(rule) => ("rule", met_rule(rule, sources)),
        Event::Policy(policy) => ("policy", json!(policy.name())),
        Event::End => ("end", json!(true)),
        Event::Changed(packet) => ("changed", json!(packet.to_string())),
    };
    object.insert(kind.to_owned(), value);
    Value::Object(object)
}

fn met_rule(rule: &MetRule, sources: &Sources) -> Value {
    let answer = match rule.answer {
        Answer::Yes => "yes",
        Answer::Perhaps => "perhaps",
        Answer::No => "no",
    };
    let reasons: Vec<Value> = { rule.reasons.iter() }
        .map(|reason| json!({ "asked": reason.asked, "because": reason.because }))
        .collect();
    json!({
        "number": rule.number,
        "file": sources.file_of(rule.loc),
        "line": rule.loc.line,
        "text": rule.text,
        "matches": answer,
        "reasons": reasons,
        "may_drop": rule.may_drop,
    })
}
