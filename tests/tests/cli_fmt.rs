//! `fwdsl fmt`: what it finds, what it writes, what it says.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use fwdsl_tests::provisioned::{stderr, stdout};

const BEFORE: &str = "static A: Policy = firewall! {\n  chain A { in lo=>accept; // é\n  }\n};\n";
const AFTER: &str =
    "static A: Policy = firewall! {\n    chain A {\n        in lo => accept; // é\n    }\n};\n";
const BROKEN: &str = "static A: Policy = firewall! { chain A {} };\nconst B: &str = \"open;\n";

/// A directory with files, removed when it is dropped.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str, files: &[(&str, &str)]) -> Tree {
        let root = std::env::temp_dir().join(format!("fwdsl-fmt-{name}-{}", std::process::id()));
        let tree = Tree(root);
        fs::create_dir_all(&tree.0).unwrap();
        for (path, text) in files {
            let path = tree.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        tree
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Runs `fwdsl fmt` in the directory.
    fn fmt(&self, arguments: &[&str]) -> Output {
        Command::new(tool()).arg("fmt").args(arguments).current_dir(&self.0).output().unwrap()
    }

    /// The names of all that is in a directory.
    fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(path)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn tool() -> &'static str {
    env!("CARGO_BIN_EXE_fwdsl-tested")
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn it_formats_a_tree_in_place() {
    let tree = Tree::new(
        "tree",
        &[
            ("a.rs", BEFORE),
            ("src/deep/b.rs", BEFORE),
            ("src/target/mod.rs", BEFORE),
            ("src/formatted.rs", AFTER),
            ("src/other.rs", "fn f() { }\n"),
            ("src/c.txt", BEFORE),
            (".hidden/d.rs", BEFORE),
            ("src/.e.rs", BEFORE),
            ("Cargo.toml", ""),
            ("target/debug/f.rs", BEFORE),
            ("built/target/CACHEDIR.TAG", ""),
            ("built/target/g.rs", BEFORE),
        ],
    );
    let output = tree.fmt(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), "a.rs\nsrc/deep/b.rs\nsrc/target/mod.rs\n3 of 5 files formatted\n");
    assert_eq!(stderr(&output), "");
    for path in ["a.rs", "src/deep/b.rs", "src/target/mod.rs"] {
        assert_eq!(tree.text(path), AFTER, "{path}");
    }
    for path in ["src/c.txt", ".hidden/d.rs", "src/.e.rs", "target/debug/f.rs", "built/target/g.rs"] {
        assert_eq!(tree.text(path), BEFORE, "{path}");
    }
    let output = tree.fmt(&["."]);
    assert_eq!(stdout(&output), "0 of 5 files formatted\n");
    assert_eq!(tree.names(""), [".hidden", "Cargo.toml", "a.rs", "built", "src", "target"]);
}

#[test]
fn a_file_that_is_named_is_meant_whatever_its_name() {
    let tree = Tree::new("named", &[("a.txt", BEFORE), (".b.rs", BEFORE), ("c.rs", BEFORE)]);
    let output = tree.fmt(&["a.txt", ".b.rs", "./a.txt"]);
    assert_eq!(stdout(&output), "a.txt\n.b.rs\n2 of 2 files formatted\n");
    assert_eq!(tree.text("c.rs"), BEFORE);
}

#[test]
fn a_formatted_file_is_not_touched() {
    let tree = Tree::new("untouched", &[("a.rs", AFTER), ("b.rs", BEFORE)]);
    let number =
        |path: &str| fs::metadata(tree.path(path)).map(|data| (data.ino(), data.mtime_nsec())).unwrap();
    let (formatted, other) = (number("a.rs"), number("b.rs"));
    assert!(tree.fmt(&[]).status.success());
    assert_eq!(number("a.rs"), formatted);
    // The other is a new file under the old name, so that nobody reads half of it.
    assert_ne!(number("b.rs").0, other.0);
}

#[test]
fn the_mode_and_the_owner_stay() {
    let tree = Tree::new("mode", &[("a.rs", BEFORE)]);
    fs::set_permissions(tree.path("a.rs"), Permissions::from_mode(0o750)).unwrap();
    if is_root() {
        std::os::unix::fs::chown(tree.path("a.rs"), Some(12), Some(34)).unwrap();
    }
    assert!(tree.fmt(&[]).status.success());
    let data = fs::metadata(tree.path("a.rs")).unwrap();
    assert_eq!(data.permissions().mode() & 0o7777, 0o750);
    if is_root() {
        assert_eq!((data.uid(), data.gid()), (12, 34));
    }
}

