#!/usr/bin/env bash
# The lab's network: two hosts, a switch, a gateway, every cable a veth pair between network namespaces.
#
# Nothing is made in the namespace of the caller, so the addresses (documentation ranges, RFC 5737) never meet the
# network of the machine, and deleting the four namespaces deletes all of it.
#
#   <id>-a, <id>-b   the hosts      eth0 192.0.2.11 / .12, cross 198.51.100.11 / .12
#   <id>-gw          the gateway    eth0 192.0.2.1
#   <id>-sw          the switch     bridge br0 with ports a, b, gw; the crossover cable is bridge br1 with ports xa, xb
#
# An id is lab-PID-N: PID is the process that answers for the lab, and `sweep` removes labs whose PID is gone.
set -euo pipefail

readonly PROGRAM=${0##*/} SELF=$0
readonly MGMT=192.0.2 CROSS=198.51.100
ID=${LAB_ID:-lab-hand}

usage() {
    cat <<USAGE
usage: $PROGRAM [--id ID] VERB

  up [--crossover]     make the network
  down                 remove it, and kill what still runs in it
  cut a|b|gw|cross     pull a cable: both ends lose carrier
  plug a|b|gw|cross    plug it in again
  drop FROM>TO         drop everything that TO receives from FROM (a, b or gw), also ARP; the other direction works
  undrop [FROM>TO]     end one such drop, or all
  power a|b off|on     the interfaces of a host go down as without power: its kernel answers nobody
  gateway off|on       the gateway stays plugged in and answers nothing, or answers again
  exec a|b|gw CMD...   run a command in a namespace
  status               cables, drops and gateway, one line each
  namespaces           the network namespace of each host as /proc/PID/ns/net names it
  probe                say whether this system allows a lab; exit 0 or 3 with the reason
  enter CMD...         run a command as root of a new user namespace, where a lab needs no privilege
  sweep                remove labs whose creator is gone

ID is lab-PID-N, or lab-hand (default; never swept). LAB_ID in the environment does the same.
USAGE
}

fail() {
    echo "$PROGRAM: $*" >&2
    exit "${CODE:-1}"
}

ns() { printf '%s-%s' "$ID" "$1"; }

exists() { [ -e "/run/netns/$(ns sw)" ]; }

need_lab() { exists || CODE=4 fail "no lab '$ID' here; make it with: $PROGRAM --id $ID up"; }

# Fixed hardware addresses, so that a drop can name its sender below IP, where ARP is dropped too.
mac() {
    case $1 in
        a) echo 02:00:00:00:00:0a ;;
        b) echo 02:00:00:00:00:0b ;;
        gw) echo 02:00:00:00:00:01 ;;
        xa) echo 02:00:00:00:01:0a ;;
        xb) echo 02:00:00:00:01:0b ;;
    esac
}

# cable HOST INTERFACE PORT BRIDGE ADDRESS; the port is named after the cable. The words "name" and "dev" are needed:
# "a" alone would be read as an abbreviation of "address".
cable() {
    ip -n "$(ns sw)" link add name "$3" type veth peer name "$2" netns "$(ns "$1")"
    ip -n "$(ns sw)" link set dev "$3" master "$4" up
    ip -n "$(ns "$1")" link set dev "$2" address "$(mac "$3")" up
    ip -n "$(ns "$1")" address add "$5" dev "$2"
}

bridge_up() {
    ip -n "$(ns sw)" link add name "$1" type bridge stp_state 0 mcast_snooping 0
    ip -n "$(ns sw)" link set dev "$1" up
}

up() {
    local crossover=${1:-}
    exists && fail "lab '$ID' is up already"
    trap down ERR
    local n
    for n in a b gw sw; do
        ip netns add "$(ns "$n")"
        ip -n "$(ns "$n")" link set dev lo up
    done
    bridge_up br0
    cable a eth0 a br0 $MGMT.11/24
    cable b eth0 b br0 $MGMT.12/24
    cable gw eth0 gw br0 $MGMT.1/24
    for n in a b; do
        ip -n "$(ns "$n")" route add default via $MGMT.1
    done
    # A bridge between the ends of the crossover cable: pulling it takes the carrier of both, and both stay
    # administratively up, as with a real cable. A plain veth pair could only be set down at one end.
    if [ "$crossover" = --crossover ]; then
        bridge_up br1
        cable a cross xa br1 $CROSS.11/24
        cable b cross xb br1 $CROSS.12/24
    fi
    trap - ERR
}

