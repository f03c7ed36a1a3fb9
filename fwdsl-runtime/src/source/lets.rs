//! Names for values that come up often.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The places whose values get names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Place {
    /// Of addresses and networks.
    Address,
    /// Of interfaces.
    Interface,
    /// Of ports.
    Ports,
}

/// How often a value stands in rules before it gets a name.
const USES_MIN: usize = 3;

/// How often a list does.
const LIST_USES_MIN: usize = 2;

/// How long a list is that gets a name though it stands in one rule alone.
const LONG_LIST: usize = 60;

/// The longest name that is made of a comment.
const NAME_MAX: usize = 24;

/// What is known of a value's uses.
#[derive(Debug, Default, Clone)]
pub(super) struct Uses {
    count: usize,
    /// The comments of the rules.
    comments: HashSet<String>,
    /// The verdicts of the rules.
    verdicts: HashSet<String>,
    /// Which use came first.
    first: usize,
}

/// The `let`s of a policy, by what they stand for as it is written; and, while they are sought, what is used.
#[derive(Debug, Default)]
pub(super) struct Lets {
    names: HashMap<(Place, String), String>,
    /// Name and value, in the order in which they are declared.
    declared: Vec<(String, String)>,
    sought: Option<RefCell<Seeker>>,
    /// The names that were written.
    used: RefCell<HashSet<String>>,
}

#[derive(Debug, Default)]
struct Seeker {
    uses: BTreeMap<(Place, String), Uses>,
    comment: Option<String>,
    verdict: String,
}

impl Lets {
    /// None, but notes what is used.
    pub(super) fn seeking() -> Lets {
        Lets { sought: Some(RefCell::default()), ..Lets::default() }
    }

    /// Says what rule is written next.
    pub(super) fn next_rule(&self, comment: Option<&str>, verdict: &str) {
        if let Some(seeker) = &self.sought {
            let mut seeker = seeker.borrow_mut();
            seeker.comment = comment.map(str::to_owned);
            seeker.verdict = verdict.to_owned();
        }
    }

    fn note(&self, place: Place, value: &str) {
        let Some(seeker) = &self.sought else { return };
        let seeker = &mut *seeker.borrow_mut();
        let first = seeker.uses.len();
        let uses = seeker.uses.entry((place, value.to_owned())).or_insert(Uses { first, ..Uses::default() });
        uses.count += 1;
        uses.comments.insert(seeker.comment.clone().unwrap_or_default());
        uses.verdicts.insert(seeker.verdict.clone());
    }

    /// A value, or the `let` that stands for it.
    pub(super) fn named(&self, place: Option<Place>, value: &str) -> String {
        let Some(place) = place else { return value.to_owned() };
        self.note(place, value);
        self.use_name(place, value).unwrap_or_else(|| value.to_owned())
    }

    /// A list of values, by the `let` that stands for all of them, or each by its own.
    pub(super) fn named_list(&self, place: Option<Place>, values: &[String]) -> String {
        let whole = format!("[{}]", values.join(", "));
        let Some(place) = place else { return whole };
        self.note(place, &whole);
        if let Some(name) = self.use_name(place, &whole) {
            return name;
        }
        let values: Vec<String> = values.iter().map(|value| self.named(Some(place), value)).collect();
        format!("[{}]", values.join(", "))
    }

    fn use_name(&self, place: Place, value: &str) -> Option<String> {
        let name = self.names.get(&(place, value.to_owned()))?;
        self.used.borrow_mut().insert(name.clone());
        Some(name.clone())
    }

    /// Those that were written: a value that came up often may have stood in lists alone that have names themselves.
    pub(super) fn used(mut self) -> Lets {
        let used = self.used.take();
        self.declared.retain(|(name, _)| used.contains(name));
        self
    }

    /// The declarations, each with its value as it is written.
    pub(super) fn declared(&self) -> &[(String, String)] {
        &self.declared
    }

