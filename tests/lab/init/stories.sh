# shellcheck shell=bash
# One function per story. A story begins with a pair as new: a is master, both paired, each VM where it began. What it
# demands is a fact: processes of VMs, the state that ha-ctl tells, the journal, how a chassis saw its host end.

readonly STORIES=(install daemon-killed daemon-restarted daemon-frozen-master daemon-frozen-slave power-off-master
    power-off-slave boot-unplugged upgrade remove broken-version broken-version-slave broken-version-crash reset reset-without-tool reboot-master reboot-slave
    poweroff-master poweroff-slave rolling-update)

# ---- Facts ------------------------------------------------------------------------------------------------------

status() { on "$1" /opt/twonodeha/ha-ctl status --json --timeout 2 2>/dev/null; }
# The first of a name: the host's own, before those of its peer.
field() { status "$1" | grep -o "\"$2\":[^,}]*" | head -n 1 | cut -d: -f2 | tr -d '"'; }
is() { [ "$(field "$1" "$2")" = "$3" ]; }
state_of() { field "$1" state; }
vms() { sed -n "s/^$1 //p" "$WORK/truth/now"; }
count() { vms "$1" | wc -w; }
running() { echo $(($(count a) + $(count b))); }
all_run() { [ "$(running)" = 4 ]; }
all_on() { [ "$(count "$1")" = 4 ]; }
where() { tr '\n' ';' <"$WORK/truth/now"; }
moves() { wc -l <"$WORK/truth/changes" 2>/dev/null || echo 0; }
no_doubles() { [ ! -s "$WORK/truth/doubles" ]; }
toolstacks_ready() { is a toolstack ready && is b toolstack ready; }
paired() {
    local h text
    for h in a b; do
        text=$(status "$h")
        [[ $text == *'"state":"Paired"'* && $text == *'"protected":true'* ]] || return 1
    done
}
as_new() {
    [ -e "$WORK/truth.pid" ] && no_doubles && [ "$(vms a)" = "vm1 vm3" ] && [ "$(vms b)" = "vm2 vm4" ] && is a role master && paired
}
daemon_pid() { on "$1" systemctl show --property MainPID --value twonodeha; }
unit_state() { on "$1" systemctl show --property "$2" --value "${3:-twonodeha}"; }
last_end() { tail -n 1 "$WORK/$1/ends" 2>/dev/null | cut -d' ' -f2-; }
ended() { [ "$(ends "$1")" -gt "$2" ]; }
ends() { wc -l <"$WORK/$1/ends"; }
other() { [ "$1" = a ] && echo b || echo a; }

# ---- Demands ----------------------------------------------------------------------------------------------------

# A demand that fails ends its story, which runs in a shell of its own.
fail() {
    echo "     FAILED: $*"
    echo "     seen: VMs $(where) states a=$(state_of a) b=$(state_of b)"
    exit 1
}
say() { printf '     %5.1f s  %s\n' "$(since)" "$*"; }
since() { awk -v a="$STARTED" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }'; }
that() { local what=$1; shift; "$@" || fail "$what"; say "$what"; }

# soon SECONDS WHAT COMMAND...: the ceiling only bounds a failure, so a slow machine may stretch it.
soon() {
    local bound=$1 what=$2 begin=$SECONDS
    shift 2
    bound=$((bound * ${TWONODEHA_LAB_PATIENCE:-1}))
    until "$@"; do
        [ $((SECONDS - begin)) -le "$bound" ] || fail "not within $bound s: $what"
        no_doubles || fail "a VM ran on both: $(tail -n 1 "$WORK/truth/doubles")"
        sleep 0.2
    done
    say "$what"
}

# still SECONDS WHAT COMMAND...
still() {
    local bound=$1 what=$2 end=$((SECONDS + $1))
    shift 2
    while [ "$SECONDS" -lt "$end" ]; do
        "$@" || fail "no longer so: $what"
        sleep 0.3
    done
    say "$what"
}

unmoved() { [ "$(moves)" = "$1" ]; }
not_moved() { that "nothing moved" unmoved "$1"; }

# ---- A pair -----------------------------------------------------------------------------------------------------

