//! A policy, as `firewall!` makes it.

use std::borrow::Cow;

use crate::check;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::emit::{self, Protocols};
use crate::family::Family;
use crate::lower::{Ruleset, lower};
use crate::model::{Chain, Model, UnpackError};
use crate::sysctl::Setting;

/// A host's packet-filter policy: chains, rules and sysctls.
///
/// `firewall!` makes it, as a constant. What it holds is read through [`Policy::model`].
#[derive(Debug, Clone)]
pub struct Policy {
    repr: Repr,
}

#[derive(Debug, Clone)]
enum Repr {
    /// What the macro expands to.
    Packed { file: &'static str, bytes: &'static [u8] },
    /// What a program made.
    Owned(Box<Model>),
}

impl Policy {
    /// For the expansion of `firewall!` alone: a policy in the form of its own version.
    #[doc(hidden)]
    pub const fn from_packed(file: &'static str, bytes: &'static [u8]) -> Policy {
        Policy { repr: Repr::Packed { file, bytes } }
    }

    /// A policy that was made at run time.
    ///
    /// # Errors
    /// What the checks of the macro say about it.
    pub fn from_model(model: Model) -> Result<Policy, Diagnostics> {
        let policy = Policy { repr: Repr::Owned(Box::new(model)) };
        policy.check()?;
        Ok(policy)
    }

    /// The rule structs.
    ///
    /// # Panics
    /// If the macro and this library are of different versions, which their manifests exclude.
    pub fn model(&self) -> Cow<'_, Model> {
        match &self.repr {
            Repr::Packed { file, bytes } => Cow::Owned(unpack(file, bytes)),
            Repr::Owned(model) => Cow::Borrowed(model),
        }
    }

    /// The chains, with their rules.
    pub fn chains(&self) -> Vec<Chain> {
        self.model().chains().to_vec()
    }

    /// The sysctls that belong to the policy, in order.
    pub fn sysctls(&self) -> Vec<Setting> {
        self.model().sysctls().iter().map(|setting| setting.value.clone()).collect()
    }

    /// Checks the policy as the macro did, and returns what lints have to say about it.
    ///
    /// # Errors
    /// Everything that is wrong, which for a policy of the macro is nothing.
    pub fn check(&self) -> Result<Vec<Diagnostic>, Diagnostics> {
        let model = self.model();
        let list = check::check(&model);
        if list.iter().any(Diagnostic::is_error) {
            return Err(Diagnostics { sources: model.sources().clone(), list });
        }
        Ok(list)
    }

    /// The rules as iptables has them; `None` if the policy holds no table for the family.
    pub fn lower(&self, family: Family) -> Option<Ruleset> {
        lower(&self.model(), family)
    }

    /// The rules in the format of `iptables-restore`, as `iptables-save` will print them; `None`
    /// if the policy holds no table for the family.
    pub fn emit(&self, family: Family) -> Option<String> {
        self.lower(family).map(|ruleset| emit::emit(&ruleset, Protocols::Named))
    }

    /// The same with protocols by number where iptables itself has no name for them, so that it
    /// loads on a host without `/etc/protocols`.
    pub fn emit_portable(&self, family: Family) -> Option<String> {
        self.lower(family).map(|ruleset| emit::emit(&ruleset, Protocols::Numbered))
    }
}

fn unpack(file: &str, bytes: &[u8]) -> Model {
    let unpacked: Result<Model, UnpackError> = Model::from_bytes(file, bytes);
    unpacked.unwrap_or_else(|error| panic!("{file}: {error}"))
}