    /// Names for what was used often; `wan` is the interface behind which addresses are translated.
    pub(super) fn found(self, wan: Option<&str>) -> Lets {
        let uses = self.sought.map(|seeker| seeker.into_inner().uses).unwrap_or_default();
        let mut chosen: Vec<((Place, String), Uses)> =
            uses.into_iter().filter(|(key, uses)| is_worth(key, uses)).collect();
        chosen.sort_by_key(|((place, _), uses)| (*place, uses.first));
        let mut lets = Lets::default();
        let mut taken = HashSet::new();
        for ((place, value), uses) in chosen {
            let base = name_of(place, &value, &uses, wan);
            let name = (1..)
                .map(|number| if number == 1 { base.clone() } else { format!("{base}_{number}") })
                .find(|name| !taken.contains(name))
                .unwrap_or(base);
            taken.insert(name.clone());
            lets.declared.push((name.clone(), value.clone()));
            lets.names.insert((place, value), name);
        }
        lets
    }
}

fn is_worth((place, value): &(Place, String), uses: &Uses) -> bool {
    if value.starts_with('[') {
        return uses.count >= LIST_USES_MIN && value.len() > 20
            || uses.count >= USES_MIN
            || value.len() > LONG_LIST;
    }
    let everyone_knows = matches!(value.as_str(), "lo" | "0.0.0.0/0" | "::/0" | "127.0.0.1" | "::1");
    *place != Place::Ports && uses.count >= USES_MIN && !everyone_knows
}

/// A name for a value: of its rules' comment, if that is short, or of what it is.
fn name_of(place: Place, value: &str, uses: &Uses, wan: Option<&str>) -> String {
    if let [comment] = &uses.comments.iter().collect::<Vec<&String>>()[..]
        && let Some(name) = slug(comment).filter(|name| name.len() <= NAME_MAX)
    {
        return name;
    }
    let is_list = value.starts_with('[');
    let made = match place {
        Place::Address if is_list => list_of_addresses(uses).to_owned(),
        Place::Address => address_name(value),
        Place::Interface if is_list => "INTERFACES".to_owned(),
        Place::Interface if Some(value) == wan => "WAN".to_owned(),
        Place::Interface => value.trim_matches('"').replace('+', "_ANY"),
        Place::Ports => ports_name(value),
    };
    slug(&made).unwrap_or_else(|| "VALUE".into())
}

fn list_of_addresses(uses: &Uses) -> &'static str {
    let all = |words: &[&str]| uses.verdicts.iter().all(|verdict| words.contains(&verdict.as_str()));
    if all(&["drop", "reject"]) {
        "BLOCKED"
    } else if all(&["accept", "return"]) {
        "ALLOWED"
    } else {
        "HOSTS"
    }
}

fn address_name(value: &str) -> String {
    let text = value.trim_matches('"');
    match text {
        "127.0.0.0/8" => return "LOOPBACK".into(),
        "224.0.0.0/4" => return "MULTICAST".into(),
        "255.255.255.255" => return "BROADCAST".into(),
        "169.254.0.0/16" | "fe80::/10" => return "LINK_LOCAL".into(),
        "ff00::/8" => return "MULTICAST".into(),
        _ => {}
    }
    if text.contains("..=") {
        return format!("RANGE_{}", text.replace("..=", "_TO_"));
    }
    match text.split_once('/') {
        Some((net, prefix)) => {
            let net = net.trim_end_matches(".0").trim_end_matches("::");
            format!("NET_{net}_{prefix}")
        }
        None => format!("HOST_{text}"),
    }
}

fn ports_name(value: &str) -> String {
    let ports: Vec<&str> = value.trim_matches(['[', ']']).split(", ").collect();
    match ports.as_slice() {
        ["http", "https"] => "WEB".into(),
        few if few.len() <= 4 => format!("PORTS_{}", few.join("_").replace("..=", "_TO_")),
        [first, .., last] => format!("PORTS_{first}_TO_{last}"),
        _ => "PORTS".into(),
    }
}

/// A text as a name in capitals that Rust takes; `None` if nothing of it is left.
fn slug(text: &str) -> Option<String> {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_uppercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_end_matches('_').to_owned();
    let is_word = name.starts_with(|first: char| first.is_ascii_uppercase());
    is_word.then_some(name)
}