install_on() {
    local root=$WORK/$1/root
    mkdir -p "$root/srv/packages"
    cp "$WORK"/packages/*.rpm "$root/srv/packages/"
    on "$1" rpm -i --nodeps /srv/packages/good.rpm || fail "rpm -i on $1"
    sed "s/@PROFILE@/$PROFILE/" "$HERE/ha.conf" >"$root/etc/twonodeha/ha.conf"
}

# good: release 1; next: release 2; broken: release 3, whose daemon cannot start.
make_packages() {
    local kind release=0 from
    mkdir -p "$WORK/packages"
    # ha-ctl is whole, and a file of its own, as in packages before there was one file for both.
    cp -a "$PUBLISHED" "$WORK/broken" && mv -T "$WORK/broken/twonodehad" "$WORK/broken/ha-ctl" && cp /bin/false "$WORK/broken/twonodehad" || return 1
    for kind in good next broken; do
        release=$((release + 1))
        from=$PUBLISHED
        [ "$kind" != broken ] || from=$WORK/broken
        PUBLISHED=$from RELEASE=$release PAYLOAD=w1.xzdio bash "$REPO/packaging/build.sh" "$WORK/dist-$kind" || return 1
        mv "$WORK/dist-$kind"/*.rpm "$WORK/packages/$kind.rpm"
        rm -rf "$WORK/dist-$kind"
    done
    rm -rf "$WORK/broken"
}

new_pair() {
    [ ! -d "$WORK/a" ] || lab_down
    lab_up || fail "no network"
    power a on
    power b on
    local h
    for h in a b; do
        soon 30 "$h is up" unit_is "$h" xapi active
        # A reset that the kernel of this machine would obey: never with this lab.
        on "$h" sh -c '! [ -w /proc/sysrq-trigger ]' || fail "sysrq of this machine can be reached from the container"
    done
    soon 20 "the VMs run" all_run
}

unit_is() { [ "$(on "$1" systemctl is-active "$2" 2>/dev/null)" = "$3" ]; }

enable_pair() {
    local h
    for h in a b; do install_on "$h"; done
    ctl a keygen >/dev/null || fail "keygen"
    cp -p "$WORK/a/root/etc/twonodeha/key" "$WORK/b/root/etc/twonodeha/key"
    for h in a b; do
        that "$h: the package enabled and started nothing" test "$(on "$h" systemctl is-active twonodeha)" = inactive
        on "$h" systemctl enable --now twonodeha-guard twonodeha-shutdown twonodeha >/dev/null 2>&1 || fail "systemctl enable --now twonodeha-guard twonodeha on $h"
    done
    soon 30 "both daemons see their toolstacks" toolstacks_ready
    # 4: accepted, the other host has not confirmed it yet.
    local code=0 text
    text=$(ctl a enable) || code=$?
    [ "$code" = 0 ] || [ "$code" = 4 ] || fail "ha-ctl enable: exit $code: $text"
    soon 40 "both hosts are paired" paired
}

story_begins() { as_new || { new_pair && enable_pair; }; }

# The pair comes together again after a takeover; VMs are not moved back.
rejoins() {
    local h=$1
    soon 60 "$h is a slave and both are paired" rejoined "$h"
    that "all VMs run, each once" all_run
}
rejoined() { is "$1" role slave && paired; }

# ---- Stories ----------------------------------------------------------------------------------------------------

story_install() {
    new_pair
    local before
    before=$(moves)
    enable_pair
    not_moved "$before"
    local h
    for h in a b; do
        that "$h: the unit is enabled" test "$(on "$h" systemctl is-enabled twonodeha)" = enabled
        that "$h: systemd knows no word of the unit that it ignores" quiet_unit "$h"
        that "$h: the key is for root only" test "$(on "$h" stat -c %a /etc/twonodeha/key)" = 600
        that "$h: no start limit" test "$(unit_state "$h" StartLimitIntervalUSec)" = 0
    done
}
quiet_unit() { ! on "$1" journalctl --boot --quiet -o cat _PID=1 | grep -E 'twonodeha.service:[0-9]+'; }

story_daemon_killed() {
    story_begins
    local before h old
    before=$(moves)
    for h in a b; do
        old=$(daemon_pid "$h")
        on "$h" sh -c "kill -KILL $old"
        soon 5 "$h: systemd started the daemon again" another_daemon "$h" "$old"
        still 8 "$h: nothing moves" unmoved "$before"
        soon 20 "both are paired" paired
    done
    not_moved "$before"
    that "no host ended" test "$(ends a)$(ends b)" = 00
}
another_daemon() { local new; new=$(daemon_pid "$1"); [ -n "$new" ] && [ "$new" != 0 ] && [ "$new" != "$2" ]; }

story_daemon_restarted() {
    story_begins
    local before h
    before=$(moves)
    for h in a b; do
        on "$h" systemctl restart twonodeha || fail "systemctl restart"
        say "$h: restarted"
        still 8 "$h: nothing moves" unmoved "$before"
        soon 20 "both are paired" paired
    done
    that "no host ended" test "$(ends a)$(ends b)" = 00
}

frozen() {
    local h=$1 o before
    o=$(other "$h")
    story_begins
    before=$(ends "$h")
    on "$h" systemctl kill --signal=STOP --kill-who=main twonodeha
    say "$h: the daemon is frozen"
    soon 20 "$h: the watchdog ended the host" ended "$h" "$before"
    that "$h: it was the watchdog" test "$(last_end "$h")" = watchdog
    soon 30 "all VMs run on $o" all_on "$o"
    rejoins "$h"
}
story_daemon_frozen_master() { frozen a; }
story_daemon_frozen_slave() { frozen b; }

off_and_on() {
    local h=$1 o
    o=$(other "$h")
    story_begins
    power "$h" off
    say "$h: no power"
    soon 30 "all VMs run on $o" all_on "$o"
    that "$o is master" is "$o" role master
    power "$h" on
    rejoins "$h"
    that "its VMs stay where they are" all_on "$o"
}
story_power_off_master() { off_and_on a; }
story_power_off_slave() { off_and_on b; }

story_boot_unplugged() {
    story_begins
    power a off
    soon 30 "all VMs run on b" all_on b
    net cut a
    power a on
    soon 30 "a booted without its cable, the daemon speaks" answers a
    still 20 "nothing runs on a" test_count a 0
    that "all VMs run on b" all_on b
    net plug a
    say "a: plugged in"
    rejoins a
    that "its VMs stay where they are" all_on b
}
answers() { [ -n "$(state_of "$1")" ]; }
test_count() { [ "$(count "$1")" = "$2" ]; }

# The package's own scriptlets restart the daemon; it runs from the old file until then.
replace_files() {
    local h=$1 kind=$2
    shift 2
    on "$h" rpm -U --nodeps --oldpackage "$@" "/srv/packages/$kind.rpm" || fail "rpm -U $kind on $h"
}

story_upgrade() {
    story_begins
    local before h
    before=$(moves)
    for h in b a; do
        replace_files "$h" next
        say "$h: next release"
        soon 20 "both are paired" paired
        that "$h runs from the new file" test "$(exe_of "$h")" = /opt/twonodeha/twonodehad
    done
    for h in a b; do
        replace_files "$h" good
        say "$h: former release again"
        soon 20 "both are paired" paired
        that "$h runs from the new file" test "$(exe_of "$h")" = /opt/twonodeha/twonodehad
    done
    still 5 "nothing moves" unmoved "$before"
    that "no host ended" test "$(ends a)$(ends b)" = 00
}
# The peer counts on a host with HA enabled: its package stays. Taken off in order, nothing is left that could end a host.
story_remove() {
    story_begins
    local before h
    before=$(moves)
    if on a rpm -e twonodeha 2>"$WORK/a/said"; then fail "HA is enabled, and the package was removed"; fi
    that "a: refused, with the way out" grep -q "ha-ctl disable" "$WORK/a/said"
    that "a: the daemon still runs" unit_is a twonodeha active
    ctl a disable --wait 20 >/dev/null || fail "ha-ctl disable"
    for h in a b; do
        on "$h" rpm -e twonodeha 2>/dev/null || fail "rpm -e on $h"
        that "$h: no daemon, no program" test -z "$(on "$h" sh -c 'grep -ls twonodehad /proc/[0-9]*/comm; ls /opt/twonodeha 2>/dev/null')"
        that "$h: configuration and state are kept" on "$h" sh -c '[ -e /etc/twonodeha/key ] && [ -e /var/lib/twonodeha/state ]'
    done
    still 12 "nothing moves" unmoved "$before"
    that "no host ended" test "$(ends a)$(ends b)" = 00
}

