//! Policies as JSON: what is written is read back as the same policy, the schema knows all of it, and what is not known
//! is refused where it stands.

use std::collections::BTreeSet;

use fwdsl::Policy;
use fwdsl::catalogue::{EXTENSIONS, Kind};
use fwdsl::family::FamilySet;
use fwdsl::model::{Action, Model};
use fwdsl_runtime::check::check;
use fwdsl_runtime::json::{VERSION, from_json, to_json};
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::policies;
use fwdsl_tests::policies::whole::Generator;
use fwdsl_tests::random::Random;
use fwdsl_tests::samples::{MADE_ELSEWHERE, SAMPLE_SET, samples};
use fwdsl_tests::schema::Schema;
use serde_json::{Value, json};

/// The policy as a program gets it from the macro.
fn model(source: &str) -> Model {
    let compiled = compile(source.parse().expect("tokens"));
    assert!(compiled.is_sound(), "{source}\n{:?}", compiled.diagnostics);
    Model::from_bytes("src/main.rs", &compiled.model.to_bytes()).expect("what was packed can be read")
}

fn schema() -> Schema {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schema/policy-v1.json");
    Schema::new(&std::fs::read_to_string(path).expect("the schema")).expect("a schema")
}

fn assert_round_trip(schema: &Schema, model: &Model) {
    let document = to_json(model, FamilySet::BOTH);
    if let Err(error) = schema.check(&document) {
        panic!("{error}\n{document:#}");
    }
    let text = format!("{document:#}");
    let read = from_json(&text).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    assert_eq!(read, *model, "{text}");
}

#[test]
fn random_rules_are_read_back_as_they_were() {
    let (schema, mut random) = (schema(), Random::new(11));
    for _ in 0..30 {
        let source = policies::policy(&mut random);
        assert_round_trip(&schema, &model(&source));
    }
}

#[test]
fn random_policies_of_the_whole_grammar_are_read_back_as_they_were() {
    let (schema, mut generator) = (schema(), Generator::new(12));
    for _ in 0..50 {
        assert_round_trip(&schema, &generator.next_policy().policy().model());
    }
}

#[test]
fn every_option_of_the_catalogue_is_read_back_as_it_was() {
    let schema = schema();
    for extension in EXTENSIONS {
        let samples = samples(extension);
        let rules: Vec<&str> = samples.iter().flat_map(|sample| &sample.rules).map(String::as_str).collect();
        // Each rule by itself: one that does not even parse must not take others with it. Where a rule may stand is
        // another matter. Some extensions are there by their own names in exact rules alone.
        let mut found = BTreeSet::new();
        for (rule, exact) in rules.iter().flat_map(|rule| [(rule, ""), (rule, "#[exact]")]) {
            let source = format!("{SAMPLE_SET} chain A {{ {exact} {rule} }}");
            let compiled = compile(source.parse().expect("tokens"));
            let model = Model::from_bytes("src/main.rs", &compiled.model.to_bytes()).expect("it was packed");
            let document = to_json(&model, FamilySet::NONE);
            if let Err(error) = schema.check(&document) {
                panic!("{error}\n{rule}\n{document:#}");
            }
            assert_eq!(from_json(&document.to_string()).as_ref(), Ok(&model), "{rule}");
            found.extend(options_of(&model));
        }
        let is_there =
            |name: &&str| found.contains(*name) || !(extension.module || extension.kind == Kind::Target);
        let sampled = extension.options.iter().filter(|spec| !MADE_ELSEWHERE.contains(&spec.flag));
        let names = sampled.map(|spec| spec.name);
        let missing: Vec<&str> = names.filter(|name| !is_there(name)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", extension.name);
    }
}

/// The names of the options in a policy of one chain.
fn options_of(model: &Model) -> Vec<&'static str> {
    let rules = model.chains()[0].rules();
    let matches = rules.iter().flat_map(|rule| rule.matches()).flat_map(|entry| entry.options());
    let targets =
        rules.iter().flat_map(|rule| rule.verdicts()).filter_map(|verdict| match verdict.action() {
            Action::Target { options, .. } => Some(options),
            _ => None,
        });
    matches.chain(targets.flatten()).map(|option| option.spec().name).collect()
}

