//! Parameters beside IP: Unix sockets, Multipath TCP, and what hardening a host sets in the same breath,
//! after `mptcp-sysctl.rst`, `admin-guide/sysctl/kernel.rst`, `fs.rst`, `vm.rst` and `Yama.rst`.

use super::*;

pub(super) static UNIX: &[Row] = &[count("max_dgram_qlen")];

pub(super) static MPTCP: &[Row] = &[
    seconds("add_addr_timeout"),
    switch("allow_join_initial_addr_port"),
    read_only("available_path_managers"),
    read_only("available_schedulers"),
    bounded("blackhole_timeout", 0, INT_MAX),
    switch("checksum_enabled"),
    seconds("close_timeout"),
    switch("enabled"),
    word("path_manager"),
    switch("pm_type"),
    word("scheduler"),
    bounded("stale_loss_cnt", 0, UINT_MAX),
    bounded("syn_retrans_before_tcp_fallback", 0, 255),
];

pub(super) static KERNEL: &[Row] = &[
    flag("core_uses_pid"),
    switch("dmesg_restrict"),
    bounded("io_uring_disabled", 0, 2),
    one_way(switch("kexec_load_disabled")),
    bounded("kptr_restrict", 0, 2),
    one_way(bounded("modules_disabled", 1, 1)),
    any("panic"),
    switch("panic_on_oops"),
    meant("perf_event_paranoid", -1, 4),
    integers("printk", 4, 0, INT_MAX),
    meant("randomize_va_space", 0, 2),
    meant("sysrq", 0, 511),
    // 1 stays, 2 does not.
    one_way(bounded("unprivileged_bpf_disabled", 0, 2)),
    flag("unprivileged_userns_clone"),
    // 3 stays.
    one_way(bounded("yama/ptrace_scope", 0, 3)),
];

pub(super) static FS: &[Row] = &[
    meant("file-max", 0, i64::MAX as i128),
    count("nr_open"),
    bounded("protected_fifos", 0, 2),
    switch("protected_hardlinks"),
    bounded("protected_regular", 0, 2),
    switch("protected_symlinks"),
    bounded("suid_dumpable", 0, 2),
];

pub(super) static VM: &[Row] = &[meant("mmap_min_addr", 0, i64::MAX as i128), bounded("swappiness", 0, 200)];
