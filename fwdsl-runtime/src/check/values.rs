//! Values: what an option takes.

use super::hashlimit::check_hashlimit;
use super::plain::plain_problem;
use super::requirements::check_requirements;
use super::targets::check_target;
use super::text::{control_character, text_problem};
use crate::catalogue::{
    COMMENT_MAX_BYTES, DCCP, Extension, HASHLIMIT, Kind, LIMIT, LIMIT_DEFAULT_BURST, LIMIT_DEFAULT_RATE,
    NO_STATUS, OptionSpec, UDP, ValueKind,
};
use crate::diagnostic::Diagnostic;
use crate::family::Family;
use crate::lint::{Level, ODD_VALUE, ONE_VARIANT, UNREACHABLE_RULE, USELESS_MATCH};
use crate::loc::Loc;
use crate::model::{
    Address, Chunk, INTERFACE_MAX_BYTES, IcmpMatch, LIMIT_SCALE, OptionUse, Rate, SaveForm, TcpFlags, Value,
    family_of, to_bits,
};

/// Checks the options of one use of an extension.
pub(super) fn check_options(
    extension: &'static Extension,
    options: &[OptionUse],
    loc: Loc,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if extension.legacy_only {
        diagnostics.push(legacy_only(&extension.word(), loc));
    }
    for spec in extension.options.iter().filter(|spec| spec.required) {
        if !options.iter().any(|option| option.spec == spec) {
            let message = format!("`{}` needs its option `{}`", extension.word(), spec.name);
            diagnostics.push(Diagnostic::error(loc, message));
        }
    }
    for option in options {
        if option.negated && !option.spec.negatable {
            let message = format!("`{}` cannot be negated", option.spec.name);
            diagnostics.push(Diagnostic::error(option.loc, message));
        }
        if option.spec.legacy_only {
            diagnostics.push(legacy_only(&format!("{}({})", extension.word(), option.spec.name), option.loc));
        }
        if option.spec.only_negated && !option.negated {
            let message = format!("`{}` is what happens anyway", option.spec.name);
            let help = format!("`!{}` is what can be said", option.spec.name);
            let finding = problem_with_help(message, help).map(|problem| problem.of_lint(USELESS_MATCH));
            diagnostics.extend(finding.map(|problem| problem.at(option.loc)));
        }
        if let Some(problem) = nothing_left(option).or_else(|| not_alone(option)) {
            diagnostics.push(problem.at(option.loc));
        }
        for value in &option.values {
            if let Some(problem) = problem_of(extension, option.spec, &value.value) {
                diagnostics.push(problem.at(value.loc));
            }
        }
    }
    check_requirements(extension, options, loc, diagnostics);
    if *extension == LIMIT {
        check_burst(options, loc, diagnostics);
    } else if *extension == HASHLIMIT {
        check_hashlimit(options, diagnostics);
    }
    if extension.kind == Kind::Target {
        check_target(extension, options, loc, diagnostics);
    }
}

/// The finding that the nft variant does not take something.
fn legacy_only(what: &str, loc: Loc) -> Diagnostic {
    let message = format!("`{what}` is the legacy variant's alone, and the nft variant does not take it");
    Diagnostic::lint(ONE_VARIANT, Level::Deny, loc, message)
}

/// Checks the text of a rule's comment.
pub(super) fn check_comment(text: &str, loc: Loc, diagnostics: &mut Vec<Diagnostic>) {
    if text.len() > COMMENT_MAX_BYTES {
        let message =
            format!("the comment is {} bytes long, and the kernel keeps {COMMENT_MAX_BYTES}", text.len());
        let help = "only the first paragraph becomes the comment: end it with an empty `///` line";
        diagnostics.push(Diagnostic::error(loc, message).help(help));
    } else if let Some(problem) = control_character("comment", text) {
        diagnostics.push(Diagnostic::error(loc, problem.message));
    }
}

/// All kinds of chunks, or none, beside others.
fn not_alone(option: &OptionUse) -> Option<Problem> {
    let whole = |value: &Value| matches!(value, Value::Chunk(Chunk::All | Chunk::None));
    if option.values.len() < 2 || !option.values().any(whole) {
        return None;
    }
    problem(format!("`all` and `none` of `{}` stand alone", option.spec.name))
}

