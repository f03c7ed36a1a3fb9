//! Random policies, applied; then `plan` says no change. Something is changed by hand; then `plan` and `status` say just
//! that. On both variants.

use std::process::Output;

use fwdsl::Policy;
use fwdsl_runtime::family::{Family, FamilySet};
use fwdsl_runtime::host::Sharing;
use fwdsl_runtime::json::to_json;
use fwdsl_runtime::model::HookPosition;
use fwdsl_runtime::restore_text::{self, SavedTable};
use fwdsl_tests::netns::require;
use fwdsl_tests::policies;
use fwdsl_tests::policies::whole::Generator;
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::random::Random;
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use serde_json::{Value, json};

const SYSCTLS: &str = "sysctl { net.ipv4.conf.*.send_redirects = 0; net.ipv4.tcp_syncookies = 2; }\n";
const EXTRA: &str = "-p tcp -m comment --comment by-hand";

/// A host, and a policy for it.
struct Subject<'a> {
    host: &'a Host,
    source: String,
}

impl Subject<'_> {
    fn run(&self, command: &str, arguments: &[&str]) -> Output {
        let path = self.host.root.join("policy.rs");
        std::fs::write(&path, &self.source).expect("the file can be written");
        let mut env = self.host.netns.command("env");
        env.arg(format!("FWDSL_TEST_POLICY={}", path.display())).arg(env!("CARGO_BIN_EXE_policy_host"));
        env.args([command, "--variant", self.host.variant.name(), "--root"]).arg(&self.host.root);
        env.args(arguments).output().expect("the binary runs")
    }

    fn apply(&self) {
        let output = self.run("apply", &["--replace-foreign"]);
        assert!(output.status.success(), "{}\n{}", stderr(&output), self.source);
    }

    /// What `plan` and `status` say.
    fn look(&self, code: i32) -> [Value; 2] {
        let says = |command: &str, arguments: &[&str]| {
            let output = self.run(command, arguments);
            let code_is = output.status.code();
            assert_eq!(
                code_is,
                Some(code),
                "{command}: {}{}\n{}",
                stdout(&output),
                stderr(&output),
                self.source
            );
            json(&output)
        };
        [says("plan", &["--json", "--replace-foreign"]), says("status", &["--json"])]
    }

    fn tables(&self, family: Family) -> Vec<SavedTable> {
        let text = restore_text::parse(&self.host.saved(family)).expect("it is a restore text");
        text.tables.into_iter().filter(|table| !table.is_pristine()).collect()
    }
}

fn pick<'a, T>(random: &mut Random, items: &'a [T]) -> &'a T {
    &items[random.below(items.len())]
}

/// Something that is changed by hand: how, and what is to be said of it.
struct Mutation {
    script: String,
    /// The lines that an apply adds and removes.
    lines: [Vec<String>; 2],
    /// The differences of rules, without where they are.
    drift: Vec<Value>,
    sets: usize,
    sysctls: usize,
}

fn rules(script: String, lines: [Vec<String>; 2], drift: Value) -> Mutation {
    Mutation { script, lines, drift: vec![drift], sets: 0, sysctls: 0 }
}

