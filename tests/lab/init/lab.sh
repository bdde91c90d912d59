# shellcheck shell=bash
# Two hosts with a real init: system containers on the network of `sim network`, each with a chassis that can cut its power
# and a watchdog that does. Sourced by run.sh.

readonly TREE_VERSION=2
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../../.." && pwd)
export LAB_ID=lab-$$-1
WORK=/tmp/tnh-init-$$
CACHE=${TWONODEHA_INIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/twonodeha}
SIM=$REPO/sim/bin/Release/net10.0

# The network is a process that obeys lines from a pipe; one caller at a time.
net() {
    kill -0 "$(cat "$WORK/net.pid" 2>/dev/null)" 2>/dev/null || return 1
    (
        flock 7
        echo "$*" >"$WORK/net.in"
        while read -r line; do
            case $line in
                ok) exit 0 ;;
                error:*) echo "$line" >&2; exit 1 ;;
                *) echo "$line" ;;
            esac
        done <"$WORK/net.out"
    ) 7>"$WORK/net.lock"
}

net_up() {
    rm -f "$WORK"/net.{in,out} "$WORK/spaces"
    mkfifo "$WORK/net.in" "$WORK/net.out"
    # Both ends of each: no end is reported while nobody else has it open.
    "$DOTNET/dotnet" "$SIM/sim.dll" network --spaces "$WORK/spaces" <>"$WORK/net.in" 1<>"$WORK/net.out" 2>"$WORK/net.log" &
    echo $! >"$WORK/net.pid"
    read -r line <"$WORK/net.out" && [ "$line" = ok ]
}

net_down() {
    local pid
    pid=$(cat "$WORK/net.pid" 2>/dev/null) || return 0
    kill -KILL "$pid" 2>/dev/null
    rm -f "$WORK/net.pid"
}

# Where the network namespace of a host is, as long as it has power.
space_of() { awk -v h="$1" '$1 == h && $3 { print $3 }' "$WORK/spaces"; }

# ---- What is made once ------------------------------------------------------------------------------------------

# Empty when this machine can do it, else the reason.
why_not() {
    local tool
    [ "$(id -u)" = 0 ] || { echo "not root"; return; }
    for tool in systemd-nspawn debootstrap rpmbuild nsenter flock pgrep dotnet; do
        command -v "$tool" >/dev/null || { echo "$tool is missing"; return; }
    done
    [ -e /dev/net/tun ] || { echo "/dev/net/tun is missing"; return; }
    cgroup_roots | grep -q . || echo "no control groups here that a container could have"
}

# The hierarchies in which a container's init needs a place of its own.
cgroup_roots() {
    awk '$3 == "cgroup2" || ($3 == "cgroup" && $4 ~ /name=systemd/) { print $2 }' /proc/self/mounts
}

mirror() {
    local found
    found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null \
        | sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\{0,1\}\(http[^ ]*\).*/\2/p' \
        | grep -E '/(debian|ubuntu)/?$' | head -n 1)
    echo "${found:-http://deb.debian.org/debian}"
}

