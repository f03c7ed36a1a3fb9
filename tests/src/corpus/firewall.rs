//! The firewalls of `tests/corpus/firewalls`, and the generated ones.

use std::fs;

use fwdsl::family::Family;

use super::{directory, generated};

/// What a host holds for one family.
#[derive(Debug, Clone)]
pub struct Firewall {
    /// The host, or what makes it.
    pub name: String,
    /// The family.
    pub family: Family,
    /// The restore text.
    pub text: String,
    /// What `ipset restore` makes first.
    pub sets: String,
}

/// All firewalls: those of the directory in the order of their names, then the generated ones.
///
/// # Panics
///
/// If a file cannot be read.
#[must_use]
pub fn firewalls() -> Vec<Firewall> {
    let directory = directory().join("firewalls");
    let mut paths: Vec<_> = fs::read_dir(&directory)
        .expect("the directory is there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let family = match path.extension().and_then(|it| it.to_str()) {
            Some("v4") => Family::Ipv4,
            Some("v6") => Family::Ipv6,
            _ => continue,
        };
        found.push(Firewall {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            family,
            text: fs::read_to_string(&path).expect("the file can be read"),
            sets: fs::read_to_string(path.with_extension("sets")).unwrap_or_default(),
        });
    }
    type Maker = fn(Family) -> String;
    let makers: [(&str, Maker); 3] = [
        ("university", generated::university),
        ("company", generated::company),
        ("kubernetes", generated::kubernetes),
    ];
    for (name, make) in makers {
        found.extend(Family::ALL.map(|family| Firewall {
            name: name.to_owned(),
            family,
            text: make(family),
            sets: String::new(),
        }));
    }
    found
}
