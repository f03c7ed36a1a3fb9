//! The kernel is the judge: what it does with random packets under random rules is what `evaluate` says.

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::import::{Unknown, import};
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::table::TableName;
use fwdsl_tests::netns::require;
use fwdsl_tests::random::Random;
use fwdsl_tests::sandbox::PROGRAMS;
use fwdsl_tests::verdicts::{
    Conntrack, Host, Judged, JudgedHost, Tally, judge, judge_way, random_host, random_rules,
};

/// How many sets of rules of `filter` are tried, of each family and on each host; of other tables there are fewer.
const POLICIES: usize = 14;
/// The tables, and of how many sets one is theirs.
const TABLES: [(TableName, usize); 4] =
    [(TableName::Filter, 1), (TableName::Mangle, 2), (TableName::Raw, 4), (TableName::Security, 6)];
/// With how many packets each of them is tried, and each trap.
const PACKETS: usize = 400;
const PACKETS_IN_TRAPS: usize = 150;

/// What a reader of rules, and a program that reads them, gets wrong easily: rules of INPUT, FORWARD and OUTPUT, for each
/// of which the text is written with `CHAIN`, and for both families.
const TRAPS: &[(&str, &str)] = &[
    ("RETURN in a built-in chain is its policy", "-A CHAIN -p tcp -j RETURN\n-A CHAIN -j ACCEPT"),
    (
        "RETURN after a goto comes back to the caller of the caller",
        "-A CHAIN -j one\n-A CHAIN -p udp -j ACCEPT\n-A one -g two\n-A one -j ACCEPT\n-A two -p tcp -j ACCEPT\n\
         -A two -p udp -j RETURN\n-A two -j DROP",
    ),
    (
        "RETURN after a goto in a built-in chain is its policy",
        "-A CHAIN -p tcp -g two\n-A CHAIN -j ACCEPT\n-A two -j RETURN",
    ),
    (
        "no interface is not eth0",
        "-A CHAIN -j one\n-A one ! -o eth0 -p tcp -j ACCEPT\n-A one ! -i eth0 -p udp -j ACCEPT",
    ),
    (
        "no interface fits +",
        "-A CHAIN -j one\n-A one -p tcp -i + -o + -j ACCEPT\n-A one ! -i + -j ACCEPT\n-A one ! -o + -j ACCEPT",
    ),
    (
        "no interface begins with nothing else",
        "-A CHAIN -j one\n-A one -i e+ -j ACCEPT\n-A one -o e+ -j ACCEPT",
    ),
    (
        "wildcards overlap with names",
        "-A CHAIN -j one\n-A one -i eth0.100 -j DROP\n-A one -i eth0+ -j ACCEPT\n-A one -i eth+ -p udp -j ACCEPT\n\
         -A one -o eth0 -j DROP\n-A one -o eth+ -j ACCEPT",
    ),
    ("a mask with gaps", "-A CHAIN -s ADDRESS/GAPS -j ACCEPT\n-A CHAIN ! -d ADDRESS/GAPS -p tcp -j ACCEPT"),
    ("no flag at all", "-A CHAIN -p tcp -m tcp --tcp-flags NONE NONE -j ACCEPT"),
    (
        "the variants differ in what is never true of no flag",
        "-A CHAIN -p tcp -m tcp ! --tcp-flags NONE NONE -j ACCEPT\n-A CHAIN -p tcp -j DROP\n-A CHAIN -p udp -j ACCEPT",
    ),
    (
        "every fragment has a protocol",
        "-A CHAIN -p tcp -j ACCEPT\n-A CHAIN -p udp -m udp --dport 0:1023 -j ACCEPT",
    ),
    (
        "types of packets",
        "-A CHAIN -m pkttype --pkt-type multicast -j ACCEPT\n-A CHAIN -p tcp -m pkttype ! --pkt-type broadcast -j ACCEPT",
    ),
    (
        "marks under masks",
        "-A CHAIN -m mark --mark 0x10/0x10 -j ACCEPT\n-A CHAIN -m mark ! --mark 0x0/0xff -j DROP\n-A CHAIN -p udp -j ACCEPT",
    ),
    (
        "a jump to a chain that decides nothing",
        "-A CHAIN -j one\n-A CHAIN -p udp -j ACCEPT\n-A one -p udp\n-A one -p tcp -j RETURN\n-A one -p udp",
    ),
];

