//! The document as a whole.

use serde_json::Value;

use super::assertion::{read_assertion, read_sysctl, write_assertion, write_sysctl};
use super::chain::{
    read_chain, read_families, read_foreign, read_levels, read_ownership, write_chain, write_families,
    write_foreign, write_levels, write_ownership,
};
use super::error::{JsonError, JsonErrors};
use super::lowered::write_ruleset;
use super::node::{Node, Reading};
use super::object::Object;
use super::place::{Writer, read_sources};
use super::set::{read_set, write_set};
use crate::family::FamilySet;
use crate::loc::Sources;
use crate::lower::lower_optimised;
use crate::model::Model;

/// The version of the document that this library writes and reads. It changes when something that was written before
/// means something else, or is no longer written.
pub const VERSION: u64 = 1;

/// The policy as a document, with what it is lowered to for these families.
///
/// The policy must have passed [`crate::check`].
pub fn to_json(model: &Model, lowered: FamilySet) -> Value {
    let writer = Writer { sources: &model.sources };
    let rulesets = lowered.iter().map(|family| {
        let ruleset = lower_optimised(model, family);
        (family, ruleset.map_or(Value::Null, |(ruleset, _)| write_ruleset(&ruleset, writer)))
    });
    let lowered =
        rulesets.fold(Object::default(), |object, (family, ruleset)| object.with(family.name(), ruleset));
    Object::one("fwdsl", Object::one("version", VERSION))
        .with("sources", writer.sources())
        .with("families", write_families(model.families))
        .with("ownership", write_ownership(&model.ownership, writer))
        .list("foreign_chains", &model.foreign, |foreign| write_foreign(foreign, writer))
        .list("chains", &model.chains, |chain| write_chain(chain, writer))
        .list("sets", &model.sets, |set| write_set(set, writer))
        .list("sysctls", &model.sysctls, |sysctl| write_sysctl(sysctl, writer))
        .with("lints", write_levels(&model.levels))
        .list("assertions", &model.assertions, |assertion| write_assertion(assertion, writer))
        .maybe("analysis_budget", model.analysis_budget)
        .if_true("optimise", model.optimise)
        .with("lowered", lowered)
        .into()
}

/// The policy that a document holds. It is to be checked ([`crate::check`]) as any other.
///
/// What the document says of lowered rules is not read: they follow from the policy.
///
/// # Errors
/// Everything that is wrong with the document: no JSON, another version, and all that is missing or not known.
pub fn from_json(text: &str) -> Result<Model, JsonErrors> {
    let document: Value = serde_json::from_str(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        JsonErrors { list: vec![JsonError { place, message, help: None }] }
    })?;
    let mut reading = Reading::default();
    match read_model(&Node::root(&document), &mut reading) {
        Some(model) if reading.errors.is_empty() => Ok(model),
        _ => Err(JsonErrors { list: reading.errors }),
    }
}

fn read_model(node: &Node<'_>, reading: &mut Reading) -> Option<Model> {
    // Of another version, nothing else can be told.
    read_version(node, reading)?;
    let fields = node.fields(
        &[
            "fwdsl",
            "sources",
            "families",
            "ownership",
            "foreign_chains",
            "chains",
            "sets",
            "sysctls",
            "lints",
            "assertions",
            "analysis_budget",
            "optimise",
            "lowered",
        ],
        reading,
    )?;
    let sources = match fields.optional("sources") {
        Some(node) => read_sources(&node, reading)?,
        None => Sources::default(),
    };
    // Each part is read even if one before it is wrong, so that all errors are found at once.
    let families = fields.required("families", reading).and_then(|node| read_families(&node, reading));
    let ownership = fields.maybe("ownership", reading, read_ownership);
    let foreign = fields.maybe("foreign_chains", reading, |node, reading| node.each(reading, read_foreign));
    let chains = fields.each("chains", reading, read_chain);
    let sets = fields.maybe("sets", reading, |node, reading| node.each(reading, read_set));
    let sysctls = fields.maybe("sysctls", reading, |node, reading| node.each(reading, read_sysctl));
    let levels = fields.maybe("lints", reading, read_levels);
    let assertions = fields.maybe("assertions", reading, |node, reading| node.each(reading, read_assertion));
    let analysis_budget = fields.maybe("analysis_budget", reading, Node::number);
    let optimise = fields.is_true("optimise", reading);
    Some(Model {
        sources,
        families: families?,
        ownership: ownership?.unwrap_or_default(),
        foreign: foreign?.unwrap_or_default(),
        chains: chains?,
        sets: sets?.unwrap_or_default(),
        sysctls: sysctls?.unwrap_or_default(),
        levels: levels?.unwrap_or_default(),
        assertions: assertions?.unwrap_or_default(),
        analysis_budget: analysis_budget?,
        optimise: optimise?,
    })
}

fn read_version(node: &Node<'_>, reading: &mut Reading) -> Option<()> {
    let Some(marker) = node.field("fwdsl", reading)? else {
        let help = "a policy of fwdsl begins with `{\"fwdsl\": {\"version\": 1}, …`; `show --format json` writes one";
        return reading.fail(
            node,
            "this is no policy of fwdsl: the field `fwdsl` is missing",
            Some(help.into()),
        );
    };
    let Some(version) = marker.field("version", reading)? else {
        return reading.fail(&marker, "the field `version` is missing", None);
    };
    let number: u64 = version.number(reading)?;
    if number == VERSION {
        return marker.fields(&["version"], reading).map(|_| ());
    }
    let help = format!("this program knows version {VERSION}");
    reading.fail(&version, format!("unknown version {number}"), Some(help))
}