/// A document with something of everything.
fn document() -> Value {
    let source = "own chains; family ipv4; foreign chain DOCKER; foreign set OTHERS;
        set NAMES: ip timeout 60 comment { 192.0.2.1 comment \"a\", 192.0.2.2..=192.0.2.9 timeout 5 }
        sysctl { net.ipv4.ip_forward = 1; }
        /// Comes in.
        chain INPUT hook before DOCKER {
            /// web
            tcp dport [80, 8000..=8080] from 10.0.0.0/8 => log(\"x\"), accept;
            #[allow(fragment_reassembled)] fragment => drop;
            set(@OTHERS src) => count;
            from @NAMES => jump DOCKER;
            #[exact] in eth0 => reject;
        }
        assert INPUT { tcp dport 80 from 10.0.0.0/8 => !drop; }";
    to_json(&model(source), FamilySet::BOTH)
}

#[test]
fn a_document_says_what_it_is_and_where_all_of_it_comes_from() {
    let document = document();
    assert_eq!(document["fwdsl"], json!({ "version": VERSION }));
    assert_eq!(document["sources"], json!({ "files": ["src/main.rs"], "expansions": [] }));
    assert_eq!(document["families"], json!(["ipv4"]));
    assert_eq!(document["sysctls"][0]["key"], "net.ipv4.ip_forward");
    let chain = &document["chains"][0];
    assert_eq!(
        (&chain["table"], &chain["name"], &chain["doc"]),
        (&json!("filter"), &json!("INPUT"), &json!("Comes in."))
    );
    assert_eq!(chain["hook"], json!({ "position": "before", "chain": "DOCKER" }));
    let rule = &chain["rules"][0];
    assert_eq!(rule["comment"], "web");
    assert_eq!(
        rule["matches"][1],
        json!({ "match": "ports", "options": [{ "option": "dport", "values": [
            { "ports": { "first": 80, "last": 80 } },
            { "ports": { "first": 8000, "last": 8080 } },
        ] }] })
    );
    assert_eq!(rule["verdicts"][1], json!({ "action": "target", "target": "accept", "options": [] }));
    assert_eq!(chain["rules"][3]["verdicts"][0], json!({ "action": "jump", "chain": "DOCKER" }));
    assert_eq!(chain["rules"][4]["exact"], true);
    assert_eq!(document["lowered"]["ipv6"], Value::Null);
    let tables = &document["lowered"]["ipv4"]["tables"];
    let text = "-A fwdsl-INPUT -s 10.0.0.0/8 -p tcp -m multiport --dports 80,8000:8080 -m comment --comment web -j LOG \
                --log-prefix x";
    let lowered = &tables[0]["chains"][0]["rules"][0];
    assert_eq!(lowered["text"], text, "{document:#}");
    assert_eq!(lowered["loc"]["file"], "src/main.rs");
    assert_eq!(lowered["loc"]["line"], rule["loc"]["line"]);
}

#[test]
fn what_a_document_leaves_out_is_as_if_nobody_had_said_it() {
    let text = r#"{ "fwdsl": { "version": 1 }, "families": ["ipv4", "ipv6"], "chains": [
        { "table": "filter", "name": "INPUT", "families": ["ipv4", "ipv6"], "policy": "drop", "rules": [
            { "families": ["ipv4", "ipv6"],
              "matches": [{ "match": "core", "options": [{ "option": "in", "values": [{ "interface": "lo" }] }] }],
              "verdicts": [{ "action": "target", "target": "accept", "options": [] }] } ] } ] }"#;
    let model = from_json(text).expect("a policy");
    let policy = Policy::from_model(model).expect("a sound one");
    let text = policy.emit(fwdsl::family::Family::Ipv6).expect("it is sound").expect("there are rules");
    assert!(text.contains(":INPUT DROP [0:0]\n") && text.contains("-A INPUT -i lo -j ACCEPT\n"), "{text}");
}

