//! `hashlimit`: what fits the kernel's counters, and tables that rules share.

use std::collections::HashMap;

use super::values::check_options;
use crate::catalogue::{HASHLIMIT, LIMIT_DEFAULT_BURST};
use crate::diagnostic::Diagnostic;
use crate::lint::ODD_VALUE;
use crate::loc::Loc;
use crate::lower::{HashTable, RuleFamilies, hash_table};
use crate::model::{
    HASHLIMIT_SCALE, Match, Model, OptionUse, RATE_MAX, RATE_MIN, Rate, TimeUnit, Value, is_kept,
    least_burst, parse_size, saved_burst, saved_rate,
};

/// The longest time, in seconds, in which a burst may come back: the kernel counts it in as many
/// credits as make up a day in 64 bits (`CREDITS_PER_JIFFY` in net/netfilter/xt_hashlimit.c).
const REFILL_MAX: u64 = 86_400;

/// Checks the rate and the burst of one use.
pub(super) fn check_hashlimit(options: &[OptionUse], diagnostics: &mut Vec<Diagnostic>) {
    let find = |name: &str| options.iter().find(|option| option.spec.name == name);
    let Some(rate) = find("upto").or(find("above")) else { return };
    let burst = find("burst");
    let mut is_taken = false;
    let problem = match (rate.values().next(), burst.and_then(|burst| burst.values().next())) {
        (Some(Value::Rate(rate)), Some(Value::Bytes(_))) => {
            Some((burst, format!("a burst in bytes beside the rate `{rate}` of packets"), None))
        }
        (Some(Value::Rate(written)), burst_value) => {
            let count = match burst_value {
                Some(Value::Number(count)) => *count,
                _ => LIMIT_DEFAULT_BURST,
            };
            // What overflows without coming out below a packet's credits loads, and lets through another rate.
            let rate_match = find("rate-match").is_some();
            is_taken = written.count > 0
                && written.period_at(HASHLIMIT_SCALE) > 0
                && (rate_match && written.per == TimeUnit::Second
                    || !rate_match && !written.is_refused_by_hashlimit_with(count));
            packets_problem(written, count, rate_match)
                .map(|(message, help)| (burst.or(Some(rate)), message, help))
        }
        (Some(Value::Bytes(_)), Some(Value::Number(_))) => {
            let help = "both count bytes, or both packets: `burst 1mb`".to_owned();
            Some((burst, "a burst in packets beside a rate in bytes".to_owned(), Some(help)))
        }
        (Some(Value::Bytes(bytes)), burst_value) => {
            let burst_bytes = if let Some(Value::Bytes(bytes)) = burst_value { Some(*bytes) } else { None };
            bytes_problem(*bytes, burst_bytes)
                .map(|(message, help)| (burst.or(Some(rate)), message, Some(help)))
        }
        _ => None,
    };
    if let Some((place, message, help)) = problem {
        let mut found =
            Diagnostic::error(place.map_or(rate.loc, |option| option.loc), message).maybe_help(help);
        found.lint = is_taken.then_some(ODD_VALUE);
        diagnostics.push(found);
    }
}

fn packets_problem(rate: &Rate, burst: u64, rate_match: bool) -> Option<(String, Option<String>)> {
    let period = rate.period_at(HASHLIMIT_SCALE);
    if rate.count == 0 {
        return Some(("a rate of zero: the kernel has no limit that never matches".into(), None));
    }
    if period == 0 {
        let most = HASHLIMIT_SCALE;
        return Some((
            format!("`{rate}` is faster than {most} packets a second, the most that the kernel counts"),
            None,
        ));
    }
    if rate_match && rate.per != TimeUnit::Second {
        let help = "write the rate as one of seconds, and the time that it is taken over as `rate-interval`";
        return Some((
            format!("`rate-match` takes a rate a second, and this is `{rate}`"),
            Some(help.into()),
        ));
    }
    let most = REFILL_MAX * HASHLIMIT_SCALE / period;
    if burst > most {
        let help = (most > 0).then(|| format!("at this rate a burst of at most {most} fits: `burst {most}`"));
        return Some((format!("`{rate}` with a burst of {burst} overflows the kernel's counter"), help));
    }
    None
}

fn bytes_problem(rate: u64, burst: Option<u64>) -> Option<(String, String)> {
    if !(RATE_MIN..=RATE_MAX).contains(&rate) {
        return Some((
            format!("a rate of {rate} bytes a second"),
            format!("the kernel counts from {RATE_MIN} bytes to just under 4096mb"),
        ));
    }
    let kept = saved_rate(rate);
    let again = kept.strip_suffix("/s").and_then(parse_size).map(saved_rate);
    if again.as_ref() != Some(&kept) {
        let near = again.unwrap_or_default();
        return Some((
            format!("the kernel keeps this rate as `{kept}`, and that as another again"),
            format!("it keeps `{near}`"),
        ));
    }
    let burst = burst?;
    if burst > RATE_MAX {
        return Some((format!("a burst of {burst} bytes"), "the kernel counts to just under 4096mb".into()));
    }
    match saved_burst(rate, burst) {
        None => Some((
            "the burst is less than the rate of one second".into(),
            format!("at this rate it is `burst {}` or more", least_burst(rate)),
        )),
        Some(saved) if !is_kept(rate, &saved) => Some((
            format!("the kernel keeps this burst as `{saved}`, and that as another again"),
            format!("it keeps `burst {}`", least_burst(rate)),
        )),
        Some(_) => None,
    }
}

/// Rules that name the same table share it, so they must want the same of it.
pub(super) fn check_hash_tables(model: &Model, families: &RuleFamilies, diagnostics: &mut Vec<Diagnostic>) {
    let mut first: HashMap<String, (String, Loc)> = HashMap::new();
    for family in model.families().iter() {
        first.clear();
        for chain in 0..model.chains().len() {
            // An exact rule shares what the first of its name has made, as iptables has it.
            for rule in families.rules_of(model, chain, family).filter(|rule| !rule.exact) {
                for entry in rule.matches.iter().filter(|entry| *entry.extension == HASHLIMIT) {
                    if !is_settled(entry) {
                        continue;
                    }
                    let Some(table) = hash_table(entry, family) else { continue };
                    let HashTable { name, parameters } = table;
                    let (known, loc) =
                        first.entry(name.clone()).or_insert_with(|| (parameters.clone(), entry.loc));
                    if *known != parameters {
                        let message = format!("`hashlimit` of name `{name}` with other parameters");
                        diagnostics.push(
                            Diagnostic::error(entry.loc, message)
                                .note("rules of one name share its counts; it is first used here", Some(*loc))
                                .help("give it another name, or the same rate, burst, mode and sizes"),
                        );
                    }
                }
            }
        }
    }
}

/// Whether the use is sound and no Rust value is to come.
fn is_settled(entry: &Match) -> bool {
    let mut problems = Vec::new();
    check_options(entry.extension, &entry.options, entry.loc, &mut problems);
    let mut values = entry.options.iter().flat_map(OptionUse::values);
    problems.is_empty() && !values.any(|value| matches!(value, Value::Rust(_)))
}
