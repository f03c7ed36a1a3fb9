//! A policy as bytes.
//!
//! The macro expands to one byte string: what rustc pays for a literal is nearly nothing, while a
//! tree of constants costs it a hundred microseconds and more for each rule. Numbers are LEB128,
//! texts and lists carry their length, extensions and options are their places in the catalogue;
//! so only equal versions of macro and runtime understand each other, which the manifests demand.

use std::fmt;

use super::*;
use crate::catalogue::{self, EXTENSIONS};
use crate::family::FamilySet;
use crate::lint::Level;
use crate::loc::Expansion;
use crate::sysctl::Key;

/// Why bytes are not a packed policy. It takes another version of the macro, or damage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpackError {
    what: &'static str,
}

impl fmt::Display for UnpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the packed policy is damaged or of another version of fwdsl: bad {}", self.what)
    }
}

impl std::error::Error for UnpackError {}

type Unpacked<T> = Result<T, UnpackError>;

/// What can be packed.
trait Pack: Sized {
    fn pack(&self, out: &mut Vec<u8>);
    fn unpack(input: &mut &[u8]) -> Unpacked<Self>;
}

impl Model {
    /// The policy as bytes, for [`Model::from_bytes`] of the same version; without the name of its own file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.sources.files.get(1..).unwrap_or_default().to_vec().pack(&mut out);
        self.sources.expansions.pack(&mut out);
        self.families.pack(&mut out);
        self.ownership.pack(&mut out);
        self.foreign.pack(&mut out);
        self.chains.pack(&mut out);
        self.sets.pack(&mut out);
        self.sysctls.pack(&mut out);
        self.levels.pack(&mut out);
        self.assertions.pack(&mut out);
        self.analysis_budget.pack(&mut out);
        self.optimise.pack(&mut out);
        out
    }

    /// The policy that [`Model::to_bytes`] packed.
    ///
    /// # Errors
    /// If the bytes are damaged or of another version.
    pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<Model, UnpackError> {
        let input = &mut &*bytes;
        let mut files = vec![file.to_owned()];
        files.extend(Vec::<String>::unpack(input)?);
        let expansions: Vec<Expansion> = Pack::unpack(input)?;
        // Each was called from the policy or from an earlier one, so that the way back comes to an end.
        let ordered = |(index, expansion): (usize, &Expansion)| expansion.call.origin as usize <= index;
        if !expansions.iter().enumerate().all(ordered) {
            return Err(bad("expansion"));
        }
        let model = Model {
            sources: Sources { files, expansions },
            families: Pack::unpack(input)?,
            ownership: Pack::unpack(input)?,
            foreign: Pack::unpack(input)?,
            chains: Pack::unpack(input)?,
            sets: Pack::unpack(input)?,
            sysctls: Pack::unpack(input)?,
            levels: Pack::unpack(input)?,
            assertions: Pack::unpack(input)?,
            analysis_budget: Pack::unpack(input)?,
            optimise: Pack::unpack(input)?,
        };
        if input.is_empty() { Ok(model) } else { Err(bad("length")) }
    }
}

fn bad(what: &'static str) -> UnpackError {
    UnpackError { what }
}

fn take<'a>(input: &mut &'a [u8], count: usize, what: &'static str) -> Unpacked<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(count).ok_or_else(|| bad(what))?;
    *input = rest;
    Ok(taken)
}

fn unpack_within<T: TryFrom<u64>>(input: &mut &[u8], what: &'static str) -> Unpacked<T> {
    T::try_from(u64::unpack(input)?).map_err(|_| bad(what))
}

/// The length of a list. Each of its items takes a byte at least, so that damage does not make room for more.
fn unpack_length(input: &mut &[u8]) -> Unpacked<usize> {
    let length = unpack_within(input, "list")?;
    if length <= input.len() { Ok(length) } else { Err(bad("list")) }
}

impl Pack for u64 {
    fn pack(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = take(input, 1, "number")?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(bad("number"))
    }
}

impl Pack for u8 {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<u8> {
        Ok(take(input, 1, "byte")?[0])
    }
}

impl Pack for bool {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<bool> {
        Ok(u8::unpack(input)? != 0)
    }
}

