//! What is measured, and what it may take.

use std::time::Duration;

use fwdsl::family::Family::{Ipv4, Ipv6};
use fwdsl_runtime::import::import_leniently;
use fwdsl_runtime::model::Model;
use fwdsl_tests::large::{self, Large};

use super::measure::Measured;

#[path = "../../../examples/article-host/src/main.rs"]
#[allow(dead_code, unreachable_pub, missing_docs)]
mod article_host;

/// A firewall of any size.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What it is, for the report.
    pub(crate) about: &'static str,
    source: Source,
}

enum Source {
    Article,
    Made(fn(usize) -> Large),
}

/// What a case may take.
pub(crate) struct Goal {
    pub(crate) case: &'static Case,
    pub(crate) rules: usize,
    pub(crate) most: Duration,
    pub(crate) most_megabytes: Option<u64>,
}

/// A firewall, ready to be read.
pub(crate) enum Input {
    Article,
    Made(Box<Large>),
}

const fn case(name: &'static str, about: &'static str, make: fn(usize) -> Large) -> Case {
    Case { name, about, source: Source::Made(make) }
}

static ARTICLE: Case = Case { name: "article", about: "the article's policy", source: Source::Article };
static CAMPUS4: Case =
    case("campus-ipv4", "a university's firewall, IPv4", |rules| large::campus(Ipv4, rules));
static CAMPUS6: Case =
    case("campus-ipv6", "a university's firewall, IPv6", |rules| large::campus(Ipv6, rules));
static ALIVE: Case =
    case("alive-ipv4", "the same without dead rules, IPv4", |rules| large::without_plants(Ipv4, rules));
static ACCESS: Case =
    case("access-list", "an access list of five fields", |rules| large::access_list(Ipv4, rules));
static PAIRS: Case =
    case("pairs", "two random fields in each rule", |rules| large::pairs_of_fields(Ipv4, rules));
static PORTS: Case =
    case("ports", "rules that differ in a port", |rules| large::ports_of_one_host(Ipv4, rules));
static CALLERS: Case =
    case("callers", "one chain with many callers", |rules| large::many_callers(Ipv4, rules));
static CHAINS: Case = case("chains", "many chains", |rules| large::many_chains(Ipv4, rules));

static CASES: [&Case; 9] = [&ARTICLE, &CAMPUS4, &CAMPUS6, &ALIVE, &ACCESS, &PAIRS, &PORTS, &CALLERS, &CHAINS];

/// What the analysis may take.
pub(crate) static GOALS: &[Goal] = &[
    goal(&ARTICLE, 0, 5, None),
    goal(&CAMPUS4, 1_000, 50, None),
    goal(&ACCESS, 1_000, 50, None),
    goal(&PAIRS, 400, 50, None),
    goal(&CAMPUS4, 5_000, 500, Some(200)),
    goal(&ALIVE, 5_000, 500, Some(200)),
    goal(&PORTS, 5_000, 500, Some(200)),
    goal(&CALLERS, 5_000, 500, Some(200)),
    goal(&CHAINS, 5_000, 500, Some(200)),
    goal(&CAMPUS6, 6_000, 1_000, Some(200)),
];

/// The cases that are plotted.
pub(crate) const SCALES: [&str; 5] = ["campus-ipv4", "campus-ipv6", "access-list", "ports", "chains"];
/// The numbers of rules there.
pub(crate) const SIZES: [usize; 7] = [100, 300, 1_000, 3_000, 10_000, 30_000, 100_000];

const fn goal(case: &'static Case, rules: usize, most_ms: u64, most_megabytes: Option<u64>) -> Goal {
    Goal { case, rules, most: Duration::from_millis(most_ms), most_megabytes }
}

pub(crate) fn find(name: &str) -> Option<&'static Case> {
    CASES.iter().copied().find(|case| case.name == name)
}

impl Case {
    /// Makes the firewall.
    pub(crate) fn make(&self, rules: usize) -> Input {
        match self.source {
            Source::Article => Input::Article,
            Source::Made(make) => Input::Made(Box::new(make(rules))),
        }
    }
}

impl Input {
    /// Reads it.
    pub(crate) fn model(&self) -> Model {
        match self {
            Input::Article => article_host::HOST.model().into_owned(),
            Input::Made(large) => {
                let text = Some((large.text.as_str(), "made"));
                let imported = match large.family {
                    Ipv4 => import_leniently(text, None),
                    Ipv6 => import_leniently(None, text),
                };
                assert!(imported.unread.is_empty(), "{:?}", imported.unread.first());
                imported.model
            }
        }
    }
}

impl Goal {
    /// Whether it takes no more than it may.
    pub(crate) fn is_met_by(&self, measured: &Measured) -> bool {
        measured.analysis.max(measured.lints) < self.most
            && self.most_megabytes.is_none_or(|most| measured.peak_kib < most * 1024)
    }
}