/// The same of connection tracking.
const TRAPS_OF_TRACKING: &[(&str, &str)] = &[
    (
        "the states exclude each other",
        "-A CHAIN -m conntrack --ctstate UNTRACKED -j ACCEPT\n-A CHAIN -m conntrack --ctstate INVALID -j DROP\n\
         -A CHAIN -m conntrack --ctstate NEW -p tcp -j ACCEPT\n-A CHAIN -m conntrack --ctstate RELATED -j DROP\n\
         -A CHAIN -m state --state ESTABLISHED -j ACCEPT",
    ),
    (
        "without a connection the state decides alone",
        "-A CHAIN -m conntrack --ctstate INVALID --ctstatus ASSURED -j ACCEPT\n\
         -A CHAIN -m conntrack ! --ctstate NEW,INVALID ! --ctstatus SEEN_REPLY -p udp -j ACCEPT",
    ),
    (
        "without a connection nothing else is true",
        "-A CHAIN -m conntrack --ctstatus SEEN_REPLY -j DROP\n-A CHAIN -m conntrack ! --ctstatus SEEN_REPLY -j ACCEPT\n\
         -A CHAIN -m conntrack ! --ctproto 17 -j DROP\n-A CHAIN -p udp -j ACCEPT",
    ),
    (
        "no status is NONE",
        "-A CHAIN -m conntrack ! --ctstatus NONE -j ACCEPT\n-A CHAIN -m conntrack --ctstatus NONE -p tcp -j ACCEPT",
    ),
    (
        "a translation is beside the state",
        "-A CHAIN -m conntrack --ctstate DNAT,SNAT -j ACCEPT\n-A CHAIN -m conntrack ! --ctstate DNAT,NEW -j ACCEPT",
    ),
];

/// Traps of what rules change, each of a table.
const TRAPS_OF_CHANGES: &[(TableName, &str, &str)] = &[
    (
        TableName::Mangle,
        "a mark is asked for as it was set",
        "-A CHAIN -p tcp -j MARK --set-xmark 0x21/0xf0\n-A CHAIN -m mark --mark 0x20/0xf0 -p tcp -j ACCEPT\n\
         -A CHAIN -m mark --mark 0x21/0x21 -j DROP\n-A CHAIN -m mark ! --mark 0x0/0x1 -p udp -j ACCEPT",
    ),
    (
        TableName::Mangle,
        "a chain that sets a mark comes back",
        "-A CHAIN -j one\n-A CHAIN -m mark --mark 0x7 -j ACCEPT\n-A one -p udp -j MARK --set-mark 0x6\n\
         -A one -p tcp -g two\n-A one -m mark --mark 0x6 -j MARK --or-mark 0x1\n-A two -j MARK --and-mark 0x0\n\
         -A two -m mark --mark 0x0 -j MARK --xor-mark 0x7",
    ),
    (
        TableName::Raw,
        "what is not tracked has no connection, unless it has one already",
        "-A CHAIN -p tcp -j CT --notrack\n-A CHAIN -m conntrack --ctstate UNTRACKED -j ACCEPT\n\
         -A CHAIN -m conntrack --ctstate INVALID -p tcp -j ACCEPT\n-A CHAIN -m conntrack --ctstate NEW,ESTABLISHED -j DROP",
    ),
    (
        TableName::Raw,
        "what the host sends itself is tracked already as it comes in",
        "-A PREROUTING -i lo -j NOTRACK\n-A PREROUTING -i lo -m conntrack --ctstate UNTRACKED -j ACCEPT\n\
         -A PREROUTING -i lo -m conntrack --ctstate NEW,RELATED,ESTABLISHED -j DROP\n-A CHAIN -j ACCEPT",
    ),
];

