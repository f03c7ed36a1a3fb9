//! `report --html`: the page holds the whole policy, and nothing of a policy is anything but text in it; and real
//! browsers show it to everybody.

mod browser;
mod command;
mod content;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use fwdsl::Policy;
use fwdsl::family::Family;
use fwdsl::model::{Model, Ownership};
use fwdsl_runtime::page::{Facts, page};
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::html::Page;

#[path = "../../../examples/article-host/src/main.rs"]
#[allow(dead_code, unreachable_pub)]
mod article_host;
#[path = "../../../examples/mail-server/src/main.rs"]
#[allow(dead_code, unreachable_pub, unexpected_cfgs)]
mod mail_server;
#[path = "../../../examples/web-server/src/main.rs"]
#[allow(dead_code, unreachable_pub)]
mod web_server;

fn page_of(name: &str, policy: &Policy) -> String {
    let findings = policy.check().expect("the policy is sound");
    let model = policy.model();
    let digest = ("0123", "tested show --format json");
    page(&Facts { name, model: &model, findings: &findings, digest, live: None, remarks: &[] })
}

fn policy(source: &str) -> Policy {
    let compiled = compile(source.parse().expect("tokens"));
    assert!(compiled.is_sound(), "{source}\n{:?}", compiled.diagnostics);
    Policy::from_model(Model::from_bytes("src/main.rs", &compiled.model.to_bytes()).expect("it was packed"))
        .expect("sound")
}

fn examples() -> [(&'static str, &'static Policy); 3] {
    [
        ("article-host", &article_host::HOST),
        ("mail-server", &mail_server::HOST),
        ("web-server", &web_server::HOST),
    ]
}

/// Characters that nobody sees, or that turn the direction of others.
fn is_unseen(c: char) -> bool {
    c != '\n' && c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Reads a page, which is one and whole: nothing of it comes from elsewhere, and no link leads nowhere.
fn read(text: &str) -> Page {
    assert!(!text.contains(is_unseen), "{:?}", text.chars().find(|c| is_unseen(*c)));
    let read = Page::read(text);
    let mut ids = BTreeSet::new();
    for element in &read.elements {
        assert!(
            !matches!(
                element.name.as_str(),
                "script" | "link" | "img" | "iframe" | "object" | "embed" | "base" | "form"
            ),
            "{element:?}"
        );
        for (name, value) in &element.attributes {
            assert!(!name.starts_with("on") && !matches!(name.as_str(), "src" | "style"), "{name}={value}");
            if name == "id" {
                assert!(ids.insert(value.clone()), "the id {value} is there twice");
            }
        }
    }
    let mut links = 0;
    for element in &read.elements {
        if let Some(href) = element.attribute("href") {
            let id = href.strip_prefix('#').unwrap_or_else(|| panic!("{href} leads out of the page"));
            assert!(ids.contains(id), "{href} leads nowhere");
            links += 1;
        }
        if let Some(id) = element.attribute("aria-labelledby") {
            assert!(ids.contains(id), "{id} is not there");
        }
    }
    assert!(links > 3);
    read
}

/// Every chain, rule and case of the policy stands on the page once, with its line and its comment.
fn assert_holds(read: &Page, policy: &Policy) {
    let model = policy.model();
    for (number, chain) in model.chains().iter().enumerate() {
        let section = read.element(&format!("chain-{number}"));
        assert!(section.text.contains(chain.doc()) || chain.doc().contains(is_unseen), "{}", chain.name());
        for (place, rule) in chain.rules().iter().enumerate() {
            let item = read.element(&format!("rule-{number}-{place}"));
            let line = model.sources().place(rule.loc());
            let line = line.rsplit('/').next().expect("a part is always there");
            assert!(item.text.contains(line), "{line} is not in {}", item.text);
            let comment = rule.comment().unwrap_or_default();
            assert!(
                item.text.contains(comment) || comment.contains(is_unseen),
                "{comment} is not in {}",
                item.text
            );
            assert!(item.text.contains('⇒'), "{}", item.text);
        }
    }
    let rules: usize = model.chains().iter().map(|chain| chain.rules().len()).sum();
    let of = |prefix: &str| {
        let ids = read.elements.iter().filter_map(|element| element.attribute("id"));
        ids.filter(|id| id.starts_with(prefix)).count()
    };
    assert_eq!(of("rule-"), rules);
    assert_eq!(
        of("assertion-"),
        model.assertions().iter().map(|assertion| assertion.cases().len()).sum::<usize>()
    );
    let prefix = match model.ownership() {
        Ownership::Chains { prefix, .. } => Some(prefix.clone()),
        Ownership::Tables => None,
    };
    // Every line that the kernel gets stands at some rule.
    let shown: String = read.named("pre").map(|pre| format!("{}\n", pre.text)).collect();
    for family in Family::ALL {
        for line in policy
            .emit(family)
            .expect("sound")
            .unwrap_or_default()
            .lines()
            .filter(|line| line.starts_with("-A "))
        {
            let is_hook = |prefix: &String| line.contains(&format!(" -j {prefix}-"));
            assert!(
                prefix.as_ref().is_some_and(is_hook)
                    || line.contains(is_unseen)
                    || shown.lines().any(|shown| shown == line),
                "{line}"
            );
        }
    }
}

/// Comments, texts and names that try to be more than that.
const HOSTILE: [&str; 8] = [
    "</code><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</style></title><!-- -->",
    "&lt;script&gt; &amp; &#x3c;",
    "javascript:alert(1)",
    "a\u{202e}b\u{2066}c\u{200b}d\u{feff}",
    "`<b>` \u{5e9}\u{5dc}\u{5d5}\u{5dd}",
];

/// A directory, removed when it is dropped.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("fwdsl-html-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("it can be made");
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