exe_of() { on "$1" readlink "/proc/$(daemon_pid "$1")/exe"; }

# A restart is a stop in order: the peer was told and holds still, the watchdog is disarmed, so the VMs go on, unprotected,
# until the files are right. systemd tries all the while.
broken() {
    local h=$1 o before
    o=$(other "$h")
    story_begins
    before=$(moves)
    replace_files "$h" broken
    say "$h: restarted into a version that cannot start"
    soon 10 "$o holds still" is "$o" state Holding
    still 20 "nothing moves" unmoved "$before"
    that "systemd goes on trying" test "$(unit_state "$h" NRestarts)" -gt 50
    that "no host ended" test "$(ends a)$(ends b)" = 00
    replace_files "$h" good
    say "$h: good files"
    soon 30 "both are paired" paired
    not_moved "$before"
}
story_broken_version() { broken a; }
story_broken_version_slave() { broken b; }

# The same files, but the old daemon dies without a word: the watchdog stays armed, and nobody feeds it.
story_broken_version_crash() {
    story_begins
    local old
    old=$(daemon_pid a)
    replace_files a broken --noscripts
    on a sh -c "kill -KILL $old"
    say "a: the daemon died, the files cannot start another"
    soon 20 "a: the host ended" ended a 0
    that "a: it was the watchdog" test "$(last_end a)" = watchdog
    soon 30 "all VMs run on b" all_on b
    soon 30 "a booted" unit_is a xapi active
    still 15 "nothing runs on a, which has no daemon" test_count a 0
    replace_files a good
    say "a: good files"
    rejoins a
    that "its VMs stay where they are" all_on b
}

