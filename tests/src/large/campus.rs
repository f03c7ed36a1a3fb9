//! The firewall of a university or company: thousands of hosts, each with its services.

use fwdsl::family::Family;

use super::Large;
use super::plants::{icmp, plant};
use super::writer::{ChainId, Writer};
use crate::random::Random;

/// How many hosts one department has.
const HOSTS_OF_DEPARTMENT: usize = 64;
/// How many departments share a chain of hardware addresses.
const DEPARTMENTS_OF_BUILDING: usize = 40;
/// One plant for so many rules.
const RULES_OF_PLANT: usize = 100;

/// A firewall with about so many rules, dead ones among them.
#[must_use]
pub fn campus(family: Family, rules: usize) -> Large {
    build(family, rules, true)
}

/// The same without anything that is dead.
#[must_use]
pub fn without_plants(family: Family, rules: usize) -> Large {
    build(family, rules, false)
}

fn build(family: Family, rules: usize, with_plants: bool) -> Large {
    let mut random = Random::new(rules as u64);
    let mut writer = Writer::new(family);
    let forward = Writer::FORWARD;
    let log_drop = writer.chain("log-drop".to_owned());
    for hook in [Writer::INPUT, forward] {
        writer.rule(hook, "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
        writer.rule(hook, "-m conntrack --ctstate INVALID -j DROP");
    }
    input(&mut writer);
    writer.rule(log_drop, "-m limit --limit 5/min -j LOG --log-prefix \"dropped: \"");
    writer.rule(log_drop, "-j DROP");
    blacklist(&mut writer, rules / 12, &mut random);
    let planted = writer.chain("outside".to_owned());
    writer.rule(forward, "-i wan0 -j outside");
    let mut plants = 0;
    let mut building = None;
    for department in 0.. {
        if writer.rules() >= rules {
            break;
        }
        if department % DEPARTMENTS_OF_BUILDING == 0 {
            let number = department / DEPARTMENTS_OF_BUILDING;
            building = Some(writer.chain(format!("mac-{number:03}")));
        }
        let building = building.expect("the first department has one");
        add_department(&mut writer, department, building, rules, &mut random);
        while with_plants && plants < writer.rules() / RULES_OF_PLANT {
            plant(&mut writer, planted, plants, &mut random);
            plants += 1;
        }
        let is_last = writer.rules() >= rules;
        if is_last || (department + 1) % DEPARTMENTS_OF_BUILDING == 0 {
            writer.rule(building, "-j log-drop");
        }
    }
    writer.rule(forward, "-j log-drop");
    writer.finish(true)
}

fn input(writer: &mut Writer) {
    let input = Writer::INPUT;
    writer.rule(input, "-i lo -j ACCEPT");
    writer.rule(input, "-p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT");
    writer.rule(input, format!("-p {} -j ACCEPT", icmp(writer.family())));
    writer.rule(input, "-j log-drop");
}

/// Hosts outside that nobody wants to hear of.
fn blacklist(writer: &mut Writer, count: usize, random: &mut Random) {
    let chain = writer.chain("blacklist".to_owned());
    writer.rule(Writer::FORWARD, "-i wan0 -j blacklist");
    for number in 0..count {
        let address = match writer.family() {
            Family::Ipv4 => format!(
                "{}.{}.{}.{}/32",
                1 + number / 256 % 9,
                number % 256,
                number / 2304,
                random.below(256)
            ),
            Family::Ipv6 => format!("2a00:{:x}:{:x}::/48", number / 4096, number % 4096),
        };
        let target = if random.one_in(4) { "log-drop" } else { "DROP" };
        writer.rule(chain, format!("-s {address} -j {target}"));
    }
}

/// A department's network.
fn network(family: Family, department: usize) -> String {
    match family {
        Family::Ipv4 => format!("10.{}.{}.0/24", department / 256, department % 256),
        Family::Ipv6 => format!("2001:db8:1:{department:x}::/64"),
    }
}

/// A host's address.
fn host(family: Family, department: usize, number: usize) -> String {
    match family {
        Family::Ipv4 => format!("10.{}.{}.{}/32", department / 256, department % 256, number + 1),
        Family::Ipv6 => {
            format!("2001:db8:1:{department:x}:{:x}:{:x}ff:fe00:{number:x}/128", number % 7, department % 200)
        }
    }
}

fn add_department(
    writer: &mut Writer,
    department: usize,
    building: ChainId,
    rules: usize,
    random: &mut Random,
) {
    let family = writer.family();
    let net = network(family, department);
    let chain = writer.chain(format!("dept-{department:04}"));
    let macs = writer.name(building).to_owned();
    let vlan = 100 + department;
    writer.rule(Writer::FORWARD, format!("-i vlan{vlan} -j {macs}"));
    writer.rule(Writer::FORWARD, format!("-s {net} -i vlan{vlan} -o wan0 -j ACCEPT"));
    writer.rule(Writer::FORWARD, format!("-d {net} -o vlan{vlan} -j dept-{department:04}"));
    for number in 0..HOSTS_OF_DEPARTMENT {
        if writer.rules() >= rules {
            break;
        }
        let address = host(family, department, number);
        let mac = format!("02:{:02X}:{:02X}:00:00:{number:02X}", department / 256, department % 256);
        writer.rule(building, format!("-s {address} -m mac --mac-source {mac} -j RETURN"));
        services(writer, chain, &address, random);
    }
    writer.rule(chain, format!("-p {} -j ACCEPT", icmp(family)));
}

/// What the world may have of a host: no port twice.
fn services(writer: &mut Writer, chain: ChainId, address: &str, random: &mut Random) {
    let family = writer.family();
    if random.one_in(4) {
        writer.rule(chain, format!("-d {address} -p tcp -m multiport --dports 80,443,8000:8080 -j ACCEPT"));
    }
    if random.one_in(2) {
        let from = match family {
            Family::Ipv4 => format!("192.168.{}.0/24", random.below(256)),
            Family::Ipv6 => format!("fd00:{:x}::/48", random.below(4096)),
        };
        writer.rule(chain, format!("-s {from} -d {address} -p tcp -m tcp --dport 22 -j ACCEPT"));
    }
    let port = 1024 + random.below(5000);
    writer.rule(
        chain,
        format!("-d {address} -p udp -m udp --dport {port} -m conntrack --ctstate NEW -j ACCEPT"),
    );
    if random.one_in(3) {
        let port = 10_000 + random.below(20_000);
        writer.rule(
            chain,
            format!("-d {address} -p tcp -m tcp --sport 1024:65535 --dport {port}:{} -j ACCEPT", port + 20),
        );
    }
    if random.one_in(8) {
        writer.rule(chain, format!("-d {address} -p udp -j log-drop"));
    }
}
