#!/bin/sh
# run.sh TEST...: runs test programs (cmocka) and scripts (*.sh), some at a time, each in a world of its
# own: no stdin, an empty TMPDIR that is also HOME, no settings of the person who runs it.
# Prints a line as each test ends, then the output of those that failed; the last line is `N passed, N failed`.
# Called by `make test`.
#
# TEST_UNDER runs test programs, but not scripts, by another one (valgrind).
# A process of a test may use TEST_CPU seconds of processor time. The limit on the clock is far above that: it ends
# a test that hangs, on a machine however busy.
#
# A test sees: SWARMTOP_PROGRAM (and SWARMTOP) the program, SWARMTOP_TESTS this directory,
# SWARMTOP_CHECK_DOCUMENT the checker of documents (tests/e2e/check_document.c).
# A script ends with 0: passed, 77: skipped (its last line says why), else: failed.
set -u
exec </dev/null

tests=$(cd "$(dirname "$0")" && pwd)
cpu_seconds=${TEST_CPU:-120}
seconds=${TEST_SECONDS:-$((cpu_seconds * 8))}
build=${BUILD:-build}

# --- one test: leaves NAME.log and NAME.count ("passed failed skipped") in $RESULTS

run_one() {
    name=$(basename "$1" .sh)
    log=$RESULTS/$name.log
    TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/swarmtop.XXXXXX") || exit 1
    HOME=$TMPDIR TMP=$TMPDIR TMUX_TMPDIR=$TMPDIR TZ=UTC LC_ALL=C.UTF-8 TERM=xterm-256color
    SWARMTOP_OTLP=off # its ports are fixed
    export TMPDIR HOME TMP TMUX_TMPDIR TZ LC_ALL TERM SWARMTOP_OTLP
    for variable in $(env | sed -nE 's/^((XDG|CLAUDE|OTEL)_[A-Z_]*)=.*/\1/p'); do
        unset "$variable"
    done
    unset CODEX_HOME QWEN_HOME GEMINI_CLI_HOME TMUX NO_COLOR COLORTERM LINES COLUMNS BUILD MAKEFLAGS MAKELEVEL MFLAGS SWARMTOP_SOCKET SWARMTOP_SESSION SWARMTOP_SSH
    UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1} CMOCKA_MESSAGE_OUTPUT=TAP
    LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$tests/support/lsan.supp:print_suppressions=0}
    export UBSAN_OPTIONS LSAN_OPTIONS CMOCKA_MESSAGE_OUTPUT

    started=$(date +%s)
    ulimit -t "$cpu_seconds" 2>/dev/null
    limit="timeout -k 5 $seconds"
    command -v timeout >/dev/null 2>&1 || limit=
    case $1 in
    *.sh)
        shell=sh
        head -n 1 "$1" | grep -q bash && shell=bash
        $limit $shell "$1" >"$log" 2>&1
        ;;
    *) SWARMTOP_KEEP_FILES=1 $limit ${TEST_UNDER-} "$1" >"$log" 2>&1 ;;
    esac
    status=$?
    # Scripts check the documents that they leave themselves (e2e.sh).
    case $status$1 in
    *.sh | [1-9]*) ;;
    *) find "$TMPDIR" -type f -name '*.json*' ! -name '*.agent.json' -exec "$SWARMTOP_CHECK_DOCUMENT" {} + >>"$log" 2>&1 || status=1 ;;
    esac
    rm -rf "$TMPDIR"

    case $1 in
    *.sh) case $status in
        0) count='1 0 0' ;;
        77) count='0 0 1' ;;
        *) count='0 1 0' ;;
        esac ;;
    *) count=$(count_cmocka "$log" $status) ;;
    esac
    case $status in
    124 | 137) echo "# $name: stopped after $seconds s" >>"$log" ;;
    152) echo "# $name: stopped after $cpu_seconds s of processor time" >>"$log" ;;
    *) echo "# $name: exit status $status" >>"$log" ;;
    esac
    echo "$count" >"$RESULTS/$name.count"
    times >"$RESULTS/$name.times"
    echo "$count $name $(($(date +%s) - started))" | awk -v times="$RESULTS/$name.times" '{
        getline cpu <times
        getline cpu <times # of the children
        split(cpu, part, /[ms ]+/)
        verdict = $2 > 0 ? "FAILED" : $1 > 0 ? "ok" : "skipped"
        printf "%-7s %-28s %3d passed  %4d s, %.1f s of processor time\n", verdict, $4, $1, $5,
            part[1] * 60 + part[2] + part[3] * 60 + part[4]
    }'
}

# What a test program that died, leaked or never ran a test says with its exit status alone
# counts as one failure.
count_cmocka() { # LOG STATUS
    awk -v status="$2" '
        /^1\.\.[0-9]+/ { planned += substr($0, 4) }
        /^ok [0-9]/ { passed++ }
        /^not ok [0-9]+ # SKIP/ { skipped++; next }
        /^not ok [0-9]/ { failed++ }
        END {
            seen = passed + failed + skipped
            if (seen < planned || seen == 0 || (status != 0 && failed == 0)) failed++
            print passed + 0, failed + 0, skipped + 0
        }' "$1"
}

if [ "${1-}" = --one ]; then
    run_one "$2"
    exit 0
fi

# --- all of them

absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
SWARMTOP_PROGRAM=$(absolute "$build/swarmtop")
SWARMTOP=$SWARMTOP_PROGRAM SWARMTOP_TESTS=$tests
SWARMTOP_CHECK_DOCUMENT=$(absolute "$build/tests/check_document")
RESULTS=$(absolute "$build/tests/results")
export SWARMTOP SWARMTOP_PROGRAM SWARMTOP_TESTS SWARMTOP_CHECK_DOCUMENT RESULTS

rm -rf "$RESULTS"
mkdir -p "$RESULTS"
# One more than processors, as many tests wait most of their time.
jobs=$(($(nproc 2>/dev/null || echo 1) + 1))
[ "$jobs" -gt 4 ] && jobs=4
[ $# -gt 0 ] && printf '%s\0' "$@" | xargs -0 -n 1 -P "$jobs" sh "$tests/run.sh" --one

passed=0 failed=0 skipped=0
for test in "$@"; do
    name=$(basename "$test" .sh)
    p=0 f=1 s=0
    [ -f "$RESULTS/$name.count" ] && read -r p f s <"$RESULTS/$name.count"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" -gt 0 ]; then
        echo "--- $test failed:"
        grep -v '^ok [0-9]' "$RESULTS/$name.log" | tail -n 200
    elif [ "$s" -gt 0 ]; then
        case $test in
        *.sh) echo "--- $test skipped: $(tail -n 2 "$RESULTS/$name.log" | head -n 1)" ;;
        *) sed -n "s/^not ok [0-9]* # SKIP /--- $name skipped: /p" "$RESULTS/$name.log" ;;
        esac
    fi
done

line="$passed passed, $failed failed"
[ "$skipped" -gt 0 ] && line="$line, $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
