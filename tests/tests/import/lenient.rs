//! Dumps that no iptables of today loads: what is left of them.

use fwdsl_runtime::family::Family;
use fwdsl_runtime::import::{Imported, Unknown, import, import_leniently};
use fwdsl_tests::corpus::firewalls;
use fwdsl_tests::random::Random;

use crate::{emitted, rules};

/// What may stand in a text at any place.
const SIGNS: &[u8] = b"!-:\"\\ \n,/\0xA*";

fn read(text: &str) -> Imported {
    import_leniently(Some((text, "old.save")), None)
}

/// The lines that were not or partly read, each with the reason.
fn unread(imported: &Imported) -> Vec<(u32, &str)> {
    imported.unread.iter().map(|error| (error.line, error.message.as_str())).collect()
}

/// A rule of INPUT as it comes out, without `-A INPUT`; the text of what is not known stands in it as it is.
fn rule(rule: &str) -> String {
    let imported = read(&format!("*filter\n:INPUT ACCEPT [0:0]\n:own - [0:0]\n-A INPUT {rule}\nCOMMIT\n"));
    let text = emitted(&imported, Family::Ipv4);
    let [rule] = rules(&text)[..] else { panic!("`{rule}` became {text}") };
    rule.to_owned()
}

#[test]
fn old_spellings_are_read_whole() {
    let cases = [
        ("-s ! 10.0.0.0/255.0.0.0 -j DROP", "! -s 10.0.0.0/8 -j DROP"),
        ("-i ! eth0 -p ! tcp -j DROP", "! -i eth0 ! -p tcp -j DROP"),
        ("-p tcp -m tcp --dport ! 22 -j DROP", "-p tcp -m tcp ! --dport 22 -j DROP"),
        ("-p tcp -m tcp ! --syn -j own", "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j own"),
        (
            "-p tcp -m tcp --tcp-flags ! FIN,SYN,RST,ACK SYN -j own",
            "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j own",
        ),
        ("-p tcp -m multiport --ports 20,21 -j DROP", "-p tcp -m multiport --ports 20,21 -j DROP"),
        ("-m state --state NEW,INVALID -j DROP", "-m state --state INVALID,NEW -j DROP"),
        ("-m physdev  --physdev-in eth1 -j DROP", "-m physdev --physdev-in eth1 -j DROP"),
        (
            "-m mac --mac-source ! 00:11:22:33:44:55 -j DROP",
            "-m mac ! --mac-source 00:11:22:33:44:55 -j DROP",
        ),
        ("-m connmark --mark 0x1 -j DROP", "-m connmark --mark 0x1 -j DROP"),
        ("-j ULOG --ulog-prefix \"x \" --ulog-nlgroup 1", "-j ULOG --ulog-prefix \"x \""),
    ];
    for (written, expected) in cases {
        assert_eq!(rule(written), expected, "{written}");
        let text = format!("*filter\n:own - [0:0]\n-A INPUT {written}\nCOMMIT\n");
        assert_eq!(unread(&read(&text)), [], "{written}");
    }
}

#[test]
fn of_a_refused_rule_stays_what_can_be_read() {
    let cases = [
        // Modules and targets that are gone.
        ("-m layer7 --l7proto ftp -p tcp -j DROP", "-p tcp -m layer7 --l7proto ftp -j DROP"),
        ("-m ipp2p --edk --kazaa -j DROP", "-m ipp2p --edk --kazaa -j DROP"),
        ("-p tcp -j TARPIT", "-p tcp -j TARPIT"),
        // Names, and values that are none.
        (
            "-s www.example.com -p tcp --dport 80 -j ACCEPT",
            "-p tcp -m tcp --dport 80 -s www.example.com -j ACCEPT",
        ),
        ("-p tcp -s 10.0.0.1 --dport nowhere -j DROP", "-s 10.0.0.1/32 -p tcp --dport nowhere -j DROP"),
        ("-p tcp -m tcp --dport 5:1 --sport 7 -j DROP", "-p tcp -m tcp --dport 5:1 --sport 7 -j DROP"),
        ("! -s a,b -i eth0 -j own", "-i eth0 ! -s a,b -j own"),
        ("-s ! nowhere.example -i eth0 -j own", "-i eth0 -s ! nowhere.example -j own"),
        ("-p tcp -p udp -j own", "-p tcp -p udp -j own"),
        ("-m state --state WRONG -j ACCEPT", "-m state --state WRONG -j ACCEPT"),
        // A target that is known, with options that are not.
        ("-i eth0 -j LOG --log-prefix INPUT drop: --log-level 4", "-i eth0 ? -j LOG"),
        ("-j REJECT --reject-with nothing", "? -j REJECT --reject-with icmp-port-unreachable"),
        // A target that is not.
        ("-s 10.0.0.1 -g nowhere", "-s 10.0.0.1/32 ? -j -g nowhere"),
        ("-s 10.0.0.1 -j NOWHERE", "-s 10.0.0.1/32 -j NOWHERE"),
        // What iptables takes and the kernel does not.
        ("-s 10.0.0.1 -j REJECT --reject-with tcp-reset", "-s 10.0.0.1/32 -j ?"),
        ("-i eth0 -m owner --uid-owner 5 -j ACCEPT", "-i eth0 ? -j ACCEPT"),
        ("-o eth0 -s 10.0.0.1 -j ACCEPT", "-s 10.0.0.1/32 -o eth0 -j ACCEPT"),
        ("-j MASQUERADE", "-j ?"),
        ("-j INPUT", "? -j ?"),
    ];
    for (written, expected) in cases {
        assert_eq!(rule(written), expected, "{written}");
    }
}

