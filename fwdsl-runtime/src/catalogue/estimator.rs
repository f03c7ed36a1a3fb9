//! Rates that the target `RATEEST` measures.
//!
//! Source: iptables-extensions(8), section rateest; for what goes together, iptables itself.

use super::extension::Extension;
use super::kind::ValueKind;
use super::option::OptionSpec;
use super::requirement::Requirement::{AnyOf, AtMostOneOf, Needs, OneOf, Taken};

/// The longest name of an estimator: `IFNAMSIZ` is 16 with the closing NUL.
const NAME: ValueKind = ValueKind::Bare { max_bytes: 15 };

const PACKETS: ValueKind = ValueKind::Number { min: 0, max: u32::MAX as u64 };

/// `-m rateest`. One estimator is compared with a rate, or two with each other; with `delta` it is what each differs by
/// from a rate of its own. Lowering writes the first estimator's name as it is saved.
pub static RATEEST_MATCH: Extension = Extension {
    stateful: true,
    requirements: &[
        OneOf(&["rateest", "rateest1"]),
        OneOf(&["lt", "gt", "eq"]),
        AnyOf(&["bps", "pps", "by-bps", "by-pps", "bps2", "pps2", "bps1", "pps1"]),
        AtMostOneOf(&["bps", "pps", "by-bps", "by-pps", "bps2", "pps2"]),
        AtMostOneOf(&["bps1", "pps1"]),
        Taken(&AtMostOneOf(&["bps", "pps", "rateest2"])),
        Taken(&Needs("delta", &["bps1", "pps1"])),
        Taken(&Needs("bps1", &["delta"])),
        Taken(&Needs("bps1", &["bps2"])),
        Taken(&Needs("bps2", &["bps1"])),
        Taken(&Needs("pps1", &["delta"])),
        Taken(&Needs("pps1", &["pps2"])),
        Taken(&Needs("pps2", &["pps1"])),
        Taken(&Needs("by-bps", &["rateest2"])),
        Taken(&Needs("by-pps", &["rateest2"])),
    ],
    ..Extension::new_match(
        "rateest",
        &[
            OptionSpec::flag("delta", "--rateest-delta"),
            OptionSpec::new("rateest", "--rateest", NAME).positional(),
            OptionSpec::new("rateest1", "--rateest1", NAME),
            OptionSpec::new("bps1", "--rateest-bps1", ValueKind::BitRate),
            OptionSpec::new("pps1", "--rateest-pps1", PACKETS),
            OptionSpec::flag("lt", "--rateest-lt").negatable(),
            OptionSpec::flag("gt", "--rateest-gt").negatable(),
            OptionSpec::flag("eq", "--rateest-eq").negatable(),
            OptionSpec::new("bps", "--rateest-bps", ValueKind::BitRate),
            OptionSpec::new("pps", "--rateest-pps", PACKETS),
            OptionSpec::flag("by-bps", "--rateest-bps"),
            OptionSpec::flag("by-pps", "--rateest-pps"),
            OptionSpec::new("bps2", "--rateest-bps2", ValueKind::BitRate),
            OptionSpec::new("pps2", "--rateest-pps2", PACKETS),
            OptionSpec::new("rateest2", "--rateest2", NAME),
        ],
        "a rate that the target `rateest` measures",
    )
};
