//! Connection tracking, netfilter on bridges and IPVS, after `nf_conntrack-sysctl.rst`, `ip-sysctl.rst`
//! and `ipvs-sysctl.rst`.

use super::*;

const DEFRAG6: Option<&str> = Some("nf_defrag_ipv6");
const FLOWTABLE: Option<&str> = Some("nf_flow_table");

pub(super) static CONNTRACK: &[Row] = &[
    switch("nf_conntrack_acct"),
    count("nf_conntrack_buckets"),
    switch("nf_conntrack_checksum"),
    read_only("nf_conntrack_count"),
    switch("nf_conntrack_dccp_loose"),
    seconds("nf_conntrack_dccp_timeout_closereq"),
    seconds("nf_conntrack_dccp_timeout_closing"),
    seconds("nf_conntrack_dccp_timeout_open"),
    seconds("nf_conntrack_dccp_timeout_partopen"),
    seconds("nf_conntrack_dccp_timeout_request"),
    seconds("nf_conntrack_dccp_timeout_respond"),
    seconds("nf_conntrack_dccp_timeout_timewait"),
    bounded("nf_conntrack_events", 0, 2),
    meant("nf_conntrack_expect_max", 1, INT_MAX),
    // Each of the two thresholds bounds the other, so neither range can be told alone.
    Row { module: DEFRAG6, ..meant("nf_conntrack_frag6_high_thresh", 0, ULONG_MAX) },
    Row { module: DEFRAG6, ..meant("nf_conntrack_frag6_low_thresh", 0, ULONG_MAX) },
    Row { module: DEFRAG6, ..seconds("nf_conntrack_frag6_timeout") },
    seconds("nf_conntrack_generic_timeout"),
    seconds("nf_conntrack_gre_timeout"),
    seconds("nf_conntrack_gre_timeout_stream"),
    switch("nf_conntrack_helper"),
    seconds("nf_conntrack_icmp_timeout"),
    seconds("nf_conntrack_icmpv6_timeout"),
    bounded("nf_conntrack_log_invalid", 0, 255),
    count("nf_conntrack_max"),
    seconds("nf_conntrack_sctp_timeout_closed"),
    seconds("nf_conntrack_sctp_timeout_cookie_echoed"),
    seconds("nf_conntrack_sctp_timeout_cookie_wait"),
    seconds("nf_conntrack_sctp_timeout_established"),
    seconds("nf_conntrack_sctp_timeout_heartbeat_acked"),
    seconds("nf_conntrack_sctp_timeout_heartbeat_sent"),
    seconds("nf_conntrack_sctp_timeout_shutdown_ack_sent"),
    seconds("nf_conntrack_sctp_timeout_shutdown_recd"),
    seconds("nf_conntrack_sctp_timeout_shutdown_sent"),
    switch("nf_conntrack_tcp_be_liberal"),
    switch("nf_conntrack_tcp_ignore_invalid_rst"),
    switch("nf_conntrack_tcp_loose"),
    bounded("nf_conntrack_tcp_max_retrans", 0, 255),
    seconds("nf_conntrack_tcp_timeout_close"),
    seconds("nf_conntrack_tcp_timeout_close_wait"),
    seconds("nf_conntrack_tcp_timeout_established"),
    seconds("nf_conntrack_tcp_timeout_fin_wait"),
    seconds("nf_conntrack_tcp_timeout_last_ack"),
    seconds("nf_conntrack_tcp_timeout_max_retrans"),
    seconds("nf_conntrack_tcp_timeout_syn_recv"),
    seconds("nf_conntrack_tcp_timeout_syn_sent"),
    seconds("nf_conntrack_tcp_timeout_time_wait"),
    seconds("nf_conntrack_tcp_timeout_unacknowledged"),
    switch("nf_conntrack_timestamp"),
    seconds("nf_conntrack_udp_timeout"),
    seconds("nf_conntrack_udp_timeout_stream"),
    Row { module: FLOWTABLE, ..seconds("nf_flowtable_tcp_timeout") },
    Row { module: FLOWTABLE, ..seconds("nf_flowtable_udp_timeout") },
];

/// What netfilter has without a module.
pub(super) static ALWAYS: &[Row] = &[
    one_way(meant("nf_hooks_lwtunnel", 0, 1)),
    word("nf_log/0"),
    word("nf_log/1"),
    word("nf_log/2"),
    word("nf_log/3"),
    word("nf_log/4"),
    word("nf_log/5"),
    word("nf_log/6"),
    word("nf_log/7"),
    word("nf_log/8"),
    word("nf_log/9"),
    word("nf_log/10"),
    word("nf_log/11"),
    word("nf_log/12"),
    flag("nf_log_all_netns"),
];

/// The older spelling of `net.netfilter.nf_conntrack_max`.
pub(super) static TOP: &[Row] = &[count("nf_conntrack_max")];

pub(super) static BRIDGE: &[Row] = &[
    flag("bridge-nf-call-arptables"),
    flag("bridge-nf-call-ip6tables"),
    flag("bridge-nf-call-iptables"),
    flag("bridge-nf-filter-pppoe-tagged"),
    flag("bridge-nf-filter-vlan-tagged"),
    flag("bridge-nf-pass-vlan-input-dev"),
];

pub(super) static IPVS: &[Row] = &[
    count("am_droprate"),
    count("amemthresh"),
    flag("backup_only"),
    flag("cache_bypass"),
    meant("conn_reuse_mode", 0, 3),
    flag("conntrack"),
    meant("drop_entry", 0, 3),
    meant("drop_packet", 0, 3),
    flag("expire_nodest_conn"),
    flag("expire_quiescent_template"),
    flag("ignore_tunneled"),
    flag("nat_icmp_send"),
    flag("pmtu_disc"),
    flag("run_estimation"),
    flag("schedule_icmp"),
    meant("secure_tcp", 0, 3),
    flag("sloppy_sctp"),
    flag("sloppy_tcp"),
    flag("snat_reroute"),
    flag("sync_persist_mode"),
    meant("sync_ports", 1, 64),
    integers("sync_threshold", 2, 0, INT_MAX),
    flag("sync_version"),
];
