//! Telling the running init that its services have changed.

use std::path::Path;
use std::time::Duration;

use super::layout::Init;
use crate::host::program::{Programs, Runner};

const DEADLINE: Duration = Duration::from_secs(60);

/// Has the running init read its services anew, after files of them were put in place or removed, by the `systemctl` of
/// `program_dir` or of the system. OpenRC does so by itself. Gives back what went wrong, in words: the next boot reads them in
/// any case.
pub fn tell_init(init: Init, program_dir: Option<&Path>) -> Option<String> {
    // sd_booted(3): only where systemd is the running init is there such a directory.
    let is_running = init == Init::Systemd && Path::new("/run/systemd/system").is_dir();
    is_running.then(|| reload(program_dir, DEADLINE)).flatten()
}

fn reload(program_dir: Option<&Path>, deadline: Duration) -> Option<String> {
    let systemctl = Programs::new(program_dir).find("systemctl")?;
    let told = Runner { deadline, group: None }.read(&systemctl, &["daemon-reload"]);
    told.err()
        .map(|error| format!("systemd knows of the changed services only from the next boot on: {error}"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::host::tree::image::Image;

    #[test]
    fn an_init_that_does_not_answer_is_told_and_not_waited_for() {
        for (script, said) in [
            ("[ $1 = daemon-reload ]", None),
            ("echo no bus >&2; exit 1", Some("no bus")),
            ("exec sleep 1001", Some("did not end")),
        ] {
            let image = Image::new().file("/systemctl", &format!("#!/bin/sh\n{script}\n"));
            let program = image.root().join("systemctl");
            fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
            let told = reload(Some(image.root()), Duration::from_millis(300));
            match (said, &told) {
                (None, None) => {}
                (Some(said), Some(told)) => assert!(told.contains(said), "{told}"),
                _ => panic!("{script}: {told:?}"),
            }
        }
        assert_eq!(reload(Some(Image::new().root()), DEADLINE), None);
    }
}
