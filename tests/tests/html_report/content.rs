//! What is on a page.

use fwdsl_runtime::page::{Facts, page};
use fwdsl_tests::html::Page;
use fwdsl_tests::policies;
use fwdsl_tests::policies::whole::Generator;
use fwdsl_tests::random::Random;
use fwdsl_tests::router::router;

use super::{HOSTILE, article_host, assert_holds, examples, is_unseen, page_of, policy, read, web_server};

/// What a page is called that is made here.
const NAME: &str = "tested";

#[test]
fn pages_of_the_examples_hold_all_of_them() {
    for (name, policy) in examples() {
        let text = page_of(name, policy);
        assert_holds(&read(&text), policy);
        assert_eq!(text, page_of(name, policy), "the same policy gives the same page");
    }
}

/// The cells of the table that begins the page, row by row, as the first of them tells.
fn rows(page: &Page) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for element in &page.elements {
        match element.attribute("data-title") {
            Some("Who") => rows.push(vec![element.text.clone()]),
            Some(_) => rows.last_mut().expect("a row has begun").push(element.text.clone()),
            None => {}
        }
    }
    rows
}

#[test]
fn the_first_table_says_who_may_open_what_by_which_rule() {
    let page = read(&page_of("web-server", &web_server::HOST));
    let source = include_str!("../../../examples/web-server/src/main.rs");
    let line = |words: &str| {
        1 + source.lines().position(|line| line.contains(words)).expect("the source has the line")
    };
    let rows = rows(&page);
    let found = |who: &str, what: &str, place: usize| {
        let place = format!("main.rs:{place}");
        let mut matching = rows.iter().filter(|row| row[0].contains(who) && row[1].contains(what));
        let row = matching.next().unwrap_or_else(|| panic!("{who} {what}: {rows:?}"));
        assert!(row[2] == "accepted" && row[3].contains(&place), "{row:?}");
        row.clone()
    };
    let web = found("anybody", "tcp dport [80, 443]", line("dport WEB "));
    let asserted = line("tcp dport WEB ct new              => accept");
    assert_eq!(web[4].trim(), format!("✓\u{a0}line\u{a0}{asserted}"));
    let admins = found("from 192.0.2.0/24", "tcp dport 22", line("from ADMINS dport ssh"));
    let asserted = line("in eth0 from ADMINS tcp dport ssh");
    assert!(admins[3].contains("administration"), "{admins:?}");
    assert_eq!(admins[4].trim(), format!("✓\u{a0}line\u{a0}{asserted}"));
    found("from 2001:db8:ad::/48", "tcp dport 22", line("from ADMINS dport ssh"));
    let quic = found("anybody", "udp dport 443", line("udp dport https => accept"));
    assert_eq!(quic[4], "no");
    assert_eq!(rows.len(), 8, "{rows:?}");
    // What is not there is closed: nothing about the rules that refuse.
    assert!(rows.iter().all(|row| !row[1].contains("3306")));
}

#[test]
fn what_is_refused_is_told_where_all_else_is_open() {
    let page = read(&page_of("article-host", &article_host::HOST));
    let rows = rows(&page);
    let refused: Vec<_> = rows.iter().filter(|row| row[2] == "dropped").collect();
    assert_eq!(refused.len(), 1, "{rows:?}");
    assert_eq!(
        (refused[0][0].trim(), refused[0][1].trim()),
        ("to anybody", "tcp|udp sport [135, 137..=139]")
    );
}

#[test]
fn nothing_of_a_policy_is_anything_but_text() {
    let mut source = String::from(
        "#![allow(loopback_blocked)] #![allow(no_effect_rule)] chain INPUT policy drop { in lo => accept; ct established => accept; icmpv6 => accept;\n",
    );
    for (place, text) in HOSTILE.iter().enumerate() {
        let comment = text.replace(is_unseen, "");
        source +=
            &format!("/// {comment}\ntcp dport {} => jump {:?};\n", 1000 + place, format!("c{place}<b>&'"));
    }
    source += "}\n";
    for (place, text) in HOSTILE.iter().enumerate() {
        let text = text.replace(is_unseen, "");
        let prefix: String = text.chars().take(20).collect();
        source +=
            &format!("/// {text}\nchain {:?} {{ _ => log({prefix:?}), drop; }}\n", format!("c{place}<b>&'"));
    }
    let policy = policy(&source);
    for name in HOSTILE {
        let findings = policy.check().unwrap();
        let model = policy.model();
        let remarks = [name.to_owned()];
        let text = page(&Facts {
            name,
            model: &model,
            findings: &findings,
            digest: (name, name),
            live: None,
            remarks: &remarks,
        });
        let read = read(&text);
        assert_holds(&read, &policy);
        let title = read.named("h1").next().unwrap();
        assert!(title.text == name || title.text.contains("\\u{202e}"), "{}", title.text);
        assert!(read.named("img").chain(read.named("script")).chain(read.named("b")).next().is_none());
    }
}

#[test]
fn pages_of_random_policies_are_whole() {
    let mut random = Random::new(77);
    for _ in 0..5 {
        let policy = policy(&policies::policy(&mut random));
        assert_holds(&read(&page_of(NAME, &policy)), &policy);
    }
    let mut generator = Generator::new(78);
    for _ in 0..8 {
        let policy = generator.next_policy().policy();
        assert_holds(&read(&page_of(NAME, &policy)), &policy);
    }
}

#[test]
fn a_router_is_told_through_and_through() {
    let policy = policy(&router());
    let text = page_of("router", &policy);
    let read = read(&text);
    assert_holds(&read, &policy);
    assert!(policy.model().chains().len() >= 30);
    // A box for each chain in the drawings.
    let boxes = read.named("rect").count();
    assert_eq!(boxes, policy.model().chains().len());
    let rows = rows(&read);
    let is_told =
        |words: [&str; 2]| rows.iter().any(|row| row[0].contains(words[0]) && row[1].contains(words[1]));
    assert!(is_told(["in adm0", "tcp dport 22"]), "{rows:?}");
    assert!(is_told(["in lan0 out wan0 from 10.0.0.0/16", ""]), "{rows:?}");
    assert!(is_told(["in wan0 out dmz0", "tcp dport [80, 443]"]), "{rows:?}");
    assert!(text.len() < 400_000, "{}", text.len());
}
