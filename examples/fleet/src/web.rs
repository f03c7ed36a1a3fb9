//! The web servers.

use fwdsl::prelude::*;

use crate::common::{ADMINS, input};

pub(crate) static HOST: Policy = firewall! {
    sysctl {
        net.ipv4.tcp_syncookies = 1;
    }

    chain INPUT policy drop {
        use input;
        tcp dport [http, https] ct new => accept;
        /// HTTP/3
        udp dport https ct new         => accept;
    }

    chain FORWARD policy drop {}

    assert INPUT {
        in eth0 tcp dport https ct new             => accept;
        in eth0 from !#ADMINS tcp dport ssh ct new => drop;
    }
};