# A small Debian: systemd as init, rpm for the package, and the libraries that the emulator's .NET opens. openssl stands for its library,
# whose package has another name in each release.
TREE=
make_tree() {
    local codename
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
    TREE=$CACHE/init-$codename-$TREE_VERSION
    mkdir -p "$CACHE"
    exec 9>"$CACHE/init.lock"
    flock 9
    if [ ! -d "$TREE" ]; then
        echo "making $TREE"
        rm -rf --one-file-system "$TREE.new"
        debootstrap --variant=minbase --include=systemd-sysv,iproute2,openssl,libstdc++6,rpm "$codename" "$TREE.new" \
            "$(mirror)" >"$WORK/debootstrap.log" 2>&1 || { tail -n 5 "$WORK/debootstrap.log"; exec 9>&-; return 1; }
        rm -rf "$TREE.new"/var/cache/apt/* "$TREE.new"/var/lib/apt/lists/* "$TREE.new"/usr/share/{doc,man,locale}
        mv "$TREE.new" "$TREE"
    fi
    exec 9>&-
}

# A dead process whose parent has not looked yet is gone too.
gone() { [ -z "$(tr -d '\0' 2>/dev/null <"/proc/$1/cmdline")" ]; } 2>/dev/null

# ---- A host -----------------------------------------------------------------------------------------------------

# A fresh disk: the tree, and what makes it an emulated host. The daemon is not on it; see the story `install`.
make_host() {
    local h=$1 root=$WORK/$1/root unit
    mkdir -p "$WORK/$h"/{root,upper,work,board}
    mount -t overlay overlay -o "lowerdir=$TREE,upperdir=$WORK/$h/upper,workdir=$WORK/$h/work" "$root" 2>/dev/null \
        || cp -a "$TREE/." "$root/"
    mkdir -p "$root"/{opt/dotnet,opt/emulator,srv/machine,srv/shared,srv/board,var/log/journal,etc/twonodeha}
    : >"$WORK/$h/ends"
    # Stands for /usr/libexec/xapi/fence.bin: the chassis hears it through a pipe, as a hypervisor does below dom0.
    mkfifo "$WORK/$h/board/fence.fifo"
    printf '#!/bin/sh\n[ "$1" = yesreally ] || exit 1\necho now >/srv/board/fence.fifo\nsleep 30\n' >"$WORK/$h/board/fence.bin"
    chmod +x "$WORK/$h/board/fence.bin"
    echo "$h" >"$root/etc/hostname"
    # A machine id, so that this is not a first boot, which would enable every unit of the tree.
    printf '%031x%x\n' 1 "$((16#$h))" >"$root/etc/machine-id"
    cp "$HERE"/units/*.service "$root/etc/systemd/system/"
    mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
    for unit in "$HERE"/units/*.service; do
        ln -sf "/etc/systemd/system/${unit##*/}" "$root/etc/systemd/system/multi-user.target.wants/"
    done
    # Of no use here; each would cost a second of the processor at every boot.
    for unit in systemd-logind.service dbus.service dbus.socket getty.target console-getty.service apt-daily.timer \
        apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer systemd-update-utmp.service; do
        ln -sf /dev/null "$root/etc/systemd/system/$unit"
    done
}

# New ones for each boot: one that has children cannot be joined again.
join_cgroup() {
    local root
    while read -r root; do
        mkdir -p "$root/$1"
        echo "$BASHPID" >"$root/$1/cgroup.procs"
    done < <(cgroup_roots)
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
}

# Whether a container is possible at all, with nothing in it; prints the first words of a refusal.
container_works() {
    (
        join_cgroup "$LAB_ID-probe"
        exec systemd-nspawn --quiet --register=no --keep-unit --machine="$LAB_ID-probe" --directory="$TREE" --read-only \
            --private-network --console=pipe /bin/true </dev/null
    ) 2>&1 | head -n 1
    return "${PIPESTATUS[0]}"
}

# Runs in place of the caller: the container of a host, in control groups of its own.
container() {
    local h=$1 boot=$2
    join_cgroup "$LAB_ID-$h-$boot"
    exec systemd-nspawn --quiet --boot --register=no --keep-unit --machine="$LAB_ID-$h" --hostname="$h" \
        --directory="$WORK/$h/root" --network-namespace-path="$(space_of "$h")" --console=pipe \
        --link-journal=no --resolv-conf=off --timezone=off \
        --bind-ro="$DOTNET:/opt/dotnet" --bind-ro="$SIM:/opt/emulator" \
        --bind="$WORK/shared:/srv/shared" --bind="$WORK/$h/board:/srv/board" \
        </dev/null >>"$WORK/$h/console.log" 2>&1
}

# The chassis: boots the host as long as its power button says so. How it went down is a line in the file `ends`.
chassis() {
    local h=$1 boot=0 dog box below who code
    # $$ is the run: a host does not outlive it.
    while [ ! -e "$WORK/$h/off" ] && ! gone "$$"; do
        boot=$((boot + 1))
        rm -f "$WORK/$h/board/watchdog.sock"
        "$DOTNET/dotnet" "$SIM/sim.dll" watchdog --socket "$WORK/$h/board/watchdog.sock" &
        dog=$!
        until [ -S "$WORK/$h/board/watchdog.sock" ]; do sleep 0.02; done
        net power "$h" on
        container "$h" "$boot" &
        box=$!
        echo "$box" >"$WORK/$h/box"
        (read -r _ <"$WORK/$h/board/fence.fifo") &
        below=$!
        code=0
        wait -n -p who "$box" "$dog" "$below" || code=$?
        if [ "$who" != "$box" ]; then
            cut_power "$h"
            [ "$who" = "$dog" ] && note_end "$h" watchdog || note_end "$h" hypervisor
            kill -KILL "$dog" "$below" 2>/dev/null
            wait "$box" 2>/dev/null
        else
            kill -KILL "$dog" "$below" 2>/dev/null
            if [ -e "$WORK/$h/off" ]; then
                note_end "$h" power
            elif [ "$code" = 0 ]; then
                note_end "$h" poweroff
                touch "$WORK/$h/off"
            elif [ "$code" = 133 ]; then
                note_end "$h" reboot
            else
                note_end "$h" "died ($code)"
            fi
        fi
        rm -f "$WORK/$h/box"
        wait "$dog" 2>/dev/null
        net power "$h" off
        [ -e "$WORK/$h/off" ] || sleep "$(boot_seconds)"
    done
}

