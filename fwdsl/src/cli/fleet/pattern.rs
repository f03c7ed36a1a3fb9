//! Patterns of host names.

/// Whether some host's name can match.
pub(super) fn is_sound(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.chars().all(|char| char.is_ascii_alphanumeric() || "-_.*?".contains(char))
}

/// Whether it has no wildcards.
pub(super) fn is_exact(pattern: &str) -> bool {
    !pattern.contains(['*', '?'])
}

/// Whether the host's name matches, or its first part if the pattern has no dot.
pub(super) fn matches(pattern: &str, host: &str) -> bool {
    let lower = |text: &str| text.to_ascii_lowercase().into_bytes();
    let short = host.split('.').next().unwrap_or_default();
    let of_all = glob(&lower(pattern), &lower(host));
    of_all || (!pattern.contains('.') && glob(&lower(pattern), &lower(short)))
}

/// Without recursion: where a star has taken too little, it takes one more.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(char) if *char == b'?' || *char == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((place, taken)) = star else { return false };
                star = Some((place, taken + 1));
                (at, read) = (place + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|char| *char == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_and_names() {
        for (pattern, host) in [
            ("web-*", "web-1"),
            ("web-*", "WEB-1.example.org"),
            ("web-?", "web-1"),
            ("*", "x"),
            ("*-web", "a-web-web"),
            ("a*b*c", "axxbyybzc"),
            ("*.example.org", "a.b.example.org"),
            ("www", "www.example.org"),
            ("www.example.org", "www.example.org"),
        ] {
            assert!(matches(pattern, host), "{pattern} {host}");
        }
        for (pattern, host) in [
            ("web-?", "web-12"),
            ("web-?", "web-"),
            ("web", "web-1"),
            ("*.example.org", "web"),
            ("www.example.org", "www"),
            ("a*b*c", "acb"),
            ("web.*", "web"),
        ] {
            assert!(!matches(pattern, host), "{pattern} {host}");
        }
        assert!(is_sound("web-*") && !is_sound("") && !is_sound("web *"));
        assert!(is_exact("web") && !is_exact("we?"));
    }
}
