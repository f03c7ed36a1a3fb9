//! Whatever host nobody has thought of: nobody gets in but administrators.

use fwdsl::prelude::*;

use crate::common::input;

pub(crate) static HOST: Policy = firewall! {
    chain INPUT policy drop {
        use input;
    }

    chain FORWARD policy drop {}
};
