//! What is known of a change of the host: when, by what, by whom, and what it changed.

use std::env;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize};

use super::who::Who;
use crate::host::options::Desired;
use crate::host::plan::Plan;
use crate::host::report::{FileReport, RulesReport, SetReport, SysctlReport};

/// A change of the host, as its journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct About {
    /// When it began, in seconds since 1970 (UTC).
    pub time: u64,
    /// What it was.
    pub action: Action,
    /// The program that made it.
    pub program: PathBuf,
    /// A hash of the rules, sets and sysctls that it was to bring about, equal for equal ones; absent where it was none
    /// of them.
    pub policy: Option<String>,
    /// Who started it.
    pub who: Who,
    /// What it changed; nothing, if another version of fwdsl has said it in words of its own.
    #[serde(default, deserialize_with = "changes")]
    pub changes: Changes,
}

/// What a change of the host was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// An apply.
    #[default]
    Apply,
    /// Files alone, for boot.
    Save,
    /// The undo of all that was saved and installed.
    Uninstall,
    /// A rollback to the state of this number.
    Rollback(u64),
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changes {
    /// The families whose rules changed.
    pub rules: Vec<RulesReport>,
    /// The sets that were made, changed or destroyed.
    pub sets: Vec<SetReport>,
    /// The sysctls that got another value.
    pub sysctls: Vec<SysctlReport>,
    /// The files that got other contents.
    pub files: Vec<FileReport>,
}

impl About {
    /// A change that this process is about to make.
    pub(crate) fn now(action: Action, policy: Option<String>, plan: &Plan) -> About {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        About {
            time: since.as_secs(),
            action,
            program: env::current_exe().unwrap_or_default(),
            policy,
            who: Who::of_this_process(),
            changes: Changes {
                rules: plan.rules_report(),
                sets: plan.sets.report(),
                sysctls: plan.sysctls_report(),
                files: plan.files_report(),
            },
        }
    }

    /// An apply that this process is about to make.
    pub(crate) fn apply(desired: &Desired, plan: &Plan) -> About {
        let is_save = desired.ipv4.is_none() && desired.ipv6.is_none() && desired.sysctls.is_empty();
        let action = match is_save {
            _ if desired.uninstalls => Action::Uninstall,
            true => Action::Save,
            false => Action::Apply,
        };
        About::now(action, (!is_save).then(|| fingerprint(desired)), plan)
    }
}

/// They are told to people alone, so what is not understood is no reason to lose the way back.
fn changes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Changes, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// FNV-1a of 64 bits over what is to be in force in the kernel: the same on every machine.
fn fingerprint(desired: &Desired) -> String {
    let rules = [&desired.ipv4, &desired.ipv6].map(|text| text.clone().unwrap_or_default());
    let sets = desired
        .sets
        .iter()
        .map(|set| format!("{} {} {} {}", set.name, set.kind.name, set.parameters, set.elements.join("\n")));
    let sysctls = desired.sysctls.iter().map(|write| format!("{}={}", write.key, write.value));
    let sharing = [&desired.ipv4_sharing, &desired.ipv6_sharing].map(|sharing| format!("{sharing:?}"));
    let texts = rules.into_iter().chain(sets).chain(sysctls).chain(sharing);
    let hash = texts
        .flat_map(|text| text.into_bytes().into_iter().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_known_again_and_told_from_others() {
        let desired = Desired { ipv4: Some("*filter\nCOMMIT\n".to_owned()), ..Desired::default() };
        assert_eq!(fingerprint(&desired), fingerprint(&desired.clone()));
        assert_eq!(fingerprint(&desired).len(), 16);
        let other = Desired { ipv4: None, ipv6: desired.ipv4.clone(), ..Desired::default() };
        assert_ne!(fingerprint(&desired), fingerprint(&other));
    }
}
