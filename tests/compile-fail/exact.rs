//! What an exact rule cannot say as it is written.

use fwdsl::prelude::*;

fn main() {
    let _ = firewall! {
        #![exact]
        set ADMINS: ip { 10.0.0.1 }
        chain INPUT {
            from 10.0.0.1..=10.0.0.9 => accept;
            from @ADMINS => accept;
            from ![10.0.0.1, 10.0.0.2] => accept;
            from 10.0.0.1 from 10.0.0.2 => accept;
            tcp dport [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16] => accept;
            limit 1/s => log, drop;
        }
    };
}

fn misplaced() {
    let _ = firewall! {
        #[exact]
        let PORT = 22;
        #[exact(yes)]
        chain INPUT { tcp dport PORT => accept; }
    };
}

fn raw() {
    let _ = firewall! {
        foreign set OTHERS;
        chain INPUT {
            raw "-m foo --bar \"x" => accept;
            raw "" => accept;
            from @OTHERS => accept;
        }
    };
}
