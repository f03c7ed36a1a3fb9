//! The clock that deadlines are on: it goes on while the machine is suspended, and nobody can set it.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The time since this boot (`CLOCK_BOOTTIME`, clock_gettime(2)). Another boot has another id, see `kernel::boot_id`.
pub(crate) fn now() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    // The kernel gives no time before the boot, and less than a second of nanoseconds.
    Duration::new(time.tv_sec.try_into().unwrap_or_default(), time.tv_nsec.try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_forward() {
        let first = now();
        std::thread::sleep(Duration::from_millis(2));
        assert!(now() - first >= Duration::from_millis(2) && !first.is_zero());
    }
}
