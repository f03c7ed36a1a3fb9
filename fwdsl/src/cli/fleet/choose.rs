//! The policy of this host, among several.

use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::ops::Deref;
use std::path::Path;

use fwdsl_runtime::Policy;
use fwdsl_runtime::diagnostic::Diagnostics;
use fwdsl_runtime::host::tree::Tree;
use serde_json::{Value, json};

use super::{Member, Selection, pattern};
use crate::cli::failure::Failure;

/// The host's name as the kernel has it; the environment has no say.
const KERNEL_NAME: &str = "/proc/sys/kernel/hostname";
/// The name that an image will have (hostname(5)).
const IMAGE_NAME: &str = "/etc/hostname";

/// The policy that a command works on.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Chosen<'a> {
    policy: Cow<'a, Policy>,
    /// `None` if there is no other.
    pub(in crate::cli) name: Option<&'a str>,
    reason: Reason,
}

/// Why it is this one.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reason {
    Only,
    Named,
    Role(String),
    Host { host: String, pattern: String },
    Otherwise { host: String },
}

impl Deref for Chosen<'_> {
    type Target = Policy;

    fn deref(&self) -> &Policy {
        &self.policy
    }
}

impl<'a> Chosen<'a> {
    /// The policy of a program that has one.
    pub(in crate::cli) fn only(policy: &'a Policy) -> Chosen<'a> {
        Chosen { policy: Cow::Borrowed(policy), name: None, reason: Reason::Only }
    }

    fn of(member: &Member<'a>, reason: Reason) -> Chosen<'a> {
        Chosen { policy: Cow::Borrowed(member.policy), name: Some(member.name), reason }
    }

    /// The same, checked and in the form for more than one question.
    pub(in crate::cli) fn read(&self) -> Result<Chosen<'a>, Diagnostics> {
        Ok(Chosen { policy: Cow::Owned(self.policy.read()?), ..self.clone() })
    }

    pub(super) fn words(&self) -> String {
        format!("the policy is `{}`: {}", self.name.unwrap_or_default(), self.why())
    }

    pub(super) fn why(&self) -> String {
        match &self.reason {
            Reason::Only => "there is no other".to_owned(),
            Reason::Named => "it was named".to_owned(),
            Reason::Role(role) => format!("it has the role `{role}`"),
            Reason::Host { host, pattern } => format!("this host is `{host}`, which matches `{pattern}`"),
            Reason::Otherwise { host } => format!("this host is `{host}`, which no other policy matches"),
        }
    }

    pub(super) fn json(&self) -> Value {
        let by = match &self.reason {
            Reason::Only => "only",
            Reason::Named => "policy",
            Reason::Role(_) => "role",
            Reason::Host { .. } => "host",
            Reason::Otherwise { .. } => "otherwise",
        };
        json!({ "policy": self.name, "by": by, "reason": self.why() })
    }
}

/// The name of the running host, or of an image; empty if the image has none.
pub(super) fn host_name(image: Option<&Path>) -> Result<String, ChoiceError> {
    let (path, text) = match image {
        None => (KERNEL_NAME, fs::read_to_string(KERNEL_NAME)),
        Some(root) => {
            let text = Tree::new(Some(root)).read(Path::new(IMAGE_NAME));
            (IMAGE_NAME, text.map(Option::unwrap_or_default))
        }
    };
    let text = text.map_err(|error| ChoiceError::Unreadable(format!("`{path}`: {error}")))?;
    let lines = text.lines().map(str::trim);
    Ok(lines
        .filter(|line| !line.starts_with('#'))
        .find(|line| !line.is_empty())
        .unwrap_or_default()
        .to_owned())
}

/// Chooses by name, role, host.
pub(super) fn choose<'a>(
    members: &[Member<'a>],
    selection: &Selection,
    host: &str,
) -> Result<Chosen<'a>, Failure> {
    // clap takes no other name.
    if let Some(member) =
        selection.policy.as_ref().and_then(|name| members.iter().find(|one| one.name == name))
    {
        return Ok(Chosen::of(member, Reason::Named));
    }
    let has_role =
        |member: &&Member<'a>| selection.role.as_deref().is_none_or(|role| member.roles.contains(&role));
    let among: Vec<&Member<'a>> = members.iter().filter(has_role).collect();
    if let (Some(role), [member]) = (&selection.role, &among[..]) {
        return Ok(Chosen::of(member, Reason::Role(role.clone())));
    }
    let mut found: Vec<(&Member<'a>, &str)> = Vec::new();
    for member in among.iter().filter(|_| !host.is_empty()) {
        let mut matching = member.hosts.iter().filter(|pattern| pattern::matches(pattern, host));
        let exact = matching.clone().find(|pattern| pattern::is_exact(pattern));
        found.extend(exact.or_else(|| matching.next()).map(|pattern| (*member, *pattern)));
    }
    if found.iter().any(|(_, pattern)| pattern::is_exact(pattern)) {
        found.retain(|(_, pattern)| pattern::is_exact(pattern));
    }
    match &found[..] {
        [(member, pattern)] => {
            let reason = Reason::Host { host: host.to_owned(), pattern: (*pattern).to_owned() };
            Ok(Chosen::of(member, reason))
        }
        [] => match among.iter().find(|member| member.otherwise) {
            Some(member) => Ok(Chosen::of(member, Reason::Otherwise { host: host.to_owned() })),
            None => Err(ChoiceError::None { host: host.to_owned(), members: listed(&among) }.into()),
        },
        several => {
            let several =
                several.iter().map(|(member, pattern)| (member.name.to_owned(), format!("`{pattern}`")));
            Err(ChoiceError::Several { host: host.to_owned(), members: several.collect() }.into())
        }
    }
}

fn listed(members: &[&Member<'_>]) -> Vec<(String, String)> {
    members.iter().map(|member| (member.name.to_owned(), member.for_whom())).collect()
}

/// Why no policy could be chosen.
#[derive(Debug)]
pub(in crate::cli) enum ChoiceError {
    /// No policy is for this host; the policies, and whom each is for.
    None { host: String, members: Vec<(String, String)> },
    /// Several are; with the pattern of each that matches.
    Several { host: String, members: Vec<(String, String)> },
    /// The host's name cannot be read.
    Unreadable(String),
}

impl From<ChoiceError> for Failure {
    fn from(error: ChoiceError) -> Failure {
        Failure::Choice(error)
    }
}

impl fmt::Display for ChoiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = match self {
            ChoiceError::Unreadable(error) => {
                return write!(
                    f,
                    "cannot read the host's name from {error}\nhelp: name the policy: --policy NAME"
                );
            }
            ChoiceError::None { host, members } if host.is_empty() => {
                f.write_str("the host has no name to choose a policy by:")?;
                members
            }
            ChoiceError::None { host, members } => {
                write!(f, "no policy is for the host `{host}`:")?;
                members
            }
            ChoiceError::Several { host, members } => {
                write!(f, "several policies are for the host `{host}`:")?;
                members
            }
        };
        members.iter().try_for_each(|(name, about)| write!(f, "\n  {name}: {about}"))?;
        f.write_str("\nhelp: name the policy: --policy NAME")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static EMPTY: Policy = crate::firewall! { chain INPUT {} };

    fn chosen(role: Option<&str>, host: &str) -> Result<(&'static str, String), String> {
        let members = [
            Member::new("web", &EMPTY).hosts(&["web-*", "*.web.example.org"]).roles(&["front", "both"]),
            Member::new("canary", &EMPTY).hosts(&["web-7", "both-*"]).roles(&["both"]),
            Member::new("db", &EMPTY).hosts(&["db-?", "both-*"]),
        ];
        let selection = Selection { role: role.map(str::to_owned), ..Selection::default() };
        let chosen = choose(&members, &selection, host).map_err(|failure| failure.to_string())?;
        Ok((chosen.name.unwrap(), chosen.why()))
    }

    #[test]
    fn the_name_of_the_host_decides_and_an_exact_one_wins() {
        let web = "this host is `web-1`, which matches `web-*`".to_owned();
        assert_eq!(chosen(None, "web-1"), Ok(("web", web)));
        assert_eq!(chosen(None, "web-7").unwrap().0, "canary");
        assert_eq!(chosen(None, "DB-1.example.org").unwrap().0, "db");
    }

    #[test]
    fn what_is_not_certain_is_listed() {
        let several = chosen(None, "both-1").unwrap_err();
        assert!(several.contains("several policies are for the host `both-1`"), "{several}");
        assert!(several.contains("canary: `both-*`") && several.contains("db: `both-*`"), "{several}");
        let none = chosen(None, "mail").unwrap_err();
        assert!(none.contains("no policy is for the host `mail`"), "{none}");
        assert!(none.contains("web: hosts web-*, *.web.example.org; roles front, both"), "{none}");
        assert!(chosen(None, "").unwrap_err().contains("the host has no name"));
    }

    #[test]
    fn a_role_narrows_and_the_host_decides_the_rest() {
        assert_eq!(chosen(Some("front"), "mail").unwrap(), ("web", "it has the role `front`".to_owned()));
        assert_eq!(chosen(Some("both"), "both-1").unwrap().0, "canary");
        assert!(chosen(Some("both"), "mail").is_err());
    }
}
