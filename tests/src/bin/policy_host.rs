//! A provisioning binary whose policy is read from the file that `FWDSL_TEST_POLICY` names, for tests of random policies:
//! source, or JSON.

use std::process::ExitCode;

use fwdsl::Policy;
use fwdsl_runtime::host::guardian;
use fwdsl_runtime::json::from_json;
use fwdsl_runtime::syntax::compile;

fn main() -> ExitCode {
    // The helpers of an apply have no policy.
    if let Some(code) = guardian::intercept() {
        return code;
    }
    let path = std::env::var("FWDSL_TEST_POLICY").expect("a file is named");
    let source = std::fs::read_to_string(&path).expect("the file can be read");
    let model = match source.starts_with('{') {
        true => from_json(&source).expect("the file holds a policy"),
        false => compile(source.parse().expect("the file holds tokens")).model,
    };
    fwdsl::cli::run(&Policy::from_model(model).expect("the policy compiles"))
}
