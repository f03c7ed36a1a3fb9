//! Policies written anew: the text reads well, and says the same.

use std::collections::HashSet;
use std::str::FromStr;

use proc_macro2::TokenStream;

use super::notes::Notes;
use super::order::chains_of;
use super::{SourceOptions, body_of, verify, write_rust};
use crate::diagnostic::Diagnostic;
use crate::emit::{Protocols, emit};
use crate::family::Family;
use crate::format::format_source;
use crate::loc::Sources;
use crate::lower::lower;
use crate::model::Model;
use crate::syntax::compile;

/// The policy, which may hold what lints find, but no error beside.
fn model(source: &str) -> Model {
    without(source, |it| it.lint.is_none())
}

/// The policy, of which lints say nothing either.
fn sound_model(source: &str) -> Model {
    without(source, |_| true)
}

fn without(source: &str, is_refused: fn(&Diagnostic) -> bool) -> Model {
    let compiled = compile(TokenStream::from_str(source).expect("the tokens of Rust"));
    let errors: Vec<String> = compiled
        .diagnostics
        .iter()
        .filter(|it| is_refused(it))
        .map(|it| format!("{}: {}", it.loc, it.text(compiled.model.sources())))
        .collect();
    assert!(errors.is_empty(), "{}\n{source}", errors.join("\n"));
    compiled.model
}

fn emitted(model: &Model) -> String {
    let text =
        |family| lower(model, family).map(|ruleset| emit(&ruleset, Protocols::Named)).unwrap_or_default();
    Family::ALL.map(text).join("\n")
}

/// The body of the source that the policy is written as.
fn rewritten(source: &str) -> String {
    let before = model(source);
    let written =
        write_rust(&before, &SourceOptions::default()).unwrap_or_else(|error| panic!("{error}\n{source}"));
    assert_eq!(format_source(&written).expect("Rust"), written);
    let body = &written[body_of(&written).expect("a policy")];
    let after = sound_model(body);
    assert_eq!(emitted(&after), emitted(&before), "{written}");
    body.to_owned()
}

/// The text without what is said of chains that are parts of a policy: lints show packets there.
fn without_packets(text: &str) -> String {
    let of_packets = [
        "established_not_accepted",
        "ipv6_left_open",
        "ipv6_neighbour_discovery_blocked",
        "loopback_blocked",
    ];
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        if of_packets.iter().any(|lint| line.trim() == format!("#[allow({lint})]")) {
            // Before it stands the comment with the packet.
            lines.pop();
        } else {
            lines.push(line);
        }
    }
    lines.join("\n")
}

#[track_caller]
fn assert_written(source: &str, expected: &str) {
    let lines = |text: &str| {
        let words = |line: &str| line.split_whitespace().collect::<Vec<&str>>().join(" ") + "\n";
        text.lines().map(words).collect::<String>()
    };
    let written = without_packets(&rewritten(source));
    assert_eq!(lines(written.trim()), lines(expected.trim()), "{written}");
}

#[test]
fn rules_are_natural_where_that_says_the_same() {
    assert_written(
        "#![exact]
        family ipv4;
        chain INPUT policy drop {
            in lo => accept;
            ct related|established => accept;
            tcp tcp(dport 22) => accept;
            icmp icmp(echo-request) limit 1/s => accept;
            limit 1/s tcp dport 25 => accept;
            tcp() from 10.0.0.1 => accept;
            tcp multiport(dports 80) => drop;
            comment \"why\" ct new => count;
            raw \"-m foo --bar 1\" => raw \"FOO --opt\";
        }",
        "family ipv4;

        chain INPUT policy drop {
            in lo => accept;
            ct established|related => accept;
            tcp dport ssh => accept;
            icmp echo-request limit 1/s => accept;
            #[exact]
            _ {
                tcp limit 1/s dport smtp => accept;
                from 10.0.0.1 tcp() => accept;
                tcp multiport(dports http) => drop;
                comment \"why\" ct new => count;
            }
            raw \"-m foo --bar 1\" => raw \"FOO --opt\";
        }

        chain FORWARD policy accept {}

        chain OUTPUT policy accept {}",
    );
}

