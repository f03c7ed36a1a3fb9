//! Firewalls written as Rust source: what the real macro makes of it is emitted as the firewall was, without a warning.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

use fwdsl::emit::{Protocols, emit};
use fwdsl::family::Family;
use fwdsl::lower::lower;
use fwdsl::model::Model;
use fwdsl_runtime::format::format_source;
use fwdsl_runtime::import::{Imported, Unknown, import_both};
use fwdsl_runtime::source::{SourceOptions, write_rust};
use fwdsl_tests::corpus::{firewalls, generated};

/// Every firewall of the corpus with both of its families, by name.
fn imported() -> BTreeMap<String, Imported> {
    let mut texts: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
    for firewall in firewalls() {
        texts.entry(firewall.name).or_default()[firewall.family as usize] = Some(firewall.text);
    }
    // What is refused is a matter of the test of the importer.
    let import = |(name, [ipv4, ipv6]): (String, [Option<String>; 2])| {
        let texts = [ipv4.as_deref().map(|text| (text, "v4")), ipv6.as_deref().map(|text| (text, "v6"))];
        let imported = import_both(texts[0], texts[1], Unknown::Refuse);
        Some((name, imported.ok()?))
    };
    let imported: BTreeMap<String, Imported> = texts.into_iter().filter_map(import).collect();
    assert!(imported.len() >= 20, "{} firewalls", imported.len());
    imported
}

fn emitted(model: &Model, family: Family) -> String {
    lower(model, family).map(|ruleset| emit(&ruleset, Protocols::Named)).unwrap_or_default()
}

fn options(imported: &Imported) -> SourceOptions {
    SourceOptions { notes: imported.notes(), ..SourceOptions::default() }
}

#[test]
fn every_firewall_compiles_without_warnings_and_is_emitted_as_it_was() {
    let imported: Vec<(String, Imported)> = imported().into_iter().collect();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("written_source");
    fs::create_dir_all(&directory).expect("a directory for the programs");
    // Two programs, which are compiled at the same time.
    let cases = trybuild::TestCases::new();
    for (number, firewalls) in imported.chunks(imported.len().div_ceil(2)).enumerate() {
        let path = directory.join(format!("firewalls_{number}.rs"));
        fs::write(&path, program(firewalls)).expect("the program can be written");
        cases.pass(path);
    }
}

/// A program of the sources that are written of some firewalls, which compares what they emit.
fn program(firewalls: &[(String, Imported)]) -> String {
    let mut program = String::from("#![deny(warnings)]\n\n");
    let mut main = String::from("fn main() {\n");
    for (index, (name, imported)) in firewalls.iter().enumerate() {
        let source =
            write_rust(&imported.model, &options(imported)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(format_source(&source).expect("Rust"), source, "{name} is formatted");
        // Each file stands in a module, and so its `main` is called by nobody.
        let source = source.replace("\nfn main()", "\n#[allow(dead_code)]\nfn main()");
        writeln!(program, "mod firewall_{index} {{\n{source}}}\n").expect("a string takes it");
        for family in Family::ALL {
            let wanted = emitted(&imported.model, family);
            writeln!(main, "    let found = firewall_{index}::HOST.emit(fwdsl::family::Family::{family:?});")
                .expect("a string takes it");
            writeln!(
                main,
                "    assert_eq!(found.expect({name:?}).unwrap_or_default(), {wanted:?}, {name:?});"
            )
            .expect("a string takes it");
        }
    }
    main.push_str("}\n");
    program + &main
}

#[test]
fn a_firewall_of_6000_rules_is_written_in_well_under_a_second() {
    for make in [generated::university, generated::company] {
        let text = make(Family::Ipv4);
        let imported = import_both(Some((&text, "v4")), None, Unknown::Refuse).expect("a sound text");
        let start = Instant::now();
        assert!(write_rust(&imported.model, &options(&imported)).is_ok());
        let taken = start.elapsed();
        eprintln!("written in {taken:?}");
        // A multiple of what it takes without optimisation, so that a busy machine does not fail it.
        assert!(taken < Duration::from_secs(60), "{taken:?}");
    }
}
