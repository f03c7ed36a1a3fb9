//! What is tried: a policy, packets, and what each of them is to meet.

use fwdsl_runtime::Policy;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::model::Model;
use fwdsl_runtime::syntax::compile;
use fwdsl_runtime::table::{Hook, TableName};

use super::probe::Probe;

/// The user chain that counts what a construct matches.
pub const MATCHED: &str = "MATCHED";

/// What becomes of a packet where the policy decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Accepted,
    /// It is gone, with or without an answer.
    Dropped,
    /// A limit decides, and lets so many on.
    Some(u32),
}

/// What a sender hears of its packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Silence,
    /// ICMP or ICMPv6 of a type and code, which quotes the packet.
    Icmp(u8, u8),
    /// A TCP RST.
    Reset,
}

/// A packet and what it is to meet.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is sent.
    pub probe: Probe,
    /// Whether the construct that the case is about takes it.
    pub hit: bool,
    /// What becomes of it.
    pub fate: Fate,
    /// The user chains that it comes through, each as often as it does; sorted.
    pub walks: Vec<&'static str>,
    /// What the peer hears, where that matters.
    pub answer: Option<Answer>,
    /// Matches of iptables by which the peer knows it as it comes back, where that matters.
    pub leaves: Option<&'static str>,
}

/// A construct of the language, and packets.
#[derive(Debug, Clone)]
pub struct Case {
    /// What the case is about.
    pub name: &'static str,
    subject: Subject,
    /// Where packets meet the policy.
    pub place: (TableName, Hook),
    /// Packets that come first and are not counted.
    pub before: Vec<Probe>,
    /// The packets, in order.
    pub steps: Vec<Step>,
    /// Ports at which datagrams to the host's first link are waited for.
    pub listening: Vec<u16>,
    /// How often rules of this target act in all, in each family with hits.
    pub targets: Vec<(&'static str, u64)>,
    /// Text that the loaded rules hold as `iptables-save` prints them.
    pub saved: Vec<&'static str>,
    /// Why the analysis is not asked.
    pub unanalysed: Option<&'static str>,
    /// Why there are no packets of one kind.
    pub why: Option<&'static str>,
}

#[derive(Debug, Clone)]
enum Subject {
    /// The matches of a rule, which are put into a chain at the place.
    Matches(&'static str),
    /// A whole policy.
    Whole(Box<Model>),
}

impl Case {
    fn new(name: &'static str, subject: Subject) -> Case {
        Case {
            name,
            subject,
            place: (TableName::Filter, Hook::Input),
            before: Vec::new(),
            steps: Vec::new(),
            listening: Vec::new(),
            targets: Vec::new(),
            saved: Vec::new(),
            unanalysed: None,
            why: None,
        }
    }

    /// A construct among the matches of a rule: in a chain that drops what it does not accept, one rule
    /// with these matches jumps to [`MATCHED`] and a second one accepts.
    #[must_use]
    pub fn matching(matches: &'static str) -> Case {
        Case::new(matches, Subject::Matches(matches))
    }

    /// A whole policy, as source.
    ///
    /// # Panics
    ///
    /// If it does not compile.
    #[must_use]
    pub fn source(name: &'static str, source: &str) -> Case {
        Case::new(name, Subject::Whole(Box::new(compiled(source))))
    }

    /// A whole policy, from the macro.
    #[must_use]
    pub fn policy(name: &'static str, policy: &Policy) -> Case {
        Case::new(name, Subject::Whole(Box::new(policy.model().into_owned())))
    }

    /// At another place than INPUT of `filter`.
    #[must_use]
    pub fn at(mut self, table: TableName, hook: Hook) -> Case {
        self.place = (table, hook);
        self
    }

    /// In FORWARD of `filter`.
    #[must_use]
    pub fn forwarded(self) -> Case {
        self.at(TableName::Filter, Hook::Forward)
    }

    /// In OUTPUT of `filter`.
    #[must_use]
    pub fn sent(self) -> Case {
        self.at(TableName::Filter, Hook::Output)
    }

    /// In PREROUTING of `raw`, before anything is put together or tracked.
    #[must_use]
    pub fn raw(self) -> Case {
        self.at(TableName::Raw, Hook::Prerouting)
    }

    /// Packets that come first.
    #[must_use]
    pub fn before(mut self, probes: impl IntoIterator<Item = Probe>) -> Case {
        self.before.extend(probes);
        self
    }

