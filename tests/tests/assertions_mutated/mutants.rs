//! Policies with one statement changed.

/// What changes a statement: none, one or several others in its place.
pub(crate) fn mutants(statement: &str) -> Vec<String> {
    let mut mutants = vec![String::new()];
    let Some((matches, verdict)) = statement.trim().trim_end_matches(';').split_once(" => ") else {
        return mutants;
    };
    for other in ["accept", "drop", "reject", "return"] {
        if verdict != other {
            mutants.push(format!("{matches} => {other};"));
        }
    }
    // Wider: a match is left out; each word that begins one.
    let starts = ["in ", "out ", "from ", "to ", "ct ", "mark ", "limit ", "dport ", "sport ", "port "];
    let words: Vec<usize> = starts
        .iter()
        .flat_map(|word| matches.match_indices(word))
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || matches[..*at].ends_with(' '))
        .collect();
    for at in &words {
        let end = words.iter().copied().filter(|other| other > at).min().unwrap_or(matches.len());
        // A protocol behind it goes too, where it is not a word of its own; then it does not compile, or is another mutant.
        let rest = format!("{}{}", &matches[..*at], &matches[end..]);
        let rest = if rest.trim().is_empty() { "_" } else { rest.trim() };
        mutants.push(format!("{rest} => {verdict};"));
        // Negated.
        let (word, value) = matches[*at..].split_once(' ').unwrap_or_default();
        let value = match value.strip_prefix('!') {
            Some(value) => value.to_owned(),
            None => format!("!{value}"),
        };
        mutants.push(format!("{}{word} {value} => {verdict};", &matches[..*at]));
    }
    // Narrower.
    for more in ["from 10.0.0.0/9", "in eth7", "ct untracked", "to 10.0.0.0/25", "limit 5/s", "mark 0x99"] {
        mutants.push(format!("{matches} {more} => {verdict};").replacen("_ ", "", 1));
    }
    // Other numbers and names.
    for (from, to) in [
        ("10.0.0.", "10.9.0."),
        ("192.0.2.", "192.0.3."),
        ("/24", "/25"),
        ("/8", "/7"),
        ("80", "81"),
        ("53", "54"),
        ("113", "114"),
        ("ssh", "telnet"),
        ("lan0", "lan9"),
        ("wan0", "wan9"),
        ("eth1", "eth2"),
        ("0x10", "0x11"),
        ("echo-request", "echo-reply"),
        ("established|related", "established"),
        ("tcp", "udp"),
        ("|udp", ""),
        ("!syn", "syn"),
        ("8080", "8081"),
        ("jump", "goto"),
    ] {
        if statement.contains(from) {
            mutants.push(statement.trim().replacen(from, to, 1));
        }
    }
    mutants
}

/// The statements of a policy that may be changed, by their places in its lines.
pub(crate) fn places(policy: &str) -> Vec<usize> {
    let lines = policy.lines().enumerate();
    lines.filter(|(_, line)| line.trim_start().starts_with('%')).map(|(place, _)| place).collect()
}

pub(crate) fn statement(line: &str) -> &str {
    line.trim_start().trim_start_matches('%').trim()
}

/// The policy with other text in the place of a line.
pub(crate) fn with(policy: &str, place: usize, text: &str) -> String {
    let line = |(number, line): (usize, &str)| {
        if number == place { text.to_owned() } else { line.trim_start().trim_start_matches('%').to_owned() }
    };
    policy.lines().enumerate().map(line).collect::<Vec<_>>().join("\n").replace("dport_443", "udp dport 443")
}
