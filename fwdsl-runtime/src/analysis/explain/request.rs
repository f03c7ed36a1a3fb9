//! A question as somebody asks it on a command line.

use std::fmt;

use super::question::{Explanation, Place, explain};
use crate::family::Family;
use crate::model::Model;
use crate::nearest::nearest;
use crate::syntax::{PatternError, parse_pattern};
use crate::table::TableName;
use crate::variant::Variant;

/// A question about the packets of a pattern.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// The pattern, as it may stand in an assertion: `in eth0 tcp dport 22 ct new`.
    pub pattern: &'a str,
    /// The chain, `INPUT` or `mangle/FORWARD`, at whose top the packets start; the whole way through the host if none
    /// is named.
    pub chain: Option<&'a str>,
    /// The family; both that the pattern and the policy are for if none is named.
    pub family: Option<Family>,
    /// The variant of iptables; what either may do if none is named.
    pub variant: Option<Variant>,
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestError {
    /// The pattern is wrong.
    Pattern(PatternError),
    /// There is no such chain, in words.
    Chain(String),
    /// The pattern covers no packet there.
    NoPacket,
    /// The policy has no rules for the family.
    NoFamily(Family),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestError::Pattern(error) => error.fmt(f),
            RequestError::Chain(message) => f.write_str(message),
            RequestError::NoPacket => f.write_str(
                "the pattern covers no packet\nhelp: its matches exclude each other, or what is known of packets there",
            ),
            RequestError::NoFamily(family) => write!(f, "there are no rules for {family}"),
        }
    }
}

impl std::error::Error for RequestError {}

/// Answers a question about a policy that has passed the checks, for each family that it is about.
///
/// # Errors
/// If the pattern is wrong or covers no packet, or the chain or the family is not there.
pub fn explain_request(model: &Model, request: &Request<'_>) -> Result<Vec<Explanation>, RequestError> {
    let place = request.chain.map_or(Ok(Place::Host), |chain| find_place(model, chain))?;
    let (table, hook) = match &place {
        Place::Chain(table, chain) => (*table, table.hook(chain)),
        Place::Host => (TableName::Filter, None),
    };
    let matches = parse_pattern(request.pattern, model, table, hook).map_err(RequestError::Pattern)?;
    if let Some(family) = request.family.filter(|family| !model.families().contains(*family)) {
        return Err(RequestError::NoFamily(family));
    }
    let asked = |family: &Family| request.family.is_none_or(|only| only == *family);
    let families = model.families().iter().filter(asked);
    let explanations: Vec<Explanation> =
        families.filter_map(|family| explain(model, &matches, family, &place, request.variant)).collect();
    if explanations.is_empty() { Err(RequestError::NoPacket) } else { Ok(explanations) }
}

/// The chain that is meant by `[TABLE/]CHAIN`.
fn find_place(model: &Model, text: &str) -> Result<Place, RequestError> {
    let (table, chain) = match text.split_once('/') {
        Some((table, chain)) => {
            let known = TableName::from_name(table).ok_or_else(|| {
                let names = TableName::ALL.map(TableName::name);
                no_chain(format!("unknown table `{table}`"), nearest(table, names))
            })?;
            (known, chain)
        }
        None => (TableName::Filter, text),
    };
    let here = || model.chains().iter().filter(|chain| chain.table() == table);
    let has_table = here().next().is_some();
    if here().any(|known| known.name() == chain) || has_table && table.hook(chain).is_some() {
        return Ok(Place::Chain(table, chain.to_owned()));
    }
    if !has_table {
        return Err(no_chain(format!("there is no table `{table}`"), None));
    }
    let names = here().map(|chain| chain.name()).chain(table.hooks().iter().map(|hook| hook.name()));
    Err(no_chain(format!("unknown chain `{chain}` in the table `{table}`"), nearest(chain, names)))
}

fn no_chain(message: String, similar: Option<&str>) -> RequestError {
    let help = similar.map(|name| format!("\nhelp: did you mean `{name}`?"));
    RequestError::Chain(message + &help.unwrap_or_default())
}