/// The errors about a document of which one part is another.
fn errors(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = document();
    change(&mut document);
    let errors = from_json(&document.to_string()).expect_err("an error");
    errors.list.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_not_known_is_refused_where_it_stands() {
    let rule = |document: &mut Value| document["chains"][0]["rules"][0].take();
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 24] = [
        (
            |it| it["fwdsl"]["version"] = json!(2),
            "$.fwdsl.version: unknown version 2\nhelp: this program knows version 1",
        ),
        (|it| it["fwdsl"]["flavour"] = json!(2), "$.fwdsl.flavour: unknown field `flavour`"),
        (|it| it["chain"] = json!([]), "$.chain: unknown field `chain`\nhelp: did you mean `chains`?"),
        (|it| it["a b"] = json!([]), "$[\"a b\"]: unknown field `a b`"),
        (
            |it| it["families"] = json!(["ipv5"]),
            "$.families[0]: unknown family `ipv5`\nhelp: did you mean `ipv4`?",
        ),
        (|it| it["families"] = json!("ipv4"), "$.families: expected an array, found the string \"ipv4\""),
        (
            |it| it["chains"][0]["table"] = json!("filer"),
            "$.chains[0].table: unknown table `filer`\nhelp: did you mean `filter`?",
        ),
        (
            |it| it["chains"][0]["policy"] = json!("dorp"),
            "$.chains[0].policy: unknown policy `dorp`\nhelp: did you mean `drop`?",
        ),
        (
            |it| it["chains"][0]["rules"][0]["matches"][1]["match"] = json!("port"),
            "$.chains[0].rules[0].matches[1].match: unknown match `port`\nhelp: did you mean `ports`?",
        ),
        (
            |it| it["chains"][0]["rules"][0]["matches"][1]["options"][0]["option"] = json!("dports"),
            "$.chains[0].rules[0].matches[1].options[0].option: unknown option of `ports` `dports`\nhelp: did you mean `dport`?",
        ),
        (
            |it| {
                it["chains"][0]["rules"][0]["matches"][1]["options"][0]["values"][0] = json!({ "number": 1 })
            },
            "$.chains[0].rules[0].matches[1].options[0].values[0]: `dport` of `ports` takes no such value",
        ),
        (
            |it| {
                it["chains"][0]["rules"][0]["matches"][1]["options"][0]["values"][0]["ports"]["last"] =
                    json!(65536)
            },
            "$.chains[0].rules[0].matches[1].options[0].values[0].ports.last: `65536` is too great: it is a number of 16 bits",
        ),
        (
            |it| it["chains"][0]["rules"][0]["matches"][1]["options"][0]["values"] = json!([]),
            "$.chains[0].rules[0].matches[1].options[0]: `dport` takes a value",
        ),
        (
            |it| it["chains"][0]["rules"][0]["verdicts"][0]["target"] = json!("logg"),
            "$.chains[0].rules[0].verdicts[0].target: unknown target `logg`\nhelp: did you mean `log`?",
        ),
        (
            |it| it["chains"][0]["rules"][3]["verdicts"][0]["options"] = json!([]),
            "$.chains[0].rules[3].verdicts[0].options: unknown field `options`",
        ),
        (
            |it| it["chains"][0]["rules"][0]["loc"]["file"] = json!("x.rs"),
            "$.chains[0].rules[0].loc.file: unknown file `x.rs`\nhelp: `$.sources.files` names every file",
        ),
        (
            |it| it["chains"][0]["rules"][0]["loc"]["expansion"] = json!(0),
            "$.chains[0].rules[0].loc.expansion: there is no expansion 0 before this",
        ),
        (
            |it| it["sets"][1]["kind"] = json!("hash:set"),
            "$.sets[1].kind: unknown kind of set `hash:set`\nhelp: did you mean `hash:net`?",
        ),
        (
            |it| it["sets"][1]["elements"][0]["parts"][0] = json!({ "network": "10.0.0.0/33" }),
            "$.sets[1].elements[0].parts[0].network: `/33` is too long for an IPv4 address\nhelp: a prefix length is at most 32 there",
        ),
        (|it| it["sysctls"][0]["key"] = json!("net"), "$.sysctls[0].key: `net`"),
        (
            |it| it["assertions"][0]["cases"][0]["verdicts"][0] = json!(null),
            "$.assertions[0].cases[0].verdicts[0]: expected a string, found `null`",
        ),
        (
            |it| it["assertions"][0]["cases"][0]["verdicts"] = json!([]),
            "$.assertions[0].cases[0].verdicts: at least one verdict is wanted",
        ),
        (
            |it| it["assertions"][0]["cases"][0]["reaches"] = json!({ "table": "filter", "chain": "A" }),
            "$.assertions[0].cases[0].verdicts: it is either `verdicts` or `reaches`",
        ),
        (
            |it| it["assertions"][0]["host"] = json!("any"),
            "$.assertions[0].chain: it is either about `host` or about a chain",
        ),
    ];
    for (change, expected) in cases {
        let errors = errors(change);
        assert!(errors[0].starts_with(expected) && errors.len() == 1, "{expected}\n{errors:#?}");
    }
    let all = errors(|document| {
        document["chains"][0]["rules"][1]["matches"][0]["match"] = json!("cor");
        document["chains"][0]["rules"][2]["families"] = json!(null);
        document["sets"][0]["name"].take();
    });
    assert_eq!(all.len(), 3, "{all:#?}");
    let missing = errors(|document| {
        rule(document);
    });
    assert_eq!(missing, ["$.chains[0].rules[0]: expected an object, found `null`"]);
}

