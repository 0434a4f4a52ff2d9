#!/bin/sh
# The installed libswarmtrace: the example is compiled against the installed files as C and C++, linked with the shared and the static
# library, and its trace is what the program reads. The library exports what its header declares, and nothing else.
. "$SWARMTOP_TESTS/support/e2e.sh"
top=$(cd "$SWARMTOP_TESTS/.." && pwd)
build=$(dirname "$program")
[ -e "$build/libswarmtrace.so.1" ] || { echo 'no shared library is built here'; exit 77; }
for tool in pkg-config nm; do
    command -v $tool >/dev/null 2>&1 || { echo "$tool is not installed"; exit 77; }
done

# --- installed

(cd "$top" && env BUILD="$build" VERSION="$("$program" --version | sed -n 's/^swarmtop \([0-9.]*\).*/\1/p')" LIBDIR=lib UNITDIR=share/systemd/user \
    MANIFEST=share/swarmtop/installed DESTDIR= PREFIX="$work/usr" doc/packaging/install install) >made 2>&1 || fail "install: $(cat made)"
export PKG_CONFIG_PATH="$work/usr/lib/pkgconfig" LD_LIBRARY_PATH="$work/usr/lib"
pkg-config --validate swarmtrace || fail 'the pkg-config file'
flags=$(pkg-config --cflags --libs swarmtrace)
static_flags="$(pkg-config --cflags swarmtrace) $work/usr/lib/libswarmtrace.a $(pkg-config --static --libs-only-other swarmtrace) -lm -pthread"
example=usr/share/doc/swarmtop/examples/traced.c

sed -n 's/^SWARMTRACE_API .*[ *]\(swarmtrace_[a-z_]*\)(.*/\1/p' usr/include/swarmtrace.h | sort >declared
[ "$(wc -l <declared)" -gt 15 ] || fail "the header declares $(cat declared)"
nm -D --defined-only usr/lib/libswarmtrace.so.1 | sed -n 's/.* T \(.*\)@@SWARMTRACE_1$/\1/p' | sort | diff declared - ||
    fail 'the shared library does not export what the header declares'
nm -D --defined-only usr/lib/libswarmtrace.so.1 | grep -v ' SWARMTRACE_1$' | grep -v '@@SWARMTRACE_1$' && fail 'names without a version'
nm -g --defined-only usr/lib/libswarmtrace.a | sed -n 's/.* [A-Z] \(.*\)$/\1/p' | sort | diff declared - ||
    fail 'the static library has other global names'

# --- compiled, run, read

runs() { # NAME: its trace has what the example does
    CLAUDE_CODE_PERFETTO_TRACE="$1.json" "./$1" >out 2>&1 || fail "$1: $? $(cat out)"
    [ -s out ] && fail "$1 prints $(cat out)"
    "$program" report --json "$1.json" >report || fail "$1.json is not read"
    for text in '"reviewer"' '"main"' '"Bash"' 'claude-sonnet-4-5'; do
        has report "$text" || fail "$1: no $text in $(cat report)"
    done
    has "$1.json" '"name":"tasks"' || fail "$1: no counter"
    has "$1.json" 'incomplete' && fail "$1: something was left open"
    "$SWARMTOP_CHECK_DOCUMENT" "$1.json" || fail "$1.json"
}
warnings='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror'
# shellcheck disable=SC2086
cc -std=c99 $warnings "$example" $flags -o traced >made 2>&1 || fail "C: $(cat made)"
runs traced
readelf -d traced 2>/dev/null | grep -q 'libswarmtrace.so.1' || fail 'not linked with the shared library'
# shellcheck disable=SC2086
cc -std=c11 $warnings "$example" $static_flags -o static >made 2>&1 || fail "static: $(cat made)"
readelf -d static 2>/dev/null | grep -q 'libswarmtrace' && fail 'linked with the shared library'
runs static
for cxx in c++ g++ clang++; do
    command -v $cxx >/dev/null 2>&1 || continue
    # shellcheck disable=SC2086
    $cxx -std=c++11 $warnings -x c++ "$example" -x none $flags -o traced_cxx >made 2>&1 || fail "C++: $(cat made)"
    runs traced_cxx
    break
done

# --- not traced, and where the user's own directory is

HOME="$work/home" ./traced >out 2>&1 || fail "not traced: $(cat out)"
CLAUDE_CODE_PERFETTO_TRACE=off HOME="$work/home" ./traced >out 2>&1 || fail "off: $(cat out)"
[ ! -e home ] || fail "a program that is not traced writes $(find home)"
CLAUDE_CODE_PERFETTO_TRACE=1 HOME="$work/home" ./traced >out 2>&1 || fail "on: $(cat out)"
[ -n "$(find home/.claude/traces -name 'trace-traced-*.json' -perm 600)" ] || fail "no trace: $(find home)"
: >file
CLAUDE_CODE_PERFETTO_TRACE=file/trace.json ./traced >out 2>&1 || fail 'an unwritable trace ends the program'
has out 'the trace was not written' || fail 'nothing reports that the trace is not written'
exit 0
