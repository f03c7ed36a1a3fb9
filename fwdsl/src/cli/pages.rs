//! `completions` and `man`: what the program tells of its command line.

use clap::Command;
use serde_json::{Map, json};

use super::failure::Failure;
use super::output::Done;
use crate::pages::{self, CompletionsArguments, ManArguments, program_name};

/// Of what an administrator runs (man-pages(7)).
const SECTION: &str = "8";

pub(super) fn completions(definition: &Command, arguments: &CompletionsArguments) -> Done {
    done("completions", pages::completions(definition, &program_name(), arguments))
}

pub(super) fn man(definition: &Command, arguments: &ManArguments) -> Result<Done, Failure> {
    let page = pages::man(definition, &program_name(), SECTION, arguments).map_err(Failure::Page)?;
    Ok(done("man", page))
}

fn done(what: &str, text: String) -> Done {
    let json = Map::from_iter([(what.to_owned(), json!(text))]);
    Done { text, json, warnings: Vec::new() }
}
