//! Where a packet comes from and goes to, beyond its addresses: the process, the device, the route.
//!
//! Source: iptables-extensions(8), sections owner, mac, addrtype, pkttype, rpfilter, physdev,
//! devgroup, socket, cpu, eui64, cgroup.

use super::aspect::Aspects;
use super::extension::Extension;
use super::kind::{MaskForm, ValueKind, Word};
use super::option::OptionSpec;
use super::requirement::Requirement::{AnyOf, AtMostOneOf, Needs, OneOf};
use crate::family::FamilySet;
use crate::table::{Hook, HookSet, TableName};

pub(super) const ARRIVING: HookSet = HookSet::of(&[Hook::Prerouting, Hook::Input, Hook::Forward]);
pub(super) const LEAVING: HookSet = HookSet::of(&[Hook::Forward, Hook::Output, Hook::Postrouting]);

/// `-m owner`
pub(super) static OWNER: Extension = Extension {
    hooks: HookSet::of(&[Hook::Output, Hook::Postrouting]),
    requirements: &[AnyOf(&["socket-exists", "uid", "gid"]), Needs("suppl-groups", &["gid"])],
    ..Extension::new_match(
        "owner",
        &[
            OptionSpec::flag("socket-exists", "--socket-exists").negatable(),
            OptionSpec::new("uid", "--uid-owner", ValueKind::Id).alias(&["uid-owner"]).negatable().union(),
            OptionSpec::new("gid", "--gid-owner", ValueKind::Id).alias(&["gid-owner"]).negatable().union(),
            OptionSpec::flag("suppl-groups", "--suppl-groups"),
        ],
        "the user or group of the process that made the packet",
    )
};

/// `-m mac`
pub(super) static MAC: Extension = Extension {
    hooks: ARRIVING,
    ..Extension::new_match(
        "mac",
        &[OptionSpec::new("source", "--mac-source", ValueKind::Mac).negatable().union().required()],
        "the Ethernet address that the packet comes from",
    )
};

const fn ipv4_type(name: &'static str, print: &'static str) -> Word {
    Word { families: FamilySet::IPV4, ..Word::printed(name, print) }
}

/// The types of addresses in routing, in the order in which `iptables-save` prints them.
static ADDRESS_TYPES: &[Word] = &[
    Word::printed("unspec", "UNSPEC"),
    Word::printed("unicast", "UNICAST"),
    Word::printed("local", "LOCAL"),
    ipv4_type("broadcast", "BROADCAST"),
    Word::printed("anycast", "ANYCAST"),
    Word::printed("multicast", "MULTICAST"),
    ipv4_type("blackhole", "BLACKHOLE"),
    Word::printed("unreachable", "UNREACHABLE"),
    ipv4_type("prohibit", "PROHIBIT"),
    ipv4_type("throw", "THROW"),
    ipv4_type("nat", "NAT"),
    ipv4_type("xresolve", "XRESOLVE"),
];

/// `-m addrtype`. Of several types in one option the IPv6 kernel wants unicast and multicast in addition to the
/// others, not as alternatives; so each is a rule of its own, but in exact rules.
pub(super) static ADDRTYPE: Extension = Extension {
    looks_at: Aspects::ADDRESSES,
    requirements: &[AnyOf(&["src-type", "dst-type"]), AtMostOneOf(&["limit-iface-in", "limit-iface-out"])],
    ..Extension::new_match(
        "addrtype",
        &[
            OptionSpec::new("src-type", "--src-type", ValueKind::Words(ADDRESS_TYPES)).negatable().apart(),
            OptionSpec::new("dst-type", "--dst-type", ValueKind::Words(ADDRESS_TYPES)).negatable().apart(),
            OptionSpec::flag("limit-iface-in", "--limit-iface-in").at(ARRIVING),
            OptionSpec::flag("limit-iface-out", "--limit-iface-out").at(LEAVING),
        ],
        "what routing takes the addresses for: this host's, broadcast, multicast, …",
    )
};

static PACKET_TYPES: &[Word] = &[
    Word::of(FamilySet::BOTH, "unicast", &["host"]),
    Word::of(FamilySet::BOTH, "broadcast", &["bcast"]),
    Word::of(FamilySet::BOTH, "multicast", &["mcast"]),
    Word::of(FamilySet::BOTH, "otherhost", &["other"]),
];

/// `-m pkttype`
pub(super) static PKTTYPE: Extension = Extension::new_match(
    "pkttype",
    &[OptionSpec::new("pkt-type", "--pkt-type", ValueKind::Word(PACKET_TYPES))
        .alias(&["type"])
        .negatable()
        .union()
        .required()],
    "whom the link layer sent the packet to",
);

