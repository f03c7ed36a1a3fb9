//! Fragments of another crate than the tests that use them.

/// A port that a fragment speaks of.
pub const METRICS: u16 = 9100;

fwdsl::rules! {
    /// What every host lets in.
    pub baseline {
        in lo                  => accept;
        ct established|related => accept;
        ct invalid             => drop;
    }

    /// A service that is rationed.
    pub fn rationed(port, rate) {
        tcp dport port ct new {
            use crate::fragments::over(rate);
            _ => drop;
        }
    }

    pub fn over(rate) {
        limit rate => accept;
    }

    pub metrics {
        tcp dport #{crate::fragments::METRICS} => accept;
    }

    /// Items of a policy.
    pub fn items(mtu) {
        let OFFICE = [192.0.2.0/24, 2001:db8::/32];

        sysctl {
            net.ipv4.tcp_syncookies = 1;
            net.ipv4.tcp_base_mss   = mtu;
        }

        fn from_office(verb) {
            from OFFICE => jump verb;
        }

        chain COUNTED {
            /// counted
            _ => return;
        }
    }

    pub quiet {
        net.ipv4.conf.*.log_martians    = 0;
        net.ipv4.icmp_echo_ignore_all   = 1;
        #[cfg(any())]
        net.ipv4.icmp_echo_ignore_broadcasts = 1;
    }

    /// `test` is set where this crate's tests use the fragment, and not here.
    pub conditional {
        #[cfg(test)]
        tcp => drop;
        #[cfg(not(test))]
        udp {
            #[cfg(test)]
            dport 1 => drop;
            #[cfg(all(not(test), target_os = "linux"))]
            dport 2 => drop;
        }
    }

    pub fn wrong(port) {
        tcp dport port from 10.0.0.1/8 => accept;
    }

    pub circular {
        use crate::fragments::circle;
    }

    pub circle {
        use crate::fragments::circular;
    }
}
