//! Random exact rules, as a text for `iptables-restore`.

use std::fmt::Write as _;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::table::{Hook, TableName};

use super::network::Conntrack;
use crate::random::Random;

/// The user chains; each calls only those behind it, so that there is no circle.
const CHAINS: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

/// The text of a table.
#[must_use]
pub fn random_rules(random: &mut Random, family: Family, table: TableName, conntrack: Conntrack) -> String {
    let mut text = format!("*{table}\n");
    for hook in table.hooks() {
        let _ = writeln!(text, ":{} {} [0:0]", hook.name(), random.pick(&["ACCEPT", "DROP"]));
    }
    for chain in CHAINS {
        let _ = writeln!(text, ":{chain} - [0:0]");
    }
    let builtin = table.hooks().iter().map(|hook| (hook.name(), Some(*hook), &CHAINS[..]));
    let users = (0..CHAINS.len()).map(|index| (CHAINS[index], None, &CHAINS[index + 1..]));
    let opaque = random.one_in(4);
    for (chain, hook, callable) in builtin.chain(users) {
        for _ in 0..1 + random.below(if hook.is_some() { 12 } else { 8 }) {
            let mut rule = Rule { random, family, conntrack, opaque, hook, protocol: None };
            let matches = rule.matches(table);
            let target = rule.target(table, callable);
            let _ = writeln!(text, "-A {chain}{matches}{target}");
        }
    }
    text + "COMMIT\n"
}

/// A rule in the making.
pub(super) struct Rule<'a> {
    pub(super) random: &'a mut Random,
    pub(super) family: Family,
    pub(super) conntrack: Conntrack,
    /// Whether it may ask for what the analysis knows nothing of.
    pub(super) opaque: bool,
    pub(super) hook: Option<Hook>,
    pub(super) protocol: Option<&'static str>,
}

