//! The example's files for other tools, judged by these tools.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fwdsl::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_tests::netns::{require, skip_without};
use fwdsl_tests::provisioned::{Host, stderr, stdout};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use serde_json::{Value, json};

use super::FLEET;

/// Where the files are.
const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/fleet/deploy");

/// A shell that needs little.
const BUSYBOX: &str = "/bin/busybox";

/// The program's path; `FWDSL_ANSIBLE` and their like may name a directory that is not in `PATH`.
fn tool(name: &str, variable: &str) -> Option<PathBuf> {
    let own = std::env::var_os(variable).map(|dir| PathBuf::from(dir).join(name));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = own.into_iter().chain(std::env::split_paths(&path).map(|dir| dir.join(name)));
    let found = found.into_iter().find(|path| path.is_file());
    if found.is_none() {
        skip_without(&format!("the program `{name}`"));
    }
    found
}

/// How many tasks of the playbook were done and changed something, by what it prints at its end.
fn recap(output: &Output) -> (u32, u32) {
    let text = stdout(output);
    assert!(output.status.success(), "{text}{}", stderr(output));
    let number = |name: &str| {
        let (_, rest) = text.rsplit_once(name).unwrap_or_else(|| panic!("no {name} in {text}"));
        rest.split_whitespace().next().unwrap().parse().unwrap()
    };
    (number("ok="), number("changed="))
}

#[test]
fn the_playbook_changes_a_host_once() {
    let Some(ansible) = tool("ansible-playbook", "FWDSL_ANSIBLE") else { return };
    if !require(&PROGRAMS) {
        return;
    }
    std::thread::scope(|scope| {
        for variant in VARIANTS {
            let ansible = &ansible;
            scope.spawn(move || on_a_host(ansible, &Host::new(variant, FLEET)));
        }
    });
}

fn on_a_host(ansible: &Path, host: &Host) {
    let program = host.root.join("fleet");
    let variables = json!({
        "ansible_connection": "local",
        "ansible_become": false,
        "ansible_python_interpreter": "/usr/bin/python3",
        "firewall_binary": FLEET,
        "firewall_program": program,
        "firewall_arguments": ["--root", host.root],
        "firewall_apply": ["--save", "--confirm", "60s", "--detach", "--variant", host.variant.name()],
    });
    let play = |more: &[&str]| {
        let mut command = host.netns.command(ansible);
        command.args(["-i", "inventory.ini", "--limit", "web-1", "site.yml", "-e", &variables.to_string()]);
        command.args(more).current_dir(Path::new(DEPLOY).join("ansible"));
        // What Ansible keeps for itself, it keeps there.
        command.env("ANSIBLE_LOCAL_TEMP", &host.root).env("ANSIBLE_REMOTE_TEMP", &host.root);
        command.env("ANSIBLE_NOCOLOR", "1").env("LC_ALL", "C.UTF-8").output().unwrap()
    };
    // The program, the apply; the confirmation is no change.
    assert_eq!(recap(&play(&[])), (3, 2));
    let record: Value = serde_json::from_str(&host.text("var/lib/fwdsl/record.json")).unwrap();
    assert_eq!(record["policy"], "web", "by the role of the group, not by the name of the host");
    assert_eq!(host.text("etc/fwdsl/policy-name"), "web\n");
    assert_eq!(recap(&play(&[])), (2, 0));
    // Each play takes seconds; what a dry run is does not differ between the variants.
    if host.variant == Variant::Legacy {
        return;
    }
    // To go to another policy would be a change, and --check makes none.
    let rules = Family::ALL.map(|family| host.saved(family));
    assert_eq!(recap(&play(&["--check", "-e", "firewall_role=database"])), (2, 1));
    assert_eq!(Family::ALL.map(|family| host.saved(family)), rules);
}

