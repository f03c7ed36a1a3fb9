//! `rateest`: what iptables saves of an estimator's names and rates, whatever was given of them.

use super::spec;
use crate::catalogue::RATEEST_MATCH;
use crate::lower::draft::option_use;
use crate::model::{OptionUse, Value};

/// The two measures, each with its options: the rate compared with, the first and the second rate of a difference, and the
/// measure alone.
const MEASURES: [[&str; 4]; 2] = [["bps", "bps1", "bps2", "by-bps"], ["pps", "pps1", "pps2", "by-pps"]];

/// Brings names and rates to the saved form. A rate that was not given is 0, and one that nothing is compared with is
/// left out.
pub(super) fn settle(options: &mut Vec<OptionUse>) {
    let is_there = |options: &[OptionUse], name: &str| options.iter().any(|option| option.spec.name == name);
    let (second, delta) = (is_there(options, "rateest2"), is_there(options, "delta"));
    // The first estimator has a number if there is a second.
    for option in options.iter_mut().filter(|option| matches!(option.spec.name, "rateest" | "rateest1")) {
        option.spec = spec(&RATEEST_MATCH, if second { "rateest1" } else { "rateest" });
    }
    for measure in MEASURES {
        if !measure.iter().any(|name| is_there(options, name)) {
            continue;
        }
        let [rate, first_rate, second_rate, alone] = measure;
        let zero = if rate == "bps" { Value::Bytes(0) } else { Value::Number(0) };
        let given = |names: &[&str]| {
            let option = options.iter().find(|option| names.contains(&option.spec.name));
            option.and_then(|option| option.values().next()).unwrap_or(&zero).clone()
        };
        let rates = [given(&[first_rate]), given(&[second_rate, rate])];
        options.retain(|option| !measure.contains(&option.spec.name));
        let mut add = |name: &str, values| {
            options.push(option_use(spec(&RATEEST_MATCH, name), false, values));
        };
        match (delta, second, rates) {
            (true, _, [of_first, of_second]) => {
                add(first_rate, vec![of_first]);
                add(second_rate, vec![of_second]);
            }
            (false, true, _) => add(alone, Vec::new()),
            (false, false, [_, compared]) => add(rate, vec![compared]),
        }
    }
}
