//! Programs that are the real ones, but for the n-th call of any of them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;

/// What a program does instead of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misdeed {
    /// It fails.
    Fails,
    /// It does its work, and then says that it failed.
    FailsAfterwards,
    /// Somebody kills it.
    IsKilled,
    /// It never ends.
    Hangs,
}

impl Misdeed {
    pub(super) const ALL: [Misdeed; 4] =
        [Misdeed::Fails, Misdeed::FailsAfterwards, Misdeed::IsKilled, Misdeed::Hangs];

    fn script(self) -> &'static str {
        match self {
            Misdeed::Fails => "echo these are my words >&2; exit 3",
            Misdeed::FailsAfterwards => "\"$real\" \"$@\"; exit 4",
            Misdeed::IsKilled => "kill -9 $$",
            Misdeed::Hangs => "exec sleep 1001",
        }
    }
}

/// A directory of such programs.
#[derive(Debug)]
pub(super) struct Fakes {
    dir: PathBuf,
}

impl Fakes {
    pub(super) fn new(dir: &Path, variant: Variant) -> Fakes {
        fs::create_dir_all(dir).expect("the directory can be made");
        let of_family = |family: Family| ["save", "restore"].map(|action| variant.program(family, action));
        let iptables = Family::ALL.into_iter().flat_map(of_family);
        for name in iptables.chain(["nft", "ipset", "modprobe"].map(str::to_owned)) {
            let Some(real) = real(&name) else { continue };
            let script = format!(
                "#!/bin/sh\nreal={real}\nread n <{dir}/calls; n=$((n + 1)); echo $n >{dir}/calls\n\
                 read at <{dir}/at; if [ $n = $at ]; then . {dir}/instead; fi\nexec $real \"$@\"\n",
                real = real.display(),
                dir = dir.display()
            );
            let path = dir.join(name);
            fs::write(&path, script).expect("the script can be written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be made executable");
        }
        Fakes { dir: dir.to_owned() }
    }

    /// The options by which a command uses them; with `soon`, one that does not end in a second hangs.
    pub(super) fn options(&self, soon: bool) -> Vec<String> {
        let dir = self.dir.to_str().expect("a plain path");
        let deadline = ["--program-deadline", "1", "--lock-wait", "1"];
        let deadline = deadline.iter().take(if soon { deadline.len() } else { 0 });
        ["--program-dir", dir].iter().chain(deadline).map(|word| (*word).to_owned()).collect()
    }

    /// Lets the n-th call be a misdeed; the 0th is none.
    pub(super) fn arm(&self, n: usize, misdeed: Misdeed) {
        for (name, text) in [("calls", "0"), ("at", n.to_string().as_str()), ("instead", misdeed.script())] {
            fs::write(self.dir.join(name), format!("{text}\n")).expect("the file can be written");
        }
    }

    /// How many calls there were.
    pub(super) fn calls(&self) -> usize {
        let text = fs::read_to_string(self.dir.join("calls")).expect("the file is there");
        text.trim().parse().expect("a number")
    }
}

fn real(name: &str) -> Option<PathBuf> {
    let dirs = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
    dirs.iter().map(|dir| Path::new(dir).join(name)).find(|path| path.exists())
}