#[test]
fn what_is_no_policy_at_all_is_told() {
    for (text, expected) in [
        ("{", "line 1, column 1: EOF while parsing an object"),
        ("[]", "$: expected an object, found an array"),
        ("{}", "$: this is no policy of fwdsl: the field `fwdsl` is missing\nhelp: "),
        ("{\"fwdsl\": {}}", "$.fwdsl: the field `version` is missing"),
        ("{\"fwdsl\": 1}", "$.fwdsl: expected an object, found `1`"),
    ] {
        let error = from_json(text).expect_err("an error").to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn a_document_is_checked_as_any_policy() {
    let mut document = document();
    document["chains"][0]["rules"][0]["matches"][2]["options"][0]["values"][0] =
        json!({ "network": "10.0.0.1/8" });
    let model = from_json(&document.to_string()).expect("it is well formed");
    let found = check(&model);
    assert!(
        found.iter().any(|it| it.is_error() && it.message.contains("bits set beyond the prefix")),
        "{found:?}"
    );
}

#[test]
fn the_example_of_the_documentation_is_a_policy() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/json.md");
    let text = std::fs::read_to_string(path).expect("the documentation");
    let (_, example) = text.split_once("```json\n").expect("an example");
    let (example, _) = example.split_once("```").expect("its end");
    schema().check(&serde_json::from_str(example).expect("JSON")).expect("it fits the schema");
    let policy = Policy::from_model(from_json(example).expect("a policy")).expect("a sound one");
    let text = policy.emit(fwdsl::family::Family::Ipv4).expect("it is sound").expect("there are rules");
    let rule =
        "-A INPUT -p tcp -m multiport --dports 80,8000:8080 -m comment --comment \"the site\" -j ACCEPT\n";
    assert!(text.contains(rule), "{text}");
}
