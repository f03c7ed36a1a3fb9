//! References to sets that cannot be meant.

use fwdsl::firewall;

fn main() {
    let _ = firewall! {
        set ADMINS: net { 10.0.0.0/8 }
        set WEB: ip,port { }
        set PORTS: port { 22 }
        set V4: ip family ipv4 { }
        set PAIRS: list { @WEB, @ADMINS }

        chain INPUT {
            from @ADMNIS => accept;
            from ADMINS => accept;
            from @WEB => accept;
            from @PORTS => accept;
            from @PAIRS => accept;
            tcp dport @ADMINS => accept;
            sctp dport @PORTS => accept;
            dport @PORTS => accept;
            tcp port @PORTS => accept;
            in @ADMINS => accept;
            set(ADMINS src) => accept;
            set(@ADMINS) => accept;
            set(@WEB src) => accept;
            set(@PAIRS src) => accept;
            set(@UNKNOWN src) => accept;
            set(@ADMINS src, update-counters) => accept;
            set(@ADMINS src, packets-gt 1, packets-lt 5) => accept;
            set(@ADMINS sorce) => accept;
            _ => set(exist);
            _ => set(del @ADMINS src, exist);
            _ => set(add @ADMINS src, timeout 60);
            _ => set(add ADMINS src);
            _ => set(map @ADMINS src, map-mark);
            _ => set(map-mark, add @ADMINS src);
            from @V4 from fd00::/8 => accept;
        }
        table mangle {
            chain INPUT { _ => set(map @ADMINS src, map-prio); }
        }
    };
}
