//! What is measured, each beside its peers: one run of everything after another, so that what else happens on the machine
//! meets all of them, and of each the least.

use std::hint::black_box;
use std::time::{Duration, Instant};

use fwdsl_runtime::emit::{Protocols, emit};
use fwdsl_runtime::import::{Unknown, import};
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::model::Model;

use super::cases::{self, FAMILY, SIZES};
use super::memory::{self, Held};
use super::peers::Peers;

/// How often everything runs.
const RUNS: usize = 7;
/// The same with the greatest number of rules.
const RUNS_OF_LARGE: usize = 3;

/// What one number of rules took.
#[derive(Debug)]
pub(crate) struct Sized {
    pub(crate) rules: usize,
    /// The length of the text of `iptables-save`.
    pub(crate) bytes: usize,
    /// From what the macro expands to, to the model.
    pub(crate) unpack: Duration,
    /// From the model to rules of iptables.
    pub(crate) lower: Duration,
    /// From these to the text.
    pub(crate) emit: Duration,
    /// From the model to the text.
    pub(crate) text: Duration,
    /// From the text to a checked model.
    pub(crate) import: Duration,
    /// `show` of a provisioning binary, from its start to its end.
    pub(crate) show: Duration,
    pub(crate) ferm: Duration,
    /// `iptables-legacy-restore --test`, which reads the text and loads nothing.
    pub(crate) read: Duration,
    /// `iptables-legacy-restore`.
    pub(crate) load: Duration,
    /// A program that does nothing, started in the same way as the last two.
    pub(crate) start: Duration,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) sizes: Vec<Sized>,
    /// Firewalls of real hosts: how many, their bytes, and what reading all of them took.
    pub(crate) real: (usize, usize, Duration),
    /// What a process holds that turns the text of the most rules into a model.
    pub(crate) import: Held,
    /// The same from lowered rules to the text.
    pub(crate) emit: Held,
}

/// Measures everything.
pub(crate) fn all() -> Measured {
    let peers = Peers::new();
    let sizes = SIZES.iter().map(|rules| sized(*rules, &peers)).collect();
    let most = SIZES[SIZES.len() - 1];
    Measured {
        sizes,
        real: real(),
        import: memory::of_child("import", &peers, most),
        emit: memory::of_child("emit", &peers, most),
    }
}

fn sized(rules: usize, peers: &Peers) -> Sized {
    let text = cases::saved(rules);
    let (bytes, model) = cases::packed(rules);
    let lowered = lower(&model, FAMILY).expect("there are rules");
    assert_eq!(emit(&lowered, Protocols::Named), text, "both are the same rules");
    peers.write(rules, &bytes);
    let show = peers.show(rules);
    assert!(show.ends_with(&text), "a provisioning binary prints them");
    let by_ferm = import(&peers.ferm(rules), "ferm", FAMILY, Unknown::Refuse).expect("ferm's text is sound");
    let by_ferm = lower(&by_ferm.model, FAMILY).map(|lowered| emit(&lowered, Protocols::Named));
    assert!(by_ferm.as_ref() == Some(&text), "ferm makes the same rules");
    let mut least = Sized {
        rules,
        bytes: text.len(),
        unpack: Duration::MAX,
        lower: Duration::MAX,
        emit: Duration::MAX,
        text: Duration::MAX,
        import: Duration::MAX,
        show: Duration::MAX,
        ferm: Duration::MAX,
        read: Duration::MAX,
        load: Duration::MAX,
        start: Duration::MAX,
    };
    let runs = if rules == SIZES[SIZES.len() - 1] { RUNS_OF_LARGE } else { RUNS };
    for _ in 0..runs {
        take(&mut least.unpack, || drop(black_box(Model::from_bytes("text.rs", &bytes))));
        take(&mut least.lower, || drop(black_box(lower(&model, FAMILY))));
        take(&mut least.emit, || drop(black_box(emit(&lowered, Protocols::Named))));
        take(&mut least.text, || {
            drop(black_box(lower(&model, FAMILY).map(|lowered| emit(&lowered, Protocols::Named))));
        });
        take(&mut least.import, || drop(black_box(import(&text, "text", FAMILY, Unknown::Refuse))));
        take(&mut least.show, || drop(black_box(peers.show(rules))));
        take(&mut least.ferm, || drop(black_box(peers.ferm(rules))));
        take(&mut least.read, || peers.restore(rules, &["--test"]));
        take(&mut least.load, || peers.restore(rules, &[]));
        take(&mut least.start, || peers.nothing());
    }
    least
}

/// Reads the firewalls of the corpus.
fn real() -> (usize, usize, Duration) {
    let firewalls = cases::real();
    let mut least = Duration::MAX;
    for _ in 0..10 * RUNS {
        take(&mut least, || {
            for firewall in &firewalls {
                drop(black_box(import(&firewall.text, "", firewall.family, Unknown::Refuse)));
            }
        });
    }
    (firewalls.len(), cases::bytes(&firewalls), least)
}

/// Runs something, and keeps the least time that it took.
fn take(least: &mut Duration, run: impl FnOnce()) {
    let start = Instant::now();
    run();
    *least = (*least).min(start.elapsed());
}