#[test]
fn lists_verdicts_blocks_and_names_take_the_place_of_copies() {
    assert_written(
        "family ipv4;
        chain INPUT policy drop {
            from 10.0.0.0/8 tcp dport 22 => accept;
            from 192.168.0.0/16 tcp dport 22 => accept;
            udp dport 53 => accept;
            tcp dport 53 => accept;
            in eth1 tcp dport 1 => accept;
            in eth1 udp dport 2 => drop;
            in eth1 tcp dport [80, 443] from 10.1.1.1 => accept;
            in eth1 tcp dport [80, 443] to 10.1.1.1 => accept;
            in eth2 tcp dport [80, 443] from 10.1.1.1 to 10.2.2.2 => jump OWN;
            limit 1/s => log(\"x \");
            limit 1/s => drop;
            in eth3 => log(\"[in] \");
            in eth3 => drop;
        }
        chain OWN { _ => accept; }
        table nat { chain POSTROUTING { out eth1 => masquerade; } }",
        "family ipv4;

        let HOST_10_1_1_1 = 10.1.1.1;
        let WAN           = eth1;
        let WEB           = [http, https];

        chain INPUT policy drop {
            from [10.0.0.0/8, 192.168.0.0/16] tcp dport ssh => accept;
            udp|tcp dport domain => accept;
            in WAN {
                tcp dport 1 => accept;
                udp dport 2 => drop;
                from HOST_10_1_1_1 tcp dport WEB => accept;
                to HOST_10_1_1_1 tcp dport WEB => accept;
            }
            in eth2 from HOST_10_1_1_1 to 10.2.2.2 tcp dport WEB => jump OWN;
            limit 1/s => log(\"x \");
            limit 1/s => drop;
            in eth3 => log(\"[in] \"), drop;
        }

        chain FORWARD policy accept {}

        chain OUTPUT policy accept {}

        chain OWN {
            _ => accept;
        }

        table nat {
            chain POSTROUTING {
                out WAN => masquerade;
            }
        }",
    );
}

#[test]
fn both_families_stand_in_one_policy() {
    assert_written(
        "chain INPUT policy drop {
            in lo => accept;
            family ipv4 tcp dport 1 => accept;
            family ipv6 tcp dport 2 => accept;
            family ipv6 tcp dport 3 => accept;
            icmp echo-request => accept;
            icmpv6 echo-request => accept;
            from 10.0.0.0/8 tcp dport 22 => accept;
            from fd00::/8 tcp dport 22 => accept;
            from 10.0.0.1 udp dport 5 => jump A;
            udp dport 9 => reject;
        }
        chain OUTPUT { family ipv6; tcp => drop; }
        chain A { _ => accept; }
        chain FORWARD policy accept { family ipv4; }
        chain FORWARD policy drop { family ipv6; }
        table nat { family ipv4; chain PREROUTING { udp dport 9 => redirect(to 99); } }",
        "chain INPUT policy drop {
            in lo => accept;
            family ipv4 tcp dport 1 => accept;
            icmp echo-request => accept;
            family ipv6 tcp dport 2 => accept;
            family ipv6 tcp dport 3 => accept;
            icmpv6 echo-request => accept;
            from [10.0.0.0/8, fd00::/8] tcp dport ssh => accept;
            from 10.0.0.1 udp dport 5 => jump A;
            udp dport 9 => reject;
        }

        chain FORWARD policy accept {
            family ipv4;
        }

        chain FORWARD policy drop {
            family ipv6;
        }

        chain OUTPUT policy accept {
            family ipv6 tcp => drop;
        }

        chain A {
            _ => accept;
        }

        table nat {
            family ipv4;

            chain PREROUTING {
                udp dport 9 => redirect(to 99);
            }
        }",
    );
}

#[test]
fn chains_called_like_numbers_are_quoted() {
    assert_written(
        "family ipv4;
        chain INPUT { tcp => jump \"1abc\"; udp => goto \"0x1\"; icmp => jump \"1-2\"; }
        chain \"1abc\" {}
        chain \"0x1\" {}
        chain \"1-2\" {}",
        "family ipv4;

        chain INPUT policy accept {
            tcp => jump \"1abc\";
            udp => goto \"0x1\";
            icmp => jump \"1-2\";
        }

        chain FORWARD policy accept {}

        chain OUTPUT policy accept {}

        chain \"1abc\" {}

        chain \"0x1\" {}

        chain \"1-2\" {}",
    );
}

#[test]
fn what_cannot_be_written_is_named_by_its_place() {
    let model = model("family ipv4; chain INPUT {\n udp => drop;\n tcp => accept;\n}");
    let mut chains = chains_of(&model, &verify::rulesets(&model), &Notes::default());
    let second = HashSet::from([2]);
    let mut replaced = || verify::replace(&mut chains, &second, &Sources::of_file("host.v4"));
    assert_eq!((replaced(), replaced()), (Ok(()), Ok(())));
    assert_eq!(
        replaced().map_err(|error| error.to_string()),
        Err("host.v4:3: the language cannot say `-A INPUT -p tcp -j ACCEPT`, not even as `raw` text".into())
    );
}

#[test]
fn a_rule_with_a_finding_stands_apart() {
    assert_written(
        "family ipv4;
        #[allow(unreachable_rule)]
        chain INPUT {
            in eth0 tcp => drop;
            in \"eth0:1\" tcp => drop;
            in eth1 tcp => drop;
            in eth2 tcp => drop;
            _ => jump A;
        }
        #[allow(unreachable_rule)]
        chain A {
            in eth5 from 10.9.0.0/16 tcp dport 1 => accept;
            in eth5 from 10.9.0.0/16 udp dport 2 => drop;
            in eth5 from 10.9.0.0/16 udp dport 3 => accept;
            in eth5 out \"eth0:1\" from 10.9.0.0/16 tcp dport 3 => drop;
            in eth5 from 10.9.0.0/16 tcp dport 4 => drop;
            in eth5 => reject;
        }",
        "family ipv4;

        let NET_10_9_16 = 10.9.0.0/16;
        let ETH5        = eth5;

        chain INPUT policy accept {
            in eth0 tcp => drop;
            // an interface name cannot hold ':'
            #[allow(unreachable_rule)]
            in \"eth0:1\" tcp => drop;
            in [eth1, eth2] tcp => drop;
            _ => jump A;
        }

        chain FORWARD policy accept {}

        chain OUTPUT policy accept {}

        chain A {
            in ETH5 from NET_10_9_16 {
                tcp dport 1 => accept;
                udp dport 2 => drop;
                udp dport 3 => accept;
            }
            // an interface name cannot hold ':'
            #[allow(unreachable_rule)]
            in ETH5 out \"eth0:1\" from NET_10_9_16 tcp dport 3 => drop;
            in ETH5 from NET_10_9_16 tcp dport 4 => drop;
            in ETH5 => reject;
        }",
    );
}

#[test]
fn a_family_that_only_a_number_tells_is_said() {
    assert_written(
        "chain INPUT {
            family ipv6 tcp syn connlimit(above 10, mask 64) => drop;
            connlimit(above 10) => drop;
            icmpv6 connlimit(above 10, mask 64) => drop;
        }",
        "chain INPUT policy accept {
            family ipv6 tcp syn connlimit(above 10, mask 64) => drop;
            connlimit(above 10) => drop;
            icmpv6 connlimit(above 10, mask 64) => drop;
        }

        chain FORWARD policy accept {}

        chain OUTPUT policy accept {}",
    );
}

#[test]
fn exact_rules_in_a_row_share_a_mark() {
    assert_written(
        "family ipv4;
        chain INPUT {
            in lo => accept;
            ct established|related => accept;
            tcp dport 1 => accept;
            udp dport 2 => accept;
            #[exact] _ {
                ct new tcp dport 22 => accept;
                ct new udp dport 53 => accept;
                ct new tcp dport 80 => accept;
            }
            #[exact] tcp() to 10.0.0.1 => reject;
            tcp dport 3 => reject;
            #[exact] udp() => reject;
            icmp => accept;
            _ => drop;
        }",
        "family ipv4;

        chain INPUT policy accept {
            in lo => accept;
            ct established|related => accept;
            tcp dport 1 => accept;
            udp dport 2 => accept;
            #[exact]
            _ {
                tcp ct new dport ssh => accept;
                udp ct new dport domain => accept;
                tcp ct new dport http => accept;
                to 10.0.0.1 tcp() => reject;
            }
            tcp dport 3 => reject;
            #[exact]
            udp() => reject;
            icmp => accept;
            _ => drop;
        }

        chain FORWARD policy accept {}

        chain OUTPUT policy accept {}",
    );
}
