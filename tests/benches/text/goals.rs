//! What the figures are to be.

use std::time::Duration;

use super::measure::{Measured, Sized};
use super::memory::Held;

/// A figure that is to be reached.
#[derive(Debug)]
pub(crate) struct Goal {
    pub(crate) what: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) measured: f64,
    pub(crate) wanted: Wanted,
}

/// How a figure is limited.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    pub(crate) fn is_met(&self) -> bool {
        match self.wanted {
            Wanted::AtMost(most) => self.measured <= most,
            Wanted::AtLeast(least) => self.measured >= least,
        }
    }
}

/// The goals, with what was measured.
pub(crate) fn goals(measured: &Measured) -> Vec<Goal> {
    let most = measured.sizes.last().expect("there are sizes");
    let ten_thousand = measured.sizes.iter().find(|sized| sized.rules == 10_000).expect("it is a size");
    let share = |time: Duration| 100.0 * time.as_secs_f64() / most.load_alone().as_secs_f64();
    let (_, bytes, time) = measured.real;
    let goal = |what, unit, measured, wanted| Goal { what, unit, measured, wanted };
    vec![
        goal(
            "lowered rules to text, of loading it, 100,000 rules",
            "%",
            share(most.emit),
            Wanted::AtMost(1.5),
        ),
        goal("model to text, of loading it, 100,000 rules", "%", share(most.text), Wanted::AtMost(1.5)),
        goal(
            "`show` beside ferm, 10,000 rules",
            "times as fast",
            ten_thousand.ferm.as_secs_f64() / ten_thousand.show.as_secs_f64(),
            Wanted::AtLeast(100.0),
        ),
        goal(
            "import, 100,000 rules",
            "MB/s",
            megabytes_a_second(most.bytes, most.import),
            Wanted::AtLeast(100.0),
        ),
        goal("import, real firewalls", "MB/s", megabytes_a_second(bytes, time), Wanted::AtLeast(100.0)),
        goal(
            "memory from lowered rules to text",
            "times the text",
            measured.emit.times(),
            Wanted::AtMost(2.0),
        ),
        goal("memory from text to model", "times the text", measured.import.times(), Wanted::AtMost(2.0)),
    ]
}

pub(crate) fn megabytes_a_second(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}

impl Sized {
    /// What loading takes, without the start of a process in the namespace.
    pub(crate) fn load_alone(&self) -> Duration {
        self.load.saturating_sub(self.start)
    }

    /// The same of reading the text.
    pub(crate) fn read_alone(&self) -> Duration {
        self.read.saturating_sub(self.start)
    }
}

impl Held {
    pub(crate) fn times(&self) -> f64 {
        self.peak as f64 / self.text as f64
    }
}
