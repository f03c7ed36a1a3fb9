//! What is kept beside a connection, and who serves it.
//!
//! Source: iptables-extensions(8), sections cluster, connlabel, ipvs, nfacct, osf.

use super::aspect::Aspects;
use super::extension::Extension;
use super::kind::{ValueKind, Word};
use super::option::OptionSpec;
use super::requirement::Requirement::{AnyOf, Bits, OneOf};
use super::transport::TCP_NUMBER;
use crate::family::FamilySet;
use crate::table::{Hook, HookSet};

const U32_MAX: u64 = u32::MAX as u64;

/// The most nodes of a cluster (`XT_CLUSTER_NODES_MAX`), and the greatest mask that iptables reads.
const NODES_MAX: u64 = 32;

/// The last node whose mask iptables reads: it saves greater ones, but takes a mask for a number of a node.
pub(crate) const CLUSTER_READ_NODES: u64 = 6;

/// `-m cluster`. Lowering writes `local-node` as the mask that is saved.
pub static CLUSTER: Extension = Extension {
    reassembles: true,
    looks_at: Aspects::TRACKING,
    requirements: &[
        OneOf(&["local-node", "local-nodemask"]),
        Bits { option: "local-nodemask", of: "total-nodes" },
        Bits { option: "local-node", of: "total-nodes" },
    ],
    ..Extension::new_match(
        "cluster",
        &[
            OptionSpec::new(
                "local-nodemask",
                "--cluster-local-nodemask",
                ValueKind::Hex { min: 1, max: NODES_MAX, digits: 8 },
            )
            .negatable(),
            OptionSpec::new(
                "local-node",
                "--cluster-local-node",
                ValueKind::Number { min: 1, max: NODES_MAX },
            )
            .negatable(),
            OptionSpec::new(
                "total-nodes",
                "--cluster-total-nodes",
                ValueKind::Number { min: 1, max: NODES_MAX },
            )
            .required()
            .by_name(),
            OptionSpec::new(
                "hash-seed",
                "--cluster-hash-seed",
                ValueKind::Hex { min: 0, max: U32_MAX, digits: 8 },
            )
            .required()
            .by_name(),
        ],
        "the connections that fall to this node of a cluster, by a hash of their source",
    )
};

/// `-m connlabel`. A host with `/etc/xtables/connlabel.conf` saves the names in it.
pub(super) static CONNLABEL: Extension = Extension {
    reassembles: true,
    looks_at: Aspects::TRACKING,
    ..Extension::new_match(
        "connlabel",
        &[
            OptionSpec::new("label", "--label", ValueKind::Label).negatable().required(),
            OptionSpec::flag("set", "--set").stateful(),
        ],
        "a label of the connection; with `set`, it gets the label first",
    )
};

static WAYS: &[Word] = &[Word::printed("original", "ORIGINAL"), Word::printed("reply", "REPLY")];
static METHODS: &[Word] =
    &[Word::printed("gate", "GATE"), Word::printed("ipip", "IPIP"), Word::printed("masq", "MASQ")];

const fn port(name: &'static str, flag: &'static str) -> OptionSpec {
    OptionSpec::new(name, flag, ValueKind::PortSpan(':')).negatable().union()
}

/// `-m ipvs`
pub(super) static IPVS: Extension = Extension {
    looks_at: Aspects::TRACKING,
    requirements: &[AnyOf(&["ipvs", "vproto", "vaddr", "vport", "vdir", "vmethod", "vportctl"])],
    ..Extension::new_match(
        "ipvs",
        &[
            OptionSpec::flag("ipvs", "--ipvs").negatable(),
            OptionSpec::new("vproto", "--vproto", ValueKind::ProtocolNumber).negatable().union(),
            OptionSpec::new("vaddr", "--vaddr", ValueKind::Network { full_prefix: false, longest: 128 })
                .negatable()
                .union(),
            port("vport", "--vport"),
            OptionSpec::new("vdir", "--vdir", ValueKind::Word(WAYS)),
            OptionSpec::new("vmethod", "--vmethod", ValueKind::Word(METHODS)).negatable(),
            port("vportctl", "--vportctl"),
        ],
        "what the IP virtual server knows of the packet's connection",
    )
};

/// The longest name: `NFACCT_NAME_MAX` is 32 with the closing NUL.
const ACCOUNT_NAME_MAX_BYTES: usize = 31;

/// `-m nfacct`. Other programs make the account, and the kernel refuses one that does not exist.
pub(super) static NFACCT: Extension = Extension {
    stateful: true,
    ..Extension::new_match(
        "nfacct",
        &[OptionSpec::new("name", "--nfacct-name", ValueKind::Text { max_bytes: ACCOUNT_NAME_MAX_BYTES })
            .required()],
        "matches every packet, and adds it to an account",
    )
};

/// The longest name of a system: `MAXGENRELEN` is 32 with the closing NUL.
const GENRE_MAX_BYTES: usize = 31;

const LEVEL: ValueKind = ValueKind::Number { min: 0, max: 2 };

/// `-m osf`
pub(super) static OSF: Extension = Extension {
    families: FamilySet::IPV4,
    protocols: &[TCP_NUMBER],
    hooks: HookSet::of(&[Hook::Prerouting, Hook::Input, Hook::Forward]),
    looks_at: Aspects::TCP_OPTIONS.or(Aspects::HOPS),
    ..Extension::new_match(
        "osf",
        &[
            OptionSpec::new("genre", "--genre", ValueKind::Bare { max_bytes: GENRE_MAX_BYTES })
                .negatable()
                .required(),
            OptionSpec::new("ttl", "--ttl", LEVEL),
            OptionSpec::new("log", "--log", LEVEL).stateful(),
        ],
        "the operating system that a SYN seems to come from, by fingerprints that other programs load",
    )
};
