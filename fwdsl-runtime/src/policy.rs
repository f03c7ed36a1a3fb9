//! A policy, as `firewall!` makes it.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use crate::analysis::{
    COMPARE_BUDGET, CompareError, Comparison, Matrix, MatrixError, Packet, Question, Trace, compare, matrix,
    trace_chain, trace_host,
};
use crate::check::{self, Values};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::emit::{self, Protocols};
use crate::family::Family;
use crate::ipset::KernelSet;
use crate::lower::{OptimisedRun, Ruleset, lower, lower_optimised};
use crate::model::{Chain, Model, UnpackError};
use crate::sysctl::Setting;
use crate::table::TableName;
use crate::values::{RustValues, fill};

/// A host's packet-filter policy: chains, rules and sysctls.
///
/// `firewall!` makes it, as a constant. What it holds is read through [`Policy::model`].
#[derive(Debug, Clone)]
pub struct Policy {
    repr: Repr,
}

#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "a constant cannot hold a box, and there are few policies in a program"
)]
enum Repr {
    /// What the macro expands to.
    Packed { file: &'static str, bytes: &'static [u8] },
    /// The same with Rust values.
    WithValues { file: &'static str, bytes: &'static [u8], values: RustValues },
    /// What a program made, or read of the others.
    Read(Arc<Reading>),
}

/// A sound policy as rule structs.
#[derive(Debug)]
struct Reading {
    model: Model,
    /// How its values are to be checked.
    values: Values,
    /// What was lowered of it, once somebody asked.
    ipv4: OnceLock<Option<Lowered>>,
    ipv6: OnceLock<Option<Lowered>>,
}

/// The lowered rules, and what became of the runs that were to be optimised.
type Lowered = (Arc<Ruleset>, Vec<OptimisedRun>);

fn lowered(model: &Model, family: Family) -> Option<Lowered> {
    lower_optimised(model, family).map(|(ruleset, runs)| (Arc::new(ruleset), runs))
}

impl Reading {
    fn new(model: Model, values: Values) -> Reading {
        Reading { model, values, ipv4: OnceLock::new(), ipv6: OnceLock::new() }
    }

    fn lower(&self, family: Family) -> Option<Lowered> {
        let cell = match family {
            Family::Ipv4 => &self.ipv4,
            Family::Ipv6 => &self.ipv6,
        };
        cell.get_or_init(|| lowered(&self.model, family)).clone()
    }
}

impl Policy {
    /// For the expansion of `firewall!` alone: a policy in the form of its own version.
    #[doc(hidden)]
    pub const fn from_packed(file: &'static str, bytes: &'static [u8]) -> Policy {
        Policy { repr: Repr::Packed { file, bytes } }
    }

    /// For the expansion of `firewall!` alone: the same with the Rust values that stand in it.
    #[doc(hidden)]
    pub const fn with_values(file: &'static str, bytes: &'static [u8], values: RustValues) -> Policy {
        Policy { repr: Repr::WithValues { file, bytes, values } }
    }

    /// A policy that was made at run time.
    ///
    /// # Errors
    /// What the checks of the macro say about it.
    pub fn from_model(model: Model) -> Result<Policy, Diagnostics> {
        checked(&model, Values::Written, Vec::new())?;
        Ok(Policy { repr: Repr::Read(Arc::new(Reading::new(model, Values::Written))) })
    }

    /// The same policy, checked as far as the macro could not, and in a form that is unpacked and lowered only once: for
    /// whoever asks it for more than one thing.
    ///
    /// # Errors
    /// If a Rust value breaks a rule: what [`Policy::check`] says.
    pub fn read(&self) -> Result<Policy, Diagnostics> {
        if let Repr::Read(_) = self.repr {
            return Ok(self.clone());
        }
        let model = self.sound()?.into_owned();
        Ok(Policy { repr: Repr::Read(Arc::new(Reading::new(model, self.values()))) })
    }

    /// How the values in it are to be checked.
    fn values(&self) -> Values {
        match &self.repr {
            Repr::Packed { .. } => Values::Written,
            Repr::WithValues { .. } => Values::Filled,
            Repr::Read(reading) => reading.values,
        }
    }

