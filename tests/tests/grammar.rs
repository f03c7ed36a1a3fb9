//! The whole grammar by random policies: what compiles loads on both variants and in both families and is saved as it
//! was emitted, with its sets; and what is lowered does what the source says. No production is left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use fwdsl::Policy;
use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl::ipset::KINDS;
use fwdsl::model::{Model, Ownership};
use fwdsl_runtime::restore_text::builtin_chains;
use fwdsl_tests::corpus::side_by_side;
use fwdsl_tests::meaning::{in_lowered, in_source, packet};
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::policies::whole::Generator;
use fwdsl_tests::productions::{Coverage, ELSEWHERE, PRODUCTIONS, is_production};
use fwdsl_tests::random::Random;
use fwdsl_tests::rules::{restore, restore_beside, saved_table, tables};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use fwdsl_tests::sets::{kernel_has, restore_sets, saved_sets, sorted};

/// How many policies by default, and at least: enough that every production comes.
const POLICIES: usize = 240;

/// Of the documented grammar: what only `rules!` reads, and what words are put together of.
const NOT_OF_POLICIES: &[&str] = &["fragments", "fragment", "visibility", "rust-attribute"];

#[test]
fn every_production_of_the_documented_grammar_is_counted() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/grammar.md");
    let grammar = std::fs::read_to_string(path).expect("the grammar");
    let (grammar, _words) = grammar.split_once("## Words").expect("the words stand last");
    let documented: Vec<&str> = grammar
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
        .filter_map(|line| Some(line.split_once(" = ")?.0.trim()))
        .collect();
    for name in &documented {
        let counted = PRODUCTIONS.iter().chain(ELSEWHERE).any(|(counted, _)| counted == name);
        assert!(counted || NOT_OF_POLICIES.contains(name), "`{name}` is not counted");
    }
    for (name, alternatives) in PRODUCTIONS.iter().chain(ELSEWHERE) {
        assert!(documented.contains(name), "`{name}` is not documented");
        let elsewhere = ELSEWHERE.iter().any(|(other, _)| other == name);
        assert!(!elsewhere || alternatives.iter().all(|it| is_production(it)), "{name}: {alternatives:?}");
    }
}

fn wanted() -> usize {
    std::env::var("FWDSL_RANDOM_POLICIES")
        .map_or(POLICIES, |count| count.parse::<usize>().expect("a number").max(POLICIES))
}

/// A random policy.
struct Made {
    source: String,
    /// The productions in it.
    used: Vec<&'static str>,
    policy: Policy,
}

/// The policies that all tests have in common, since to make them takes as long as to try them.
static MADE: LazyLock<Vec<Made>> = LazyLock::new(|| {
    let seeds = [3, 4, 5, 6];
    let each = wanted().div_ceil(seeds.len());
    let parts = side_by_side(&seeds, || (), |(), &seed| make(seed, each));
    let mut coverage = Coverage::default();
    let (mut attempts, mut sound) = (0, 0);
    let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
    let mut made = Vec::new();
    for (part, generator) in parts {
        attempts += generator.attempts;
        sound += generator.sound;
        for (reason, count) in generator.refusals {
            *refusals.entry(reason).or_default() += count;
        }
        made.extend(part);
    }
    for Made { used, policy, .. } in &made {
        let lowered = Family::ALL.map(|family| policy.lower(family).expect("it was checked"));
        coverage.add(used, &policy.model(), lowered.iter().flatten().map(AsRef::as_ref));
    }
    let mut report = format!("{coverage}{sound} of {attempts} policies compiled. Refused were:\n");
    let mut refusals: Vec<(String, usize)> = refusals.into_iter().collect();
    refusals.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (reason, count) in refusals {
        writeln!(report, "{count:>7} {reason}").expect("a string takes it");
    }
    println!("{report}");
    assert!(sound * 3 >= attempts, "too few compile at the first try\n{report}");
    let missing = coverage.missing();
    assert!(missing.is_empty(), "{missing:?} never used\n{report}");
    made
});

