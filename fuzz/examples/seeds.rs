//! Writes inputs to begin with into a directory: every option of the catalogue at its limits and random policies, each as
//! dumps (`DIRECTORY/dumps`) and as JSON (`DIRECTORY/json`).

use std::fs;
use std::path::PathBuf;

use fwdsl_runtime::catalogue::EXTENSIONS;
use fwdsl_runtime::emit::{Protocols, emit};
use fwdsl_runtime::family::{Family, FamilySet};
use fwdsl_runtime::json::to_json;
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::model::Model;
use fwdsl_runtime::syntax::compile;
use fwdsl_runtime::table::TableName;
use fwdsl_tests::policies;
use fwdsl_tests::policies::whole::Generator;
use fwdsl_tests::random::Random;
use fwdsl_tests::samples::{SAMPLE_SET, samples};

/// How many random policies of each kind.
const POLICIES: usize = 30;

fn main() -> std::io::Result<()> {
    let directory = PathBuf::from(std::env::args_os().nth(1).expect("a directory"));
    let mut count = 0;
    for rule in EXTENSIONS.iter().flat_map(|extension| samples(extension)).flat_map(|sample| sample.rules) {
        let models = TableName::ALL.into_iter().filter_map(|table| sound(table, &rule));
        if let Some(model) = models.into_iter().next() {
            write(&directory, &format!("sample-{count}"), &model)?;
            count += 1;
        }
    }
    let mut random = Random::new(21);
    let mut generator = Generator::new(22);
    for index in 0..POLICIES {
        let compiled = compile(policies::policy(&mut random).parse().expect("tokens"));
        write(&directory, &format!("rules-{index}"), &compiled.model)?;
        write(&directory, &format!("whole-{index}"), &generator.next_policy().policy().model())?;
    }
    Ok(())
}

/// The policy of one rule, if it may stand in the table.
fn sound(table: TableName, rule: &str) -> Option<Model> {
    let source = format!("{SAMPLE_SET} table {table} {{ chain {} {{ {rule} }} }}", table.hooks()[0]);
    let compiled = compile(source.parse().expect("tokens"));
    compiled.is_sound().then_some(compiled.model)
}

fn write(directory: &PathBuf, name: &str, model: &Model) -> std::io::Result<()> {
    for family in Family::ALL {
        if let Some(ruleset) = lower(model, family) {
            let text = emit(&ruleset, Protocols::Named);
            fs::write(directory.join(format!("dumps/{name}-{}", family.name())), text)?;
        }
    }
    fs::write(directory.join(format!("json/{name}")), to_json(model, FamilySet::NONE).to_string())
}
