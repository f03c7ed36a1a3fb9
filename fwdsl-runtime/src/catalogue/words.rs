//! The words that a match or a verdict begins with, and what each means, for those who look them up.

use std::collections::BTreeMap;

use super::{Extension, SHORTHANDS, matches, targets};
use crate::protocols;

/// The words that a match begins with, each with a sentence on it.
pub fn match_words() -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    for name in protocols::COMMON {
        words.insert(name.to_owned(), format!("The protocol {name}."));
    }
    for extension in matches().filter(|entry| entry.module) {
        words.insert(extension.word(), about(extension));
    }
    for entry in SHORTHANDS {
        let about = entry.extension.about;
        let flag = entry.extension.option(entry.option).map_or("", |option| option.flag);
        let text = if flag.is_empty() { format!("{about}.") } else { format!("`{flag}`: {about}.") };
        words.insert(entry.word.to_owned(), text);
    }
    words
}

/// The words that a verdict begins with, each with a sentence on it.
pub fn verdict_words() -> BTreeMap<String, String> {
    let mut words: BTreeMap<String, String> =
        targets().map(|extension| (extension.word(), about(extension))).collect();
    words.insert("jump".to_owned(), "Go through a chain and come back.".to_owned());
    words.insert("goto".to_owned(), "Go to a chain and do not come back here.".to_owned());
    words
}

/// What an extension does, and its options.
fn about(extension: &Extension) -> String {
    let mut text = format!("`{}`: {}.", extension.name, extension.about);
    if !extension.options.is_empty() {
        let options: Vec<String> =
            extension.options.iter().map(|option| format!("`{}`", option.name)).collect();
        text.push_str(&format!("\n\nOptions: {}.", options.join(", ")));
    }
    text
}
