//! A mail server: what all hosts of the site have comes from the crate `site-rules`, the rest stands here.

use fwdsl::prelude::*;

/// The mail server's policy.
pub static HOST: Policy = firewall! {
    let SUBMISSION = [465, submission];

    sysctl {
        use fwdsl::sysctls::hardened;
        // Two uplinks: the way back may differ from the way in.
        net.ipv4.conf.*.rp_filter = 2;
    }

    use site_rules::items;

    /// A port that mailboxes are read at.
    fn mailbox(port) {
        use site_rules::public_service(port, 20/minute, "mailbox");
    }

    chain INPUT policy drop {
        use site_rules::input;

        /// mail from other servers
        tcp dport smtp ct new => accept;
        use site_rules::public_service(SUBMISSION, 10/minute, "submission");
        mailbox(imaps);
        #[cfg(feature = "pop3")]
        mailbox(pop3s);

        use fwdsl::rules::log_and_reject("[mail] ");
    }

    chain FORWARD policy drop {}

    assert INPUT {
        in eth0 to !127.0.0.0/8 from 203.0.113.5 tcp dport smtp ct new => accept;
        in eth0 to ![127.0.0.0/8, ::1] from #{site_rules::ADMINS} tcp dport ssh ct new => accept;
        in eth0 from 203.0.113.5 tcp dport ssh ct new  => !accept;
        in eth0 from 203.0.113.5 tcp dport 9100 ct new => !accept;
        in eth0 tcp dport mysql ct new                 => !accept;
    }
};

fn main() -> std::process::ExitCode {
    fwdsl::cli::run(&HOST)
}
