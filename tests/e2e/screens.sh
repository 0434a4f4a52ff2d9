#!/bin/sh
# Golden screens: tests/screens/NAME.screen is a case and its screens in one file. Its head has lines `what: value`:
# input (below tests/screens or tests/data), keys and options (their files are below tests/screens); then, for each size,
# a line `=== COLSxROWS` and what `swarmtop dump` prints at that size, with its messages and its exit status unless that is 0.
# GENERATE=1 rewrites the screens in place; then review the diff. A new case is a head and its `===` lines.
. "$SWARMTOP_TESTS/support/e2e.sh"

value() { sed -n "/^===/q; s/^$1: *//p" "$case_file"; }

dump() { # SIZE
    set -- --size "$1"
    keys=$(value keys)
    [ -n "$keys" ] && set -- "$@" --keys "$keys"
    # shellcheck disable=SC2046
    (cd "$SWARMTOP_TESTS/screens" && "$program" dump "$@" $(value options) "$input" 2>&1 </dev/null)
    status=$?
    [ $status -eq 0 ] || echo "exit status $status"
}

# The file as it should be: the head, and each screen again.
print_case() {
    sed '/^===/,$d' "$case_file"
    for size in $(sed -n 's/^=== *//p' "$case_file"); do
        echo "=== $size"
        dump "$size"
    done
}

ran=0 failed=0
for case_file in "$SWARMTOP_TESTS"/screens/*.screen; do
    input=$SWARMTOP_TESTS/screens/$(value input)
    [ -f "$input" ] || input=$(data "$(value input)") || fail "$case_file: no $(value input)"
    print_case >got
    ran=$((ran + $(grep -c '^===' got)))
    if [ -n "${GENERATE-}" ]; then
        cmp -s got "$case_file" || cp got "$case_file"
    elif ! diff -u "$case_file" got; then
        failed=$((failed + 1))
    fi
done
echo "$ran screens; $failed files differ from what dump prints (GENERATE=1 rewrites them)"
[ $ran -gt 0 ] && [ $failed -eq 0 ]
