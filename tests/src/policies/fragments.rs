//! What rustc settles for a policy: its fragments, and the answers to its `#[cfg(…)]`.

use fwdsl_runtime::syntax::{Compiled, Fragment, Settled, Source, path_key, predicate_key};
use proc_macro2::TokenStream;

/// A fragment for each `use`: who uses it, its path, its parameters and its body.
const FRAGMENTS: &[(usize, &str, &str, &str)] = &[
    (0, "here::near", "", "in lo => accept; #[cfg(any())] this is nothing; udp dport 9 => log(\"near\");"),
    (
        0,
        "crate::ports",
        "which, verb",
        "tcp dport which { use self::inner(which); limit 3/minute => jump verb; }",
    ),
    (2, "self::inner", "what", "from 10.0.0.0/8 to 10.0.0.1 => return; sport !what => log;"),
    (
        0,
        "here::items",
        "size",
        "let F_PORT = 22; fn fresh(port) { tcp dport port ct new => log; }
        sysctl { net.ipv4.tcp_base_mss = size; } chain F-EXTRA { fresh(F_PORT); }",
    ),
    (0, "here::quiet", "", "net.ipv4.conf.*.log_martians = 0; net.ipv4.icmp_echo_ignore_all = 1;"),
];

fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn settled(source: &str) -> Settled {
    let fragments: &[_] = if source.contains("use ") { FRAGMENTS } else { &[] };
    let fragment = |(number, (user, path, parameters, body)): (usize, &(usize, &str, &str, &str))| Fragment {
        user: *user,
        path: path_key(tokens(path)),
        id: number.to_string(),
        body: Some((tokens(parameters), tokens(body))),
    };
    Settled {
        fragments: fragments.iter().enumerate().map(fragment).collect(),
        predicates: [("any()", false), ("all()", true)]
            .map(|(predicate, holds)| (predicate_key(tokens(predicate)), holds))
            .into(),
    }
}

/// Compiles a policy that may use the fragments; nothing if it is not even tokens.
pub(super) fn compile(source: &str) -> Option<Compiled> {
    let tokens: TokenStream = source.parse().ok()?;
    Some(Source::new(tokens).compile(settled(source)))
}
