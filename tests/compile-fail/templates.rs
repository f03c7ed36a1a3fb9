//! Mistakes about templates: each is told with the call and the place inside.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    fn service(port, who) {
        tcp dport port from who => accept;
    }

    fn service(port) { }

    fn first() { second(); }
    fn second() { third(); }
    fn third() { first(); }

    fn twice(port, port) { udp dport port => accept; }

    fn typed(port: u16) { }

    fn inverted(last) {
        tcp dport 9..=last => accept;
    }

    fn host_bits() {
        from 10.0.0.1/8 => accept;
    }

    fn into(chain_) { _ => jump chain_; }

    chain INPUT policy drop {
        service(22);
        service(443/tcp, 10.0.0.0/8);
        service(ssh, [10.0.0.0/8, ssh]);
        servce(ssh, 10.0.0.0/8);
        first();
        inverted([1, 2]);
        inverted(3);
        host_bits();
        host_bits();
        into([A, B]);
        into(NOWHERE);
        limit(1/s);
        /// documented
        host_bits();
    }
};

fn main() {}
