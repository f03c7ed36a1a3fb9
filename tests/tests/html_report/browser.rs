//! Pages in a real browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fwdsl_tests::netns::skip_without;
use fwdsl_tests::provisioned::{json, stderr, stdout};
use fwdsl_tests::router::router;

use super::{Directory, HOSTILE, examples, is_unseen, page_of, policy};

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
