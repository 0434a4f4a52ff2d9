#!/bin/sh
# Golden screens: tests/screens/NAME.case is an input, a size, keys and options; NAME.txt is the screen that
# `swarmtop dump` prints for it, with its messages and its exit status where that is not 0.
# GENERATE=1 rewrites the screens; then review the diff.
# A case is lines `what: value`: input (below tests/, or below the shared directory), size, keys, options, and
# sizes, which makes a screen NAME-SIZE.txt for each.
set -u
tests=${SWARMTOP_TESTS:-$(cd "$(dirname "$0")/.." && pwd)}
program=${SWARMTOP_PROGRAM:-$tests/../build/swarmtop}
shared=${SWARMTOP_SHARED-}
export TZ=UTC LC_ALL=C.UTF-8
got=$(mktemp) || exit 1
trap 'rm -f "$got"' EXIT
ran=0 failed=0 absent=0

value() { sed -n "s/^$1: *//p" "$case_file"; }

dump() { # SIZE: the screen to $got
    set -- --size "$1"
    keys=$(value keys)
    [ -n "$keys" ] && set -- "$@" --keys "$keys"
    # shellcheck disable=SC2046
    set -- "$@" $(value options) "$input"
    "$program" dump "$@" >"$got" 2>&1 </dev/null
    status=$?
    [ $status -eq 0 ] || echo "exit status $status" >>"$got"
}

check() { # SIZE SCREEN
    dump "$1"
    ran=$((ran + 1))
    if [ -n "${GENERATE-}" ]; then
        cmp -s "$got" "$2" || cp "$got" "$2"
    elif ! diff -u "$2" "$got"; then
        failed=$((failed + 1))
        echo "--- $2 is not what dump prints (GENERATE=1 rewrites it)"
    fi
}

for case_file in "$tests"/screens/*.case; do
    name=${case_file%.case}
    input=$(value input)
    if [ -f "$tests/$input" ]; then
        input=$tests/$input
    elif [ -n "$shared" ] && [ -f "$shared/$input" ]; then
        input=$shared/$input
    else
        echo "$(basename "$name"): no $input"
        absent=$((absent + 1))
        continue
    fi
    for size in $(value size); do check "$size" "$name.txt"; done
    for size in $(value sizes); do check "$size" "$name-$size.txt"; done
done

echo "$ran screens, $failed differ, $absent without their input"
[ $ran -gt 0 ] || exit 77
[ $failed -eq 0 ]
