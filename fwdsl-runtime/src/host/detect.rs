//! What there is to work with: variant, programs, rights, families.

use std::path::PathBuf;

use super::error::ApplyError;
use super::kernel;
use super::nft;
use super::options::Options;
use super::program::{Programs, Runner};
use super::rules::FamilyPrograms;
use super::variant::{self, Variant};
use crate::family::Family;

/// The host, as far as an apply needs to know it.
pub(crate) struct Host {
    /// Where the file tree begins, as an absolute path.
    pub(crate) root: PathBuf,
    /// `None` if there are no families to work on; then no programs and no rights are needed either.
    pub(crate) variant: Option<Variant>,
    pub(crate) programs: Programs,
    /// Runs programs that only look.
    pub(crate) runner: Runner,
    pub(crate) nft: Option<PathBuf>,
    /// The families that the kernel has, among those asked for, with their programs.
    pub(crate) families: Vec<(Family, FamilyPrograms)>,
    pub(crate) ipv6_absent: bool,
}

/// Looks around, and refuses to go on without the rights that an apply needs; changes nothing.
pub(crate) fn detect(options: &Options, wanted: &[Family]) -> Result<Host, ApplyError> {
    let host = look_around(options, wanted)?;
    host.variant.map_or(Ok(()), kernel::check_rights)?;
    Ok(host)
}

/// Looks around, whatever this process may do.
pub(crate) fn look_around(options: &Options, wanted: &[Family]) -> Result<Host, ApplyError> {
    let root = options.root()?;
    kernel::check_signals()?;
    let programs = Programs::new(options.program_dir.as_deref());
    let runner = Runner { deadline: options.program_deadline, group: None };
    let ipv6_absent = !kernel::has_ipv6();
    let present = wanted.iter().copied().filter(|family| *family == Family::Ipv4 || !ipv6_absent);
    let present: Vec<Family> = present.collect();
    let variant = match options.variant {
        Some(variant) => Some(variant).filter(|_| !present.is_empty()),
        None => common_variant(&programs, &runner, &present)?,
    };
    let forced = options.variant.is_some();
    let families = present
        .into_iter()
        .filter_map(|family| Some((family, variant?)))
        .map(|(family, variant)| Ok((family, FamilyPrograms::find(&programs, family, variant, forced)?)))
        .collect::<Result<_, ApplyError>>()?;
    let nft = nft::find(&programs);
    let ipv6_absent = ipv6_absent && wanted.contains(&Family::Ipv6);
    Ok(Host { root, variant, programs, runner, nft, families, ipv6_absent })
}

/// The variant of all the programs. A mixture would let one family's undo rest on assumptions about the other.
fn common_variant(
    programs: &Programs,
    runner: &Runner,
    families: &[Family],
) -> Result<Option<Variant>, ApplyError> {
    let Some(first) = families.first() else { return Ok(None) };
    let (program, variant) = variant::detect(programs, runner, *first)?;
    let mut others = Vec::new();
    for family in families.iter().skip(1) {
        others.push(variant::detect(programs, runner, *family)?);
    }
    // A snapshot of the other variant's tables would be put back where they never were.
    for family in families {
        others.extend(variant::of_save(programs, runner, *family)?);
    }
    match others.into_iter().find(|(_, other)| *other != variant) {
        None => Ok(Some(variant)),
        Some(other) => Err(ApplyError::MixedVariants { one: (program, variant), other }),
    }
}
