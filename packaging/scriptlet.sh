#!/bin/sh
# What a package does on a live host; the RPM and install.sh run the same. Nothing in here fences, enables HA, or ends a
# daemon otherwise than in order, which disarms the watchdog.
#
#   scriptlet installed     new files are in place
#   scriptlet may-remove    0 when HA may be taken off this host
#   scriptlet removing      before the files go
set -u
here=/opt/twonodeha
units="twonodeha twonodeha-guard twonodeha-shutdown"
live() { [ -d /run/systemd/system ]; }

installed() {
    live || return 0
    systemctl daemon-reload
    systemd-tmpfiles --create /usr/lib/tmpfiles.d/twonodeha.conf || :
    if [ -d /proc/xen ]; then modprobe -q xen_wdt || echo "twonodeha: no watchdog driver xen_wdt here; see ha-ctl check" >&2; fi
    state=$(systemctl is-active twonodeha)
    if [ "$state" != inactive ] && [ "$state" != unknown ]; then
        # The daemon stops in order: watchdog disarmed, peer told. The VMs go on. A failed one is wanted, too.
        systemctl restart twonodeha || echo "twonodeha: the daemon did not start again: journalctl -u twonodeha" >&2
    elif [ ! -e /etc/twonodeha/ha.conf ]; then
        [ -e /etc/xensource-inventory ] || echo "twonodeha: no dom0 of XenServer or XCP-ng: nothing will be guarded here" >&2
        $here/firewall open || :
        echo "twonodeha: installed; nothing is started. Next: /etc/twonodeha/ha.conf and key, then"
        echo "           systemctl enable --now $units && ha-ctl check"
    fi
    return 0
}

# While HA is enabled the peer counts on this daemon: it would be alone with a host that nobody watches.
may_remove() {
    live && systemctl --quiet is-active twonodeha || return 0
    if timeout 10 $here/ha-ctl status --json 2>/dev/null | grep -q '"enabled":true'; then
        echo "twonodeha: HA is enabled; run 'ha-ctl disable' first, on one host, then remove" >&2
        return 1
    fi
}

removing() {
    live || return 0
    # shellcheck disable=SC2086 # words
    systemctl disable $units >/dev/null 2>&1 || :
    # shellcheck disable=SC2086 # words
    systemctl stop $units || :
    $here/firewall close || :
    return 0
}

case ${1:-} in
installed) installed ;;
may-remove) may_remove ;;
removing) removing ;;
*) echo "usage: scriptlet installed|may-remove|removing" >&2; exit 64 ;;
esac
