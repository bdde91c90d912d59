#!/usr/bin/env bash
# The package and the tarball in throw-away roots: made twice with the same bytes, installed, upgraded, downgraded, removed.
#
#   packaging/test-package.sh [PUBLISHED] [--rebuild]
#
#   PUBLISHED   a directory made by publish.sh; without it one is made
#   --rebuild   publish once more from the sources, and compare (minutes)
set -uo pipefail

cd "$(dirname "$0")/.."
passed=0 failed=0 skipped=0
finish() { echo "$passed passed, $failed failed, $skipped skipped"; [ "$failed" = 0 ]; exit $?; }
ok() { passed=$((passed + 1)); echo "ok   $1"; }
bad() { failed=$((failed + 1)); echo "FAIL $1"; }
that() { local what=$1; shift; if "$@"; then ok "$what"; else bad "$what"; fi; }
not() { ! "$@"; }

if [ "$(id -u)" != 0 ] || ! command -v rpmbuild >/dev/null; then
    echo "skip: needs root and rpm (apt-get install rpm)"
    skipped=1
    finish
fi
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT

published= rebuild=
for word in "$@"; do
    case $word in --rebuild) rebuild=yes ;; *) published=$word ;; esac
done
if [ -z "$published" ]; then
    published=$work/published
    packaging/publish.sh "$published" >"$work/log" 2>&1 || { tail -n 20 "$work/log"; failed=1; finish; }
fi