/// `-m rpfilter`
pub(super) static RPFILTER: Extension = Extension {
    looks_at: Aspects::ADDRESSES.or(Aspects::MARK).or(Aspects::SERVICE),
    tables: &[TableName::Raw, TableName::Mangle],
    hooks: HookSet::of(&[Hook::Prerouting]),
    bare: true,
    ..Extension::new_match(
        "rpfilter",
        &[
            OptionSpec::flag("loose", "--loose"),
            OptionSpec::flag("validmark", "--validmark"),
            OptionSpec::flag("accept-local", "--accept-local"),
            OptionSpec::flag("invert", "--invert"),
        ],
        "whether an answer would leave by the interface that the packet came in by",
    )
};

/// `-m physdev`
pub(super) static PHYSDEV: Extension = Extension {
    requirements: &[AnyOf(&["is-in", "in", "is-out", "out", "is-bridged"])],
    ..Extension::new_match(
        "physdev",
        &[
            OptionSpec::flag("is-in", "--physdev-is-in").negatable(),
            OptionSpec::new("in", "--physdev-in", ValueKind::Interface).negatable(),
            OptionSpec::flag("is-out", "--physdev-is-out").negatable().at(NOT_MADE_HERE),
            OptionSpec::new("out", "--physdev-out", ValueKind::Interface).negatable().at(NOT_MADE_HERE),
            OptionSpec::flag("is-bridged", "--physdev-is-bridged").negatable(),
        ],
        "the ports of a bridge that the packet comes in and goes out by",
    )
};

const NOT_MADE_HERE: HookSet =
    HookSet::of(&[Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Postrouting]);

const GROUP: ValueKind = ValueKind::Masked(MaskForm::NamedZero, &[("default", 0)]);

/// `-m devgroup`. Group 0 is saved by its name in `/etc/iproute2/group`; the checks refuse it.
pub(super) static DEVGROUP: Extension = Extension {
    requirements: &[AnyOf(&["src-group", "dst-group"])],
    ..Extension::new_match(
        "devgroup",
        &[
            OptionSpec::new("src-group", "--src-group", GROUP).negatable().union().at(ARRIVING),
            OptionSpec::new("dst-group", "--dst-group", GROUP).negatable().union().at(LEAVING),
        ],
        "the group of the interface",
    )
};

/// `-m socket`
pub(super) static SOCKET: Extension = Extension {
    reassembles: true,
    // With `restore-skmark` it sets the packet's mark as it is asked.
    stateful: true,
    hooks: HookSet::of(&[Hook::Prerouting, Hook::Input]),
    bare: true,
    ..Extension::new_match(
        "socket",
        &[
            OptionSpec::flag("transparent", "--transparent"),
            OptionSpec::flag("nowildcard", "--nowildcard"),
            OptionSpec::flag("restore-skmark", "--restore-skmark"),
        ],
        "whether a socket of this host waits for the packet",
    )
};

/// `-m cpu`
pub(super) static CPU: Extension = Extension::new_match(
    "cpu",
    &[OptionSpec::new("cpu", "--cpu", ValueKind::Number { min: 0, max: u32::MAX as u64 })
        .negatable()
        .union()
        .required()],
    "the processor that handles the packet",
);

/// `-m eui64`
pub(super) static EUI64: Extension = Extension {
    looks_at: Aspects::ADDRESSES,
    families: FamilySet::IPV6,
    hooks: ARRIVING,
    bare: true,
    ..Extension::new_match("eui64", &[], "whether the source address is made of the Ethernet address")
};

/// The longest path of a control group: `XT_CGROUP_PATH_LEN` is 512 with the closing NUL.
const CGROUP_PATH_MAX_BYTES: usize = 511;

/// `-m cgroup`. The kernel refuses the path of a group that does not exist.
pub(super) static CGROUP: Extension = Extension {
    hooks: HookSet::of(&[Hook::Input, Hook::Output, Hook::Postrouting]),
    requirements: &[OneOf(&["path", "cgroup"])],
    ..Extension::new_match(
        "cgroup",
        &[
            OptionSpec::new("path", "--path", ValueKind::Text { max_bytes: CGROUP_PATH_MAX_BYTES })
                .negatable()
                .union(),
            OptionSpec::new("cgroup", "--cgroup", ValueKind::Number { min: 0, max: u32::MAX as u64 })
                .alias(&["classid"])
                .negatable()
                .union()
                .positional(),
        ],
        "the control group of the process: its path from the root of cgroup2, or its class id in net_cls",
    )
};
