#!/usr/bin/env bash
# What the daemon costs a host, beside others that watch a peer: two nodes of each, idle and paired, in network namespaces.
#
#   packaging/footprint.sh PUBLISHED [SECONDS]      SECONDS to measure over (default 60)
#
# Needs root. Beside them: corosync+pacemaker and keepalived where they are installed (Debian: corosync, pacemaker, pacemaker-cli-utils,
# keepalived), and the emulated toolstack of this repository where it is built (dotnet build sim -c Release): with it HA is enabled and
# the two daemons are paired, 4 VMs; without it they are disabled and hear each other, which the table says. Figures are of one node: all
# of its processes, and for CPU those that they started and waited for: user and system time over the measured seconds, in percent of
# one core. Nothing is left behind.
set -uo pipefail

cd "$(dirname "$0")/.."
[ $# -ge 1 ] && [ -x "$1/twonodehad" ] || { echo "usage: packaging/footprint.sh PUBLISHED [SECONDS]" >&2; exit 64; }
published=$(cd "$1" && pwd)
seconds=${2:-60}
work=$(mktemp -d)
id=fp$$
pids=
cleanup() {
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null
    for n in 1 2 3; do ip netns pids "$id-$n" 2>/dev/null | xargs -r kill -KILL; ip netns delete "$id-$n" 2>/dev/null; done
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT

ip netns add "$id-1" && ip netns add "$id-2" || exit 1
ip link add "$id-a" netns "$id-1" type veth peer name "$id-b" netns "$id-2"
ip -n "$id-1" addr add 10.9.9.1/24 dev "$id-a"
ip -n "$id-2" addr add 10.9.9.2/24 dev "$id-b"
for n in 1 2; do ip -n "$id-$n" link set lo up; done
# The gateway: an address that stays, on the first node's side.
ip -n "$id-1" addr add 10.9.9.3/24 dev "$id-a"
ip -n "$id-1" link set "$id-a" up
ip -n "$id-2" link set "$id-b" up

# A node: its network, and run and state directories of its own.
node() {
    local n=$1
    shift
    ip netns exec "$id-$n" unshare --mount --uts --ipc sh -c '
        hostname "node$0"; mount --make-rprivate /
        for d in /run /var/lib /var/log /dev/shm; do mount -t tmpfs tmpfs $d; done
        exec "$@"' "$n" "$@" >"$work/log-$n" 2>&1 &
    pids="$pids $!"
    disown
}
all() { ip netns pids "$id-2" | sort -un; }
clock=$(getconf CLK_TCK)
# Clock ticks of the processes themselves, and of those that they started and waited for.
ticks() { for p in $(all); do awk '{ sub(/.*\) /, ""); print $12 + $13, $14 + $15 }' "/proc/$p/stat" 2>/dev/null; done | awk '{ s += $1; c += $2 } END { print s + 0, c + 0 }'; }
sum() { for p in $(all); do sed -n "s/^$1:[[:space:]]*\([0-9]*\).*/\1/p" "/proc/$p/$2" 2>/dev/null; done | awk '{ s += $1 } END { printf "%.1f", s / 1024 }'; }
threads() { for p in $(all); do ls "/proc/$p/task"; done 2>/dev/null | wc -l; }
row() {
    local name=$1 disk=$2 files=$3 ready=$4 own children own0 children0
    read -r own0 children0 < <(ticks)
    sleep "$seconds"
    read -r own children < <(ticks)
    awk -v name="$name" -v disk="$disk" -v files="$files" -v ready="$ready" -v own=$((own - own0)) -v children=$((children - children0)) -v clock="$clock" \
        -v seconds="$seconds" -v rss="$(sum VmRSS status)" -v pss="$(sum Pss smaps_rollup)" -v private="$(awk -v c="$(sum Private_Clean smaps_rollup)" -v d="$(sum Private_Dirty smaps_rollup)" 'BEGIN { printf "%.1f", c + d }')" -v threads="$(threads)" -v procs="$(all | wc -l)" \
        'BEGIN { printf "| %s | %s | %s | %s | %s | %s | %s | %.2f + %.2f | %s in %s |\n", name, disk, files, ready, rss, pss, private, 100 * own / clock / seconds, 100 * children / clock / seconds, threads, procs }'
}
stop() {
    for n in 1 2; do ip netns pids "$id-$n" | xargs -r kill -KILL; done
    pids=
    sleep 1
}
until_true() { local end=$((SECONDS + 60)); until "$@" >/dev/null 2>&1; do [ "$SECONDS" -lt "$end" ] || return 1; sleep 0.02; done; }
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f s", b - a }'; }

echo "| one node, paired and idle | disk, MB | files | start to heard | RSS, MiB | PSS, MiB | private, MiB | CPU, % of a core: own + tools | threads |"
echo "|---|---|---|---|---|---|---|---|---|"

mkdir -p "$work/etc"
head -c 32 /dev/urandom >"$work/etc/key"
chmod 600 "$work/etc/key"
printf '#!/bin/sh\necho " id | uuid | state"\necho "  0 | 00000000-0000-0000-0000-000000000000 | R"\n' >"$work/etc/list"
chmod +x "$work/etc/list"
# The toolstacks of both hosts, in a network of their own beside the measured nodes.
sim=$PWD/sim/bin/Release/net10.0/sim pool=
if [ -x "$sim" ]; then
    pool=$work/pool
    mkdir -p "$pool/shared"
    vm() { printf '{"name":"vm%s","memory_mib":512,"running_on":"%s","ha_restart_priority":"restart"}' "$1" "$2"; }
    printf '{"lab_id":"%s","pool_name":"footprint","root_password":"-","pool_secret":"-","hosts":[%s,%s],"vms":[%s,%s,%s,%s]}' "$id" \
        '{"name":"a","address":"10.8.8.1","port":8080,"memory_mib":16384}' '{"name":"b","address":"10.8.8.2","port":8080,"memory_mib":16384}' \
        "$(vm 1 a)" "$(vm 2 a)" "$(vm 3 b)" "$(vm 4 b)" >"$pool/pool.json"
    ip netns add "$id-3" && ip -n "$id-3" link set lo up
    for host in a b; do
        ip -n "$id-3" addr add "10.8.8.$([ $host = a ] && echo 1 || echo 2)/32" dev lo
        ip netns exec "$id-3" "$sim" node --name $host --dir "$pool/$host" --shared "$pool/shared" --config "$pool/pool.json" >"$pool/$host.log" 2>&1 &
        disown
    done
    for host in a b; do
        until_true test -e "$pool/$host/init-complete.cookie" || { echo "footprint: the emulated pool does not come up" >&2; tail "$pool"/*.log >&2; exit 1; }
    done
fi
uuid() { [ -n "$pool" ] && sed -n "s/^INSTALLATION_UUID='\\(.*\\)'/\\1/p" "$pool/$1/xensource-inventory" || echo "$2"; }
for n in 1 2; do
    host=$([ $n = 1 ] && echo a || echo b)
    cat >"$work/etc/ha-$n.conf" <<CONF
profile = balanced
[host node1]
uuid = $(uuid a 11111111-1111-4111-8111-111111111111)
address = 10.8.8.1
[host node2]
uuid = $(uuid b 22222222-2222-4222-8222-222222222222)
address = 10.8.8.2
[link mgmt]
node1 = 10.9.9.1
node2 = 10.9.9.2
[gateway]
addresses = 10.9.9.3
[policy]
protect = all
[watchdog]
device = none
[paths]
key_file = $work/etc/key
CONF
    if [ -n "$pool" ]; then
        cat >>"$work/etc/ha-$n.conf" <<CONF
xapi_socket = $pool/$host/xapi.sock
pool_role_file = $pool/$host/pool.conf
init_complete_cookie = $pool/$host/init-complete.cookie
[tools]
list_domains = $pool/$host/bin/list_domains
list_backends = $pool/$host/bin/xenstore-ls -f /local/domain/0/backend
CONF
    else
        printf '[tools]\nlist_domains = %s\n' "$work/etc/list" >>"$work/etc/ha-$n.conf"
    fi
done
# As its unit starts it.
export DOTNET_GCgen0size=80000
node 1 "$published/twonodehad" --config "$work/etc/ha-1.conf" --self node1
sleep 1
began=$EPOCHREALTIME
node 2 "$published/twonodehad" --config "$work/etc/ha-2.conf" --self node2
inside() { nsenter --target "$(all | head -n 1)" --mount --net "$@"; }
ctl() { inside "$published/ha-ctl" --config "$work/etc/ha-2.conf" "$@"; }
heard() { ctl status --json | grep -q '"acked_age_seconds":'; }
until_true heard || { echo "footprint: the two daemons do not hear each other" >&2; tail "$work"/log-*; exit 1; }
ready=$(since "$began")
state="disabled, no toolstack"
paired() { ctl status --json | grep -q '"state":"Paired"'; }
if [ -n "$pool" ]; then
    until_true ctl enable || { ctl enable; ctl status; exit 1; } >&2
    until_true paired || { echo "footprint: no pair" >&2; ctl status >&2; exit 1; }
    state=paired
fi
# The first minute is first readings; a daemon runs for months.
sleep "${WARM:-30}"
# Calls on the unix socket of a toolstack so far, one "METHOD COUNT" a line.
calls() { "$sim" bmc --socket "$pool/$1/bmc.sock" status | grep -o '"calls":{[^}]*}' | grep -oE '"[A-Za-z_.]+":[0-9]+' | tr -d '"' | tr : ' ' | sort; }
[ -z "$pool" ] || for host in a b; do calls $host >"$work/calls-$host"; done
read -r bytes files < <(find "$published/twonodehad" "$published/ha-ctl" -type f -printf '%s\n' | awk '{ s += $1 } END { print s, NR }')
row "twonodeha, $state" "$(awk -v b=$bytes 'BEGIN { printf "%.1f", b / 1e6 }')" "$files" "$ready"
asked=
[ -z "$pool" ] || for host in a b; do
    asked="$asked $host $(calls $host | join -a 1 -e 0 -o 1.1,1.2,2.2 - "$work/calls-$host" | awk -v s="$seconds" '$2 > $3 { n += $2 - $3; how = how " " $1 " " $2 - $3 } END { printf "%.1f (%s),", 60 * n / s, substr(how, 2) }')"
done
began=$EPOCHREALTIME
for _ in 1 2 3 4 5 6 7 8 9 10; do ctl status >/dev/null; done
answer=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f ms", (b - a) * 100 }')
stop

# Installed bytes and files of packages and of the libraries that they bring, documentation aside.
weight() { dpkg -L "$@" | grep -v /usr/share/ | sort -u | while read -r f; do [ -f "$f" ] && [ ! -L "$f" ] && stat -c %s "$f"; done | awk '{ s += $1; n++ } END { printf "%.1f %d", s / 1e6, n }'; }

if command -v corosync >/dev/null && command -v pacemakerd >/dev/null; then
    cat >"$work/etc/corosync.conf" <<'CONF'
totem {
    version: 2
    cluster_name: fp
    transport: udpu
    crypto_cipher: none
    crypto_hash: none
}
nodelist {
    node {
        ring0_addr: 10.9.9.1
        nodeid: 1
        name: node1
    }
    node {
        ring0_addr: 10.9.9.2
        nodeid: 2
        name: node2
    }
}
quorum {
    provider: corosync_votequorum
    two_node: 1
}
logging {
    to_stderr: yes
    to_syslog: no
}
CONF
    start='install -d -o hacluster -g haclient -m 750 /var/lib/pacemaker /var/lib/pacemaker/cib /var/lib/pacemaker/pengine /var/lib/pacemaker/cores /var/lib/pacemaker/blackbox /var/log/pacemaker; mkdir -p /var/lib/corosync
        corosync -c "$0" -f & sleep 2; exec pacemakerd -f'
    node 1 sh -c "$start" "$work/etc/corosync.conf"
    began=$EPOCHREALTIME
    node 2 sh -c "$start" "$work/etc/corosync.conf"
    joined() { inside crm_mon -1 | grep -q 'Online: \[ node1 node2 \]'; }
    if until_true joined; then
        ready=$(since "$began")
        sleep 10
        read -r disk files < <(weight corosync pacemaker pacemaker-common pacemaker-cli-utils pacemaker-resource-agents $(dpkg-query -W -f '${Package} ' 'libcorosync*' 'libcrm*' 'libcib*' 'libcpg*' 'libquorum*' 'libknet*' 'libqb*' 'libpe-*' 'libpacemaker*' 'liblrmd*' 'libstonithd*' 'libcfg7*' 'libcmap*' 'libvotequorum*' 2>/dev/null))
        row "corosync + pacemaker" "$disk" "$files" "$ready"
    else
        echo "| corosync + pacemaker | did not form here | | | | | | | |"; tail -n 5 "$work"/log-* >&2
    fi
    stop
fi

if command -v keepalived >/dev/null; then
    for n in 1 2; do
        dev=$id-$([ $n = 1 ] && echo a || echo b)
        printf 'vrrp_instance v {\n state BACKUP\n interface %s\n virtual_router_id 51\n priority %d\n advert_int 1\n virtual_ipaddress {\n 10.9.9.9/24\n }\n}\n' "$dev" $((90 + n)) >"$work/etc/keepalived-$n.conf"
        [ $n = 1 ] || began=$EPOCHREALTIME
        node $n keepalived -n -l -D -f "$work/etc/keepalived-$n.conf" -p "/run/k.pid" -r "/run/v.pid"
    done
    entered() { grep -qE 'Entering (MASTER|BACKUP)' "$work/log-2"; }
    if until_true entered; then
        ready=$(since "$began")
        sleep 5
        read -r disk files < <(weight keepalived)
        row "keepalived" "$disk" "$files" "$ready"
    else
        echo "| keepalived | did not start here | | | | | | | |"
    fi
    stop
fi
echo
[ -z "$asked" ] || echo "XAPI calls a minute, by host (in $seconds s):${asked%,}."
echo "ha-ctl status: $answer (mean of 10). $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg), over $seconds s, $(date -u +%F)."
