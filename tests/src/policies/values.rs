//! Rust values of the random policies: what the macro would hand over for each expression.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;

use fwdsl::Policy;
use fwdsl_runtime::syntax::{Compiled, RustExpression};
use fwdsl_runtime::values::{Address, Number, Place, Port, RustValue, RustValues, Setting, Text, Word};

const R_PORT: u16 = 22;
const R_RANGE: RangeInclusive<u16> = 8000..=8080;
const R_PORTS: [u16; 3] = [22, 80, 443];
const R_HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const R_NETS: &[&str] = &["10.0.0.3", "2001:db8::5"];
const R_NUMBER: u32 = 7;
const R_WORD: &str = "eth0";
const R_RATE: &str = "3/minute";
const R_TEXT: &str = "from rust: ";

/// The policy that the macro makes of what was compiled.
///
/// # Panics
///
/// If an expression is none of the random policies'.
pub(super) fn policy_of(compiled: &Compiled) -> Policy {
    let values = compiled.rust_values.iter().fold(RustValues::none(), |all, it| all.and(value_of(it)));
    // As the macro's, the policy is a constant. A test's memory can bear it.
    Policy::with_values("random.rs", compiled.pack().leak(), values)
}

fn value_of(expression: &RustExpression) -> RustValue {
    let text: String = expression.tokens.clone().into_iter().map(|token| token.to_string()).collect();
    match (text.trim_start_matches('&'), expression.place) {
        ("R_PORT", Place::Port) => Port::of(&R_PORT).value(),
        ("R_PORT+1", Place::Port) => Port::of(R_PORT + 1).value(),
        ("R_RANGE", Place::Port) => Port::of(&R_RANGE).value(),
        ("R_PORTS", Place::Port) => Port::of(&R_PORTS).value(),
        ("R_HOST", Place::Address) => Address::of(&R_HOST).value(),
        ("\"10.0.0.0/8\"", Place::Address) => Address::of("10.0.0.0/8").value(),
        ("R_NETS", Place::Address) => Address::of(&R_NETS).value(),
        ("R_NUMBER", Place::Number) => Number::of(&R_NUMBER).value(),
        ("R_NUMBER", Place::Setting) => Setting::of(&R_NUMBER).value(),
        ("R_WORD", Place::Word) => Word::of(&R_WORD).value(),
        ("R_RATE", Place::Word) => Word::of(&R_RATE).value(),
        ("R_TEXT", Place::Text) => Text::of(&R_TEXT).value(),
        (text, place) => panic!("no `{text}` for {place:?}"),
    }
}