impl Pack for String {
    fn pack(&self, out: &mut Vec<u8>) {
        (self.len() as u64).pack(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<String> {
        let length = unpack_within(input, "text")?;
        let bytes = take(input, length, "text")?;
        String::from_utf8(bytes.to_vec()).map_err(|_| bad("text"))
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        (self.len() as u64).pack(out);
        for item in self {
            item.pack(out);
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Vec<T>> {
        let length = unpack_length(input)?;
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(T::unpack(input)?);
        }
        Ok(items)
    }
}

impl<T: Pack> Pack for Few<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        (self.len() as u64).pack(out);
        for item in self {
            item.pack(out);
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Few<T>> {
        match unpack_length(input)? {
            1 => Ok(Few::one(T::unpack(input)?)),
            length => (0..length).map(|_| T::unpack(input)).collect(),
        }
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.is_some().pack(out);
        if let Some(value) = self {
            value.pack(out);
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Option<T>> {
        Ok(if bool::unpack(input)? { Some(T::unpack(input)?) } else { None })
    }
}

/// The lowest bit tells whether the place is elsewhere than in the policy itself, which is rare.
impl Pack for Loc {
    fn pack(&self, out: &mut Vec<u8>) {
        let elsewhere = self.file != 0 || self.origin != 0;
        (u64::from(self.line) << 1 | u64::from(elsewhere)).pack(out);
        if elsewhere {
            u64::from(self.file).pack(out);
            u64::from(self.origin).pack(out);
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Loc> {
        let number = u64::unpack(input)?;
        let line = u32::try_from(number >> 1).map_err(|_| bad("line"))?;
        if number & 1 == 0 {
            return Ok(Loc::line(line));
        }
        let file = unpack_within(input, "file")?;
        Ok(Loc { file, origin: unpack_within(input, "expansion")?, ..Loc::line(line) })
    }
}

/// Packs a struct as its fields, in this order.
macro_rules! pack_fields {
    ($name:ident { $($field:ident),* }) => {
        impl Pack for $name {
            fn pack(&self, out: &mut Vec<u8>) {
                $(self.$field.pack(out);)*
            }

            fn unpack(input: &mut &[u8]) -> Unpacked<$name> {
                Ok($name { $($field: Pack::unpack(input)?),* })
            }
        }
    };
}

mod assertion;
mod value;

pack_fields!(Expansion { what, call });
mod set;

pack_fields!(LevelSetting { lint, level });
pack_fields!(Chain { table, name, policy, position, families, doc, rules, levels, optimise, loc });
pack_fields!(Rule { families, matches, verdicts, comment, exact, levels, loc });
pack_fields!(Verdict { action, loc });
pack_fields!(ForeignChain { table, name, families, loc });
pack_fields!(Setting { key, value });
pack_fields!(SysctlUse { value, loc, value_loc, rust_value });

impl<T: Pack> Pack for Located<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.value.pack(out);
        self.loc.pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Located<T>> {
        Ok(Located::new(T::unpack(input)?, Loc::unpack(input)?))
    }
}

impl Pack for FamilySet {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(self.bits());
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<FamilySet> {
        Ok(FamilySet::from_bits(u8::unpack(input)?))
    }
}

impl Pack for TableName {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<TableName> {
        TableName::ALL.get(usize::from(u8::unpack(input)?)).copied().ok_or_else(|| bad("table"))
    }
}

impl Pack for ChainPolicy {
    fn pack(&self, out: &mut Vec<u8>) {
        (*self == ChainPolicy::Drop).pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<ChainPolicy> {
        Ok(if bool::unpack(input)? { ChainPolicy::Drop } else { ChainPolicy::Accept })
    }
}

impl Pack for Ownership {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Ownership::Tables => out.push(0),
            Ownership::Chains { prefix, loc } => {
                out.push(1);
                prefix.pack(out);
                loc.pack(out);
            }
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Ownership> {
        Ok(match u8::unpack(input)? {
            0 => Ownership::Tables,
            1 => Ownership::Chains { prefix: Pack::unpack(input)?, loc: Pack::unpack(input)? },
            _ => return Err(bad("ownership")),
        })
    }
}

impl Pack for HookPosition {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(match self {
            HookPosition::First => 0,
            HookPosition::Last => 1,
            HookPosition::Before(_) => 2,
            HookPosition::After(_) => 3,
        });
        if let Some(anchor) = self.anchor() {
            anchor.to_owned().pack(out);
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<HookPosition> {
        Ok(match u8::unpack(input)? {
            0 => HookPosition::First,
            1 => HookPosition::Last,
            2 => HookPosition::Before(Pack::unpack(input)?),
            3 => HookPosition::After(Pack::unpack(input)?),
            _ => return Err(bad("hook position")),
        })
    }
}

impl Pack for Level {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Level> {
        Level::ALL.get(usize::from(u8::unpack(input)?)).copied().ok_or_else(|| bad("level"))
    }
}

impl Pack for Key {
    fn pack(&self, out: &mut Vec<u8>) {
        self.to_string().pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Key> {
        String::unpack(input)?.parse().map_err(|_| bad("sysctl key"))
    }
}

fn unpack_extension(input: &mut &[u8]) -> Unpacked<&'static Extension> {
    let number: usize = unpack_within(input, "extension")?;
    EXTENSIONS.get(number).copied().ok_or_else(|| bad("extension"))
}

fn pack_options(extension: &'static Extension, options: &[OptionUse], out: &mut Vec<u8>) {
    catalogue::number(extension).pack(out);
    (options.len() as u64).pack(out);
    for option in options {
        let place = extension.options.iter().position(|spec| spec == option.spec);
        (place.expect("an option of its extension") as u8).pack(out);
        option.negated.pack(out);
        option.values.pack(out);
        option.loc.pack(out);
    }
}

fn unpack_options(input: &mut &[u8]) -> Unpacked<(&'static Extension, Vec<OptionUse>)> {
    let extension = unpack_extension(input)?;
    let length = unpack_length(input)?;
    let mut options = Vec::with_capacity(length);
    for _ in 0..length {
        let place = usize::from(u8::unpack(input)?);
        options.push(OptionUse {
            spec: extension.options.get(place).ok_or_else(|| bad("option"))?,
            negated: Pack::unpack(input)?,
            values: Pack::unpack(input)?,
            loc: Pack::unpack(input)?,
        });
    }
    Ok((extension, options))
}

impl Pack for Match {
    fn pack(&self, out: &mut Vec<u8>) {
        pack_options(self.extension, &self.options, out);
        self.loc.pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Match> {
        let (extension, options) = unpack_options(input)?;
        Ok(Match { extension, options, loc: Pack::unpack(input)? })
    }
}

impl Pack for Action {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Action::Jump(chain) => {
                out.push(0);
                chain.pack(out);
            }
            Action::Goto(chain) => {
                out.push(1);
                chain.pack(out);
            }
            Action::Target { extension, options } => {
                out.push(2);
                pack_options(extension, options, out);
            }
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Action> {
        Ok(match u8::unpack(input)? {
            0 => Action::Jump(Pack::unpack(input)?),
            1 => Action::Goto(Pack::unpack(input)?),
            2 => {
                let (extension, options) = unpack_options(input)?;
                Action::Target { extension, options }
            }
            _ => return Err(bad("verdict")),
        })
    }
}
