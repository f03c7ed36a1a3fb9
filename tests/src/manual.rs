//! The manual page of iptables' extensions: which there are, and what options each has.

use std::path::Path;
use std::process::Command;

use fwdsl_runtime::catalogue::Kind;

/// Where the page is, as it is or compressed.
const PAGES: [&str; 2] =
    ["/usr/share/man/man8/iptables-extensions.8.gz", "/usr/share/man/man8/iptables-extensions.8"];

/// A section of the page, which is about one extension.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// Match or target.
    pub kind: Kind,
    /// The name.
    pub name: String,
    /// The family, if it is about one alone: `IPv4` or `IPv6`.
    pub family: Option<String>,
    /// The options, each with whether `!` may stand before it.
    pub options: Vec<(String, bool)>,
}

/// The source of the page; `None` if it is not installed.
///
/// # Panics
///
/// If it is there and cannot be read.
#[must_use]
pub fn page() -> Option<String> {
    let path = PAGES.into_iter().find(|path| Path::new(path).exists())?;
    let output = Command::new("gzip").args(["-dcf", path]).output().expect("gzip runs");
    assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The sections of a page.
#[must_use]
pub fn sections(page: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut kind = None;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix(".SH ") {
            kind = match plain(heading).as_str() {
                "MATCH EXTENSIONS" => Some(Kind::Match),
                "TARGET EXTENSIONS" => Some(Kind::Target),
                _ => None,
            };
        } else if let (Some(heading), Some(kind)) = (line.strip_prefix(".SS "), kind) {
            let heading = plain(heading);
            let (name, family) = match heading.split_once(" (") {
                Some((name, family)) => (name, family.strip_suffix("-specific)").map(str::to_owned)),
                None => (heading.as_str(), None),
            };
            sections.push(Section { kind, name: name.to_owned(), family, options: Vec::new() });
        } else if line.starts_with(".TP")
            && let Some(tag) = lines.next()
            && let Some(section) = sections.last_mut()
        {
            section.options.extend(options(&plain(tag)));
        }
    }
    sections
}

/// The options that a tag is about.
fn options(tag: &str) -> Vec<(String, bool)> {
    let negated = tag.starts_with("[!]") || tag.starts_with('!');
    let words = tag.split(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '|' | '{' | '}'));
    let is_option = |word: &&str| {
        word.strip_prefix("--").is_some_and(|name| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        })
    };
    words.filter(is_option).map(|word| (word.to_owned(), negated)).collect()
}

/// A line without what is said of fonts.
fn plain(line: &str) -> String {
    let line = match line.split_once(' ') {
        Some((".B" | ".I" | ".BR" | ".BI" | ".IR" | ".IB" | ".RB" | ".RI", rest)) => rest,
        _ => line,
    };
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('f') => {
                    chars.next();
                }
                Some(c) => out.push(c),
                None => {}
            },
            '"' => {}
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}
