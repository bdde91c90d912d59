#!/usr/bin/env bash
# The published directory in an empty root: only /proc, /sys, /dev and the configuration there, as in a dom0 whose own
# C library is of no use, and with the system calls of its kernel only (4.19). Two daemons on loopback addresses of a network namespace of their own, and ha-ctl.
#
#   packaging/test-empty-root.sh [PUBLISHED]     without it, publish.sh is run first
set -uo pipefail

cd "$(dirname "$0")/.."
passed=0 failed=0
if [ "$(id -u)" != 0 ] || ! unshare --mount --net true 2>/dev/null; then
    echo "skip: needs root and namespaces"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi

work=$(mktemp -d)
holder=
cleanup() {
    # Everything runs in the namespaces that the holder keeps; its end ends them, and their mounts with them.
    [ -z "$holder" ] || { kill -9 "$holder"; wait "$holder"; } 2>/dev/null
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT

ok() { passed=$((passed + 1)); echo "ok   $1"; }
bad() { failed=$((failed + 1)); echo "FAIL $1"; }
that() { local what=$1; shift; if "$@"; then ok "$what"; else bad "$what"; fi; }

published=${1:-$work/published}
if [ $# = 0 ]; then
    packaging/publish.sh "$published" >"$work/publish.log" 2>&1 || { tail -n 20 "$work/publish.log"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
fi

root=$work/root
mkdir -p "$root"/{proc,sys,dev,opt,etc/twonodeha,tmp}
cp -a "$published" "$root/opt/twonodeha"
unshare --mount --net --pid --fork --kill-child sh -c "
    ip link set lo up 2>/dev/null
    mount -t proc proc '$root/proc' && mount --rbind /sys '$root/sys' && mount --rbind /dev '$root/dev' && touch '$work/ready'
    exec sleep 600" &
holder=$!
for _ in $(seq 50); do [ -e "$work/ready" ] && break; sleep 0.1; done
sleeper=$(pgrep -P "$holder" | head -n 1)
in_root() { nsenter --target "$sleeper" --mount --net --pid chroot "$root" /tmp/kernel-4.19 "$@"; }

# Stands for dom0's list_domains, which is not ours to ship: a program that prints what it would print. It brings the
# libraries of this machine, in a place that only it is told of.
mkdir -p "$root/tmp/lib"
cp /bin/cat "$root/tmp/cat"
ldd /bin/cat | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p' | xargs -I{} cp -L {} "$root/tmp/lib/"
loader=$(basename "$(ls "$root"/tmp/lib/ld-*)")
gcc -static -O1 -o "$root/tmp/kernel-4.19" packaging/kernel-4.19.c || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }
printf ' id |                                 uuid |  state\n  0 | 00000000-0000-0000-0000-000000000000 |     R \n' >"$root/tmp/domains"

for host in alpha beta; do
    cat >"$root/etc/twonodeha/$host.conf" <<CONF
profile = balanced
[host alpha]
uuid = 11111111-1111-4111-8111-111111111111
address = 127.0.0.1
[host beta]
uuid = 22222222-2222-4222-8222-222222222222
address = 127.0.0.2
[link mgmt]
alpha = 127.0.0.1
beta = 127.0.0.2
[gateway]
addresses = 127.0.0.3
[watchdog]
device = none
[paths]
key_file = /etc/twonodeha/key
state_directory = /var/lib/$host
run_directory = /tmp/$host
control_socket = /tmp/$host/control.sock
[tools]
list_domains = /tmp/lib/$loader --library-path /tmp/lib /tmp/cat /tmp/domains
CONF
done

version=$(in_root /opt/twonodeha/ha-ctl version 2>&1)
that "ha-ctl version: $version" test -n "$version"
in_root /opt/twonodeha/ha-ctl keygen --file /etc/twonodeha/key >"$work/keygen" 2>&1
that "ha-ctl keygen writes a key of mode 600" test "$(stat -c %a "$root/etc/twonodeha/key" 2>/dev/null)" = 600
in_root /opt/twonodeha/ha-ctl --config /etc/twonodeha/alpha.conf timeline >"$work/timeline" 2>&1
that "ha-ctl timeline" grep -qi "power" "$work/timeline"
in_root /opt/twonodeha/ha-ctl --config /etc/twonodeha/alpha.conf check >"$work/check" 2>&1
that "ha-ctl check, daemon down: findings, exit 5" test $? = 5

printf 'profile = warp\n' >"$root/etc/twonodeha/broken.conf"
in_root /opt/twonodeha/twonodehad --config /etc/twonodeha/broken.conf --self alpha >"$work/broken" 2>&1
that "a broken configuration ends with 78" test $? = 78
that "and names file and line" grep -q "broken.conf:1" "$work/broken"

for host in alpha beta; do
    in_root /opt/twonodeha/twonodehad --config "/etc/twonodeha/$host.conf" --self "$host" >"$work/$host.log" 2>&1 &
    started=$!
done
status() { in_root /opt/twonodeha/ha-ctl --config /etc/twonodeha/alpha.conf status "$@" 2>&1; }
heard=
for _ in $(seq 100); do
    status --json >"$work/status.json"
    grep -q '"acked_age_seconds":' "$work/status.json" && heard=yes
    [ -n "$heard" ] && grep -q '"gateway":"Healthy"' "$work/status.json" && break
    sleep 0.2
done
that "two daemons hear each other (authenticated heartbeats)" test -n "$heard"
that "the gateway is probed by ICMP" grep -q '"gateway":"Healthy"' "$work/status.json"
status >"$work/status.txt"
that "ha-ctl status shows the peer" grep -q beta "$work/status.txt"

daemon=
for pid in $(pgrep -x twonodehad); do
    if tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q beta.conf && [ "/proc/$pid/root" -ef "$root" ]; then daemon=$pid; fi
done
that "the daemon runs" test -n "$daemon"
foreign=$(awk '$6 ~ /\.so/ {print $6}' "/proc/${daemon:-0}/maps" 2>/dev/null | sort -u)
that "the daemon maps no library of anybody${foreign:+ (not: $foreign)}" test -z "$foreign"
echo "     resident memory of the daemon: $(sed -n 's/^VmRSS:[[:space:]]*//p' "/proc/$daemon/status")"

kill -TERM "$daemon"
(sleep 15; kill -KILL "$daemon") 2>/dev/null &
wait "$started"
code=$?
that "SIGTERM ends the daemon with 0 (it was $code)" test "$code" = 0

echo "     size of the directory: $(du -sh "$published" | cut -f1)"
if [ "$failed" -gt 0 ]; then tail -n 15 "$work"/*.log "$work/check" "$work/status.txt"; fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
