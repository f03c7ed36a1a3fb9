//! The databases.

use fwdsl::prelude::*;

use crate::common::{ADMINS, FRONTENDS, input};

pub(crate) static HOST: Policy = firewall! {
    chain INPUT policy drop {
        use input;
        from #FRONTENDS tcp dport postgresql ct new => accept;
    }

    chain FORWARD policy drop {}

    assert INPUT {
        in eth0 from !#FRONTENDS tcp dport postgresql ct new => drop;
        in eth0 from !#ADMINS tcp dport ssh ct new           => drop;
    }
};
