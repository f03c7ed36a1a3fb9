//! The order in which sysctls are written, which matters: some reset others.

/// Where a parameter (in slash form) stands in the order: less is earlier.
///
/// First whether packets are forwarded, for changing it resets `accept_redirects` and the like of every
/// interface. Then `all` before `default` before the interfaces, for `all` of some parameters writes to the
/// others (`ip-sysctl.rst`). What belongs to no interface goes with `all`.
pub(super) fn rank(path: &str) -> (bool, u8) {
    let segments: Vec<&str> = path.split('/').collect();
    let forwards = matches!(segments.last(), Some(&"ip_forward" | &"forwarding"));
    let place = match segments.as_slice() {
        ["net", "ipv4" | "ipv6", "conf" | "neigh", directory, ..] => match *directory {
            "all" => 0,
            "default" => 1,
            _ => 2,
        },
        _ => 0,
    };
    (!forwards, place)
}

/// Whether the parameter (in slash form) is one interface's own, or every interface's (`*`).
pub(super) fn is_of_interface(path: &str) -> bool {
    rank(path).1 == 2
}