# A fence that cannot be verified: the last resort, from below dom0, or where that tool is missing by reboot(2).
story_reset() { reset_by hypervisor; }
story_reset_without_tool() { story_begins; on a rm /srv/board/fence.bin; reset_by reboot; }
reset_by() {
    story_begins
    on a touch "/srv/machine/refuse-kill/$(vm_uuid vm1)"
    net cut a
    say "a: unplugged, and vm1 cannot be destroyed"
    soon 20 "a: the host ended" ended a 0
    that "a: by the $1, before the watchdog" test "$(last_end a)" = "$1"
    soon 30 "all VMs run on b" all_on b
    still 5 "nothing runs on a" test_count a 0
    net plug a
    rejoins a
}
vm_uuid() { on a sh -c "grep -l name=$1 /srv/machine/domains/* | xargs sed -n s/uuid=//p"; }

# Seconds from the end of the last VM on one host to the first one that runs on the other.
gap() {
    awk -v from="$1" -v to="$2" '{ split($1, t, ":"); at = t[1] * 3600 + t[2] * 60 + t[3] }
        $3 == "stops" && $5 == from { stop = at; start = 0 }
        $3 == "starts" && $5 == to && stop && !start { start = at }
        END { printf "%.2f s", start - stop }' "$WORK/truth/changes"
}

# Orderly, and without disabling HA first: the other host has the VMs before this one is back.
leaves() {
    local h=$1 verb=$2 o before
    o=$(other "$h")
    story_begins
    before=$(ends "$h")
    on "$h" systemctl "$verb" 2>/dev/null
    say "$h: systemctl $verb"
    soon 60 "all VMs run on $o" all_on "$o"
    say "$(gap "$h" "$o") from the last VM on $h to the first on $o"
    soon 60 "$h: the host is down" ended "$h" "$before"
    that "$h: in order" test "$(last_end "$h")" = "$verb"
    [ "$verb" = reboot ] || power "$h" on
    soon 60 "both are paired" paired
    that "$o: is master" is "$o" role master
    that "the VMs stay on $o" all_on "$o"
    say "VMs $(where)"
}
story_reboot_master() { leaves a reboot; }
story_reboot_slave() { leaves b reboot; }
story_poweroff_master() { leaves a poweroff; }
story_poweroff_slave() { leaves b poweroff; }

