//! Endpoints of address translation.

use fwdsl::prelude::*;

static POLICY: Policy = firewall! {
    let WEB = [10.0.0.2, 10.0.0.3];

    table nat {
        chain PREROUTING {
            _ => dnat(to 10.0.0.2:8080);
            esp  => redirect(to 3128);
            tcp => dnat(to 10.0.0.0/24);
            tcp => dnat(to 10.0.0.9..=10.0.0.2);
            tcp => dnat(to 10.0.0.2..=fd00::2);
            tcp => dnat(to 10.0.0.2:90..=80);
            tcp => dnat(to 10.0.0.2:99999);
            tcp => dnat(to [10.0.0.2, 10.0.0.3]);
            tcp => dnat(to WEB:80);
            tcp => dnat(to [fd00::2]:);
            tcp => dnat;
            from 10.0.0.1 tcp => dnat(to [fd00::2]:80);
        }
    }
};

fn main() {}
