//! The end of a chain.

crate::rules! {
    /// Writes what comes here to the kernel log, ten packets at once and then five a minute, and drops it. A log without a
    /// limit fills the disk at the sender's will.
    pub fn log_and_drop(prefix) {
        limit 5/minute burst 10 => log(prefix);
        _                       => drop;
    }

    /// The same, but the sender is told: by a reset for TCP, else by `port-unreachable` (RFC 9293, section 3.5.2; RFC 1122,
    /// section 3.2.2.1), so that it does not wait for an answer.
    pub fn log_and_reject(prefix) {
        limit 5/minute burst 10 => log(prefix);
        tcp                     => reject(tcp-reset);
        _                       => reject;
    }
}
