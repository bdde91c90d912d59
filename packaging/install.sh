#!/bin/sh
# Installs TwoNodeHa from its tarball, or removes it. For a dom0 with rpm the package is the better way.
#
#   ./install.sh               installs, or replaces another version; a running daemon is restarted in order
#   ./install.sh --remove      removes all but /etc/twonodeha and /var/lib/twonodeha
#
#   DESTDIR=/root              another root; then nothing is started or stopped
#
# HA is as enabled or disabled as before; a first installation enables and starts nothing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=${DESTDIR:-}
units="twonodeha twonodeha-guard twonodeha-shutdown"
[ "$(id -u)" = 0 ] || { echo "install.sh: run it as root" >&2; exit 1; }
live() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

remove() {
    if live; then
        /opt/twonodeha/scriptlet may-remove
        # shellcheck disable=SC2086 # words
        systemctl disable --now $units >/dev/null 2>&1 || :
        /opt/twonodeha/firewall close || :
    fi
    for unit in $units; do rm -f "$root/usr/lib/systemd/system/$unit.service"; done
    rm -f "$root/usr/lib/tmpfiles.d/twonodeha.conf" "$root/etc/modules-load.d/twonodeha.conf" "$root/usr/bin/ha-ctl" \
        "$root/etc/xapi.d/plugins/twonodeha" \
        "$root/usr/share/bash-completion/completions/ha-ctl" "$root/usr/share/man/man8/ha-ctl.8" \
        "$root/usr/share/man/man8/twonodehad.8"
    rm -rf "$root/opt/twonodeha"
    ! live || systemctl daemon-reload
    echo "removed; /etc/twonodeha and /var/lib/twonodeha are kept"
}

case ${1:-} in
--remove) [ -e "$root/opt/twonodeha" ] || { echo "install.sh: nothing to remove" >&2; exit 1; }; remove; exit 0 ;;
'') ;;
*) echo "usage: install.sh [--remove]" >&2; exit 64 ;;
esac

# Beside the old files, then in their place: a half-finished run leaves the old version whole, and the next run finishes.
new=$root/opt/twonodeha.new
rm -rf "$new" "$root/opt/twonodeha.old"
mkdir -p "$new"
cp -R "$here"/. "$new/"
[ ! -e "$root/opt/twonodeha" ] || mv "$root/opt/twonodeha" "$root/opt/twonodeha.old"
mv "$new" "$root/opt/twonodeha"
rm -rf "$root/opt/twonodeha.old"
put() { mkdir -p "$root/${2%/*}"; cp "$here/$1" "$root/$2.new" && chmod 644 "$root/$2.new" && mv "$root/$2.new" "$root/$2"; }
for unit in $units; do put "systemd/$unit.service" "usr/lib/systemd/system/$unit.service"; done
put boot/twonodeha-tmpfiles.conf usr/lib/tmpfiles.d/twonodeha.conf
[ -e "$root/etc/modules-load.d/twonodeha.conf" ] || put boot/twonodeha-modules.conf etc/modules-load.d/twonodeha.conf
put completions/ha-ctl.bash usr/share/bash-completion/completions/ha-ctl
put man/ha-ctl.8 usr/share/man/man8/ha-ctl.8
put man/twonodehad.8 usr/share/man/man8/twonodehad.8
put xapi/twonodeha etc/xapi.d/plugins/twonodeha
chmod 755 "$root/etc/xapi.d/plugins/twonodeha"
mkdir -p "$root/usr/bin" "$root/etc/twonodeha"
chmod 700 "$root/etc/twonodeha"
ln -sf /opt/twonodeha/ha-ctl "$root/usr/bin/ha-ctl"
! live || /opt/twonodeha/scriptlet installed
