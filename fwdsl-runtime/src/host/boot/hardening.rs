//! What our systemd services can do without (systemd.exec(5)). `systemd-analyze security` counts what is left.

/// What no service of ours needs. Modules are loaded by the kernel for whoever asks for what they bring, and the few that it
/// does not load by itself by `systemd-modules-load.service`.
pub(super) const COMMON: &str = "\
NoNewPrivileges=yes
ProtectHome=yes
PrivateDevices=yes
PrivateMounts=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
IPAddressDeny=any
KeyringMode=private
UMask=0077
";

/// What those that load rules and write nothing but their state do not need either. The lock of the legacy variant is in
/// `/run`.
pub(super) const LOADERS: &str = "\
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW
ProtectSystem=strict
ReadWritePaths=/run
PrivateTmp=yes
ProtectProc=invisible
ProtectKernelTunables=yes
RestrictSUIDSGID=yes
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
";

/// What the one that puts files back needs: any file, of any owner. It also ends programs of an apply.
pub(super) const RESTORER: &str = "\
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL
SystemCallFilter=@system-service
SystemCallFilter=~@resources
";
