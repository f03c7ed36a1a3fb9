//! What is emitted is read as it is; and no text brings the importer down.

use fwdsl_runtime::family::Family;
use fwdsl_runtime::import::{Unknown, import};
use fwdsl_runtime::policy::Policy;
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::policies;
use fwdsl_tests::random::Random;

use crate::{canonical, emitted};

/// The texts of random policies.
fn texts(seed: u64, count: usize) -> Vec<(Family, String)> {
    let mut random = Random::new(seed);
    let mut texts = Vec::new();
    for _ in 0..count {
        let source = policies::policy(&mut random);
        let compiled = compile(source.parse().unwrap_or_else(|error| panic!("{error}: {source}")));
        let policy = Policy::from_model(compiled.model).unwrap_or_else(|error| panic!("{error}: {source}"));
        for family in Family::ALL {
            texts.extend(policy.emit(family).expect("the policy is sound").map(|text| (family, text)));
        }
    }
    texts
}

#[test]
fn what_is_emitted_is_read_as_it_is() {
    for (family, text) in texts(7, 25) {
        match canonical(&text, family) {
            Ok(again) => assert_eq!(again, text, "{family}"),
            Err(reasons) => panic!("{family}: {reasons}\n{text}"),
        }
    }
}

#[test]
fn no_text_brings_the_importer_down_and_what_it_takes_is_a_fixpoint() {
    let mut random = Random::new(11);
    let texts = texts(13, 20);
    let mut taken = 0;
    for round in 0..1500 {
        let (family, text) = &texts[round % texts.len()];
        let garbled = garble(&mut random, text);
        let unknown = if random.one_in(2) { Unknown::Raw } else { Unknown::Refuse };
        let Ok(imported) = import(&garbled, "garbled", *family, unknown) else { continue };
        let once = emitted(&imported, *family);
        let again = import(&once, "once", *family, unknown)
            .unwrap_or_else(|errors| panic!("{errors}\n{once}\nof\n{garbled}"));
        assert_eq!(emitted(&again, *family), once, "{garbled}");
        taken += 1;
    }
    assert!(taken > 150, "only {taken} texts were taken");
}

/// The text with a few of its words or characters changed.
fn garble(random: &mut Random, text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(2) {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let at = places[random.below(places.len())];
        let end = text[at..].find([' ', '\n']).map_or(text.len(), |length| at + length);
        match random.below(8) {
            0 => text.replace_range(at..end, ""),
            1 => text.insert_str(
                at,
                random.pick(&["!", " ! ", "\"", "\\", "-", "--", " -m ", "\0", "ä", ":", ","]),
            ),
            2 => text.replace_range(
                at..end,
                random.pick(&["0", "65536", "-1", "0x10", "99999999999999999999", "all"]),
            ),
            3 => text.insert_str(
                end,
                random.pick(&[" -j LOG", " -m tcp", " -p udp", " --dport 1:", " -s 1.2.3.4,::1"]),
            ),
            4 => text.insert(at, '\n'),
            5 => text.truncate(at),
            6 => {
                let word = text[at..end].to_owned();
                text.insert_str(at, &format!("{word} "));
            }
            _ => text.insert_str(
                end,
                random.pick(&["\r", " -c 1 2", " [1:2]", "\n-F", "\n-D INPUT 1", "\n-I INPUT 1"]),
            ),
        }
        if text.is_empty() {
            return text;
        }
    }
    text
}