down() {
    trap - ERR
    local n pids
    for n in a b gw sw; do
        [ -e "/run/netns/$(ns "$n")" ] || continue
        pids=$(ip netns pids "$(ns "$n")" 2>/dev/null || true)
        # shellcheck disable=SC2086 # a list of pids
        [ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
        ip netns delete "$(ns "$n")" || true
    done
}

ports() {
    case $1 in
        a | b | gw) echo "$1" ;;
        cross) echo xa xb ;;
        *) fail "no cable '$1': a, b, gw or cross" ;;
    esac
}

# The switch side goes down, so the host side stays up and loses its carrier.
set_cable() {
    need_lab
    local port list
    list=$(ports "$1")
    for port in $list; do
        ip -n "$(ns sw)" link set dev "$port" "$2" 2>/dev/null || fail "lab '$ID' has no cable '$1'"
    done
}

senders() {
    case $1 in
        a) echo "$(mac a), $(mac xa)" ;;
        b) echo "$(mac b), $(mac xb)" ;;
        gw) mac gw ;;
        *) fail "no sender '$1': a, b or gw" ;;
    esac
}

in_ns() { ip netns exec "$(ns "$1")" "${@:2}"; }

# A namespace outlives the processes of a host, and its kernel would go on answering pings for a dead host: a false sign
# of life. The host's own side of the cables goes down, so a pulled cable stays pulled across a power cycle. What the
# host itself had set up in its kernel (rules, neighbours) does not survive either; the lab's own drops do.
power() {
    need_lab
    local table family
    case $1 in a | b) ;; *) fail "no host '$1': a or b" ;; esac
    case $2 in
        off)
            power_interfaces "$1" down
            while read -r _ family table; do
                in_ns "$1" nft delete table "$family" "$table"
            done < <(in_ns "$1" nft list tables | grep -v ' lab_')
            ip -n "$(ns "$1")" neighbour flush all
            ;;
        on)
            power_interfaces "$1" up
            ip -n "$(ns "$1")" route replace default via $MGMT.1
            ;;
        *) fail "power $1 off or on" ;;
    esac
}

power_interfaces() {
    local device
    for device in eth0 cross; do
        ip -n "$(ns "$1")" link show dev "$device" >/dev/null 2>&1 || continue
        ip -n "$(ns "$1")" link set dev "$device" "$2"
    done
}

# One table per direction, in the receiver's namespace, at the first hook a frame meets.
drop() {
    need_lab
    local from=${1%%>*} to=${1##*>} devices=eth0 macs
    case $1 in *'>'*) ;; *) fail "which direction? for example: drop 'a>b'" ;; esac
    case $to in a | b | gw) ;; *) fail "no receiver '$to': a, b or gw" ;; esac
    macs=$(senders "$from")
    ip -n "$(ns "$to")" link show dev cross >/dev/null 2>&1 && devices="eth0, cross"
    in_ns "$to" nft -f - <<NFT
table netdev lab_from_$from
delete table netdev lab_from_$from
table netdev lab_from_$from {
    chain in {
        type filter hook ingress devices = { $devices } priority 0;
        ether saddr { $macs } counter drop
    }
}
NFT
}

undrop() {
    need_lab
    local from to
    for to in a b gw; do
        for from in a b gw; do
            [ -z "${1:-}" ] || [ "$1" = "$from>$to" ] || continue
            in_ns "$to" nft delete table netdev "lab_from_$from" 2>/dev/null || true
        done
    done
}

gateway() {
    need_lab
    case $1 in
        off) in_ns gw nft -f - <<'NFT' ;;