    /// Packets that the matches match, each time that they are sent.
    #[must_use]
    pub fn hits(self, probes: impl IntoIterator<Item = Probe>) -> Case {
        probes.into_iter().fold(self, |case, probe| {
            let walks = vec![MATCHED; probe.times as usize];
            case.step(true, probe, Fate::Accepted, walks)
        })
    }

    /// Packets that the matches do not match.
    #[must_use]
    pub fn misses(self, probes: impl IntoIterator<Item = Probe>) -> Case {
        probes.into_iter().fold(self, |case, probe| case.step(false, probe, Fate::Dropped, Vec::new()))
    }

    /// A packet that the matches match so many times of those that it is sent.
    #[must_use]
    pub fn limited(self, probe: Probe, times: u32) -> Case {
        self.step(true, probe, Fate::Some(times), vec![MATCHED; times as usize])
    }

    /// A packet that the construct takes, its fate, and the user chains on its way.
    #[must_use]
    pub fn hit<const N: usize>(self, probe: Probe, fate: Fate, walks: [&'static str; N]) -> Case {
        self.step(true, probe, fate, walks.into())
    }

    /// A packet that the construct does not take, its fate, and the user chains on its way.
    #[must_use]
    pub fn miss<const N: usize>(self, probe: Probe, fate: Fate, walks: [&'static str; N]) -> Case {
        self.step(false, probe, fate, walks.into())
    }

    fn step(mut self, hit: bool, probe: Probe, fate: Fate, mut walks: Vec<&'static str>) -> Case {
        walks.sort_unstable();
        self.steps.push(Step { probe, hit, fate, walks, answer: None, leaves: None });
        self
    }

    /// What the peer hears of the last packet.
    ///
    /// # Panics
    ///
    /// If there is no packet yet.
    #[must_use]
    pub fn answered(mut self, answer: Answer) -> Case {
        self.steps.last_mut().expect("an answer is to a packet").answer = Some(answer);
        self
    }

    /// How the last packet comes to the peer: what matches of iptables are true of it there.
    ///
    /// # Panics
    ///
    /// If there is no packet yet.
    #[must_use]
    pub fn leaves(mut self, matches: &'static str) -> Case {
        self.steps.last_mut().expect("a packet leaves").leaves = Some(matches);
        self
    }

    /// With a socket of the host that waits for datagrams.
    #[must_use]
    pub fn listening(mut self, port: u16) -> Case {
        self.listening.push(port);
        self
    }

    /// How often rules with this target act in all.
    #[must_use]
    pub fn target(mut self, target: &'static str, times: u64) -> Case {
        self.targets.push((target, times));
        self
    }

    /// What the loaded rules hold.
    #[must_use]
    pub fn saved(mut self, text: &'static str) -> Case {
        self.saved.push(text);
        self
    }

    /// Why the analysis has nothing to say of the packets' fates.
    #[must_use]
    pub fn beyond_analysis(mut self, why: &'static str) -> Case {
        self.unanalysed = Some(why);
        self
    }

    /// Why packets of one kind are missing in a family.
    #[must_use]
    pub fn because(mut self, why: &'static str) -> Case {
        self.why = Some(why);
        self
    }

    /// The policy.
    ///
    /// # Panics
    ///
    /// If it does not compile.
    #[must_use]
    pub fn model(&self) -> Model {
        match &self.subject {
            Subject::Whole(model) => (**model).clone(),
            Subject::Matches(matches) => {
                let (table, hook) = (self.place.0.name(), self.place.1.name());
                compiled(&format!(
                    "table {table} {{ chain {hook} policy drop {{ {matches} => jump {MATCHED}; {matches} => accept; }} \
                     chain {MATCHED} {{ }} }}"
                ))
            }
        }
    }

    /// The packets of a family that hit, and that miss.
    #[must_use]
    pub fn packets(&self, family: Family) -> [u32; 2] {
        let mut counts = [0, 0];
        for step in self.steps.iter().filter(|step| step.probe.fits(family)) {
            let hits = match step.fate {
                Fate::Some(times) => times,
                _ if step.hit => step.probe.times,
                _ => 0,
            };
            counts[0] += hits;
            counts[1] += step.probe.times - hits;
        }
        counts
    }
}

fn compiled(source: &str) -> Model {
    let compiled = compile(source.parse().unwrap_or_else(|error| panic!("{error}: {source}")));
    // What lints say of rules that take each other's packets is not the matter here.
    let errors: Vec<_> = compiled.diagnostics.iter().filter(|found| found.lint.is_none()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{source}");
    compiled.model
}
