//! The page on what of the catalogue is tried is what the catalogue says. `FWDSL_BLESS=1` writes it.

use fwdsl_tests::coverage::page;

#[test]
fn the_page_of_the_coverage_is_made_of_the_catalogue() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language/coverage.md");
    if std::env::var_os("FWDSL_BLESS").is_some() {
        std::fs::write(&path, page()).expect("the page is written");
    }
    assert_eq!(std::fs::read_to_string(&path).expect("the page"), page());
}
