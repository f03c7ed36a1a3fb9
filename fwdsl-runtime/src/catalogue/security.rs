//! Marks of security modules such as SELinux, on packets and connections.
//!
//! Source: iptables-extensions(8), sections SECMARK, CONNSECMARK.

use super::extension::{Extension, Flow};
use super::kind::ValueKind;
use super::option::OptionSpec;
use super::requirement::Requirement::OneOf;
use crate::table::TableName;

/// The longest security context: `SECMARK_SECCTX_MAX` is 256 with the closing NUL.
const CONTEXT_MAX_BYTES: usize = 255;

/// `mangle` is for rules from before there was `security`.
const TABLES: &[TableName] = &[TableName::Mangle, TableName::Security];

/// `-j SECMARK`. Loads only where SELinux runs and knows the context.
pub(super) static SECMARK: Extension = Extension {
    tables: TABLES,
    ..Extension::new_target(
        "SECMARK",
        Flow::Continues,
        &[OptionSpec::new("selctx", "--selctx", ValueKind::Bare { max_bytes: CONTEXT_MAX_BYTES }).required()],
        "give the packet a security context",
    )
};

/// `-j CONNSECMARK`
pub(super) static CONNSECMARK: Extension = Extension {
    reassembles: true,
    tables: TABLES,
    requirements: &[OneOf(&["save", "restore"])],
    ..Extension::new_target(
        "CONNSECMARK",
        Flow::Continues,
        &[OptionSpec::flag("save", "--save"), OptionSpec::flag("restore", "--restore")],
        "copy the security mark to the connection, or from it, where there is none yet",
    )
};