#[test]
fn cloud_init_takes_the_user_data() {
    let Some(program) = tool("cloud-init", "FWDSL_CLOUD_INIT") else { return };
    let path = Path::new(DEPLOY).join("cloud-init/user-data.yml");
    let judge = |path: &Path| {
        let output = Command::new(&program).args(["schema", "--config-file"]).arg(path).output().unwrap();
        (output.status.success(), format!("{}{}", stdout(&output), stderr(&output)))
    };
    let (valid, said) = judge(&path);
    assert!(valid && said.contains("Valid"), "{said}");
    // It would say if something were wrong.
    let wrong = std::env::temp_dir().join(format!("fwdsl-user-data-{}.yml", std::process::id()));
    fs::write(&wrong, fs::read_to_string(&path).unwrap().replace("hostname: web-3", "hostname: [1]"))
        .unwrap();
    let (valid, said) = judge(&wrong);
    fs::remove_file(&wrong).unwrap();
    assert!(!valid, "{said}");
}

#[test]
fn the_shell_script_of_the_user_data_is_sound() {
    let text = fs::read_to_string(Path::new(DEPLOY).join("cloud-init/user-data.yml")).unwrap();
    let (_, script) = text.split_once("    - |\n").unwrap();
    let output = Command::new("sh").args(["-n", "-c", script]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let command = script.lines().last().unwrap().trim().split(" >").next().unwrap();
    let arguments: Vec<&str> = command.split(' ').skip(1).collect();
    // Its arguments are those of the program: with the root of an image that is not there, nothing comes of it.
    let refused =
        Command::new(FLEET).args(arguments).args(["--dry-run", "--root", "/nowhere"]).output().unwrap();
    assert_ne!(refused.status.code(), Some(2), "{}", stderr(&refused));
}

#[test]
fn the_container_image_is_built() {
    let Some(buildah) = tool("buildah", "FWDSL_BUILDAH") else { return };
    if !require(&["busybox"]) {
        return;
    }
    let dir = std::env::temp_dir().join(format!("fwdsl-image-{}", std::process::id()));
    fs::create_dir_all(dir.join("context")).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&buildah);
        command.args(["--storage-driver", "vfs", "--root"]).arg(dir.join("store"));
        command.arg("--runroot").arg(dir.join("run")).args(arguments);
        let output = command.current_dir(dir.join("context")).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
        stdout(&output)
    };
    // In the place of what comes from a registry: a shell, and what the program is linked with.
    fs::copy(FLEET, dir.join("context/fleet")).unwrap();
    let linked = stdout(&Command::new("ldd").args([FLEET, BUSYBOX]).output().unwrap());
    let libraries: BTreeSet<&str> = linked
        .lines()
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with("/lib")))
        .collect();
    let mut base = "FROM scratch\nCOPY busybox /bin/sh\n".to_owned();
    fs::copy(BUSYBOX, dir.join("context/busybox")).unwrap();
    for library in libraries {
        let name = library.rsplit('/').next().unwrap();
        fs::copy(library, dir.join("context").join(name)).unwrap();
        base.push_str(&format!("COPY {name} {library}\n"));
    }
    fs::write(dir.join("context/Base"), base).unwrap();
    run(&["build", "--isolation", "chroot", "-t", "base", "-f", "Base", "."]);
    let file = format!("{DEPLOY}/container/Containerfile");
    let arguments = [
        "--build-arg",
        "BASE=localhost/base",
        "--build-arg",
        "INSTALL=true",
        "-t",
        "fleet",
        "-f",
        &file,
        ".",
    ];
    // The build itself checks the policies in the image.
    let built = run(&[&["build", "--isolation", "chroot"], &arguments[..]].concat());
    assert!(built.contains("refuge: the policy is sound"), "{built}");
    let image: Value = serde_json::from_str(&run(&["inspect", "--type", "image", "fleet"])).unwrap();
    let config = &image["OCIv1"]["config"];
    assert_eq!(config["Entrypoint"], json!(["/usr/local/sbin/fleet"]));
    assert_eq!(config["Cmd"], json!(["apply", "--json"]));
    fs::remove_dir_all(&dir).unwrap();
}
