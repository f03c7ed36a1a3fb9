//! Policies as JSON: what is written is read back as the same policy, the schema knows all of it, and what is not known
//! is refused where it stands.

use fwdsl::Policy;
use fwdsl::family::FamilySet;
use fwdsl::model::Model;
use fwdsl_runtime::check::check;
use fwdsl_runtime::diagnostic::Diagnostic;
use fwdsl_runtime::json::{VERSION, from_json, to_json};
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::policies;
use fwdsl_tests::policies::whole::Generator;
use fwdsl_tests::random::Random;
use fwdsl_tests::schema::Schema;
use serde_json::{Value, json};

/// The policy as a program gets it from the macro.
fn model(source: &str) -> Model {
    let compiled = compile(source.parse().expect("tokens"));
    assert!(compiled.is_sound(), "{source}\n{:?}", compiled.diagnostics);
    Model::from_bytes("src/main.rs", &compiled.model.to_bytes()).expect("what was packed can be read")
}

fn schema() -> Schema {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schema/policy-v1.json");
    Schema::new(&std::fs::read_to_string(path).expect("the schema")).expect("a schema")
}

fn assert_round_trip(schema: &Schema, model: &Model) {
    let document = to_json(model, FamilySet::BOTH);
    if let Err(error) = schema.check(&document) {
        panic!("{error}\n{document:#}");
    }
    let text = format!("{document:#}");
    let read = from_json(&text).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    assert_eq!(read, *model, "{text}");
}

#[test]
fn random_rules_are_read_back_as_they_were() {
    let (schema, mut random) = (schema(), Random::new(11));
    for _ in 0..60 {
        let source = policies::policy(&mut random);
        assert_round_trip(&schema, &model(&source));
    }
}

#[test]
fn random_policies_of_the_whole_grammar_are_read_back_as_they_were() {
    let (schema, mut generator) = (schema(), Generator::new(12));
    for _ in 0..120 {
        assert_round_trip(&schema, &generator.next_policy().policy().model());
    }
}
