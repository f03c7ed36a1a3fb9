//! Any text, read as a dump of either family: no panic, and what is taken comes back as it was emitted.

#![no_main]

use fwdsl_runtime::emit::{Protocols, emit};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::import::{Unknown, import};
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::model::Model;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for family in Family::ALL {
        let strict = import(text, "text", family, Unknown::Refuse);
        let lenient = import(text, "text", family, Unknown::Raw);
        let imported = match (strict, lenient) {
            (Ok(strict), lenient) => {
                // What is known is read alike, whatever would become of what is not.
                assert_eq!(Ok(&strict), lenient.as_ref());
                Some((strict, Unknown::Refuse))
            }
            (Err(_), lenient) => lenient.ok().map(|imported| (imported, Unknown::Raw)),
        };
        let Some((imported, unknown)) = imported else { continue };
        let emitted = text_of(&imported.model, family);
        let again = import(&emitted, "emitted", family, unknown);
        let again = again.unwrap_or_else(|errors| panic!("{errors}\n{emitted}"));
        assert_eq!(text_of(&again.model, family), emitted);
    }
});

fn text_of(model: &Model, family: Family) -> String {
    lower(model, family).map_or(String::new(), |ruleset| emit(&ruleset, Protocols::Named))
}