/// None of all words of a list.
fn nothing_left(option: &OptionUse) -> Option<Problem> {
    let words = option.spec.value.words();
    let is_there = |index: usize| option.values().any(|value| *value == Value::Word(index as u8));
    // There is a word for none of the others.
    if let Some(none) = words.iter().position(|word| word.name == NO_STATUS) {
        if option.values.len() < 2 || !is_there(none) {
            return None;
        }
        return problem(format!("`{NO_STATUS}` beside others of `{}` is nothing more", option.spec.name))
            .map(|problem| problem.of_lint(ODD_VALUE));
    }
    let all = option.negated && !words.is_empty() && (0..words.len()).all(is_there);
    if all {
        problem(format!("none of all there are for `{}`: nothing matches", option.spec.name))
            .map(|problem| problem.of_lint(UNREACHABLE_RULE))
    } else {
        None
    }
}

/// What is wrong with a value, and what to do about it.
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// The lint that it is, if iptables takes the value.
    pub(super) lint: Option<&'static str>,
}

impl Problem {
    /// The same as the finding of a lint: iptables takes the value.
    pub(super) fn of_lint(self, lint: &'static str) -> Problem {
        Problem { lint: Some(lint), ..self }
    }

    /// The problem at a place.
    pub(super) fn at(self, loc: Loc) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(loc, self.message).maybe_help(self.help);
        diagnostic.lint = self.lint;
        diagnostic
    }
}

pub(super) fn problem(message: impl Into<String>) -> Option<Problem> {
    Some(Problem { message: message.into(), help: None, lint: None })
}

pub(super) fn problem_with_help(message: impl Into<String>, help: impl Into<String>) -> Option<Problem> {
    Some(Problem { message: message.into(), help: Some(help.into()), lint: None })
}

fn problem_of(extension: &Extension, spec: &OptionSpec, value: &Value) -> Option<Problem> {
    match value {
        Value::Interface(name) if name == "+" => interface(name).map(|it| it.of_lint(USELESS_MATCH)),
        Value::Interface(name) => interface(name),
        Value::Address(address) => address_problem(address)
            .map(|problem| taken_address(spec, address, problem))
            .or_else(|| plain_problem(spec, value)),
        Value::Protocol(0) if spec.value == ValueKind::Protocol => {
            problem_with_help("protocol 0 stands for every protocol in iptables", "leave it out")
        }
        Value::Ports(ports) if ports.first > ports.last => problem_with_help(
            format!("the range `{}..={}` is the wrong way round", ports.first, ports.last),
            format!("did you mean `{}..={}`?", ports.last, ports.first),
        )
        .map(|problem| match spec.value {
            ValueKind::PortSpan(':') => problem.of_lint(UNREACHABLE_RULE),
            // These two look a range up without comparing its ends.
            _ if [&UDP, &DCCP].contains(&extension) => problem.of_lint(UNREACHABLE_RULE),
            _ => problem,
        }),
        Value::Icmp(IcmpMatch::Type { ty: 255, code: Some(_) })
            if spec.value == ValueKind::IcmpType(Family::Ipv4) =>
        {
            problem("ICMP type 255 stands for any type in the kernel, whatever the code")
                .map(|problem| problem.of_lint(ODD_VALUE))
        }
        // Said of the rate and the burst together.
        Value::Rate(_) if spec.value == ValueKind::HashRate => None,
        Value::Rate(rate) => rate_problem(rate),
        Value::Text(text) => text_problem(spec, text),
        Value::TcpFlags(TcpFlags { mask: 0, .. }) => problem_with_help(
            "no flag is looked at, so every packet matches",
            "`flags(SET / MASK)`: the mask names the flags to look at, `all` for every one",
        )
        .map(|problem| problem.of_lint(USELESS_MATCH)),
        Value::TcpFlags(flags) if flags.set & !flags.mask != 0 => problem_with_help(
            "a flag that must be set is not among those that are looked at, so nothing matches",
            "`flags(SET / MASK)`: the mask names every flag of the set",
        )
        .map(|problem| problem.of_lint(UNREACHABLE_RULE)),
        _ => plain_problem(spec, value),
    }
}

/// Where iptables takes an address that says something else than it seems to, the finding of a lint.
fn taken_address(spec: &OptionSpec, address: &Address, problem: Problem) -> Problem {
    match (spec.value, address) {
        // The kernel compares the bits of the prefix alone, and they are saved as they are written.
        (ValueKind::Network { .. }, Address::Net(_)) if !spec.flag.ends_with("-pfx") => {
            problem.of_lint(ODD_VALUE)
        }
        (ValueKind::Address, Address::Range { first, last })
            if spec.flag.ends_with("-range") && family_of(*first) == family_of(*last) =>
        {
            problem.of_lint(UNREACHABLE_RULE)
        }
        _ => problem,
    }
}

