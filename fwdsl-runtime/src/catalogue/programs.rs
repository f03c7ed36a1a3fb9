//! Matches that are small programs, which look at any bit of the packet.
//!
//! Source: iptables-extensions(8), sections u32 and bpf.

use super::aspect::Aspects;
use super::extension::Extension;
use super::kind::ValueKind;
use super::option::OptionSpec;
use super::requirement::Requirement::OneOf;

/// `-m u32`
pub(super) static U32: Extension = Extension {
    looks_at: Aspects::ALL,
    ..Extension::new_match(
        "u32",
        &[OptionSpec::new("u32", "--u32", ValueKind::U32).negatable().required()],
        "four bytes anywhere in the packet, under masks and shifts",
    )
};

/// The longest path of a pinned object: `XT_BPF_PATH_MAX` is 512 with the closing NUL.
const OBJECT_PATH_MAX_BYTES: usize = 511;

/// `-m bpf`. Of a pinned object the kernel keeps the program, also once the path is gone.
pub(super) static BPF: Extension = Extension {
    stateful: true,
    looks_at: Aspects::ALL,
    requirements: &[OneOf(&["bytecode", "object-pinned"])],
    ..Extension::new_match(
        "bpf",
        &[
            OptionSpec::new("bytecode", "--bytecode", ValueKind::Bytecode).positional(),
            OptionSpec::new(
                "object-pinned",
                "--object-pinned",
                ValueKind::Bare { max_bytes: OBJECT_PATH_MAX_BYTES },
            ),
        ],
        "a program of the Berkeley packet filter, or one that other programs have pinned to a path",
    )
};
