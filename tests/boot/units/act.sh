# Shows what the boot brought, does what the scenario says, and shuts down.
cd /result || exit
export units="fwdsl.service fwdsl-lockdown.service fwdsl-recover.service"
show="Id ActiveState Result ConditionResult ActiveEnterTimestampMonotonic InactiveExitTimestampMonotonic InactiveEnterTimestampMonotonic"
systemctl show $(printf -- '--property=%s ' $show) \
    $units network-pre.target networking.service \
    systemd-sysctl.service >units
{ iptables-save; } >ipv4 2>&1
{ ip6tables-save; } >ipv6 2>&1
{ iptables-legacy-save; ip6tables-legacy-save; } >legacy 2>&1
ipset save >sets 2>&1
sysctl net.ipv4.ip_forward net.ipv4.tcp_syncookies >sysctl 2>&1
journalctl -b -o short-monotonic $(printf -- '-u %s ' $units) >log 2>&1
systemctl list-units --failed --no-legend --plain >failed 2>&1
sh /act >act 2>&1 && : >done
{ iptables-save; } >ipv4-after 2>&1
systemctl poweroff
