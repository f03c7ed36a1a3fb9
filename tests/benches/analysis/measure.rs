//! One run of one case.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

use fwdsl_runtime::analysis::unreachable_rules;
use fwdsl_runtime::check::lint;
use fwdsl_runtime::lower::lower;
use rustix::time::{ClockId, clock_gettime};

use super::cases::Case;

/// The most rules of which all lints are measured.
const RULES_OF_LINTS: u64 = 6_100;

/// What a run took.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    pub(crate) rules: u64,
    /// Reading the text.
    pub(crate) import: Duration,
    /// Making rules of iptables of the model.
    pub(crate) lower: Duration,
    /// All the analysis, that included.
    pub(crate) analysis: Duration,
    /// All lints, with what else a check of a dump does.
    pub(crate) lints: Duration,
    /// What the process held before, and at most while it analysed.
    pub(crate) base_kib: u64,
    pub(crate) peak_kib: u64,
    pub(crate) unreachable: u64,
}

/// Measures a case in this process.
pub(crate) fn measure(case: &Case, rules: usize) -> Measured {
    let input = case.make(rules);
    let mut model = input.model();
    let import = timed(|| model = input.model());
    // What was read twice is not to count.
    let families = model.families();
    let rules: u64 = model.chains().iter().map(|chain| chain.rules().len() as u64).sum();
    let lower = timed(|| {
        for family in families.iter() {
            std::hint::black_box(lower(&model, family));
        }
    });
    let base_kib = peak_kib();
    let mut unreachable = 0;
    let analysis = timed(|| unreachable = unreachable_rules(&model).len() as u64);
    let peak_kib = peak_kib();
    let lints = timed(|| {
        // They are not plotted.
        if rules <= RULES_OF_LINTS {
            std::hint::black_box(lint(&model));
        }
    });
    Measured { rules, import, lower, analysis, lints, base_kib, peak_kib, unreachable }
}

impl Measured {
    /// The least of both of everything.
    pub(crate) fn least(&self, other: &Measured) -> Measured {
        Measured {
            import: self.import.min(other.import),
            lower: self.lower.min(other.lower),
            analysis: self.analysis.min(other.analysis),
            lints: self.lints.min(other.lints),
            base_kib: self.base_kib.min(other.base_kib),
            peak_kib: self.peak_kib.min(other.peak_kib),
            ..*self
        }
    }
}

/// The processor time that something takes.
fn timed(run: impl FnOnce()) -> Duration {
    let before = cpu_time();
    run();
    cpu_time() - before
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The most that the process held in memory so far.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).expect("the kernel knows it")
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = |time: Duration| time.as_micros();
        let Measured { rules, base_kib, peak_kib, unreachable, .. } = self;
        let (import, lower, analysis) = (micros(self.import), micros(self.lower), micros(self.analysis));
        let lints = micros(self.lints);
        write!(f, "{rules} {import} {lower} {analysis} {lints} {base_kib} {peak_kib} {unreachable}")
    }
}

impl FromStr for Measured {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Measured, ParseIntError> {
        let mut numbers = text.split(' ').map(str::parse::<u64>);
        let mut next = || numbers.next().unwrap_or(Ok(0));
        let mut measured = Measured { rules: next()?, ..Measured::default() };
        measured.import = Duration::from_micros(next()?);
        measured.lower = Duration::from_micros(next()?);
        measured.analysis = Duration::from_micros(next()?);
        measured.lints = Duration::from_micros(next()?);
        (measured.base_kib, measured.peak_kib, measured.unreachable) = (next()?, next()?, next()?);
        Ok(measured)
    }
}
