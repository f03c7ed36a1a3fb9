//! The library behind `fwdsl`: everything that the macro, the provisioning command line and the
//! tests have in common.

pub mod family;
#[cfg(feature = "host")]
pub mod host;
pub mod icmp;
pub mod nearest;
pub mod protocols;
pub mod restore_text;
pub mod services;
pub mod sysctl;
