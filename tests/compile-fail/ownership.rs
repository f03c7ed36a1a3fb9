//! What a policy that owns only its chains cannot say, and what one that owns tables cannot.

use fwdsl::prelude::*;

static CHAINS: Policy = firewall! {
    own chains;
    foreign chain DOCKER-USER;
    foreign chain f2b-+;
    chain INPUT policy drop { tcp dport 22 => jump f2b-sshd; }
    chain FORWARD hook befor DOCKER-USER { _ => jump DOCKER-USR; }
    chain OUTPUT hook after web { in lo => accept; }
    chain web hook last { _ => accept; }
    chain fwdsl-OUTPUT { _ => drop; }
};

static TABLES: Policy = firewall! {
    foreign chain KUBE-SERVICES;
    foreign chain KUBE-SERVICES;
    table nat { foreign chain DOCKER; }
    chain INPUT hook last { _ => jump KUBE-SERVICES; }
    chain KUBE-SERVICES { _ => drop; }
};

static OWNED: Policy = firewall! {
    own chains "far-too-long-for-a-chain";
    own tabels;
    chain FORWARD { _ => drop; }
};

static PROVEN: Policy = firewall! {
    foreign chain DOCKER-USER;
    chain FORWARD policy drop { _ => jump DOCKER-USER; }
    assert FORWARD { tcp dport 22 => drop; }
};

fn main() {}
