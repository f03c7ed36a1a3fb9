//! Targets: what their options want of each other beyond the catalogue's requirements, and what of them changes
//! nothing.

use std::net::IpAddr;

use crate::catalogue::{
    CLUSTERIP, CONNMARK, CT, Extension, HMARK, IDLETIMER, RATEEST, SET, SYNPROXY, TCPOPTSTRIP, TEE,
    TIMEOUT_MAX_SECONDS,
};
use crate::diagnostic::Diagnostic;
use crate::lint::{Level, ODD_VALUE, USELESS_OPTION};
use crate::loc::Loc;
use crate::lower::hash_field;
use crate::model::{Address, Estimate, EstimateProblem, OptionUse, Value, saved_duration};

/// Checks one use of a target.
pub(super) fn check_target(
    extension: &'static Extension,
    options: &[OptionUse],
    loc: Loc,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if *extension == RATEEST {
        check_estimate(options, diagnostics);
    } else if *extension == HMARK {
        check_hash(options, diagnostics);
    } else if *extension == IDLETIMER {
        check_label(options, diagnostics);
    } else if *extension == CLUSTERIP {
        check_cluster(options, diagnostics);
    } else if *extension == TEE {
        check_gateway(options, diagnostics);
    } else if *extension == CONNMARK {
        check_masks(options, diagnostics);
    } else if *extension == SYNPROXY {
        check_most(
            options,
            "wscale",
            14,
            "TCP shifts a window by 14 bits at the most (RFC 7323)",
            diagnostics,
        );
    } else if *extension == SET {
        let message = format!("an element stays {TIMEOUT_MAX_SECONDS} seconds at the longest");
        check_most(options, "timeout", TIMEOUT_MAX_SECONDS, &message, diagnostics);
    } else if *extension == CT {
        check_zones(options, diagnostics);
        check_timeout(options, diagnostics);
    }
    if options.is_empty() && [&CT, &TCPOPTSTRIP].contains(&extension) {
        let message = format!("`{}` without an option does nothing", extension.word());
        diagnostics.push(Diagnostic::lint(USELESS_OPTION, Level::Deny, loc, message));
    }
}

fn find<'a>(options: &'a [OptionUse], name: &str) -> Option<&'a OptionUse> {
    options.iter().find(|option| option.spec.name == name)
}

/// A number that iptables takes, and the kernel takes for a smaller one.
fn check_most(
    options: &[OptionUse],
    name: &str,
    most: u64,
    message: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(option) = find(options, name) else { return };
    if option.values().any(|value| matches!(value, Value::Number(number) if *number > most)) {
        diagnostics.push(useless(option, message.to_owned()));
    }
}

fn useless(option: &OptionUse, message: String) -> Diagnostic {
    Diagnostic::lint(USELESS_OPTION, Level::Deny, option.loc, message)
}

/// What the kernel's rate estimator cannot do.
fn check_estimate(options: &[OptionUse], diagnostics: &mut Vec<Diagnostic>) {
    let (Some(interval), Some(average)) = (find(options, "interval"), find(options, "ewmalog")) else {
        return;
    };
    let (Some(Value::Number(every)), Some(Value::Number(over))) =
        (interval.values().next(), average.values().next())
    else {
        return;
    };
    let problem = match Estimate::new(*every, *over) {
        Ok(_) => return,
        Err(EstimateProblem::Interval) => {
            let most = saved_duration(Estimate::INTERVAL_MAX);
            Diagnostic::error(interval.loc, format!("the kernel measures every {most} at the least often"))
        }
        Err(EstimateProblem::Average) => {
            let message = format!(
                "an average over {} does not fit measurements every {}",
                saved_duration(*over),
                saved_duration(*every)
            );
            let help = "it is taken over twice the interval at least";
            Diagnostic::error(average.loc, message).help(help)
        }
        Err(EstimateProblem::Overflow) => {
            let message = "iptables saves this average as another, since it counts in 32 bits";
            Diagnostic::error(average.loc, message).help("write a shorter one")
        }
    };
    diagnostics.push(problem);
}

