//! What iptables makes of the options of `hashlimit` once it has read them all.

use crate::catalogue::{Extension, HASHLIMIT};
use crate::loc::Located;
use crate::model::{Few, OptionUse, Rate, TimeUnit, Value};

/// Brings options into the form in which iptables keeps them, where it takes one that no policy has.
pub(super) fn settle(extension: &'static Extension, options: &mut Vec<OptionUse>) {
    if *extension != HASHLIMIT {
        return;
    }
    let rate = options.iter().find_map(|option| match option.values().next() {
        Some(Value::Rate(rate)) => Some(*rate),
        _ => None,
    });
    let Some(rate) = rate else { return };
    for value in options.iter_mut().filter(|option| option.spec.name == "burst").flat_map(|it| &mut it.values)
    {
        // Beside a rate of packets a size is a number of them.
        if let Value::Bytes(bytes) = value.value {
            value.value = Value::Number(bytes);
        }
    }
    if options.iter().any(|option| option.spec.name == "rate-match") && rate.per != TimeUnit::Second {
        match_over_unit(options, rate);
    }
}

/// With `rate-match`, a rate is one of so many packets a second, taken over the unit of time that is written.
fn match_over_unit(options: &mut Vec<OptionUse>, rate: Rate) {
    let seconds = rate.per.seconds();
    for value in options.iter_mut().flat_map(|option| &mut option.values) {
        if let Value::Rate(rate) = &mut value.value {
            rate.per = TimeUnit::Second;
        }
    }
    for (name, number) in [("htable-expire", 1000 * seconds), ("rate-interval", seconds)] {
        let spec = HASHLIMIT.option(name).expect("an option of the catalogue");
        if let Some(loc) = options.first().map(|option| option.loc)
            && !options.iter().any(|option| option.spec == spec)
        {
            let values = Few::one(Located::new(Value::Number(number), loc));
            options.push(OptionUse { spec, negated: false, values, loc });
        }
    }
}
