//! A policy among several, with the hosts that it is for.

use std::collections::BTreeSet;

use fwdsl_runtime::Policy;

use super::pattern;
use crate::cli::failure::Failure;

/// A policy under a name, and the hosts that it is for.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) policy: &'a Policy,
    pub(super) hosts: &'a [&'a str],
    pub(super) roles: &'a [&'a str],
    pub(super) otherwise: bool,
}

impl<'a> Member<'a> {
    /// A policy that is chosen with `--policy NAME`. The name is made of letters, digits, `-`, `_` and `.`.
    #[must_use]
    pub const fn new(name: &'a str, policy: &'a Policy) -> Member<'a> {
        Member { name, policy, hosts: &[], roles: &[], otherwise: false }
    }

    /// The names of the hosts that it is for. `*` stands for any characters, `?` for one; case means nothing.
    ///
    /// A pattern without a dot is about the first part of a host's name, so that `web-*` matches `web-1.example.org` too.
    /// A name without wildcards wins over patterns: `web-7` of one policy over `web-*` of another.
    #[must_use]
    pub const fn hosts(mut self, patterns: &'a [&'a str]) -> Member<'a> {
        self.hosts = patterns;
        self
    }

    /// The roles that it is for, chosen with `--role ROLE`. Where several policies have the role, the host's name decides
    /// among them.
    #[must_use]
    pub const fn roles(mut self, roles: &'a [&'a str]) -> Member<'a> {
        self.roles = roles;
        self
    }

    /// It is for all hosts whose name no other one matches.
    #[must_use]
    pub const fn otherwise(mut self) -> Member<'a> {
        self.otherwise = true;
        self
    }

    /// Whom it is for, in words.
    pub(super) fn for_whom(&self) -> String {
        let list = |what: &str, words: &[&str]| match words {
            [] => None,
            words => Some(format!("{what} {}", words.join(", "))),
        };
        let otherwise = self.otherwise.then(|| "all other hosts".to_owned());
        let parts: Vec<String> =
            [list("hosts", self.hosts), list("roles", self.roles), otherwise].into_iter().flatten().collect();
        match parts.is_empty() {
            true => "only by name".to_owned(),
            false => parts.join("; "),
        }
    }
}

/// Refuses members that cannot be told apart.
pub(super) fn check(members: &[Member<'_>]) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for member in members {
        if member.name.is_empty() || !member.name.chars().all(is_of_a_name) || member.name.starts_with('-') {
            wrong.push(format!("`{}` is not a name of letters, digits, `-`, `_` and `.`", member.name));
        }
        if !names.insert(member.name) {
            wrong.push(format!("several policies are called `{}`", member.name));
        }
        let odd = member.hosts.iter().filter(|host| !pattern::is_sound(host));
        wrong.extend(odd.map(|host| format!("`{host}` of `{}` matches no host's name", member.name)));
        let odd = member.roles.iter().filter(|role| role.is_empty());
        wrong.extend(odd.map(|_| format!("a role of `{}` is empty", member.name)));
    }
    let otherwise: Vec<&str> =
        members.iter().filter(|member| member.otherwise).map(|member| member.name).collect();
    if otherwise.len() > 1 {
        wrong.push(format!("several policies are for all other hosts: `{}`", otherwise.join("`, `")));
    }
    if members.is_empty() {
        wrong.push("this program holds no policy".to_owned());
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure::Fleet(wrong)),
    }
}

fn is_of_a_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || "-_.".contains(char)
}
