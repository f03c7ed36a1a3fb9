//! What a packet carries, and when it comes.
//!
//! Source: iptables-extensions(8), sections string, time, comment.

use super::aspect::Aspects;
use super::extension::Extension;
use super::kind::{ValueKind, Word};
use super::option::{DefaultValue, OptionSpec, When};
use super::requirement::Requirement::{AtMostOneOf, Below, Needs, OneOf, Taken};

static ALGORITHMS: &[Word] = &[Word::plain("bm"), Word::plain("kmp")];

/// `-m string`. Lowering writes the pattern as text or as bytes, as it is saved.
pub static STRING: Extension = Extension {
    looks_at: Aspects::ALL,
    requirements: &[
        OneOf(&["string", "hex-string"]),
        Below { less: "from", more: "to", or_equal: true, with: None },
    ],
    ..Extension::new_match(
        "string",
        &[
            OptionSpec::new("string", "--string", ValueKind::Pattern { hex: false })
                .negatable()
                .union()
                .positional(),
            OptionSpec::new("hex-string", "--hex-string", ValueKind::Pattern { hex: true })
                .alias(&["hex"])
                .negatable()
                .union(),
            OptionSpec::new("algo", "--algo", ValueKind::Word(ALGORITHMS)).required().by_name(),
            OptionSpec::new("from", "--from", ValueKind::Number { min: 0, max: 65_535 })
                .or(DefaultValue::Number(0)),
            OptionSpec::new("to", "--to", ValueKind::Number { min: 0, max: 65_535 })
                .or(DefaultValue::Number(65_535)),
            OptionSpec::flag("icase", "--icase"),
        ],
        "bytes somewhere in the packet",
    )
};

static WEEKDAYS: &[Word] = &[
    Word::of_print("mon", "Mon", &["monday", "1"]),
    Word::of_print("tue", "Tue", &["tuesday", "2"]),
    Word::of_print("wed", "Wed", &["wednesday", "3"]),
    Word::of_print("thu", "Thu", &["thursday", "4"]),
    Word::of_print("fri", "Fri", &["friday", "5"]),
    Word::of_print("sat", "Sat", &["saturday", "6"]),
    Word::of_print("sun", "Sun", &["sunday", "7"]),
];

static MONTHDAYS: &[Word] = &{
    const NAMES: [&str; 31] = [
        "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18",
        "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31",
    ];
    let mut words = [const { Word::plain("") }; 31];
    let mut at = 0;
    while at < NAMES.len() {
        words[at] = Word::plain(NAMES[at]);
        at += 1;
    }
    words
};

/// `-m time`. Times are UTC, or with `kerneltz` the kernel's.
pub static TIME: Extension = Extension {
    requirements: &[
        Needs("contiguous", &["timestart"]),
        Needs("contiguous", &["timestop"]),
        Below { less: "timestop", more: "timestart", or_equal: false, with: Some("contiguous") },
        Taken(&Below { less: "datestart", more: "datestop", or_equal: true, with: None }),
        AtMostOneOf(&["kerneltz", "utc"]),
    ],
    ..Extension::new_match(
        "time",
        &[
            OptionSpec::new("timestart", "--timestart", ValueKind::TimeOfDay).alias(&["start"]).or(
                DefaultValue::Printed { ipv4: "00:00:00", ipv6: "00:00:00", when: When::With("timestop") },
            ),
            OptionSpec::new("timestop", "--timestop", ValueKind::TimeOfDay).alias(&["stop"]).or(
                DefaultValue::Printed { ipv4: "23:59:59", ipv6: "23:59:59", when: When::With("timestart") },
            ),
            OptionSpec::new("monthdays", "--monthdays", ValueKind::Words(MONTHDAYS)).negatable(),
            OptionSpec::new("weekdays", "--weekdays", ValueKind::Words(WEEKDAYS)).negatable(),
            OptionSpec::new("datestart", "--datestart", ValueKind::Date),
            OptionSpec::new("datestop", "--datestop", ValueKind::Date)
                .or(DefaultValue::printed("2038-01-19T03:14:07")),
            OptionSpec::flag("kerneltz", "--kerneltz").also(&["--localtz"]),
            // What holds anyway, and is not saved.
            OptionSpec::flag("utc", "--utc"),
            OptionSpec::flag("contiguous", "--contiguous"),
        ],
        "when the packet comes",
    )
};

/// The longest comment, in bytes: `XT_MAX_COMMENT_LEN` is 256 with the closing NUL.
pub const COMMENT_MAX_BYTES: usize = 255;

/// `-m comment`
pub static COMMENT: Extension = Extension::new_match(
    "comment",
    &[OptionSpec::new("comment", "--comment", ValueKind::Text { max_bytes: COMMENT_MAX_BYTES }).required()],
    "text for people; written as the rule's doc comment",
);