/// One of each kind, as far as the policy has what it takes.
fn mutation(subject: &Subject<'_>, kind: usize, random: &mut Random) -> Option<Mutation> {
    let family = *pick(random, &Family::ALL);
    let program = match family {
        Family::Ipv4 => format!("iptables-{}", subject.host.variant),
        Family::Ipv6 => format!("ip6tables-{}", subject.host.variant),
    };
    let tables = subject.tables(family);
    let told = |table: &str, chain: &str, kind: &str| json!({ "family": family.name(), "table": table, "chain": chain, "kind": kind });
    match kind {
        0 => {
            let with_rules: Vec<&SavedTable> =
                tables.iter().filter(|table| !table.rules.is_empty()).collect();
            if with_rules.is_empty() {
                return None;
            }
            let table = *pick(random, &with_rules);
            let rule = pick(random, &table.rules);
            let chain = rule.chain();
            let at = 1 + table.rules_of(chain).position(|other| other.text == rule.text)?;
            let mut drift = told(&table.name, chain, "missing");
            drift["rule"] = rule.text.clone().into();
            let script = format!("{program} -t {} -D {chain} {at}", table.name);
            Some(rules(script, [vec![rule.text.clone()], Vec::new()], drift))
        }
        1 => {
            let table = pick(random, &tables);
            let chain = &pick(random, &table.chains).name;
            let at = 1 + random.below(1 + table.rules_of(chain).count());
            let text = format!("-A {chain} {EXTRA}");
            let mut drift = told(&table.name, chain, "extra");
            drift["found"] = text.clone().into();
            let script = format!("{program} -t {} -I {chain} {at} {EXTRA}", table.name);
            Some(rules(script, [Vec::new(), vec![text]], drift))
        }
        2 => {
            let table = tables.iter().find(|table| table.name == "filter")?;
            let built_in: Vec<_> = table.chains.iter().filter(|chain| chain.policy.is_some()).collect();
            let chain = *pick(random, &built_in);
            let now = chain.policy.clone()?;
            let other = if now == "ACCEPT" { "DROP" } else { "ACCEPT" };
            let mut drift = told("filter", &chain.name, "policy");
            (drift["rule"], drift["found"]) = (now.clone().into(), other.into());
            let line = |policy: &str| vec![format!(":{} {policy}", chain.name)];
            let script = format!("{program} -P {} {other}", chain.name);
            Some(rules(script, [line(&now), line(other)], drift))
        }
        3 => {
            let table = pick(random, &tables);
            let mut drift = told(&table.name, "by-hand", "extra-chain");
            drift["rules"] = 0.into();
            let script = format!("{program} -t {} -N by-hand", table.name);
            Some(rules(script, [Vec::new(), vec![":by-hand -".to_owned()]], drift))
        }
        4 => {
            let script =
                "name=$(ipset list -name | grep '^S-NET.4') && ipset add $name 198.51.100.0/24".to_owned();
            Some(Mutation { script, lines: [Vec::new(), Vec::new()], drift: Vec::new(), sets: 1, sysctls: 0 })
        }
        _ => {
            let script = "echo 1 >/proc/sys/net/ipv4/conf/v1/send_redirects".to_owned();
            Some(Mutation { script, lines: [Vec::new(), Vec::new()], drift: Vec::new(), sets: 0, sysctls: 1 })
        }
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("{key}: {value}"))
}

fn lines(plan: &Value, key: &str) -> Vec<String> {
    let tables = list(plan, "rules").iter().flat_map(|rules| list(rules, "tables"));
    tables.flat_map(|table| list(table, key)).map(|line| line.as_str().unwrap().to_owned()).collect()
}

fn check(subject: &Subject<'_>, mutation: &Mutation) {
    let Mutation { script, lines: [added, removed], drift, sets, sysctls } = mutation;
    subject.host.netns.sh(script);
    let [plan, status] = subject.look(10);
    let context = format!("{script}\n{plan:#}\n{status:#}\n{}", subject.source);
    assert_eq!((&lines(&plan, "added"), &lines(&plan, "removed")), (added, removed), "{context}");
    let found: Vec<Value> = list(&status, "drift")
        .iter()
        .map(|drift| {
            let mut drift = drift.clone();
            let object = drift.as_object_mut().unwrap();
            let [source, line] = ["source", "kernel_line"].map(|key| object.remove(key));
            assert!(source.is_none_or(|source| source["line"].as_u64().unwrap() > 0), "{context}");
            assert!(line.is_none_or(|line| line.as_u64().unwrap() > 0), "{context}");
            drift
        })
        .collect();
    assert_eq!(&found, drift, "{context}");
    for said in [&plan, &status] {
        assert_eq!((list(said, "sets").len(), list(said, "sysctls").len()), (*sets, *sysctls), "{context}");
    }
    subject.apply();
    subject.look(0);
}