/// Traps of what one table does for another, with rules of several tables.
const TRAPS_OF_TABLES: &[(&str, &str)] = &[
    (
        "security sees the source before or after its translation",
        "*nat\n-A INPUT ! -p tcp -j SNAT --to-source ADDRESS\nCOMMIT\n\
         *security\n-A INPUT -s ADDRESS -j DROP\n-A INPUT -p udp -m conntrack --ctstate SNAT -j DROP\nCOMMIT\n",
    ),
    (
        "filter sees the destination after its translation",
        "*nat\n-A PREROUTING -p tcp -j DNAT --to-destination ADDRESS\n\
         -A OUTPUT -p udp -j DNAT --to-destination ADDRESS\nCOMMIT\n\
         *filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n-A INPUT -d ADDRESS -j ACCEPT\n\
         -A FORWARD -m conntrack --ctstate DNAT -j ACCEPT\n-A OUTPUT ! -d ADDRESS -j ACCEPT\nCOMMIT\n",
    ),
    (
        "what is not tracked is not translated",
        "*raw\n-A PREROUTING -p udp -j NOTRACK\nCOMMIT\n\
         *nat\n-A PREROUTING -j DNAT --to-destination ADDRESS\nCOMMIT\n\
         *filter\n-A INPUT -d ADDRESS -m conntrack --ctstate NEW -j DROP\n\
         -A FORWARD -m conntrack --ctstate UNTRACKED -j DROP\nCOMMIT\n",
    ),
    (
        "a mark goes from table to table",
        "*mangle\n-A PREROUTING -p tcp -j MARK --set-mark 0x7\n-A OUTPUT -p udp -j MARK --or-mark 0x40\n\
         -A POSTROUTING -m mark --mark 0x40/0x40 -j DROP\nCOMMIT\n\
         *filter\n-A INPUT -m mark --mark 0x7 -j DROP\n\
         -A FORWARD -m mark ! --mark 0x7 -j DROP\n-A OUTPUT -p udp -m mark --mark 0x0/0x40 -j DROP\nCOMMIT\n",
    ),
];

/// Traps of ICMP, which is another protocol in each family.
const TRAPS_OF_ICMP: [&[(&str, &str)]; 2] = [
    &[
        ("type 255 of ICMP is any", "-A CHAIN -p icmp -m icmp --icmp-type 255/3 -j ACCEPT"),
        (
            "and none",
            "-A CHAIN -p icmp -m icmp ! --icmp-type 255 -j DROP\n-A CHAIN -p icmp -m icmp --icmp-type any -j ACCEPT",
        ),
        ("later fragments", "-A CHAIN -f -j ACCEPT\n-A CHAIN ! -f -p udp -j ACCEPT"),
    ],
    &[(
        "type 255 of ICMPv6 is a type",
        "-A CHAIN -p ipv6-icmp -m icmp6 --icmpv6-type 255 -j ACCEPT\n-A CHAIN -p ipv6-icmp -m icmp6 ! --icmpv6-type 255 -j DROP\n-A CHAIN -p udp -j ACCEPT",
    )],
];

/// The address that traps speak of.
fn address_of(family: Family) -> &'static str {
    if family == Family::Ipv4 { "10.0.0.3" } else { "2001:db8::5" }
}

/// A table with these rules in each of its chains.
fn trap(table: TableName, rules: &str, family: Family, policy: &str) -> String {
    let mut text = format!("*{table}\n");
    let hooks = table.hooks().iter().map(|hook| hook.name());
    hooks.clone().for_each(|hook| text += &format!(":{hook} {policy} [0:0]\n"));
    text += ":one - [0:0]\n:two - [0:0]\n";
    let gaps = if family == Family::Ipv4 { "255.0.0.255" } else { "ffff:ffff::ffff" };
    let rules = rules.replace("ADDRESS", address_of(family)).replace("GAPS", gaps);
    for rule in rules.lines() {
        if rule.starts_with("-A CHAIN") {
            hooks.clone().for_each(|hook| text += &format!("{}\n", rule.replace("CHAIN", hook)));
        } else {
            text += &format!("{rule}\n");
        }
    }
    text + "COMMIT\n"
}

/// A text of tables with all their chains: legacy keeps the policy of one that is left out.
fn trap_of_tables(rules: &str, family: Family) -> String {
    let rules = rules.replace("ADDRESS", address_of(family));
    let complete = |block: &str| {
        let (head, rest) = block.split_once('\n').expect("a table has a name");
        let table = TableName::from_name(head.trim_start_matches('*')).expect("a table");
        let missing = table.hooks().iter().filter(|hook| !rest.contains(&format!(":{} ", hook.name())));
        let missing: String = missing.map(|hook| format!(":{} ACCEPT [0:0]\n", hook.name())).collect();
        format!("{head}\n{missing}{rest}")
    };
    rules.split_inclusive("COMMIT\n").map(complete).collect()
}

/// Two hosts, one of which tracks connections, and a variant that loads rules there.
struct Court {
    variant: Variant,
    hosts: [(Conntrack, Host); 2],
    random: Random,
    tally: Tally,
}