impl Rule<'_> {
    /// What it asks for.
    pub(super) fn matches(&mut self, table: TableName) -> String {
        let mut text = String::new();
        let parts = [
            (3, Rule::addresses as fn(&mut Self) -> String),
            (4, Rule::interfaces),
            (2, Rule::protocol),
            (12, Rule::fragment),
        ];
        for (rarity, part) in parts {
            if self.random.one_in(rarity) {
                text += &part(self);
            }
        }
        // A rule that everything matches leaves nothing for those behind it.
        if text.is_empty() && !self.random.one_in(8) {
            text = self.protocol();
        }
        if !self.random.one_in(4) {
            text += &self.transport();
        }
        if self.conntrack == Conntrack::On && self.random.one_in(3) {
            text += &self.tracking();
        }
        for (rarity, part) in [
            (if table == TableName::Mangle { 3 } else { 8 }, Rule::mark as fn(&mut Self) -> String),
            (10, Rule::packet_type),
            (12, Rule::range),
            (12, Rule::comment),
        ] {
            if self.random.one_in(rarity) {
                text += &part(self);
            }
        }
        if self.opaque && self.random.one_in(6) {
            text += &self.unknown();
        }
        text
    }

    fn not(&mut self) -> &'static str {
        if self.random.one_in(4) { " !" } else { "" }
    }

    fn network(&mut self) -> &'static str {
        self.random.pick(match self.family {
            Family::Ipv4 => &[
                "10.0.0.0/8",
                "10.0.0.0/24",
                "10.0.0.3/32",
                "10.0.0.50/31",
                "10.1.0.0/16",
                "192.0.2.0/29",
                "10.0.0.3/255.0.0.255",
                "0.0.0.0/1",
                "8.8.8.8/32",
                "224.0.0.0/4",
                "255.255.255.255/32",
            ],
            Family::Ipv6 => &[
                "2001:db8::/32",
                "2001:db8::/64",
                "2001:db8::5/128",
                "2001:db8::/ffff:ffff::ff00",
                "fd00::/8",
                "fd00::7/128",
                "::/96",
                "8000::/1",
                "ff00::/8",
                "2a00::8/128",
            ],
        })
    }

    fn addresses(&mut self) -> String {
        let mut text = String::new();
        let which = self.random.below(3);
        if which != 1 {
            text += &format!("{} -s {}", self.not(), self.network());
        }
        if which != 0 {
            text += &format!("{} -d {}", self.not(), self.network());
        }
        text
    }

    fn range(&mut self) -> String {
        let option = self.random.pick(&["--src-range", "--dst-range"]);
        let range = self.random.pick(match self.family {
            Family::Ipv4 => &["10.0.0.3-10.0.0.60", "9.0.0.0-10.0.0.1", "192.0.2.7-200.0.0.0"],
            Family::Ipv6 => &["2001:db8::2-2001:db8::fe", "::-2001:db8::1", "fd00::7-fd00:1::"],
        });
        format!(" -m iprange{} {option} {range}", self.not())
    }

    fn interfaces(&mut self) -> String {
        let mut text = String::new();
        let has_in = self.hook.is_none_or(Hook::has_in_interface);
        let has_out = self.hook.is_none_or(Hook::has_out_interface);
        for (option, has) in [("-i", has_in), ("-o", has_out)] {
            if has && self.random.one_in(2) {
                let names = ["lo", "eth0", "eth+", "eth0.100", "eth0+", "br-lan", "wg+", "WAN", "+", "none"];
                text += &format!("{} {option} {}", self.not(), self.random.pick(&names));
            }
        }
        text
    }

    fn protocol(&mut self) -> String {
        let icmp = if self.family == Family::Ipv4 { "icmp" } else { "ipv6-icmp" };
        let protocol = self.random.pick(&[
            "tcp", "tcp", "tcp", "udp", "udp", icmp, icmp, "sctp", "dccp", "udplite", "esp", "gre", "89",
        ]);
        let not = self.not();
        if not.is_empty() {
            self.protocol = Some(protocol);
        }
        format!("{not} -p {protocol}")
    }

    fn fragment(&mut self) -> String {
        match self.family {
            Family::Ipv4 => format!("{} -f", self.not()),
            Family::Ipv6 => String::new(),
        }
    }

    fn ports(&mut self) -> String {
        self.random.pick(&["22", "80", "1024:65535", "0:1023", "8000:8001", ":80", "273", "1"]).to_owned()
    }

    fn transport(&mut self) -> String {
        let Some(protocol) = self.protocol else { return String::new() };
        let lists = ["22,80", "22,80,8000:8001,443", "1:1024", "0,65535", "53,273"];
        match protocol {
            "tcp" | "udp" | "sctp" | "dccp" | "udplite" if protocol == "udplite" || self.random.one_in(3) => {
                let option = self.random.pick(&["--sports", "--dports", "--ports"]);
                format!(" -m multiport{} {option} {}", self.not(), self.random.pick(&lists))
            }
            "tcp" | "udp" | "sctp" | "dccp" => {
                let mut text = format!(" -m {protocol}");
                for option in ["--sport", "--dport"] {
                    if self.random.one_in(2) {
                        text += &format!("{} {option} {}", self.not(), self.ports());
                    }
                }
                if protocol == "tcp" && self.random.one_in(2) {
                    let flags = self.random.pick(&[
                        "FIN,SYN,RST,ACK SYN",
                        "SYN,ACK SYN,ACK",
                        "ALL NONE",
                        "ALL FIN,PSH,URG",
                        "RST RST",
                        "SYN,FIN SYN,FIN",
                        "ACK ACK",
                        "NONE NONE",
                    ]);
                    text += &format!("{} --tcp-flags {flags}", self.not());
                }
                text
            }
            "icmp" => {
                let types = ["8", "3", "3/1", "3/4", "0", "11", "any", "255", "255/3", "5/1"];
                format!(" -m icmp{} --icmp-type {}", self.not(), self.random.pick(&types))
            }
            "ipv6-icmp" => {
                let types = ["128", "1", "1/4", "129", "135", "136", "3", "255", "255/3", "2"];
                format!(" -m icmp6{} --icmpv6-type {}", self.not(), self.random.pick(&types))
            }
            _ => String::new(),
        }
    }

    fn tracking(&mut self) -> String {
        let states = [
            "NEW",
            "ESTABLISHED",
            "RELATED,ESTABLISHED",
            "INVALID",
            "UNTRACKED",
            "NEW,UNTRACKED",
            "INVALID,NEW",
        ];
        let of_match = self.random.pick(&states);
        if self.random.one_in(4) {
            return format!(" -m state{} --state {of_match}", self.not());
        }
        let mut text = " -m conntrack".to_owned();
        let which = self.random.below(4);
        if which != 3 {
            let states = [of_match, "SNAT", "DNAT", "DNAT,INVALID", "RELATED"];
            text += &format!("{} --ctstate {}", self.not(), self.random.pick(&states));
        }
        if which >= 2 {
            let statuses = ["SEEN_REPLY", "ASSURED", "EXPECTED", "CONFIRMED", "NONE", "ASSURED,EXPECTED"];
            text += &format!("{} --ctstatus {}", self.not(), self.random.pick(&statuses));
        }
        if self.opaque && self.random.one_in(3) {
            text += self.random.pick(&[
                " --ctproto 6",
                " ! --ctproto 17",
                " --ctdir ORIGINAL",
                " --ctorigdstport 22",
            ]);
        }
        text
    }

    fn mark(&mut self) -> String {
        let marks = [
            "0x0",
            "0x1",
            "0x10/0x10",
            "0x1/0xff",
            "0xffffffff",
            "0x0/0x2",
            "0x34/0xff",
            "0x11",
            "0x30/0x30",
            "0x3/0xf",
        ];
        format!(" -m mark{} --mark {}", self.not(), self.random.pick(&marks))
    }

    fn packet_type(&mut self) -> String {
        let types = ["unicast", "broadcast", "multicast"];
        format!(" -m pkttype{} --pkt-type {}", self.not(), self.random.pick(&types))
    }

    fn comment(&mut self) -> String {
        " -m comment --comment \"a \\\"random\\\" rule\"".to_owned()
    }

    /// What the analysis knows nothing of.
    fn unknown(&mut self) -> String {
        let hops = if self.family == Family::Ipv4 { " -m ttl --ttl-gt 65" } else { " -m hl --hl-gt 65" };
        self.random
            .pick(&[
                hops,
                " -m length --length 60:90",
                " -m length ! --length 68",
                " -m statistic --mode random --probability 0.5",
                " -m limit --limit 1000/sec --limit-burst 5",
                " -m addrtype --dst-type LOCAL",
                " -m addrtype ! --src-type LOCAL",
                " -m tos --tos 0x00/0xff",
                " -m u32 --u32 \"0x0&0xf=0x5\"",
            ])
            .to_owned()
    }

    fn target(&mut self, table: TableName, callable: &[&str]) -> String {
        let called = (!callable.is_empty()).then(|| self.random.pick(callable));
        match (self.random.below(16), called) {
            (0..=2, _) => " -j ACCEPT".to_owned(),
            (3 | 4, _) => " -j DROP".to_owned(),
            (5, _) if table == TableName::Filter && self.random.one_in(2) => self.reject(),
            (6 | 7, _) => " -j RETURN".to_owned(),
            (8..=11, Some(chain)) => format!(" -j {chain}"),
            (12, Some(chain)) => format!(" -g {chain}"),
            (13 | 14, _) if table == TableName::Mangle => self.set_mark(),
            (14, _) if table == TableName::Raw && self.conntrack == Conntrack::On => {
                self.random.pick(&[" -j CT --notrack", " -j NOTRACK"]).to_owned()
            }
            (15, _) if self.random.one_in(4) => " -j NFLOG --nflog-group 9".to_owned(),
            _ => String::new(),
        }
    }

    /// Something else than is known of it, at times: connections have marks that nobody sees.
    fn set_mark(&mut self) -> String {
        if self.opaque && self.conntrack == Conntrack::On && self.random.one_in(4) {
            return self.random.pick(&[" -j CONNMARK --restore-mark", " -j CONNMARK --save-mark"]).to_owned();
        }
        let change = self.random.pick(&[
            "--set-xmark 0x1/0xffffffff",
            "--set-xmark 0x10/0x10",
            "--set-xmark 0x0/0xf0",
            "--set-xmark 0x34/0x0",
            "--set-mark 0x2/0x3",
            "--set-mark 0xff/0x0f",
            "--and-mark 0xff",
            "--or-mark 0x30",
            "--xor-mark 0x11",
        ]);
        format!(" -j MARK {change}")
    }

    fn reject(&mut self) -> String {
        let with = match (self.family, self.protocol) {
            (_, Some("tcp")) if self.random.one_in(2) => "tcp-reset",
            (Family::Ipv4, _) => "icmp-port-unreachable",
            (Family::Ipv6, _) => "icmp6-port-unreachable",
        };
        format!(" -j REJECT --reject-with {with}")
    }
}
