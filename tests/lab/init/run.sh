#!/usr/bin/env bash
# The lab with a real init: two system containers, systemd in each, the daemon under its real unit file.
#
#   tests/lab/init/run.sh [STORY...]      all stories, or the named ones; --list names them
#
#   TWONODEHA_INIT_CACHE       where the containers' tree is kept (default: below the user's cache folder)
#   TWONODEHA_INIT_PUBLISHED   a directory made by packaging/publish.sh; without it one is made
#   TWONODEHA_INIT_PROFILE     timing profile of the daemons (default: fast)
#   TWONODEHA_LAB_PATIENCE     factor on every ceiling of a wait, for slow machines
set -uo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
. "$(dirname "${BASH_SOURCE[0]}")/stories.sh"

PROFILE=${TWONODEHA_INIT_PROFILE:-fast}
PUBLISHED=${TWONODEHA_INIT_PUBLISHED:-}
DOTNET=$(dirname "$(readlink -f "$(command -v dotnet)")")
passed=0 failed=0 skipped=0
count_all() { echo "$passed passed, $failed failed, $skipped skipped"; }

[ "${1:-}" != --list ] || { printf '%s\n' "${STORIES[@]}"; exit 0; }
wanted=("$@")
[ $# -gt 0 ] || wanted=("${STORIES[@]}")
for story in "${wanted[@]}"; do
    declare -F "story_${story//-/_}" >/dev/null || { echo "run.sh: no story '$story'; --list names them" >&2; exit 2; }
done

skip_all() { echo "skip: $1"; skipped=${#wanted[@]}; count_all; exit 0; }
reason=$(why_not)
[ -z "$reason" ] || skip_all "$reason"

sweep
mkdir -p "$WORK"
STORY=
finish() {
    trap - EXIT INT TERM HUP
    [ -z "$STORY" ] || kill -KILL "$STORY" 2>/dev/null
    lab_down
    rm -rf --one-file-system "$WORK"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

make_tree || skip_all "no tree for the containers could be made"
reason=$(container_works) || skip_all "a container cannot be started here: $reason"
if [ -z "$PUBLISHED" ]; then
    PUBLISHED=$WORK/published
    bash "$REPO/packaging/publish.sh" "$PUBLISHED" >"$WORK/publish.log" 2>&1 \
        || { tail -n 20 "$WORK/publish.log"; failed=1; count_all; exit 1; }
fi
make_packages >"$WORK/packages.log" 2>&1 || { tail -n 20 "$WORK/packages.log"; failed=1; count_all; exit 1; }
dotnet build "$REPO/sim" -c Release --nologo -v quiet >"$WORK/build.log" 2>&1 \
    || { tail -n 20 "$WORK/build.log"; failed=1; count_all; exit 1; }

keep_logs() {
    local target=$REPO/artifacts/lab/init-$1 h
    mkdir -p "$target"
    cp "$WORK"/truth/* "$target/" 2>/dev/null
    for h in a b; do
        mkdir -p "$target/$h"
        cp "$WORK/$h"/{ends,console.log,chassis.log} "$WORK/$h/root/srv/machine/node.log" "$target/$h/" 2>/dev/null
        journalctl --directory "$WORK/$h/root/var/log/journal" -o short-precise >"$target/$h/journal" 2>/dev/null
    done
    echo "     logs: $target"
}

# In the background and waited for, so that a signal to this shell is obeyed at once.
for story in "${wanted[@]}"; do
    echo "=== $story"
    STARTED=$EPOCHREALTIME
    ("story_${story//-/_}") &
    STORY=$!
    if wait "$STORY" && no_doubles; then
        passed=$((passed + 1))
        echo "ok   $story ($(since | cut -d. -f1) s)"
    else
        failed=$((failed + 1))
        echo "FAIL $story"
        no_doubles || sed 's/^/     /' "$WORK/truth/doubles"
        keep_logs "$story"
        # The next story begins with a pair of its own.
        lab_down
    fi
    STORY=
done

end_truth
awk '{ samples += $1; if ($5 > gap) gap = $5; changes += $7; doubles += $9 }
    END { printf "judge: %d samples of both hosts, longest gap %d ms, %d starts and stops, %d doubles; %d s in all\n",
        samples, gap, changes, doubles, seconds
        if (gap > 500) print "FAIL VOID: two samples were more than 500 ms apart, a double run would fit between them"
        exit doubles > 0 || gap > 500 }' seconds="$SECONDS" "$WORK/judged" || failed=$((failed + 1))
count_all
[ "$failed" = 0 ]
