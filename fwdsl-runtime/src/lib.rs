//! The library behind `fwdsl`: everything that the macro, the provisioning command line and the
//! tests have in common.

pub mod family;
#[cfg(feature = "host")]
pub mod host;
pub mod restore_text;
