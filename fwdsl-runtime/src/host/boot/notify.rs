//! Telling the running init that its services have changed.

use std::path::Path;
use std::time::Duration;

use super::layout::Init;
use crate::host::program::{Programs, Runner};

const DEADLINE: Duration = Duration::from_secs(60);

/// Has the running init read its services anew, after files of them were put in place or removed. OpenRC does so by itself.
/// Gives back what went wrong, in words: the next boot reads them in any case.
pub fn tell_init(init: Init) -> Option<String> {
    // sd_booted(3): only where systemd is the running init is there such a directory.
    if init == Init::OpenRc || !Path::new("/run/systemd/system").is_dir() {
        return None;
    }
    let systemctl = Programs::new(None).find("systemctl")?;
    let runner = Runner { deadline: DEADLINE, group: None };
    let told = runner.read(&systemctl, &["daemon-reload"]);
    told.err()
        .map(|error| format!("systemd knows of the changed services only from the next boot on: {error}"))
}
