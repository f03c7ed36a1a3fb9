//! Completions and manual pages.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use fwdsl_tests::netns::skip_without;
use fwdsl_tests::provisioned::{stderr, stdout};

use super::{FLEET, run};

/// The tool, a program with one policy, and one with several.
const PROGRAMS: [&str; 3] = [env!("CARGO_BIN_EXE_fwdsl-tested"), env!("CARGO_BIN_EXE_cli_host"), FLEET];

/// A program does not know when its page was written; and clap_mangen breaks lines where there is a space anyway.
const HARMLESS: [&str; 2] = ["cannot parse date", "skipping paragraph macro: br"];

/// What a shell, or a program that reads manual pages, says of a text.
fn said_of(text: &str, program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        skip_without(&format!("the program `{program}`"));
        return None;
    };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some(format!("{}{}", stdout(&output), stderr(&output)))
}

#[test]
fn shells_read_the_completions() {
    for program in PROGRAMS {
        for (shell, arguments) in [("bash", &["-n"][..]), ("zsh", &["-n"]), ("fish", &["--no-execute"])] {
            let script = stdout(&run(program, &["completions", shell]));
            assert!(script.len() > 1000, "{program} {shell}: {script}");
            // bash is everywhere; the others are asked where they are.
            if shell == "bash" || Command::new(shell).arg("--version").output().is_ok() {
                assert_eq!(said_of(&script, shell, arguments).unwrap_or_default(), "", "{program} {shell}");
            }
        }
    }
}

/// What bash offers after the words, of which the last is not complete.
fn offered(program: &str, words: &[&str]) -> Vec<String> {
    let script = stdout(&run(program, &["completions", "bash"]));
    let name = program.rsplit('/').next().unwrap();
    let words = [&[name], words].concat();
    let (last, former) = (words[words.len() - 1], words[words.len() - 2]);
    let asked = format!(
        "{script}\nCOMP_WORDS=({}); COMP_CWORD={}; COMP_LINE='{}'; COMP_POINT=${{#COMP_LINE}}\n\
         function=$(complete -p {name} | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n\
         \"$function\" {name} '{last}' '{former}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words.len() - 1,
        words.join(" "),
    );
    let said = said_of(&asked, "bash", &[]).unwrap_or_default();
    said.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_names() {
    assert_eq!(offered(FLEET, &["app"]), ["apply"]);
    assert_eq!(offered(FLEET, &["apply", "--dr"]), ["--dry-run", "--drop-revoked"]);
    assert_eq!(offered(FLEET, &["plan", "--policy", "d"]), ["database"]);
    assert_eq!(offered(FLEET, &["plan", "--role", "f"]), ["frontend"]);
    assert_eq!(offered(PROGRAMS[0], &["expl"]), ["explain"]);
}

#[test]
fn fish_completes_them() {
    let script = stdout(&run(FLEET, &["completions", "fish"]));
    let asked =
        format!("{script}\ncomplete -C 'fleet-tested plan --policy d'\ncomplete -C 'fleet-tested app'");
    if Command::new("fish").arg("--version").output().is_err() {
        return eprintln!("SKIPPED: fish is not installed");
    }
    let said = said_of(&asked, "fish", &["--no-config"]).unwrap_or_default();
    let words: Vec<&str> = said.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(words, ["database", "apply"], "{said}");
}

#[test]
fn manual_pages_are_well_formed_and_complete() {
    for program in PROGRAMS {
        let name = program.rsplit('/').next().unwrap();
        let dir = std::env::temp_dir().join(format!("fwdsl-man-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        // A link in the place of a page is replaced, not written through.
        let theirs = dir.join("theirs");
        fs::write(&theirs, "theirs").unwrap();
        let section = if program == PROGRAMS[0] { 1 } else { 8 };
        symlink(&theirs, dir.join(format!("{name}.{section}"))).unwrap();
        let written = run(program, &["man", "--dir", dir.to_str().unwrap()]);
        assert!(written.status.success(), "{}", stderr(&written));
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
        fs::remove_file(&theirs).unwrap();
        let mut pages: Vec<PathBuf> =
            fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        pages.sort();
        assert!(dir.join(format!("{name}-explain.{section}")).exists(), "{pages:?}");
        let whole = fs::read_to_string(dir.join(format!("{name}.{section}"))).unwrap();
        assert_eq!(whole, stdout(&run(program, &["man"])));
        for page in &pages {
            let text = fs::read_to_string(page).unwrap();
            let arguments = ["-Tlint", "-Wwarning"];
            let Some(said) = said_of(&text, "mandoc", &arguments) else { break };
            let said: Vec<&str> =
                said.lines().filter(|line| !HARMLESS.iter().any(|one| line.contains(one))).collect();
            assert_eq!(said, [""; 0], "{}", page.display());
        }
        let shown = said_of(&whole, "mandoc", &["-Tascii"]).unwrap_or_default();
        fs::remove_dir_all(&dir).unwrap();
        for command in ["explain", "completions"] {
            assert!(shown.is_empty() || shown.contains(&format!("{name}-{command}({section})")), "{shown}");
        }
    }
    let wrong = run(FLEET, &["man", "aply"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(stderr(&wrong).contains("there is no command `aply`"));
}
