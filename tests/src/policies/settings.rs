//! Sysctls of the random policies.

use super::phrases::Phrase;

/// Settings, one of each key.
pub(super) const SETTINGS: &[Phrase] = &[
    ("net.ipv4.tcp_syncookies = 1;", &["setting/dotted key", "setting/number"]),
    ("kernel.panic = -1;", &["setting/dotted key", "setting/negative number"]),
    ("net.ipv4.conf.*.rp_filter = 1;", &["setting/key with *", "setting/number"]),
    ("\"net/ipv4/conf/eth0.100/rp_filter\" = 2;", &["setting/quoted key", "setting/number"]),
    ("net.ipv4.conf.br-lan.log_martians = 0;", &["setting/key with hyphens", "setting/number"]),
    ("net.ipv4.tcp_congestion_control = cubic;", &["setting/dotted key", "setting/word"]),
    ("net.ipv4.ip_local_port_range = \"1024 65535\";", &["setting/dotted key", "setting/string"]),
    ("net.ipv4.tcp_max_orphans = #R_NUMBER;", &["setting/#name", "value/#name"]),
    ("#[cfg(any())] net.ipv4.nothing = 1;", &["attribute/cfg that does not hold", "attribute/of a setting"]),
    ("use here::quiet;", &["use/settings", "use/path"]),
];
