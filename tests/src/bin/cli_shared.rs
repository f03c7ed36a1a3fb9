//! A provisioning binary that owns only its chains, for tests of the command line.

use std::process::ExitCode;

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    own chains;

    foreign chain DOCKER-USER { family ipv4; }

    chain INPUT {
        in lo                  => accept;
        ct established|related => accept;
        tcp dport ssh          => jump SSH;
    }

    chain FORWARD hook after DOCKER-FORWARD {
        family ipv4;
        in eth7 => jump DOCKER-USER;
    }

    chain SSH {
        limit 10/minute => accept;
        _               => drop;
    }
};

fn main() -> ExitCode {
    fwdsl::cli::run(&HOST)
}
