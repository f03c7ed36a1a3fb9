//! What `--confirm` does once the rules are in force: it says how to confirm, and waits for it.

use std::io::{self, BufRead, IsTerminal};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use fwdsl_runtime::host::{Caller, Ended, Options, Waiting};
use serde_json::json;

use super::confirm;
use super::failure::Failure;
use super::output::{self, Done};
use crate::pages::program_name;

/// How often it looks whether somebody else has confirmed.
const PULSE: Duration = Duration::from_millis(100);

/// Sees to the confirmation, if one is waited for. `report` is what was done.
pub(super) fn see_to_it(
    waiting: Option<&Waiting>,
    detach: bool,
    options: &Options,
    report: Done,
    json: bool,
) -> Result<Done, Failure> {
    match waiting {
        None => Ok(report),
        Some(waiting) if detach => Ok(leave(waiting, report)),
        Some(waiting) => wait(waiting, options, report, json),
    }
}

/// Waits until the apply is confirmed. What it did is told before.
fn wait(waiting: &Waiting, options: &Options, report: Done, json: bool) -> Result<Done, Failure> {
    let asks = waiting.caller == Caller::Console && io::stdin().is_terminal();
    let words = format!("{}\n{}", in_force(waiting), how(&waiting.caller, asks));
    let mut done = tell(report, &words, json);
    let answers = if asks { listen() } else { mpsc::channel().1 };
    loop {
        if let Some(ended) = waiting.over()? {
            return match ended {
                Some(Ended::Confirmed) => Ok(confirmed(done, "confirmed: the new state stays\n")),
                ended => Err(Failure::Unconfirmed(ended)),
            };
        }
        if is_answered(&answers) {
            match confirm::confirm_from(options, &waiting.caller) {
                Ok(Done { text, warnings, .. }) => {
                    done.warnings.extend(warnings);
                    return Ok(confirmed(done, &text));
                }
                // Whoever waits for it knows best what became of it.
                Err(failure) => output::say("error", &failure.to_string()),
            }
        }
    }
}

/// Does not wait: the watchdog does.
fn leave(waiting: &Waiting, report: Done) -> Done {
    let seconds = seconds(waiting);
    let mut done = report;
    done.text.push_str(&format!("{}\n{}", in_force(waiting), how(&waiting.caller, false)));
    done.json.insert("waiting".to_owned(), json!({ "seconds": seconds }));
    done
}

fn confirmed(mut done: Done, text: &str) -> Done {
    done.text.push_str(text);
    done.json.insert("confirmed".to_owned(), json!(true));
    done
}

/// Tells people at once; machines get their one object at the end.
fn tell(mut report: Done, words: &str, json: bool) -> Done {
    if json {
        output::complain(words.trim_end());
        return report;
    }
    report.warnings.drain(..).for_each(|warning| output::say("warning", &warning));
    report.text.push_str(words);
    // If nobody reads it, `confirm` works all the same.
    let _ = output::write(&report.text);
    report.text.clear();
    report
}

fn in_force(waiting: &Waiting) -> String {
    let seconds = seconds(waiting);
    format!("the new state is in force; it is undone in {seconds} seconds unless it is confirmed")
}

/// Rounded up: a moment of it has gone by already.
fn seconds(waiting: &Waiting) -> u64 {
    waiting.left().as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

fn how(caller: &Caller, asks: bool) -> String {
    let command = format!("`{} confirm`", program_name());
    match caller {
        Caller::Console if asks => "press Enter to confirm (Ctrl-C leaves it to be undone)\n".to_owned(),
        Caller::Ssh(_) | Caller::Remote { .. } => format!(
            "to confirm, open a second connection and run {command} there: this one was open before and would survive \
             nearly any rules (Ctrl-C leaves it to be undone)\n"
        ),
        Caller::Console | Caller::Unattended => {
            format!("to confirm, run {command}; over SSH, in a connection that is opened now\n")
        }
    }
}

/// Reads answers from the terminal, an empty line or `yes`, as long as there are any.
fn listen() -> Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let is_yes = matches!(line.trim().to_ascii_lowercase().as_str(), "" | "y" | "yes");
            if is_yes && sender.send(()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Whether there was an answer, after a moment.
fn is_answered(answers: &Receiver<()>) -> bool {
    match answers.recv_timeout(PULSE) {
        Ok(()) => true,
        Err(RecvTimeoutError::Timeout) => false,
        Err(RecvTimeoutError::Disconnected) => {
            thread::sleep(PULSE);
            false
        }
    }
}
