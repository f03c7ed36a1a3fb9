//! The report.

use std::fmt::Write as _;
use std::time::Duration;

use super::goals::{Goal, Wanted, megabytes_a_second};
use super::measure::Measured;

/// The figures, in Markdown.
pub(crate) fn tables(measured: &Measured) -> String {
    let mut text = String::from(
        "| rules | unpacking | lowering | lowered rules to text | model to text | `show`, the whole process | \
         ferm | restore, reading | restore, loading | import |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for sized in &measured.sizes {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} ({:.0} MB/s) |",
            sized.rules,
            shown(sized.unpack),
            shown(sized.lower),
            shown(sized.emit),
            shown(sized.text),
            shown(sized.show),
            shown(sized.ferm),
            shown(sized.read_alone()),
            shown(sized.load_alone()),
            shown(sized.import),
            megabytes_a_second(sized.bytes, sized.import),
        );
    }
    let (count, bytes, time) = measured.real;
    let _ = writeln!(
        text,
        "\nThe {count} firewalls of real hosts in `tests/corpus/firewalls`, {bytes} bytes together, are read in {} \
         ({:.0} MB/s).",
        shown(time),
        megabytes_a_second(bytes, time)
    );
    text
}

/// What was to be reached, in Markdown.
pub(crate) fn verdicts(goals: &[Goal]) -> String {
    let mut text = String::from("\n| | goal | measured | |\n| --- | ---: | ---: | --- |\n");
    for goal in goals {
        let wanted = match goal.wanted {
            Wanted::AtMost(most) => format!("at most {most}"),
            Wanted::AtLeast(least) => format!("at least {least}"),
        };
        let verdict = if goal.is_met() { "ok" } else { "MISSED" };
        let _ =
            writeln!(text, "| {} | {wanted} {} | {:.1} | {verdict} |", goal.what, goal.unit, goal.measured);
    }
    text
}

/// The whole page.
pub(crate) fn page(measured: &Measured, goals: &[Goal]) -> String {
    format!("{HEAD}{}{}", tables(measured), verdicts(goals))
}

fn shown(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    match millis {
        ..1.0 => format!("{millis:.2} ms"),
        ..100.0 => format!("{millis:.1} ms"),
        _ => format!("{millis:.0} ms"),
    }
}

const HEAD: &str = "";
