//! `report --html`: the page holds the whole policy, and nothing of a policy is anything but text in it; and real
//! browsers show it to everybody.

use std::collections::BTreeSet;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fwdsl::Policy;
use fwdsl::family::Family;
use fwdsl::model::{Model, Ownership};
use fwdsl_runtime::digest::sha256;
use fwdsl_runtime::page::{Facts, page};
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::html::Page;
use fwdsl_tests::netns::{require, skip_without};
use fwdsl_tests::policies;
use fwdsl_tests::policies::whole::Generator;
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::random::Random;
use fwdsl_tests::router::router;
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};

#[path = "../../examples/article-host/src/main.rs"]
#[allow(dead_code, unreachable_pub)]
mod article_host;
#[path = "../../examples/mail-server/src/main.rs"]
#[allow(dead_code, unreachable_pub, unexpected_cfgs)]
mod mail_server;
#[path = "../../examples/web-server/src/main.rs"]
#[allow(dead_code, unreachable_pub)]
mod web_server;

const ARTICLE: &str = env!("CARGO_BIN_EXE_article-host-tested");
const COUNTED: &str = env!("CARGO_BIN_EXE_counted_host");

/// What a page is called that is made here.
const NAME: &str = "tested";

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
    assert!(!text.contains(is_unseen), "{:?}", text.find(is_unseen).map(|at| &text[at..at + 8]));
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
    let source = include_str!("../../examples/web-server/src/main.rs");
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

fn article(arguments: &[&str]) -> Output {
    Command::new(ARTICLE).args(arguments).output().expect("the binary runs")
}

#[test]
fn the_command_writes_the_page_and_says_what_it_is_of() {
    let directory = Directory::new("command");
    let file = directory.0.join("page.html");
    let path = file.to_str().unwrap();
    let output = article(&["report", "--html", path]);
    assert!(output.status.success(), "{}", stderr(&output));
    let written = fs::read_to_string(&file).unwrap();
    assert_eq!(stdout(&output), format!("wrote {path} ({} bytes)\n", written.len()));
    let printed = stdout(&article(&["report", "--html", "-"]));
    assert_eq!(printed, written, "the page is the same, wherever it goes");
    let read = read(&written);
    assert_holds(&read, &article_host::HOST);

    let shown = article(&["show", "--format", "json"]).stdout;
    let hash = sha256(&shown);
    assert!(read.named("code").any(|code| code.text == hash), "the digest is that of what is shown");
    let object = json(&article(&["report", "--html", path, "--json"]));
    assert_eq!((&object["sha256"], &object["file"]), (&hash.into(), &path.into()));
    assert_eq!(json(&article(&["report", "--html", "-", "--json"]))["html"], written.as_str());

    // Somebody else's file behind a link, a directory, and one that is not there.
    let link = directory.0.join("link");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    for wrong in [link.to_str().unwrap(), directory.0.to_str().unwrap(), "/nowhere/page.html"] {
        let output = article(&["report", "--html", wrong]);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""), "{wrong}");
        assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
    }
    assert_eq!(article(&["report"]).status.code(), Some(2));
    assert_eq!(article(&["report", "--html", "-", "--root", "/"]).status.code(), Some(2), "without --status");
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
}