# Longer than the survivor needs to see that the kernel of a host is silent (lease + one heartbeat); a real machine takes
# far longer than that.
boot_seconds() {
    case $PROFILE in fast) echo 4 ;; balanced) echo 8 ;; *) echo 30 ;; esac
}

note_end() { echo "$(date +%s.%3N) $2" >>"$WORK/$1/ends"; }

# The first process of the container; killing it kills all of the host in one go, and nothing that its kernel says meanwhile
# leaves it.
leader() {
    local box
    box=$(cat "$WORK/$1/box" 2>/dev/null) && pgrep -P "$box" 2>/dev/null | tail -n 1
}

cut_power() {
    local first
    net power "$1" cut
    first=$(leader "$1")
    [ -z "$first" ] || kill -KILL "$first" 2>/dev/null
}

power() {
    local h=$1 pid
    pid=$(cat "$WORK/$h/chassis" 2>/dev/null)
    if [ "$2" = off ]; then
        touch "$WORK/$h/off"
        cut_power "$h"
    fi
    # Not wait: it may be the child of an earlier story. A container that is just being made has no first process yet.
    while [ -n "$pid" ] && ! gone "$pid"; do
        [ "$2" = on ] || cut_power "$h"
        sleep 0.05
    done
    rm -f "$WORK/$h/chassis"
    if [ "$2" = on ]; then
        rm -f "$WORK/$h/off"
        chassis "$h" >>"$WORK/$h/chassis.log" 2>&1 &
        echo $! >"$WORK/$h/chassis"
    fi
}

on() {
    local h=$1 first
    shift
    first=$(leader "$h")
    [ -n "$first" ] || return 99
    nsenter --target "$first" --mount --uts --ipc --net --pid -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb "$@"
}

ctl() { local h=$1; shift; on "$h" /opt/twonodeha/ha-ctl "$@" 2>&1; }

# ---- All of it --------------------------------------------------------------------------------------------------

lab_up() {
    mkdir -p "$WORK/shared" "$WORK/truth"
    sed "s/@LAB@/$LAB_ID/" "$HERE/pool.json" >"$WORK/shared/pool.json"
    net_up
    : >"$WORK/truth/now"
    "$DOTNET/dotnet" "$SIM/sim.dll" truth --lab "$LAB_ID" --dir "$WORK/truth" --spaces "$WORK/spaces" &
    echo $! >"$WORK/truth.pid"
    make_host a
    make_host b
}

# The judge's last word, of each pair, is kept in the file `judged`.
end_truth() {
    local pid
    pid=$(cat "$WORK/truth.pid" 2>/dev/null) || return 0
    kill -TERM "$pid" 2>/dev/null
    until gone "$pid"; do sleep 0.05; done
    cat "$WORK/truth/summary" >>"$WORK/judged" 2>/dev/null
    rm -f "$WORK/truth.pid"
}

lab_down() {
    local h
    for h in a b; do
        [ ! -d "$WORK/$h" ] || power "$h" off
    done
    end_truth
    net_down
    for h in a b; do
        umount "$WORK/$h/root" 2>/dev/null
    done
    remove_cgroups "$LAB_ID"
    rm -rf --one-file-system "$WORK"/{a,b,shared,truth}
}

remove_cgroups() {
    local root group
    while read -r root; do
        for group in "$root/$1"-*; do
            [ -d "$group" ] && find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
        done
    done < <(cgroup_roots)
}

# What a killed run left: its first processes end with their chassis, its mounts and folders do not.
sweep() {
    local folder pid mount
    for folder in /tmp/tnh-init-*; do
        pid=${folder##*-}
        [ -d "$folder" ] && [ ! -d "/proc/$pid" ] || continue
        # By its words, since the number may belong to somebody else by now.
        pgrep -f "sim.dll (truth --lab lab-$pid-1|watchdog --socket $folder|network --spaces $folder)" | xargs -r kill -KILL
        for mount in "$folder"/*/root; do umount "$mount" 2>/dev/null; done
        remove_cgroups "lab-$pid-1"
        rm -rf --one-file-system "$folder"
    done
}
