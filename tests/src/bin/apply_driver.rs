//! The apply engine as a program, for tests: `apply_driver COMMAND DESIRED.json [options]`.
//!
//! `apply_driver alternate DESIRED.json --other OTHER.json --times N [options]` applies the one and the other in turn.
//!
//! Prints the report as JSON; an error goes to standard error, with exit code 1. Under a file name that ends in `-deaf` it
//! is a program whose author forgot the guardian.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use fwdsl_runtime::Policy;
use fwdsl_runtime::emit::{Protocols, emit_chains};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::change::{FileChange, FileContent, SysctlWrite};
use fwdsl_runtime::host::{self, ApplyError, Caller, Desired, DesiredSet, GoBack, Options, Sharing, Variant};
use fwdsl_runtime::ipset::find_kind;
use fwdsl_runtime::syntax::compile;
use serde_json::{Value, json};

fn main() -> ExitCode {
    let deaf = std::env::current_exe().is_ok_and(|path| path.to_string_lossy().ends_with("-deaf"));
    if !deaf && let Some(code) = host::guardian::intercept() {
        return code;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [command, desired, options @ ..] = args.as_slice() else { panic!("a command and a file are needed") };
    let (options, extra) = parse_options(options);
    match run(command, &read_desired(desired), &options, &extra) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn read_desired(path: &str) -> Desired {
    let text = std::fs::read_to_string(path).expect("the file can be read");
    parse_desired(&serde_json::from_str(&text).expect("the file holds JSON"))
}

/// What single commands want beside the options of the engine.
#[derive(Default)]
struct Extra {
    /// What is applied in turn with the first.
    other: Option<Desired>,
    /// How often in all.
    times: usize,
    /// The number of a former state.
    state: Option<u64>,
}

fn run(command: &str, desired: &Desired, options: &Options, extra: &Extra) -> Result<Value, ApplyError> {
    Ok(match command {
        "apply" => {
            let report = host::apply(desired, options)?;
            json!({ "changed": report.changed(), "report": report })
        }
        "alternate" => {
            let other = extra.other.as_ref().expect("another state");
            let mut changed = 0;
            for turn in 0..extra.times {
                let report = host::apply(if turn % 2 == 0 { desired } else { other }, options)?;
                changed += usize::from(report.changed());
            }
            json!({ "changed": changed })
        }
        "recover" => {
            let recovered = host::recover(options)?;
            let ended = host::last_outcome(options)?.map(|outcome| outcome.ended);
            json!({ "recovered": recovered, "ended": ended })
        }
        "history" => json!(host::history(options)?),
        "rollback" => {
            let back = GoBack { number: extra.state, caller: Caller::Console, force: false };
            json!(host::rollback(&back, options)?)
        }
        "confirm" => json!({ "files": host::confirm(options, &Caller::Console)?.files }),
        "inspect" => json!(host::inspect(options)?),
        other => panic!("no command `{other}`"),
    })
}

fn parse_options(args: &[String]) -> (Options, Extra) {
    let mut options = Options::default();
    let mut extra = Extra::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().expect("the option has a value").as_str();
        let seconds = |text: &str| Duration::from_secs(text.parse().expect("seconds"));
        match arg.as_str() {
            "--variant" => {
                options.variant = Some(if value() == "nft" { Variant::Nft } else { Variant::Legacy });
            }
            "--program-dir" => options.program_dir = Some(PathBuf::from(value())),
            "--root" => options.root = Some(PathBuf::from(value())),
            "--replace-foreign" => options.replace_foreign = true,
            "--drop-revoked" => options.drop_revoked = true,
            "--confirm" => options.confirm = Some(seconds(value())),
            "--dry-run" => options.dry_run = true,
            "--other" => extra.other = Some(read_desired(value())),
            "--times" => extra.times = value().parse().expect("a number"),
            "--lock-wait" => options.lock_wait = seconds(value()),
            "--program-deadline" => options.program_deadline = seconds(value()),
            "--keep" => options.keep = value().parse().expect("a number"),
            "--state" => extra.state = Some(value().parse().expect("a number")),
            other => panic!("no option `{other}`"),
        }
    }
    (options, extra)
}

/// A policy from source text, as `firewall!` compiles it.
fn policy(source: &str) -> Policy {
    let compiled = compile(source.parse().expect("tokens"));
    Policy::from_model(compiled.model).unwrap_or_else(|errors| panic!("{errors}"))
}

fn parse_desired(value: &Value) -> Desired {
    let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
    let list = |key: &str| value[key].as_array().cloned().unwrap_or_default();
    let sysctl = |value: &Value| SysctlWrite {
        key: text(value, "key").expect("a key"),
        value: text(value, "value").expect("a value"),
        // The engine's modules come from a catalogue; a test's live as long as its process.
        module: text(value, "module").map(|module| &*module.leak()),
    };
    let file = |value: &Value| FileChange {
        path: text(value, "path").expect("a path").into(),
        content: match (text(value, "text"), text(value, "link")) {
            (Some(text), _) => FileContent::Regular { bytes: text.into_bytes(), mode: 0o644 },
            (None, Some(target)) => FileContent::Symlink(target.into()),
            (None, None) => FileContent::Absent,
        },
        purpose: "a test's file".to_owned(),
    };
    let set = |value: &Value| DesiredSet {
        name: text(value, "name").expect("a name"),
        kind: find_kind(value["kind"].as_str().expect("a kind")).expect("a kind of set"),
        family: match value["family"].as_str() {
            Some("ipv4") => Some(Family::Ipv4),
            Some(_) => Some(Family::Ipv6),
            None => None,
        },
        parameters: text(value, "parameters").expect("parameters"),
        elements: value["elements"]
            .as_array()
            .map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default(),
        keep: value["keep"] == true,
        changes_by_itself: value["changes_by_itself"] == true,
        foreign: value["foreign"] == true,
    };
    let policy = text(value, "policy").map(|source| policy(&source));
    let ruleset = |family| policy.as_ref().and_then(|policy| policy.lower(family).expect("it compiled"));
    let rules = |family: Family| {
        let of_policy = || Some(emit_chains(&*ruleset(family)?, Protocols::Numbered));
        text(value, family.name()).or_else(of_policy)
    };
    let sharing = |family| ruleset(family).map(|ruleset| Sharing::of(&ruleset)).unwrap_or_default();
    let sets = policy.as_ref().map(|policy| policy.all_sets().expect("it compiled")).unwrap_or_default();
    let policy_sets = sets.iter().map(|set| DesiredSet::from(set.as_ref()));
    Desired {
        ipv4: rules(Family::Ipv4),
        ipv6: rules(Family::Ipv6),
        ipv4_sharing: sharing(Family::Ipv4),
        ipv6_sharing: sharing(Family::Ipv6),
        sets: policy_sets.chain(list("sets").iter().map(set)).collect(),
        sysctls: list("sysctls").iter().map(sysctl).collect(),
        policy: None,
        files: list("files").iter().map(file).collect(),
        ..Desired::default()
    }
}