table netdev lab_silent
delete table netdev lab_silent
table netdev lab_silent {
    chain in { type filter hook ingress device eth0 priority 0; counter drop; }
}
NFT
        on) in_ns gw nft delete table netdev lab_silent 2>/dev/null || true ;;
        *) fail "gateway off or on" ;;
    esac
}

status() {
    need_lab
    local port to
    for port in a b gw xa xb; do
        ip -n "$(ns sw)" -o link show dev "$port" >/dev/null 2>&1 || continue
        if ip -n "$(ns sw)" -o link show dev "$port" | grep -q '[<,]UP[,>]'; then
            echo "cable $port: plugged"
        else
            echo "cable $port: cut"
        fi
    done
    for to in a b gw; do
        in_ns "$to" nft list tables netdev 2>/dev/null | sed -n "s/^table netdev lab_from_\(.*\)/drop \1>$to/p"
    done
    if in_ns gw nft list tables netdev | grep -q lab_silent; then echo "gateway: off"; else echo "gateway: on"; fi
}

namespaces() {
    need_lab
    local n
    for n in a b; do
        echo "$n net:[$(stat -Lc %i "/run/netns/$(ns "$n")")]"
    done
}

# All that a lab does, tried once; a system refuses in many ways, and its own first words are the best reason.
probe() {
    local tool why
    for tool in ip nft ping unshare; do
        command -v "$tool" >/dev/null || CODE=3 fail "'$tool' is missing; tests/lab/install.sh installs it"
    done
    export LAB_ID=lab-$$-probe
    ID=$LAB_ID
    if why=$(bash -euc '
        "$0" up --crossover
        "$0" drop "a>b"
        "$0" gateway off
        "$0" cut a
        "$0" exec a unshare --pid --fork --kill-child --mount-proc true' "$SELF" 2>&1); then
        down
        echo "a lab is possible here"
    else
        down
        CODE=3 fail "namespaces are not allowed here: ${why%%$'\n'*}" \
            "(needs root, or: $PROGRAM enter COMMAND)"
    fi
}

# /run is covered by a tmpfs of the new mount namespace, because /run/netns belongs to the real root. mount needs sysfs
# of the new network namespace, or `ip netns exec` cannot mount its own.
enter() {
    [ $# -gt 0 ] || fail "enter what?"
    exec unshare --user --map-root-user --net --mount --pid --fork --kill-child --mount-proc \
        sh -c 'mount -t tmpfs tmpfs /run && exec "$@"' enter "$@"
}

sweep() {
    local file id pid
    for file in /run/netns/lab-*-sw /run/netns/lab-*-a; do
        [ -e "$file" ] || continue
        id=${file##*/}
        id=${id%-*}
        pid=${id#lab-}
        pid=${pid%%-*}
        case $pid in '' | *[!0-9]*) continue ;; esac
        [ -d "/proc/$pid" ] && continue
        echo "removing $id: its creator $pid is gone"
        ID=$id down
    done
}

main() {
    while [ "${1:-}" = --id ]; do
        ID=${2:?"--id needs a value"}
        shift 2
    done
    case $ID in lab-?*) ;; *) fail "an id starts with 'lab-': '$ID'" ;; esac
    local verb=${1:-help}
    [ $# -eq 0 ] || shift
    case $verb in
        up) up "${1:-}" ;;
        down | status | namespaces | probe | sweep) "$verb" ;;
        cut) set_cable "${1:?which cable?}" down ;;
        plug) set_cable "${1:?which cable?}" up ;;
        drop) drop "${1:?which direction?}" ;;
        undrop) undrop "${1:-}" ;;
        power) power "${1:?which host?}" "${2:?off or on?}" ;;
        gateway) gateway "${1:?off or on?}" ;;
        exec) need_lab && ip netns exec "$(ns "${1:?where?}")" "${@:2}" ;;
        enter) enter "$@" ;;
        help | -h | --help) usage ;;
        *) usage >&2; CODE=2 fail "no verb '$verb'" ;;
    esac
}

main "$@"
