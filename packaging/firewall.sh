#!/bin/sh
# Opens or closes the UDP ports of the heartbeats on this host, in the platform's way and for good.
#
#   firewall open|close [PORT...]      without PORT: those of the configuration, else 7757
#
# XenServer 8, XCP-ng 8: the toolstack's plugin, which also keeps the rules over a reboot. XCP-ng 9: firewalld.
set -u

config=${TWONODEHA_CONFIG:-/etc/twonodeha/ha.conf}
plugin=${TWONODEHA_FIREWALL_PLUGIN:-/etc/xapi.d/plugins/firewall-port}
usage() { echo "usage: firewall open|close [PORT...]" >&2; exit 64; }

[ $# -ge 1 ] || usage
verb=$1
shift
case $verb in open | close) ;; *) usage ;; esac
for port in "$@"; do
    case $port in '' | *[!0-9]*) echo "firewall: '$port' is not a port" >&2; exit 64 ;; esac
done

# Of each [link]: its port, and the ports that its two ends name themselves.
ports_of() {
    sed 's/[[:space:]]*#.*//' "$1" | awk '
        /^[[:space:]]*\[/ { if (link && !named) print 7757; link = $0 ~ /^[[:space:]]*\[link[[:space:]]/; named = 0; next }
        !link { next }
        /^[[:space:]]*disk[[:space:]]*=/ { named = 1 }
        /^[[:space:]]*port[[:space:]]*=/ { sub(/.*=[[:space:]]*/, ""); print; named = 1; next }
        match($0, /(\]|\.[0-9]+):[0-9]+[[:space:]]*$/) { sub(/.*:/, ""); print $1 }
        END { if (link && !named) print 7757 }' | sort -un
}
if [ $# -eq 0 ]; then
    found=$([ -r "$config" ] && ports_of "$config")
    # shellcheck disable=SC2086 # words
    set -- ${found:-7757}
fi

failed=0
for port in "$@"; do
    if command -v firewall-cmd >/dev/null 2>&1 && firewall-cmd --state >/dev/null 2>&1; then
        [ "$verb" = open ] && what=--add-port || what=--remove-port
        firewall-cmd --quiet --permanent "$what=$port/udp" && firewall-cmd --quiet "$what=$port/udp"
    elif [ -x "$plugin" ]; then
        timeout 30 "$plugin" "$verb" "$port" udp >/dev/null
    else
        echo "firewall: neither firewalld nor $plugin here: $verb UDP port $port by hand if a firewall is active" >&2
        continue
    fi || { echo "firewall: UDP port $port could not be set to $verb" >&2; failed=1; continue; }
    echo "firewall: UDP port $port: $verb"
done
exit $failed