#[test]
fn links_are_passed_over_unless_they_are_named() {
    let tree = Tree::new("links", &[("real/a.rs", BEFORE), ("other/b.rs", BEFORE)]);
    symlink("..", tree.path("real/circle")).unwrap();
    symlink("../other/b.rs", tree.path("real/link.rs")).unwrap();
    let output = tree.fmt(&["real"]);
    assert_eq!(stdout(&output), "real/a.rs\n1 of 1 file formatted\n");
    assert_eq!(tree.text("other/b.rs"), BEFORE);
    let output = tree.fmt(&["real/link.rs"]);
    assert_eq!(stdout(&output), "real/link.rs\n1 of 1 file formatted\n");
    assert_eq!(tree.text("other/b.rs"), AFTER);
    assert!(fs::symlink_metadata(tree.path("real/link.rs")).unwrap().is_symlink());
}

#[test]
fn a_check_says_what_differs_and_changes_nothing() {
    let tree = Tree::new("check", &[("a.rs", BEFORE), ("b.rs", AFTER)]);
    let output = tree.fmt(&["--check", "."]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let expected = "\
a.rs:1:
 static A: Policy = firewall! {
-  chain A { in lo=>accept; // é
-  }
+    chain A {
+        in lo => accept; // é
+    }
 };
\x20
1 of 2 files is not formatted
";
    assert_eq!(stdout(&output), expected);
    assert_eq!(tree.text("a.rs"), BEFORE);
    let output = tree.fmt(&["--check", "b.rs"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), "1 file checked\n"));
}

#[test]
fn what_cannot_be_formatted_is_named_and_the_others_go_on() {
    let tree = Tree::new("broken", &[("a.rs", BROKEN), ("b.rs", BEFORE), ("c.rs", AFTER)]);
    fs::write(tree.path("d.rs"), b"// \xff firewall! {}").unwrap();
    let output = tree.fmt(&[".", "missing.rs"]);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    assert!(said.contains("error: a.rs:2:17: what begins here cannot be read as Rust's tokens\n"), "{said}");
    assert!(said.contains("error: cannot read `d.rs`: "), "{said}");
    assert!(said.contains("error: cannot read `missing.rs`: "), "{said}");
    assert_eq!(said.lines().count(), 3, "{said}");
    assert_eq!(tree.text("a.rs"), BROKEN);
    assert_eq!(tree.text("b.rs"), AFTER);
    // That something could not be read weighs more than that something differs.
    fs::write(tree.path("b.rs"), BEFORE).unwrap();
    assert_eq!(tree.fmt(&["--check"]).status.code(), Some(3));
}

#[test]
fn what_cannot_be_written_stays_as_it_is() {
    let tree = Tree::new("readonly", &[("a.rs", BEFORE), ("b.rs", BEFORE)]);
    fs::set_permissions(tree.path("a.rs"), Permissions::from_mode(0o444)).unwrap();
    let output = tree.fmt(&[]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(stderr(&output), "error: cannot write `a.rs`: it is read-only\n");
    assert_eq!((tree.text("a.rs"), tree.text("b.rs")), (BEFORE.to_owned(), AFTER.to_owned()));
    assert_eq!(tree.names(""), ["a.rs", "b.rs"]);
}

/// Where the new text cannot be put beside the old one, the old one is whole, and nothing is left over.
#[test]
fn a_write_that_fails_half_way_leaves_the_old_file() {
    let tree = Tree::new("full", &[("a.rs", BEFORE)]);
    // No file that this process writes may have more than 8 bytes (RLIMIT_FSIZE, in blocks of 512 or 1024).
    let big = BEFORE.replace("é", &"é".repeat(4000));
    fs::write(tree.path("a.rs"), &big).unwrap();
    let script = format!("trap '' XFSZ; ulimit -f 1; exec {} fmt a.rs", tool());
    let output = Command::new("sh").arg("-c").arg(script).current_dir(&tree.0).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).starts_with("error: cannot write `a.rs`: "), "{}", stderr(&output));
    assert_eq!(tree.text("a.rs"), big);
    assert_eq!(tree.names(""), ["a.rs"]);
}

fn piped(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(tool())
        .args(arguments)
        .current_dir(Path::new("/"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn standard_input_is_formatted_to_standard_output() {
    let output = piped(&["fmt", "-"], BEFORE.as_bytes());
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), AFTER));
    let output = piped(&["fmt", "-"], AFTER.as_bytes());
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), AFTER));
    let output = piped(&["fmt", "--check", "-"], BEFORE.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with("<stdin>:1:\n"), "{}", stdout(&output));
    let output = piped(&["fmt", "-"], BROKEN.as_bytes());
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(3), ""));
    assert!(stderr(&output).starts_with("error: <stdin>:2:17: "), "{}", stderr(&output));
    let output = piped(&["fmt", "-"], b"\xff");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_wrong_command_line_is_refused() {
    for arguments in [&["fmt", "-", "a.rs"][..], &["fmt", "--chek"], &["format"], &[]] {
        assert_eq!(piped(arguments, b"").status.code(), Some(2), "{arguments:?}");
    }
    let help = piped(&["fmt", "--help"], b"");
    assert!(stdout(&help).contains("Exit codes:\n  0  done; "), "{}", stdout(&help));
}