# A new release of the platform on both hosts as administrators bring it, the master first, which stays master through its reboot.
# HA is enabled and each VM runs all the time, on one host or the other, while both hosts have something to do.
story_rolling_update() {
    story_begins
    local h
    for h in a b; do
        on "$h" sh -c 'nice -n 19 sh -c "while :; do :; done" & echo $! >/srv/load'
        that "$h: the old release runs" updated "$h" 0
    done
    enabled_all_along &
    # Not local: the trap runs when the function is left.
    WATCHER=$!
    trap 'kill "$WATCHER" 2>/dev/null' EXIT
    updates a --keep-master
    that "a is master, and of the new release" of_new_release a master
    that "b is slave, and of the old one" of_old_release b
    updates b
    that "b is slave, and of the new release" of_new_release b slave
    soon 60 "the pool is on the new release, and covered" both_new
    kill "$WATCHER" 2>/dev/null || fail "HA was not enabled on both all the time: $(cat "$WORK/not-enabled")"
    that "HA was enabled all the time, on whichever host was up" test ! -s "$WORK/not-enabled"
    that "nothing was taken over, nobody fenced what ran: $(absence)" no_vm_stopped
    that "both hosts ended once, by their reboot" test "$(cut -d' ' -f2- "$WORK"/{a,b}/ends | tr '\n' ' ')" = "reboot reboot "
    say "VMs $(where)"
}
bmc() { local h=$1; shift; on "$h" env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 /opt/dotnet/dotnet /opt/emulator/sim.dll bmc --socket /srv/machine/bmc.sock "$@"; }
updated() { [[ $(bmc "$1" status 2>/dev/null) == *"\"updates\":$2,"* ]]; }
of_new_release() { updated "$1" 1 && is "$1" role "$2"; }
of_old_release() { updated "$1" 0 && is "$1" role slave; }
both_new() { of_new_release a master && of_new_release b slave && paired; }

maintained() {
    local h=$1 code=0
    shift
    ctl "$h" maintenance on --wait 60 "$@" >"$WORK/$h/said" || code=$?
    [ "$code" = 0 ] || [[ $(cat "$WORK/$h/said") == *"is disabled in XAPI"* ]] || fail "maintenance on $h: exit $code: $(cat "$WORK/$h/said")"
    return "$code"
}

# Maintenance, update, reboot, and back.
updates() {
    local h=$1 o before
    shift
    o=$(other "$h")
    before=$(ends "$h")
    # Enabled a moment ago, the other host may still be disabled in what this one has read of the database.
    soon 15 "$h is emptied" maintained "$h" "$@"
    # The judge may have looked in the moment of a switch, in which a VM is on neither host.
    soon 5 "$h is in maintenance, all VMs run on $o" all_on "$o"
    bmc "$h" update >/dev/null || fail "update of $h"
    on "$h" systemctl reboot 2>/dev/null
    say "$h: updated, systemctl reboot"
    soon 60 "$h: the host is down" ended "$h" "$before"
    soon 60 "$h: is back, of the new release" updated "$h" 1
    soon 60 "$h: its toolstack is ready" is "$h" toolstack ready
    ctl "$h" maintenance off --wait 60 >"$WORK/$h/said" || fail "maintenance off: $(cat "$WORK/$h/said")"
    that "both are paired" paired
    that "all VMs run, each once" all_run
}

# A status that says "disabled" from a daemon that answers; a host that reboots says nothing.
enabled_all_along() {
    : >"$WORK/not-enabled"
    while :; do
        for h in a b; do
            ! is "$h" enabled false || echo "$h at $(date +%T.%3N)" >>"$WORK/not-enabled"
        done
        sleep 0.3
    done
}

# The longest time for which a VM ran on neither host, by the judge: a live migration has its moment of that, a start takes longer.
absence() {
    awk '{ split($1, t, ":"); at = t[1] * 3600 + t[2] * 60 + t[3] }
        $3 == "starts" { if (on[$2] == 0 && ($2 in gone) && at - gone[$2] > most) most = at - gone[$2]; on[$2]++ }
        $3 == "stops" { on[$2]--; if (on[$2] == 0) gone[$2] = at }
        END { for (vm in on) if (on[vm] == 0) most = 999; printf "%.2f s", most }' "$WORK/truth/changes"
}
no_vm_stopped() {
    awk -v most="$(absence)" 'BEGIN { exit !(most + 0 < 0.5) }' \
        && ! grep -hE '"(vm_start|power_state_reset)"' "$WORK"/{a,b}/root/srv/machine/node.log
}