make() { PUBLISHED=$1 RELEASE=$2 packaging/build.sh "$work/$3" >"$work/log" 2>&1 || { tail -n 20 "$work/log"; bad "build $3"; finish; }; }
make "$published" 1 one
make "$published" 1 again
PAYLOAD=w1.xzdio make "$published" 2 two
rpm1=$(ls "$work"/one/*.rpm) rpm2=$(ls "$work"/two/*.rpm) tarball=$(ls "$work"/one/*.tar.xz)
same() { cmp "$work/one/$(basename "$1")" "$work/$2/$(basename "$1")"; }
that "RPM: two builds, the same bytes" same "$rpm1" again
that "tarball: two builds, the same bytes" same "$tarball" again
if [ -n "$rebuild" ]; then
    if packaging/publish.sh "$work/published-again" >"$work/log" 2>&1; then
        make "$work/published-again" 1 rebuilt
        that "RPM: from the sources once more, the same bytes" same "$rpm1" rebuilt
        that "tarball: from the sources once more, the same bytes" same "$tarball" rebuilt
    else
        tail -n 20 "$work/log"; bad "publish once more"
    fi
fi

# ---- What it says of itself -------------------------------------------------------------------------------------

needs=$(rpm -qp --requires "$rpm1" 2>/dev/null | sed 's/ .*//' | sort -u | tr '\n' ' ')
# All of them are known to rpm 4.11.
that "requires nothing of the host: $needs" \
    test "$needs" = "/bin/sh rpmlib(CompressedFileNames) rpmlib(FileDigests) rpmlib(PayloadFilesHavePrefix) rpmlib(PayloadIsXz) "
that "payload is xz" test "$(rpm -qp --qf '%{PAYLOADCOMPRESSOR}' "$rpm1" 2>/dev/null)" = xz
size=$(stat -c %s "$rpm1") installed=$(rpm -qp --qf '%{SIZE}' "$rpm1" 2>/dev/null)
that "RPM at most 10 MB: $size bytes" test "$size" -le 10000000
that "installed at most 30 MB: $installed bytes" test "$installed" -le 30000000
if command -v rpmlint >/dev/null; then
    rpmlint --config packaging/rpm/rpmlint.toml "$rpm1" >"$work/rpmlint" 2>&1 \
        && that "rpmlint" grep -q ' 0 errors, 0 warnings' "$work/rpmlint" || { bad rpmlint; cat "$work/rpmlint"; }
else
    skipped=$((skipped + 1)); echo "skip rpmlint: not here"
fi
that "ha-ctl is the daemon's file" test "$(readlink "$published/ha-ctl")" = twonodehad
that "the program is static" not grep -q INTERP <(readelf -lW "$published/twonodehad")
kernel=$(readelf -nW "$published/twonodehad" | sed -n 's/.*ABI: //p')
that "it runs from Linux ${kernel:-?} on" test "$(printf '%s\n4.19.0\n' "${kernel:-99}" | sort -V | head -n 1)" = "${kernel:-99}"

# ---- A root with a shell and nothing else -----------------------------------------------------------------------

new_root() {
    root=$work/root-$1
    mkdir -p "$root"/{bin,etc,usr/bin,proc,tmp,dev}
    cp -L "$(command -v dash)" "$root/bin/sh"
    ldd "$(command -v dash)" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p' | while read -r library; do
        install -D "$library" "$root$library"
    done
}
in_rpm() { rpm --root "$root" --nodeps "$@" >>"$work/log" 2>&1; }
release() { rpm --root "$root" -q --qf '%{RELEASE}' twonodeha 2>/dev/null; }
runs() { [[ $(chroot "$root" /opt/twonodeha/ha-ctl version 2>/dev/null) == "ha-ctl "* ]]; }
new_root rpm
that "install" in_rpm -i "$rpm1"
that "verified after installation" in_rpm -V twonodeha
that "ha-ctl runs in that root" runs
that "no unit is enabled" test -z "$(find "$root/etc/systemd" -name '*.wants' 2>/dev/null)"
that "no configuration is made: the daemon cannot start" not test -e "$root/etc/twonodeha/ha.conf"
that "/etc/twonodeha is for root only" test "$(stat -c %a "$root/etc/twonodeha")" = 700
echo "ipmi_watchdog" >"$root/etc/modules-load.d/twonodeha.conf"
echo "profile = fast" >"$root/etc/twonodeha/ha.conf"
echo key >"$root/etc/twonodeha/key"
mkdir -p "$root/var/lib/twonodeha" && echo state >"$root/var/lib/twonodeha/state"
kept() {
    grep -q ipmi "$root/etc/modules-load.d/twonodeha.conf" && grep -q fast "$root/etc/twonodeha/ha.conf" \
        && grep -q key "$root/etc/twonodeha/key" && grep -q state "$root/var/lib/twonodeha/state"
}
that "upgrade" in_rpm -U "$rpm2"
that "the next release is there" test "$(release)" = 2
that "configuration, key, state and the admin's watchdog driver are kept" kept
that "downgrade" in_rpm -U --oldpackage "$rpm1"
that "the former release is there" test "$(release)" = 1
that "all is kept" kept
# Releases before had two programs: ha-ctl is replaced by a link, and by a file again.
cp -a "$published" "$work/two-programs" && cp --remove-destination -L "$published/ha-ctl" "$work/two-programs/ha-ctl"
PAYLOAD=w1.xzdio make "$work/two-programs" 3 former
rpm3=$(ls "$work"/former/*.rpm)
that "to a release with two programs" in_rpm -U "$rpm3"
that "ha-ctl is a file, and runs" test ! -L "$root/opt/twonodeha/ha-ctl" -a -n "$(runs && echo yes)"
that "back to one" in_rpm -U --oldpackage "$rpm1"
that "ha-ctl is a link, and runs" test -L "$root/opt/twonodeha/ha-ctl" -a -n "$(runs && echo yes)"
changed=$(rpm --root "$root" --nodeps -V twonodeha 2>/dev/null | grep -v " c /")
that "verified, but for what the admin changed${changed:+: $changed}" test -z "$changed"
rm "$root/opt/twonodeha/twonodehad"
that "a half-finished installation is mended by installing again" in_rpm -U --force "$rpm1"
that "the daemon is back" test -x "$root/opt/twonodeha/twonodehad"
that "remove" in_rpm -e twonodeha
left=$(find "$root" \( -path '*twonodeha*' -o -name '*ha-ctl*' \) -not -path '*/lib/rpm/*' -type f | sed "s|$root||" | sort | tr '\n' ' ')
that "only what the admin made is left: $left" test "$left" = \
    "/etc/modules-load.d/twonodeha.conf.rpmsave /etc/twonodeha/ha.conf /etc/twonodeha/key /var/lib/twonodeha/state "

# ---- The tarball ------------------------------------------------------------------------------------------------

tar -C "$work" -xf "$tarball"
new_root tarball
setup() { DESTDIR=$root "$work"/twonodeha-*/install.sh "$@" >>"$work/log" 2>&1; }
that "tarball: install" setup
that "tarball: ha-ctl runs" runs
mkdir -p "$root/opt/twonodeha.new" && echo profile >"$root/etc/twonodeha/ha.conf"
that "tarball: again, over what a broken run left" setup
that "tarball: nothing of that run is left" not test -e "$root/opt/twonodeha.new"
that "tarball: remove" setup --remove
left=$(find "$root" \( -path '*twonodeha*' -o -name '*ha-ctl*' \) -type f | sed "s|$root||" | tr '\n' ' ')
that "tarball: only what the admin made is left: $left" test "$left" = "/etc/twonodeha/ha.conf "

# ---- Units and firewall -----------------------------------------------------------------------------------------

if command -v systemd-analyze >/dev/null; then
    new_root units
    in_rpm -i "$rpm1"
    mkdir -p "$root/usr/lib/systemd/system"
    cp -n /usr/lib/systemd/system/*.target /lib/systemd/system/*.target "$root/usr/lib/systemd/system/" 2>/dev/null
    install -m 755 "$(type -P true)" "$root/bin/true"
    said=$(systemd-analyze verify --man=no --root="$root" twonodeha.service twonodeha-guard.service twonodeha-shutdown.service 2>&1 | grep twonodeha)
    that "systemd-analyze verify${said:+: $said}" test -z "$said"
else
    skipped=$((skipped + 1)); echo "skip systemd-analyze: not here"
fi

printf '#!/bin/sh\necho "$@" >>"%s"\n' "$work/ports" >"$work/plugin"
chmod +x "$work/plugin"
printf '[host a]\naddress = 10.0.0.1\n[link m]\na = 10.0.0.1 # mgmt\nb = 10.0.0.2\n[link x]\nport = 7000\na = 10.1.0.1\nb = 10.1.0.2\n[link d]\ndisk = /x\n[link y]\na = [fd00::1]:7001\nb = 10.2.0.2:7002\n' >"$work/ha.conf"
firewall() { : >"$work/ports"; TWONODEHA_CONFIG=$work/ha.conf TWONODEHA_FIREWALL_PLUGIN=$work/plugin packaging/firewall.sh "$@" >"$work/said" 2>&1; }
opened() { firewall "${@:2}" && test "$(tr '\n' ';' <"$work/ports")" = "$1"; }
that "the ports of the links are opened by the platform's plugin" \
    opened "open 7000 udp;open 7001 udp;open 7002 udp;open 7757 udp;" open
that "a named port is closed" opened "close 9 udp;" close 9
that "nonsense is refused" not firewall open 7x
printf '#!/bin/sh\nexit 1\n' >"$work/plugin"
that "a plugin that fails is told" not firewall open
[ "$failed" = 0 ] || tail -n 20 "$work/log"
finish
