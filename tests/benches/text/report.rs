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

const HEAD: &str = "# From rules to text and back

Written by `cargo bench -p fwdsl-tests --bench text --profile release -- --write`; without `--write` the same command
prints the tables and fails where a goal is missed. It needs root, ferm and the legacy variant of iptables.

N rules of the form `-A INPUT -s ADDRESS/32 -p tcp -m tcp --dport PORT -j ACCEPT`, each with an address and a port of its
own, in the form of each program; that all of them make the same rules is checked first. Everything of one number of rules
runs one after another, several times, and the least of each counts: what else happens on the machine adds to a run, and
takes nothing from it.

- *Unpacking* goes from the bytes that the macro expands to, to the model; *lowering* from the model to rules of iptables;
  *lowered rules to text* from these to the text of `iptables-restore`. *Model to text* is the last two together. All of
  them run in one thread, and give back the memory of what they made before the clock is stopped.
- *`show`* is a provisioning binary from its start to its end: its standard output is a pipe that is read. It reads the
  packed policy from a file, which others have in themselves.
- *ferm* is `ferm --noexec --lines`, which makes the same text and loads nothing.
- *restore* is `iptables-legacy-restore` in a network namespace of its own, with `--test` and without; the time that a
  process takes there which does nothing is taken off.
- *import* reads the text of `iptables-save` into a model, and checks all of its rules.

Memory is the most that a process held while it worked, beyond what it held before, so the text that is read does not
count.

";
