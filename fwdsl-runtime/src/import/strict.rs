//! What iptables asks of the options of a match or target as they are written, though their meaning would be clear.

use super::error::Reason;
use crate::catalogue::{Extension, List};
use crate::model::{OptionUse, Value};

/// Checks the options in the order in which they were written.
pub(super) fn check_as_written(extension: &Extension, options: &[OptionUse]) -> Result<(), Reason> {
    let place = |flag: &str| options.iter().position(|option| option.spec.flag == flag);
    match extension.name {
        "statistic" if place("--every").is_some() && place("--packet").is_none() => {
            Err(Reason::new("`--every` needs `--packet` too").help("it begins at 0: `--packet 0`"))
        }
        "owner"
            if place("--suppl-groups").is_some_and(|at| place("--gid-owner").is_none_or(|gid| gid > at)) =>
        {
            Err(Reason::new("`--suppl-groups` stands behind `--gid-owner`"))
        }
        "rt" => match options.iter().position(|option| option.spec.flag.starts_with("--rt-0-")) {
            Some(at) if place("--rt-type").is_none_or(|ty| ty > at) => {
                Err(Reason::new(format!("`{}` stands behind `--rt-type 0`", options[at].spec.flag)))
            }
            _ => Ok(()),
        },
        "TCPOPTSTRIP" => options.iter().try_for_each(|option| match first_repeated(option) {
            Some(Value::Number(number)) => Err(Reason::new(format!("option {number} is given twice"))),
            _ => Ok(()),
        }),
        _ => Ok(()),
    }
}

/// The first value of a list that stands in it before.
fn first_repeated(option: &OptionUse) -> Option<&Value> {
    let values: Vec<&Value> = option.values().collect();
    let mut places = values.iter().enumerate();
    let found = places.find(|(place, value)| values[..*place].contains(value));
    found.map(|(_, value)| *value).filter(|_| option.spec.list == List::Joined)
}