/// A field in `tuple` is a mask of all bits, so it goes together with what the mask does.
fn check_hash(options: &[OptionUse], diagnostics: &mut Vec<Diagnostic>) {
    let Some(at) = options.iter().position(|option| option.spec.name == "tuple") else { return };
    let tuple = &options[at];
    let fields: Vec<&str> = tuple.values().filter_map(|value| hash_field(tuple.spec, value)).collect();
    for field in &fields {
        if let Some(mask) = options[at..].iter().find(|option| option.spec.name == *field) {
            let message = format!("`{field}` is in `tuple` already, with all bits");
            diagnostics.push(Diagnostic::error(mask.loc, message).note("`tuple` is here", Some(tuple.loc)));
        } else if let Some(mask) = find(&options[..at], field) {
            diagnostics.push(useless(mask, format!("`tuple` puts all bits in the place of `{field}`")));
        }
    }
    let is_there = |name: &str| fields.contains(&name) || find(options, name).is_some();
    let all_in_requirements = |name: &str| find(options, name).is_some();
    for port in ["sport-mask", "dport-mask"] {
        // Without `tuple` the catalogue's requirements say so.
        if is_there("spi-mask")
            && is_there(port)
            && !(all_in_requirements("spi-mask") && all_in_requirements(port))
        {
            let message = "`hmark` takes ports or the SPI, not both";
            diagnostics.push(Diagnostic::error(tuple.loc, message));
            return;
        }
    }
}

/// The timers' directory in sysfs has files of its own (net/netfilter/xt_IDLETIMER.c).
fn check_label(options: &[OptionUse], diagnostics: &mut Vec<Diagnostic>) {
    let Some(option) = find(options, "label") else { return };
    if let Some(Value::Text(label)) = option.values().next()
        && ["power", "subsystem", "uevent"].contains(&label.as_str())
    {
        let message = format!("the kernel keeps the label `{label}` for itself");
        diagnostics.push(Diagnostic::error(option.loc, message));
    }
}

fn check_cluster(options: &[OptionUse], diagnostics: &mut Vec<Diagnostic>) {
    let Some(option) = find(options, "clustermac") else { return };
    if let Some(Value::Mac(mac)) = option.values().next()
        && mac.0[0] & 1 == 0
    {
        let message = format!("`{mac}` is one host's address, and a cluster has one that several hear");
        let help = "the first byte of such an address is odd: `\"01:00:5e:00:01:01\"`";
        diagnostics.push(Diagnostic::error(option.loc, message).help(help));
    }
}

fn check_gateway(options: &[OptionUse], diagnostics: &mut Vec<Diagnostic>) {
    let Some(option) = find(options, "gateway") else { return };
    let unspecified = |value: &Value| match value {
        Value::Address(Address::Net(net)) => match net.addr {
            IpAddr::V4(addr) => addr.is_unspecified(),
            IpAddr::V6(addr) => addr.is_unspecified(),
        },
        _ => false,
    };
    if option.values().any(unspecified) {
        diagnostics.push(Diagnostic::error(option.loc, "the address of all zeros is no host's"));
    }
}

/// Masks are for `save` and `restore`; the others have the mask in their value.
fn check_masks(options: &[OptionUse], diagnostics: &mut Vec<Diagnostic>) {
    let Some(set) =
        options.iter().find(|option| ["set", "set-xmark", "and", "or", "xor"].contains(&option.spec.name))
    else {
        return;
    };
    let masks = options.iter().filter(|option| ["mask", "nfmask", "ctmask"].contains(&option.spec.name));
    diagnostics.extend(masks.map(|mask| {
        let message = format!("`{}` of `connmark` is for `save` and `restore`", mask.spec.name);
        useless(mask, message)
            .help(format!("the mask of `{}` is part of its value: `0x1/0xff`", set.spec.name))
    }));
}

/// Linux uses the whole name of a timeout policy, but gives iptables back as many bytes as an older form of the target
/// has room for.
fn check_timeout(options: &[OptionUse], diagnostics: &mut Vec<Diagnostic>) {
    const GIVEN_BACK: usize = 4;
    let Some(option) = find(options, "timeout") else { return };
    if let Some(Value::Text(name)) = option.values().next()
        && name.len() > GIVEN_BACK
    {
        let message = format!(
            "the kernel gives back {GIVEN_BACK} bytes of `{name}`, so that the saved rule names another"
        );
        let help = "give the timeout policy a shorter name";
        diagnostics.push(Diagnostic::lint(ODD_VALUE, Level::Deny, option.loc, message).help(help));
    }
}

/// The kernel has one number for the zone, so what comes last holds; and zone 0 is every packet's.
fn check_zones(options: &[OptionUse], diagnostics: &mut Vec<Diagnostic>) {
    let zones: Vec<&OptionUse> =
        options.iter().filter(|option| option.spec.name.starts_with("zone")).collect();
    if let [first, .., last] = zones.as_slice() {
        let message = format!("`ct` takes `{}` or `{}`, not both", first.spec.name, last.spec.name);
        diagnostics.push(useless(last, message).note("the first is here", Some(first.loc)));
    } else if let [zone] = zones.as_slice()
        && zone.values().any(|value| *value == Value::Number(0))
    {
        diagnostics.push(useless(zone, "zone 0 is where packets are anyway".to_owned()));
    }
}
