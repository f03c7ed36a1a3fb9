//! Targets that keep something which others look at: rate estimators, timers, lights.
//!
//! Source: iptables-extensions(8), sections RATEEST, IDLETIMER, LED; for the limits, net/netfilter/xt_RATEEST.c and
//! xt_IDLETIMER.c of Linux.

use super::extension::{Extension, Flow};
use super::kind::{ValueKind, Word};
use super::option::{DefaultValue, OptionSpec};

/// The longest name of an estimator: `IFNAMSIZ` is 16 with the closing NUL.
const ESTIMATOR_NAME_MAX_BYTES: usize = 15;

/// `-j RATEEST`. An estimator outlives the rules that made it as long as others name it, and the kernel refuses a
/// rule that wants another of the same name.
pub static RATEEST: Extension = Extension::new_target(
    "RATEEST",
    Flow::Continues,
    &[
        OptionSpec::new("name", "--rateest-name", ValueKind::Bare { max_bytes: ESTIMATOR_NAME_MAX_BYTES })
            .required(),
        OptionSpec::new("interval", "--rateest-interval", ValueKind::Duration).required().by_name(),
        OptionSpec::new("ewmalog", "--rateest-ewmalog", ValueKind::Duration).required().by_name(),
    ],
    "measure the rate of the packets, for the match `rateest`",
);

/// The longest time of a timer, in seconds: the kernel takes less than `INT_MAX / 1000`.
const TIMER_MAX_SECONDS: u64 = i32::MAX as u64 / 1000 - 1;

/// The longest label of a timer: `MAX_IDLETIMER_LABEL_SIZE` is 28 with the closing NUL.
const LABEL_MAX_BYTES: usize = 27;

/// `-j IDLETIMER`
pub static IDLETIMER: Extension = Extension::new_target(
    "IDLETIMER",
    Flow::Continues,
    &[
        OptionSpec::new("timeout", "--timeout", ValueKind::Number { min: 1, max: TIMER_MAX_SECONDS })
            .required()
            .by_name(),
        OptionSpec::new("label", "--label", ValueKind::Name { max_bytes: LABEL_MAX_BYTES })
            .required()
            .by_name(),
        OptionSpec::flag("alarm", "--alarm"),
    ],
    "start a timer anew, whose end `/sys/class/xt_idletimer/timers` tells",
);

/// The longest name of a trigger; iptables refuses more.
const TRIGGER_MAX_BYTES: usize = 16;

static FOR_EVER: &[Word] = &[Word::plain("inf")];

/// `-j LED`. It prints delays with a sign, so longer ones do not come back.
pub(super) static LED: Extension = Extension::new_target(
    "LED",
    Flow::Continues,
    &[
        OptionSpec::new("trigger-id", "--led-trigger-id", ValueKind::Quoted { max_bytes: TRIGGER_MAX_BYTES })
            .required(),
        OptionSpec::new(
            "delay",
            "--led-delay",
            ValueKind::NumberOr { min: 0, max: i32::MAX as u64, words: FOR_EVER },
        )
        .or(DefaultValue::Number(0)),
        OptionSpec::flag("always-blink", "--led-always-blink"),
    ],
    "pull the trigger of a light",
);