    /// The rule structs. A Rust value that does not fit its place, which [`Policy::check`] tells, is left out.
    ///
    /// # Panics
    /// If the macro and this library are of different versions, which their manifests exclude.
    pub fn model(&self) -> Cow<'_, Model> {
        self.filled().0
    }

    /// The rule structs, and what is wrong with the Rust values in them.
    fn filled(&self) -> (Cow<'_, Model>, Vec<Diagnostic>) {
        match &self.repr {
            Repr::Packed { file, bytes } => (Cow::Owned(unpack(file, bytes)), Vec::new()),
            Repr::WithValues { file, bytes, values } => {
                let mut model = unpack(file, bytes);
                let diagnostics = fill(&mut model, values);
                (Cow::Owned(model), diagnostics)
            }
            Repr::Read(reading) => (Cow::Borrowed(&reading.model), Vec::new()),
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

    /// Checks the policy as the macro did, with the Rust values that only the running program knows, and returns
    /// what lints have to say about it.
    ///
    /// # Errors
    /// Everything that is wrong, which for a policy of the macro without Rust values is nothing.
    pub fn check(&self) -> Result<Vec<Diagnostic>, Diagnostics> {
        let (model, diagnostics) = self.filled();
        checked(&model, self.values(), diagnostics)
    }

    /// The model, checked where there is something in it that the macro could not check.
    fn sound(&self) -> Result<Cow<'_, Model>, Diagnostics> {
        let (model, diagnostics) = self.filled();
        if let Repr::WithValues { .. } = self.repr {
            checked(&model, Values::Filled, diagnostics)?;
        }
        Ok(model)
    }

    /// The rules as iptables gets them, with trees of chains where the policy asks for them ([`Model::optimise`]); `None`
    /// if the policy holds no table for the family.
    ///
    /// # Errors
    /// If a Rust value breaks a rule: what [`Policy::check`] says.
    pub fn lower(&self, family: Family) -> Result<Option<Arc<Ruleset>>, Diagnostics> {
        Ok(self.lowered(family)?.map(|(ruleset, _)| ruleset))
    }

    /// What became of each run of rules that was to be optimised.
    ///
    /// # Errors
    /// If a Rust value breaks a rule: what [`Policy::check`] says.
    pub fn optimised_runs(&self, family: Family) -> Result<Vec<OptimisedRun>, Diagnostics> {
        Ok(self.lowered(family)?.map(|(_, runs)| runs).unwrap_or_default())
    }

    fn lowered(&self, family: Family) -> Result<Option<Lowered>, Diagnostics> {
        match &self.repr {
            Repr::Read(reading) => Ok(reading.lower(family)),
            _ => Ok(lowered(&*self.sound()?, family)),
        }
    }

    /// The rules without such trees, which do the same.
    fn lower_plain(&self, family: Family) -> Result<Option<Arc<Ruleset>>, Diagnostics> {
        let model = self.sound()?;
        // What is lowered already is without trees if the policy wants none.
        if !model.wants_trees() {
            return self.lower(family);
        }
        Ok(lower(&model, family).map(Arc::new))
    }

    /// What becomes of a packet on its whole way through the host, and every rule that it meets there: with both
    /// variants of iptables, whose answers on fragments differ. [`trace_host`] tells it for one of them.
    ///
    /// # Errors
    /// If a Rust value breaks a rule: what [`Policy::check`] says.
    pub fn evaluate(&self, packet: &Packet) -> Result<Trace, Diagnostics> {
        let ruleset = self.lower_plain(packet.family())?;
        let trace = ruleset.and_then(|ruleset| trace_host(&ruleset, packet, None));
        // Without any table for its family nothing is in its way.
        Ok(trace.unwrap_or_else(|| Trace::through(packet)))
    }

    /// The same of a packet that enters a chain at its top; `None` if the policy has no such chain for its family.
    ///
    /// # Errors
    /// If a Rust value breaks a rule: what [`Policy::check`] says.
    pub fn evaluate_chain(
        &self,
        table: TableName,
        chain: &str,
        packet: &Packet,
    ) -> Result<Option<Trace>, Diagnostics> {
        let ruleset = self.lower_plain(packet.family())?;
        Ok(ruleset.and_then(|ruleset| trace_chain(&ruleset, table, chain, packet, None)))
    }

    /// Who may open a service to whom: the addresses of a family, divided into classes that a chain cannot tell apart.
    ///
    /// # Errors
    /// If a Rust value breaks a rule, if there is no such chain for the family, or if the answer takes too long.
    pub fn matrix(&self, family: Family, question: &Question<'_>) -> Result<Matrix, MatrixError> {
        let ruleset = self.lower_plain(family).map_err(|wrong| MatrixError::Refused(Box::new(wrong)))?;
        let missing = MatrixError::NoTable { table: question.table, family };
        matrix(&*ruleset.ok_or(missing)?, question)
    }

    /// What another policy does otherwise with packets than this one, in all families of either: nothing, if it is proven
    /// that there is no difference.
    ///
    /// # Errors
    /// If a Rust value breaks a rule, or if the answer takes more than [`COMPARE_BUDGET`] steps.
    pub fn compare(&self, other: &Policy) -> Result<Comparison, CompareError> {
        let refused = |wrong| CompareError::Refused(Box::new(wrong));
        let (old, new) = (self.sound().map_err(refused)?, other.sound().map_err(refused)?);
        let families = old.families().or(new.families());
        compare(&old, &new, families, COMPARE_BUDGET).map_err(CompareError::NotDecided)
    }

    /// The rules in the format of `iptables-restore`, as `iptables-save` will print them; `None`
    /// if the policy holds no table for the family.
    ///
    /// # Errors
    /// If a Rust value breaks a rule: what [`Policy::check`] says.
    pub fn emit(&self, family: Family) -> Result<Option<String>, Diagnostics> {
        Ok(self.lower(family)?.map(|ruleset| emit::emit(&ruleset, Protocols::Named)))
    }

    /// The sets of a family as the kernel gets them, in the order in which they can be made; those that others make
    /// are among them. Sets of no family (ports, MAC addresses) are among both families'.
    ///
    /// # Errors
    /// If a Rust value breaks a rule: what [`Policy::check`] says.
    pub fn sets(&self, family: Family) -> Result<Vec<Arc<KernelSet>>, Diagnostics> {
        // Trees change no set, so whatever is at hand serves.
        let ruleset = match &self.repr {
            Repr::Read(_) => self.lower(family)?,
            Repr::Packed { .. } | Repr::WithValues { .. } => self.lower_plain(family)?,
        };
        Ok(ruleset.map(|ruleset| ruleset.sets.clone()).unwrap_or_default())
    }

    /// The sets of both families, each once, in the order in which they can be made.
    ///
    /// # Errors
    /// If a Rust value breaks a rule: what [`Policy::check`] says.
    pub fn all_sets(&self) -> Result<Vec<Arc<KernelSet>>, Diagnostics> {
        let mut all = self.sets(Family::Ipv4)?;
        let mut more = self.sets(Family::Ipv6)?;
        more.retain(|set| !all.iter().any(|other| other.name == set.name));
        all.extend(more);
        Ok(all)
    }

    /// The family's sets in the format of `ipset restore`, to be loaded before its rules; empty if there are none.
    ///
    /// # Errors
    /// If a Rust value breaks a rule: what [`Policy::check`] says.
    pub fn emit_sets(&self, family: Family) -> Result<String, Diagnostics> {
        Ok(emit::emit_sets(self.sets(family)?.iter().map(Arc::as_ref)))
    }

    /// The rules as [`Policy::emit`] gives them, with protocols by number where iptables itself has no name for them,
    /// so that they load on a host without `/etc/protocols`.
    ///
    /// # Errors
    /// If a Rust value breaks a rule: what [`Policy::check`] says.
    pub fn emit_portable(&self, family: Family) -> Result<Option<String>, Diagnostics> {
        Ok(self.lower(family)?.map(|ruleset| emit::emit(&ruleset, Protocols::Numbered)))
    }
}

fn checked(model: &Model, values: Values, found: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Diagnostics> {
    let list = check::check_further(model, values, found);
    if list.iter().any(Diagnostic::is_error) {
        return Err(Diagnostics { sources: model.sources().clone(), list });
    }
    Ok(list)
}

fn unpack(file: &str, bytes: &[u8]) -> Model {
    let unpacked: Result<Model, UnpackError> = Model::from_bytes(file, bytes);
    unpacked.unwrap_or_else(|error| panic!("{file}: {error}"))
}