pub(super) fn interface(name: &str) -> Option<Problem> {
    // Linux, net/core/dev.c, dev_valid_name(); the quote would end the word in iptables-restore.
    let refused = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | ':' | '"');
    if name.is_empty() {
        problem("an interface without a name")
    } else if name == "+" {
        problem_with_help("`+` alone is every interface", "leave it out")
    } else if name.len() > INTERFACE_MAX_BYTES {
        problem(format!(
            "the interface name `{name}` is {} bytes long, and the kernel takes at most {INTERFACE_MAX_BYTES}",
            name.len()
        ))
    } else if matches!(name, "." | "..") {
        problem(format!("`{name}` cannot name an interface")).map(|problem| problem.of_lint(UNREACHABLE_RULE))
    } else {
        let bad = name.chars().find(|c| refused(*c))?;
        let problem = problem(format!("an interface name cannot hold {bad:?}"))?;
        // iptables takes these, though no interface has them in its name.
        Some(if matches!(bad, '/' | ':' | ' ') { problem.of_lint(UNREACHABLE_RULE) } else { problem })
    }
}

pub(super) fn address_problem(address: &Address) -> Option<Problem> {
    match address {
        Address::Net(net) if net.has_host_bits() => problem_with_help(
            format!("`{net}` has bits set beyond the prefix"),
            format!("the network is `{}`; the host alone is `{}`", net.truncated(), SaveForm(net.addr)),
        ),
        Address::Range { first, last } if family_of(*first) != family_of(*last) => {
            problem("a range from one family to the other")
        }
        Address::Range { first, last } if to_bits(*first) > to_bits(*last) => problem_with_help(
            format!("the range `{address}` is the wrong way round"),
            format!("did you mean `{}..={}`?", SaveForm(*last), SaveForm(*first)),
        ),
        Address::Masked(masked) if masked.truncated() != *masked => problem_with_help(
            format!("`{masked}` has bits set beyond the mask"),
            format!("the addresses that it stands for are `{}`", masked.truncated()),
        ),
        Address::Masked(masked) => match masked.simplified() {
            Address::Masked(_) => None,
            network => problem_with_help(
                format!("the mask of `{masked}` is one of leading bits"),
                format!("write `{network}`"),
            ),
        },
        _ => None,
    }
}

fn rate_problem(rate: &Rate) -> Option<Problem> {
    if rate.count == 0 {
        problem("a rate of zero: the kernel has no limit that never matches")
    } else if rate.period() == 0 {
        problem(format!(
            "`{rate}` is faster than {LIMIT_SCALE} packets a second, the most that the kernel counts"
        ))
    } else {
        None
    }
}

/// The time in which a whole burst comes back must fit the kernel's credit counter.
fn check_burst(options: &[OptionUse], loc: Loc, diagnostics: &mut Vec<Diagnostic>) {
    let rate = options.iter().find_map(|option| match option.values().next() {
        Some(Value::Rate(rate)) => Some((option.loc, *rate)),
        _ => None,
    });
    let (rate_loc, rate) = rate.unwrap_or((loc, LIMIT_DEFAULT_RATE));
    if rate_problem(&rate).is_some() {
        return;
    }
    let burst = options.iter().find_map(|option| match option.values().next() {
        Some(Value::Number(burst)) => Some((option, *burst)),
        _ => None,
    });
    let (place, burst, which) = match burst {
        Some((option, burst)) => (option.loc, burst, "a burst"),
        None => (rate_loc, LIMIT_DEFAULT_BURST, "the default burst"),
    };
    if burst > rate.max_burst() {
        let message = format!("`{rate}` with {which} of {burst} overflows the kernel's counter");
        let help = match rate.max_burst() {
            0 => "no burst fits so slow a rate".to_owned(),
            most => format!("at this rate a burst of at most {most} fits: `burst {most}`"),
        };
        let mut overflow = Diagnostic::error(place, message).help(help);
        if !rate.is_refused_with(burst) {
            overflow.lint = Some(ODD_VALUE);
        }
        diagnostics.push(overflow);
    }
}
