//! What iptables makes of a restore text, in a namespace of its own.

use std::fmt;
use std::io::Write;
use std::process::{Command, Stdio};

use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl::table::TableName;

use crate::netns::Netns;
use crate::rules::without_counters;

/// A namespace to load texts in, which the thread that makes it stays in.
#[derive(Debug)]
pub struct Judge {
    _netns: Netns,
}

/// What one variant of iptables says to a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// It was loaded, and this is what is saved of the table.
    Saved(String),
    /// It was refused, with this message.
    Refused(String),
    /// This kernel lacks a module for it. What a kernel with it would say is not known.
    Lacking(String),
}

/// What iptables says if the kernel lacks an extension. The legacy variant says no more than the second line.
const LACKING: [&str; 3] =
    ["missing kernel module", "No chain/target/match by that name", "Couldn't load match"];

impl Judge {
    /// Makes the namespace, and runs the commands in it.
    ///
    /// # Panics
    ///
    /// If a command fails.
    #[must_use]
    pub fn new(commands: &[String]) -> Judge {
        let netns = Netns::new();
        netns.sh(&commands.iter().map(|command| format!("{command} || exit 1\n")).collect::<String>());
        // A program is started three times as fast from within as by `ip netns exec`.
        netns.stay();
        Judge { _netns: netns }
    }

    /// Loads a text of one table, and saves the table.
    #[must_use]
    pub fn rule_on(&self, family: Family, variant: Variant, table: TableName, text: &str) -> Ruling {
        match self.load(family, variant, text) {
            Err(ruling) => ruling,
            Ok(()) => Ruling::Saved(self.saved(family, variant, table.name())),
        }
    }

    /// Loads a text of any tables.
    ///
    /// # Errors
    ///
    /// The message with which it is refused, as a ruling.
    pub fn load(&self, family: Family, variant: Variant, text: &str) -> Result<(), Ruling> {
        let mut child = Command::new(variant.program(family, "restore"))
            // The workers share the machine's lock of the legacy variant.
            .arg("--wait=60")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("iptables-restore runs");
        // It does not read on once it refuses a line, and then says why.
        let _ = child.stdin.take().expect("a pipe").write_all(text.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let lacking = LACKING.iter().any(|it| said.contains(it));
        Err(if lacking { Ruling::Lacking(said) } else { Ruling::Refused(said) })
    }

    /// What is saved of a table.
    #[must_use]
    pub fn saved(&self, family: Family, variant: Variant, table: &str) -> String {
        let output = Command::new(variant.program(family, "save")).args(["-t", table]).output();
        without_counters(&String::from_utf8_lossy(&output.expect("iptables-save runs").stdout))
    }
}

/// The block of a table in a text, if it is there.
#[must_use]
pub fn block_of(text: &str, table: TableName) -> Option<String> {
    let from = text.lines().skip_while(|line| line.strip_prefix('*') != Some(table.name()));
    let mut block = String::new();
    for line in from {
        block += line;
        block += "\n";
        if line == "COMMIT" {
            return Some(block);
        }
    }
    None
}

impl Ruling {
    /// Whether it was loaded.
    #[must_use]
    pub fn is_saved(&self) -> bool {
        matches!(self, Ruling::Saved(_))
    }

    /// What is saved.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Ruling::Saved(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ruling::Saved(text) => {
                let rules: Vec<&str> = text.lines().filter(|line| !line.starts_with(['*', ':'])).collect();
                write!(f, "saved   {}", rules.join(" / ").trim_end_matches(" / COMMIT"))
            }
            Ruling::Refused(said) => write!(f, "refused {}", first_line(said)),
            Ruling::Lacking(said) => write!(f, "lacking {}", first_line(said)),
        }
    }
}

fn first_line(said: &str) -> &str {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.next().unwrap_or("without a word")
}