#[test]
fn plan_says_no_change_after_an_apply_and_just_the_change_after_one_by_hand() {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    let wanted: usize =
        std::env::var("FWDSL_RANDOM_POLICIES").map_or(4, |count| count.parse().expect("a number"));
    std::thread::scope(|scope| {
        for variant in VARIANTS {
            scope.spawn(move || {
                let mut random = Random::new(6);
                let host = Host::new(variant, "");
                let mut kinds = [0; 6];
                for number in 0..wanted {
                    let policy = policies::policy(&mut random);
                    let (attributes, rest) = policy.split_once('\n').expect("attributes come first");
                    let subject = Subject { host: &host, source: format!("{attributes}\n{SYSCTLS}{rest}") };
                    subject.apply();
                    subject.look(0);
                    for kind in [2 * number, 2 * number + 1, 2 * number + 5].map(|kind| kind % kinds.len()) {
                        if let Some(mutation) = mutation(&subject, kind, &mut random) {
                            check(&subject, &mutation);
                            kinds[kind] += 1;
                        }
                    }
                }
                assert!(kinds.iter().all(|count| *count > 0), "{kinds:?}");
            });
        }
    });
}

/// A script that makes the chains of others which a policy relies on, and the jumps to those beside which it wants to
/// stand.
fn others(policy: &Policy) -> String {
    let mut script = String::new();
    for family in Family::ALL {
        let Some(ruleset) = policy.lower(family).expect("it was checked") else { continue };
        let program = if family == Family::Ipv4 { "iptables-PROGRAM" } else { "ip6tables-PROGRAM" };
        for table in Sharing::of(&ruleset).tables {
            let in_table = format!("{program} -t {}", table.name);
            let named = table.foreign.iter().filter(|name| !name.ends_with('+'));
            named.for_each(|name| script += &format!("{in_table} -N '{name}' 2>&1\n"));
            for jump in &table.jumps {
                if let HookPosition::Before(anchor) | HookPosition::After(anchor) = &jump.position {
                    script += &format!(
                        "{in_table} -N '{anchor}' 2>&1\n{in_table} -A {} -j '{anchor}'\n",
                        jump.from
                    );
                }
            }
        }
    }
    script + "true"
}

/// Policies of the whole grammar, as far as a host takes them.
#[test]
fn whatever_the_policy_plan_says_no_change_after_an_apply() {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    let wanted: usize =
        std::env::var("FWDSL_RANDOM_POLICIES").map_or(10, |count| count.parse().expect("a number"));
    let mut generator = Generator::new(7);
    let policies: Vec<(String, String)> = (0..wanted)
        .map(|_| {
            let policy = generator.next_policy().policy();
            let mut document = to_json(&policy.model(), FamilySet::BOTH);
            // Not all of them are the namespace's own.
            document["sysctls"] = json!([]);
            (document.to_string(), others(&policy))
        })
        .collect();
    std::thread::scope(|scope| {
        for variant in VARIANTS {
            let policies = &policies;
            scope.spawn(move || {
                let mut applied = 0;
                for (source, others) in policies {
                    let host = Host::new(variant, "");
                    let subject = Subject { host: &host, source: source.clone() };
                    host.netns.sh(&others.replace("PROGRAM", variant.name()));
                    if !subject.run("apply", &[]).status.success() {
                        let plan = subject.run("plan", &[]);
                        assert!(
                            matches!(plan.status.code(), Some(1 | 10)),
                            "{}{}\n{source}",
                            stdout(&plan),
                            stderr(&plan)
                        );
                        continue;
                    }
                    applied += 1;
                    let [_, status] = subject.look(0);
                    assert!(!list(&status, "chains").is_empty());
                }
                assert!(applied * 2 >= wanted, "only {applied} of {wanted} policies were applied");
            });
        }
    });
}