fn make(seed: u64, count: usize) -> (Vec<Made>, Generator) {
    let mut generator = Generator::new(seed);
    let made = (0..count).map(|_| {
        let whole = generator.next_policy();
        let policy = whole.policy();
        policy.check().unwrap_or_else(|error| panic!("{error}\n{}", whole.source));
        let policy = policy.read().expect("it was checked");
        Made { source: whole.source, used: whole.used, policy }
    });
    (made.collect(), generator)
}

#[test]
fn policies_of_the_whole_grammar_load_and_are_saved_as_they_were_emitted() {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    let netns = Netns::new();
    let absent: Vec<&str> =
        KINDS.iter().map(|kind| kind.name).filter(|kind| !kernel_has(&netns, kind)).collect();
    // Sets of policies before stay, and take their time to list.
    let few: Vec<&[Made]> = MADE.chunks(10).collect();
    side_by_side(
        &few,
        || (),
        |(), few| {
            let netns = Netns::new();
            for Made { source, policy, .. } in *few {
                for family in Family::ALL {
                    assert_fixpoint(&netns, &absent, policy, family, source);
                }
            }
        },
    );
}

fn assert_fixpoint(netns: &Netns, absent: &[&str], policy: &Policy, family: Family, source: &str) {
    let Some(text) = policy.emit(family).expect("it was checked") else { return };
    // No rule speaks of a set of a kind that some kernels lack.
    let lacking = policy.sets(family).expect("it was checked");
    let lacking: Vec<&str> =
        lacking.iter().filter(|set| absent.contains(&set.kind.name)).map(|set| set.name.as_str()).collect();
    let sets = policy.emit_sets(family).expect("it was checked");
    let there = |line: &&str| !lacking.iter().any(|name| line.split(' ').nth(1) == Some(name));
    let sets: String = sets.lines().filter(there).map(|line| format!("{line}\n")).collect();
    let output = restore_sets(netns, &sets);
    assert!(output.status.success(), "{}\n{sets}\n{source}", String::from_utf8_lossy(&output.stderr));
    let saved = saved_sets(netns);
    for line in sorted(&sets) {
        assert!(saved.contains(&line), "{line} is not saved, but\n{}\n{source}", saved.join("\n"));
    }
    let model = policy.model();
    for variant in VARIANTS {
        prepare(netns, &model, family, variant);
        let owns_tables = matches!(model.ownership(), Ownership::Tables);
        let loaded = if owns_tables { with_foreign(&text, &model, family) } else { text.clone() };
        let output = match owns_tables {
            true => restore(netns, family, variant, &loaded),
            false => restore_beside(netns, family, variant, &loaded),
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{family} {variant}: {said}\n{source}\n{loaded}");
        for (table, block) in tables(&text) {
            let saved = saved_table(netns, family, variant, &table);
            let difference = difference(&model, &table, &block, &saved);
            assert!(difference.is_empty(), "{family} {variant}\n{difference}\n{source}");
        }
    }
}

/// Empties the tables of what was there before, but for the chains of others that the policy counts on.
fn prepare(netns: &Netns, model: &Model, family: Family, variant: Variant) {
    let all = ["raw", "mangle", "nat", "filter", "security"];
    let empty: String = all.iter().map(|table| format!("*{table}\nCOMMIT\n")).collect();
    let output = restore(netns, family, variant, &with_foreign(&empty, model, family));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The text with the chains of others declared, as an apply does.
fn with_foreign(text: &str, model: &Model, family: Family) -> String {
    let mut out = String::new();
    for line in text.lines() {
        out.push_str(line);
        out.push('\n');
        let Some(table) = line.strip_prefix('*') else { continue };
        let here = model.foreign_chains().iter().filter(|chain| {
            chain.table().name() == table && chain.families().contains(family) && !chain.name().ends_with('+')
        });
        here.for_each(|chain| out.push_str(&format!(":{} - [0:0]\n", chain.name())));
    }
    out
}

/// What is saved otherwise than it was emitted. Chains of others are not the policy's; and where it owns its chains
/// alone, there is a jump to each in a built-in chain, which stays as it is.
fn difference(model: &Model, table: &str, block: &str, saved: &str) -> String {
    let owns_tables = matches!(model.ownership(), Ownership::Tables);
    let foreign = |line: &str| {
        model.foreign_chains().iter().any(|chain| line.starts_with(&format!(":{} ", chain.name())))
    };
    let builtin = |line: &str| {
        builtin_chains(table)
            .unwrap()
            .iter()
            .any(|chain| line.split(' ').nth(1) == Some(chain) || line.starts_with(&format!(":{chain} ")))
    };
    let ours = |line: &&str| !foreign(line) && !line.starts_with('#') && (owns_tables || !builtin(line));
    let emitted: Vec<&str> = block.lines().filter(ours).collect();
    let there: Vec<&str> = saved.lines().filter(ours).collect();
    let mut found = String::new();
    if emitted != there {
        let pairs = emitted.iter().zip(&there).find(|(emitted, saved)| emitted != saved);
        writeln!(found, "{pairs:?}\nemitted\n{block}\nsaved\n{saved}").expect("a string takes it");
    }
    if !owns_tables {
        let jumps = block.lines().filter(|line| builtin(line) && line.contains(" -j "));
        for jump in jumps.map(|line| line.replace("-I ", "-A ").replace(" 1 -j", " -j")) {
            if saved.lines().filter(|line| *line == jump).count() != 1 {
                writeln!(found, "{jump} is not once in\n{saved}").expect("a string takes it");
            }
        }
    }
    found
}

#[test]
fn policies_of_the_whole_grammar_do_what_the_source_says_when_they_are_lowered() {
    let seeded: Vec<(u64, &Made)> = (5..).zip(MADE.iter()).collect();
    let verdicts = side_by_side(&seeded, || (), |(), (seed, made)| decided(*seed, made)).concat();
    let mut decided: BTreeMap<String, usize> = BTreeMap::new();
    for verdict in verdicts {
        *decided.entry(verdict).or_default() += 1;
    }
    for verdict in ["accept", "drop", "reject", "end"] {
        assert!(decided.get(verdict).is_some_and(|count| *count > 10), "{verdict}: {decided:?}");
    }
}

/// Sends random packets through the chains of a policy as written and as lowered. Gives back what became of each.
fn decided(seed: u64, made: &Made) -> Vec<String> {
    let Made { source, policy, .. } = made;
    let mut random = Random::new(seed);
    let mut decided = Vec::new();
    let model = policy.model();
    for family in Family::ALL {
        let Some(ruleset) = policy.lower(family).expect("it was checked") else { continue };
        for chain in model.chains().iter().filter(|chain| chain.families().contains(family)) {
            let own = chain.hook().and_then(|hook| model.ownership().hook_chain(hook));
            let start = own.unwrap_or_else(|| chain.name().to_owned());
            for _ in 0..8 {
                let packet = packet(&mut random, family);
                let limits = random.one_in(2);
                let meant = in_source(&model, chain.table(), chain.name(), &packet, limits);
                let done = in_lowered(&ruleset, chain.table(), &start, &packet, limits);
                assert!(
                    done.is_meant_by(&meant),
                    "{} {family} {packet:?}\nmeant {meant:?}\ndone  {done:?}\n{}\n{}",
                    chain.name(),
                    numbered(source),
                    fwdsl::emit::emit(&ruleset, Default::default())
                );
                decided.push(done.verdict);
            }
        }
    }
    decided
}

fn numbered(source: &str) -> String {
    source.lines().enumerate().map(|(number, line)| format!("{:>4} {line}\n", number + 1)).collect()
}