impl Court {
    fn new(variant: Variant, seed: u64) -> Court {
        let hosts = [Conntrack::On, Conntrack::Off].map(|conntrack| (conntrack, Host::new(conntrack)));
        Court { variant, hosts, random: Random::new(seed), tally: Tally::default() }
    }

    /// Judges exact rules, and gives back how many packets came through.
    fn judge(&mut self, host: usize, family: Family, table: TableName, text: &str, packets: usize) -> usize {
        let imported = import(text, "rules", family, Unknown::Refuse);
        let imported = imported.unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        let ruleset = lower(&imported.model, family).expect("the rules are of the family");
        let judged = Judged { ruleset: &ruleset, text, variant: self.variant, table };
        let before = self.tally.passed;
        let faults = judge(&mut self.hosts[host].1, &judged, &mut self.random, packets, &mut self.tally);
        let some = &faults[..faults.len().min(5)];
        assert!(faults.is_empty(), "{} packets are judged wrong\n{}\n{text}", faults.len(), some.join("\n"));
        self.tally.passed - before
    }

    /// Judges the whole way through exact rules of all tables.
    fn judge_way(&mut self, host: usize, family: Family, text: &str, packets: usize) {
        let imported = import(text, "rules", family, Unknown::Refuse);
        let imported = imported.unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        let ruleset = lower(&imported.model, family).expect("the rules are of the family");
        let judged = JudgedHost { ruleset: &ruleset, text, variant: self.variant };
        let faults = judge_way(&mut self.hosts[host].1, &judged, &mut self.random, packets, &mut self.tally);
        let some = &faults[..faults.len().min(5)];
        assert!(faults.is_empty(), "{} packets fare otherwise\n{}\n{text}", faults.len(), some.join("\n"));
    }

    /// Judges rules in each chain of a table, with either policy.
    fn set_trap(&mut self, host: usize, family: Family, table: TableName, name: &str, rules: &str) {
        for policy in ["ACCEPT", "DROP"] {
            let passed =
                self.judge(host, family, table, &trap(table, rules, family, policy), PACKETS_IN_TRAPS);
            assert!(passed > 0, "{} {family} {name}: {policy} lets nothing through", self.variant);
        }
    }
}

fn the_kernel_agrees(variant: Variant, seed: u64) {
    if !require(&PROGRAMS) {
        return;
    }
    let wanted: usize =
        std::env::var("FWDSL_RANDOM_POLICIES").map_or(POLICIES, |count| count.parse().expect("a number"));
    let mut court = Court::new(variant, seed);
    let filter = TableName::Filter;
    for (host, traps) in [(0, TRAPS), (1, TRAPS), (0, TRAPS_OF_TRACKING)] {
        for (family, of_icmp) in Family::ALL.into_iter().zip(TRAPS_OF_ICMP) {
            for (name, rules) in traps.iter().chain(of_icmp) {
                court.set_trap(host, family, filter, name, rules);
            }
        }
    }
    for (table, name, rules) in TRAPS_OF_CHANGES {
        for family in Family::ALL {
            court.set_trap(0, family, *table, name, rules);
        }
    }
    for (name, rules) in TRAPS_OF_TABLES {
        for family in Family::ALL {
            let before = court.tally.passed;
            court.judge_way(0, family, &trap_of_tables(rules, family), PACKETS);
            assert!(court.tally.passed > before, "{variant} {family} {name}: nothing comes through");
        }
    }
    for (table, share) in TABLES {
        for _ in 0..wanted.div_ceil(share) {
            for host in 0..2 {
                for family in Family::ALL {
                    let text = random_rules(&mut court.random, family, table, court.hosts[host].0);
                    court.judge(host, family, table, &text, PACKETS);
                }
            }
        }
    }
    for _ in 0..wanted {
        for host in 0..2 {
            for family in Family::ALL {
                let text = random_host(&mut court.random, family, court.hosts[host].0);
                court.judge_way(host, family, &text, PACKETS);
            }
        }
    }
    let tally = &court.tally;
    println!("{variant}: {tally}");
    let missing = tally.missing();
    assert!(missing.is_empty(), "{variant}: there was no packet of {}\n{tally}", missing.join(", "));
}

#[test]
fn legacy_does_what_the_analysis_says() {
    the_kernel_agrees(Variant::Legacy, 11);
}

#[test]
fn nft_does_what_the_analysis_says() {
    the_kernel_agrees(Variant::Nft, 12);
}