/// The dump of `docs/matrix.md`, brought in by the tool.
#[test]
fn the_tool_makes_a_page_of_a_dump() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fwdsl-tested"));
        command.args(arguments).current_dir(fixtures).output().expect("the tool runs")
    };
    let output = run(&["report", "office.v4", "--html", "-"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    let read = read(&stdout(&output));
    assert_eq!(read.named("h1").next().unwrap().text, "office.v4");
    assert!(read.element("open").text.contains("Of IPv6 the policy says nothing"));
    let dump = fs::read_to_string(Path::new(fixtures).join("office.v4")).unwrap();
    let shown: String = read.named("pre").map(|pre| format!("{}\n", pre.text)).collect();
    for (place, line) in dump.lines().enumerate().filter(|(_, line)| line.starts_with("-A ")) {
        assert!(shown.lines().any(|shown| shown == line), "{line}");
        let place = format!("office.v4:{} ", place + 1);
        assert_eq!(read.named("li").filter(|item| item.text.contains(&place)).count(), 1, "{place}");
    }
    let hash = sha256(&run(&["import", "office.v4", "--to", "json"]).stdout);
    assert!(read.named("code").any(|code| code.text == hash));
    assert_eq!(run(&["report", "office.v4"]).status.code(), Some(2));
    assert_eq!(run(&["report", "office.v4", "--html", "/nowhere/page.html"]).status.code(), Some(3));
}

#[test]
fn on_a_host_it_tells_what_is_loaded_and_what_was_counted() {
    if !require(&[&PROGRAMS[..], &["setpriv"]].concat()) {
        return;
    }
    std::thread::scope(|scope| {
        for variant in VARIANTS {
            scope.spawn(move || {
                let host = Host::new(variant, COUNTED);
                let report = || {
                    let output = host.act("report", &["--status", "--html", "-"]);
                    assert!(output.status.success(), "{}", stderr(&output));
                    read(&stdout(&output))
                };
                let before = report();
                assert!(before.element("host").text.contains("missing"), "{}", before.element("host").text);
                assert!(host.apply(&[]).status.success());
                host.netns.sh("ip link set lo up; ip addr add 10.9.0.1/32 dev lo");
                host.netns.enter(|| {
                    let socket = UdpSocket::bind("10.9.0.1:0").unwrap();
                    socket.send_to(b"x", "10.9.0.1:1001").unwrap();
                });
                let after = report();
                let text = &after.element("host").text;
                assert!(text.contains("in force: all that is loaded is as the policy says"), "{text}");
                let source = include_str!("../src/bin/counted_host.rs");
                let line = 1 + source.lines().position(|line| line.contains("udp dport 1001")).unwrap();
                let rule = after
                    .named("li")
                    .find(|item| item.text.contains(&format!("counted_host.rs:{line}")))
                    .unwrap();
                assert!(rule.text.contains("IPv4: 1 packets, "), "{}", rule.text);
                assert!(rule.text.contains("IPv6: 0 packets, 0 bytes"), "{}", rule.text);

                let output = host.act_without_rights("report", &["--status", "--html", "-"]);
                assert!(output.status.success(), "{}", stderr(&output));
                let page = read(&stdout(&output));
                assert!(
                    page.element("host").text.contains("rules: unknown: "),
                    "{}",
                    page.element("host").text
                );
            });
        }
    });
}

/// Where the checks in a browser are.
const CHECKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/html");

fn program(names: &[&str]) -> Option<PathBuf> {
    let directories =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    names.iter().find_map(|name| directories.iter().map(|dir| dir.join(name)).find(|path| path.is_file()))
}

/// A page with all mistakes that are looked for.
const BAD: &str = "<!DOCTYPE html><html lang=en><title>bad</title><body style='background: #eee'>
<h1 style='width: 1000px; color: #ccc'>wide and pale</h1><img src='file:///nowhere.png' alt=x>
<details><summary>more</summary><p>folded</p></details><script>console.error('said')</script></body></html>";

/// Every page is opened by Chromium: on a desktop in light, on a phone in dark, and printed. Nothing is wider than
/// the screen, nothing is asked of the network, nothing is said on the console, nothing is folded on paper, and axe-core
/// finds nothing, contrast included.
#[test]
fn everybody_can_read_it_in_a_browser() {
    let chromium = program(&["chromium", "chromium-browser", "google-chrome"]);
    let (Some(chromium), Some(node)) = (chromium, program(&["node", "nodejs"])) else {
        return skip_without("chromium and node");
    };
    if !Path::new(CHECKS).join("node_modules/axe-core").is_dir() {
        return skip_without("axe-core: `npm ci` in tests/html");
    }
    let directory = Directory::new("browser");
    let hostile: String = HOSTILE.iter().map(|text| text.replace(is_unseen, "")).collect();
    let router = policy(&router());
    let nasty = policy(&format!(
        "chain INPUT policy drop {{ in lo => accept; ct established => accept; icmpv6 => accept;\n/// {hostile}\n tcp dport 1 => jump {:?}; }}\n/// {hostile}\nchain {:?} {{ tcp => drop; }}",
        "averylongnameofachain_<b>", "averylongnameofachain_<b>"
    ));
    let mut pages = vec![("router", &router), (HOSTILE[0], &nasty)];
    pages.extend(examples());
    let mut files = Vec::new();
    for (place, (name, policy)) in pages.iter().enumerate() {
        let file = match place {
            1 => directory.0.join("hostile.html"),
            _ => directory.0.join(format!("{name}.html")),
        };
        fs::write(&file, page_of(name, policy)).unwrap();
        files.push(file);
    }
    let bad = directory.0.join("bad.html");
    fs::write(&bad, BAD).unwrap();
    let mut command = Command::new(&node);
    command.arg("check.mjs").arg(&chromium).args(&files).arg(&bad).current_dir(CHECKS);
    let output = command.output().expect("node runs");
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let found = json(&output);
    // What looks for mistakes finds them.
    let told = found[bad.to_str().unwrap()].to_string();
    for mistake in [
        "asks for file:///nowhere.png",
        "1 scripts",
        "console: ",
        "phone, dark: the page is ",
        "desktop, light: color-contrast: ",
        "phone, dark: color-contrast: ",
        "folded: ",
        "printed on ",
    ] {
        assert!(told.contains(mistake), "{mistake} is not in {told}");
    }
    for file in &files {
        let found = &found[file.to_str().unwrap()];
        assert_eq!(found.as_array().map(Vec::len), Some(0), "{}: {found:#}", file.display());
    }
}
