#!/usr/bin/env bash
# The model of the rights (docs/model.md): the rules as they are hold, and each former rule is found broken.
# Needs spin and gcc. Prints states and seconds of each search; ends 1 when one ends otherwise than it must.
set -uo pipefail
cd "$(dirname "$0")"
model=$PWD/rights.pml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wrong=0

for tool in spin gcc; do
    command -v "$tool" >/dev/null || { echo "check.sh: $tool is not installed (Debian packages: spin gcc)" >&2; exit 2; }
done

# build GCC-FLAG... -- MODEL-FLAG...
build() {
    local flags=()
    while [ "$1" != -- ]; do flags+=("$1"); shift; done
    shift
    rm -rf "${work:?}"/*
    (cd "$work" && spin -a "$@" "$model" && gcc -O2 -w -DSAFETY -DNOFAIR -DMEMLIM=3000 "${flags[@]}" -o pan pan.c) >"$work/build" 2>&1 \
        || { tail -n 5 "$work/build"; echo "check.sh: $* does not build" >&2; exit 2; }
}

# run SECONDS PAN-FLAG...: sets errors (empty when the search did not end), states, took.
run() {
    local seconds=$1 begun=$EPOCHREALTIME
    shift
    (cd "$work" && timeout "$seconds" ./pan "$@") >"$work/out" 2>&1
    took=$(awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
    errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' "$work/out" | tail -n 1)
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$work/out" | tail -n 1)
}

tell() { printf '%-8s %9s states %6s s  %s\n' "$1" "${states:-?}" "$took" "$2"; }

# Every state that can be reached: no error, and nothing left out.
holds() {
    build -DCOLLAPSE -- "$@"
    run 120 -m20000 -w24
    if [ "$errors" = 0 ] && ! grep -qE 'too small|not completed|out of memory|truncated' "$work/out"; then
        tell holds "$*"
    else
        tell FAILED "$*: the theorem does not hold, or the search did not end"
        grep -E '^(pan|error|warning)|assertion' "$work/out" | head -n 5
        wrong=1
    fi
}

# A former rule. Breadth first: the shortest story is found.
broken() {
    build -DBFS -- "$@"
    run 60 -w24
    if [ "$errors" = 1 ]; then tell broken "$*"; else tell FAILED "$*: this former rule is not found broken"; wrong=1; fi
}

# The same by search in a random order, again and again: quick where the stories are many. DEPTH MODEL-FLAG...
broken_somewhere() {
    local depth=$1 seed
    shift
    build -DBITSTATE -DT_RAND -DP_RAND -- "$@"
    for seed in 1 2 3 4 5 6 7 8 9 10; do
        run 6 "-m$depth" -w25 "-RS$seed"
        [ "$errors" = 1 ] && { tell broken "$*"; return; }
    done
    tell FAILED "$*: this former rule is not found broken"
    wrong=1
}

holds -DFAULTS=1 -DPROMISES=1
holds -DFAULTS=1 -DPROMISES=1 -DLONE_HOLD
holds -DFAULTS=2 -DPROMISES=1 -DONLY_PAUSES
broken_somewhere 300 -DFAULTS=3 -DPROMISES=1 -DOLD_R1
broken_somewhere 80 -DFAULTS=3 -DPROMISES=1 -DOLD_R2 -DONLY_PROMISES
broken -DFAULTS=3 -DPROMISES=1 -DOLD_R3 -DONLY_PAUSES -DONE_SIDED
broken_somewhere 100 -DFAULTS=3 -DPROMISES=1 -DOLD_R4 -DLONE_HOLD
broken -DFAULTS=3 -DPROMISES=1 -DOLD_R6 -DONLY_PAUSES -DONE_SIDED
broken_somewhere 100 -DFAULTS=3 -DPROMISES=1 -DOLD_R7
exit $wrong