#[test]
fn a_text_need_not_be_whole() {
    let saved = read("-P INPUT DROP\n-N own\n-A INPUT -j own\n-A own -j ACCEPT\n");
    let text = emitted(&saved, Family::Ipv4);
    assert!(
        text.contains(":INPUT DROP ") && text.ends_with("-A INPUT -j own\n-A own -j ACCEPT\nCOMMIT\n"),
        "{text}"
    );
    assert_eq!(saved.unread.len(), 2, "no table, no COMMIT: {:?}", saved.unread);

    let undeclared = read("*filter\n:INPUT DROP [0:0]\n-A INPUT -j own\n-A own -j ACCEPT\nCOMMIT\n");
    assert!(emitted(&undeclared, Family::Ipv4).ends_with("-A INPUT -j own\n-A own -j ACCEPT\nCOMMIT\n"));
    assert_eq!(unread(&undeclared), [(4, "table `filter` has no chain `own`")]);

    let named = read("*filter\n:AUDIT - [0:0]\n-A INPUT -j AUDIT\n-A AUDIT -j DROP\nCOMMIT\n");
    assert!(emitted(&named, Family::Ipv4).ends_with("-A INPUT -j AUDIT\n-A AUDIT -j DROP\nCOMMIT\n"));

    let cut = read(
        "*filter\n:INPUT DROP [0:0\n-A INPUT -j DROP\n*nat\n[1:x] -A PREROUTING -j ACCEPT\n*broute\n-A X\n",
    );
    let text = emitted(&cut, Family::Ipv4);
    assert!(text.contains("-A INPUT -j DROP\n") && text.contains("-A PREROUTING ? -j ACCEPT\n"), "{text}");
    assert_eq!(cut.unread.iter().map(|error| error.line).collect::<Vec<_>>(), [2, 4, 5, 6, 7]);

    let long = format!("*filter\n-A INPUT -s {} -j DROP\nCOMMIT\n", vec!["10.0.0.1"; 2000].join(","));
    let text = emitted(&read(&long), Family::Ipv4);
    assert!(
        rules(&text).len() == 2000 && rules(&text).iter().all(|rule| *rule == "-s 10.0.0.1/32 ? -j DROP"),
        "{text}"
    );
}

#[test]
fn a_circle_is_opened_where_it_closes() {
    let text = "*filter\n:a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A a -j b\n-A b -s 10.0.0.1 -j a\n-A b -j DROP\nCOMMIT\n";
    let circle = read(text);
    assert_eq!(rules(&emitted(&circle, Family::Ipv4)), ["-j a", "-j b", "? -j ?", "-j DROP"]);
    assert_eq!(circle.unread.len(), 1);
}

#[test]
fn a_sound_text_is_read_as_it_always_is() {
    for firewall in firewalls() {
        let strict = import(&firewall.text, "text", firewall.family, Unknown::Refuse).expect("it is sound");
        let text = Some((firewall.text.as_str(), "text"));
        let lenient = match firewall.family {
            Family::Ipv4 => import_leniently(text, None),
            Family::Ipv6 => import_leniently(None, text),
        };
        assert_eq!(lenient, strict, "{}", firewall.name);
    }
}

#[test]
fn no_text_is_too_broken() {
    let mut random = Random::new(31);
    let dump = "*filter\n:INPUT DROP [1:2]\n:a - [0:0]\n[3:4] -A INPUT -s ! 10.0.0.1 -p tcp -m tcp --dport 22 -j a\n\
                -A a -m layer7 --l7proto x -j LOG --log-prefix \"a b\"\n-I INPUT 9 -j DROP\nCOMMIT\n*nat\n-A POSTROUTING \
                -j MASQUERADE\nCOMMIT\n";
    for _ in 0..2000 {
        let mut bytes = dump.as_bytes().to_vec();
        for _ in 0..1 + random.below(6) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] = SIGNS[random.below(SIGNS.len())],
                1 => bytes.truncate(at + 1),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, SIGNS[random.below(SIGNS.len())]),
            }
            if bytes.is_empty() {
                break;
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        let imported = read(&text);
        // What is left is a model that can be worked with.
        let _ = emitted(&imported, Family::Ipv4);
        let _ = fwdsl_runtime::check::lint(&imported.model);
    }
}
