//! Sets that ipset would refuse.

use fwdsl::firewall;

fn main() {
    let _ = firewall! {
        set KIND: nets { }
        set OPTION: net timeuot 10m { }
        set NO_TIME: net timeout soon { }
        set LONG: net timeout 30d { }
        set ROOM: ip maxelem 2 { 10.0.0.1, 10.0.0.2, 10.0.0.3 }
        set WIDE: ip { 10.0.0.0/8 }
        set ALL_NET: net { 0.0.0.0/0, ::/0 }
        set ZERO: ip { 0.0.0.0/30 }
        set BITS: net { 10.0.0.1/8 }
        set PARTS: ip,port { 10.0.0.1 }
        set FAMILIES: ip,port,ip { (10.0.0.1, tcp 80, fd00::1), (10.0.0.1, icmpv6 echo-request, 10.0.0.2) }
        set RESTRICTED: net family ipv4 { fd00::/8 }
        set A_NAME_THAT_IS_TOO_LONG: net { }
        set TWICE: net { 10.0.0.0/8, 10.0.0.0/8 nomatch }
        set TWICE: net { }
        set PLAIN: ip { 10.0.0.1 timeout 5m, 10.0.0.2 comment "x", 10.0.0.3 nomatch, 10.0.0.4 nomacht }
        set MASK: ip netmask 24 { }
        set BITMAP: bitmap:ip { }
        set HUGE: bitmap:ip range 10.0.0.0/8 { }
        set OUT: bitmap:ip range 10.0.0.0/24 { 10.0.1.1 }
        set PORTS: port range 1..=1024 hashsize 64 { 8080, 10..=5 }
        set MACS: mac { "02:00:00:00:00", 02 }
        set SERVICES: ip,port { (10.0.0.1, dccp 5), (10.0.0.1, tcp), (10.0.0.1, icmp 3), (10.0.0.1, upd 53) }
        set IFACES: net,iface { (10.0.0.0/8, "a b"), (10.0.0.0/8, tcp eth0) }
        set LIST: list keep { @PLAIN, @PLAN, @OTHER, 10.0.0.1 }
        set OTHER: list { }
        set NEGATED: net { !10.0.0.0/8 }
        foreign set BOTH: net;
        foreign set FILLED: port { 22 }
        foreign set TIMED: port timeout 5;

        chain INPUT { from @KIND => accept; from @NO_TIME => drop; }
    };
}
