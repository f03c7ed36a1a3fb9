//! The form that specifications are written in: `tests/corpus/README.md` explains it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fwdsl::family::Family;
use fwdsl::table::TableName;

/// One specification, for one family and one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The file and the line that it comes from.
    pub place: String,
    /// The family that it is tried in.
    pub family: Family,
    /// The table.
    pub table: TableName,
    /// The chain that the rule is appended to.
    pub chain: String,
    /// Lines of a restore text that stand before the rule.
    pub before: Vec<String>,
    /// The rule behind `-A CHAIN`.
    pub spec: String,
}

/// Specifications with what they need around them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corpus {
    /// The specifications.
    pub cases: Vec<Case>,
    /// Shell commands that prepare a namespace: they make sets and interfaces.
    pub commands: Vec<String>,
}

impl Case {
    /// The restore text with the rule alone.
    #[must_use]
    pub fn text(&self) -> String {
        let before: String = self.before.iter().map(|line| format!("{line}\n")).collect();
        format!("*{}\n{before}-A {} {}\nCOMMIT\n", self.table, self.chain, self.spec)
    }

    /// The file and the rule, as `differences.txt` names them.
    #[must_use]
    pub fn name(&self) -> String {
        let file = self.place.split(':').next().unwrap_or_default();
        format!("{file}: {}", self.spec)
    }

    /// The line of [`text`](Case::text) that the rule stands in, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.before.len() + 2
    }
}

/// Where the specifications that follow are tried.
struct Heading {
    table: TableName,
    chains: Vec<String>,
    families: Vec<Family>,
}

/// Reads the files `*.rules` of a directory, in the order of their names.
///
/// # Errors
///
/// What cannot be read, with the file and the line.
pub fn read(directory: &Path) -> Result<Corpus, String> {
    let entries = fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|it| it == "rules"));
    files.sort();
    let mut corpus = Corpus::default();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
        read_file(&name, &text, &mut corpus)?;
    }
    Ok(corpus)
}

/// The rules of which it is known why iptables and the importer differ: the lines of `differences.txt` that are neither
/// empty nor comments.
///
/// # Panics
///
/// If the file cannot be read.
#[must_use]
pub fn known_differences(directory: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(directory.join("differences.txt")).expect("the file is there");
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn read_file(name: &str, text: &str, corpus: &mut Corpus) -> Result<(), String> {
    let mut heading = None;
    let mut before: Vec<String> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let place = format!("{name}:{number}");
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(words) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            heading = Some(read_heading(words).ok_or_else(|| format!("{place}: not a heading: `{line}`"))?);
            before.clear();
        } else if let Some(command) = line.strip_prefix("$ ") {
            corpus.commands.push(command.to_owned());
        } else if let Some(line) = line.strip_prefix("+ ") {
            before.push(line.to_owned());
        } else {
            let heading = heading.as_ref().ok_or_else(|| format!("{place}: a rule before any heading"))?;
            corpus.cases.extend(cases(heading, &before, &place, line));
        }
    }
    Ok(())
}

/// `TABLE CHAIN[,CHAIN…] [FAMILY]`.
fn read_heading(words: &str) -> Option<Heading> {
    let mut words = words.split(' ');
    let table = TableName::from_name(words.next()?)?;
    let chains = words.next()?.split(',').map(str::to_owned).collect();
    let families = match words.next() {
        None => Family::ALL.to_vec(),
        Some(name) => vec![Family::ALL.into_iter().find(|family| family.name() == name)?],
    };
    words.next().is_none().then_some(Heading { table, chains, families })
}

fn cases<'a>(
    heading: &'a Heading,
    before: &'a [String],
    place: &'a str,
    spec: &'a str,
) -> impl Iterator<Item = Case> + 'a {
    let places =
        heading.families.iter().flat_map(|family| heading.chains.iter().map(|chain| (*family, chain)));
    places.map(|(family, chain)| Case {
        place: place.to_owned(),
        family,
        table: heading.table,
        chain: chain.clone(),
        before: before.to_vec(),
        spec: spec.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_with_what_stands_around_the_rules() {
        let mut corpus = Corpus::default();
        let text = "# about\n$ ipset create x hash:ip\n[nat OUTPUT,INPUT ipv4]\n+ :U - [0:0]\n-j U\n[raw OUTPUT]\n-p tcp\n";
        read_file("a.rules", text, &mut corpus).unwrap();
        assert_eq!(corpus.commands, ["ipset create x hash:ip"]);
        let texts: Vec<String> = corpus.cases.iter().map(Case::text).collect();
        assert_eq!(
            texts[..3],
            [
                "*nat\n:U - [0:0]\n-A OUTPUT -j U\nCOMMIT\n",
                "*nat\n:U - [0:0]\n-A INPUT -j U\nCOMMIT\n",
                "*raw\n-A OUTPUT -p tcp\nCOMMIT\n"
            ]
        );
        let places: Vec<_> =
            corpus.cases.iter().map(|case| (case.family, case.line(), &*case.place)).collect();
        assert_eq!(
            places,
            [
                (Family::Ipv4, 3, "a.rules:5"),
                (Family::Ipv4, 3, "a.rules:5"),
                (Family::Ipv4, 2, "a.rules:7"),
                (Family::Ipv6, 2, "a.rules:7"),
            ]
        );
    }

    #[test]
    fn what_is_no_heading_is_named_with_its_line() {
        for (text, said) in [
            ("\n[nat OUTPUT ipv5]\n", "a.rules:2: not a heading: `[nat OUTPUT ipv5]`"),
            ("-p tcp\n", "a.rules:1: a rule before any heading"),
        ] {
            assert_eq!(read_file("a.rules", text, &mut Corpus::default()), Err(said.to_owned()));
        }
    }
}
