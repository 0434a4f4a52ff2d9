#!/bin/sh
# .ci/check-layers passes on the tree as it is, also with more of what is allowed, and fails, naming file
# and line, for each arrow of its table that is broken.
set -u
top=$(cd "$SWARMTOP_TESTS/.." && pwd)
check=$top/.ci/check-layers
status=0

rm -rf "$TMPDIR/tree"
mkdir "$TMPDIR/tree" && cd "$TMPDIR/tree" || exit 1
for house in core ingest tui; do # the tests are not its subject
    cp -r "$top/$house" .
done

expect() { # the violations in $TMPDIR/expected, `FILE:LINE: PATTERN` a line, are found, and no others
    found=$("$check" . 2>&1)
    while IFS= read -r line; do
        echo "$found" | grep -q "^$line" || { echo "not found: $line" && status=1; }
    done <"$TMPDIR/expected"
    if [ "$(echo "$found" | wc -l)" != "$(wc -l <"$TMPDIR/expected")" ]; then
        echo "expected these alone:" && cat "$TMPDIR/expected" && echo "but check-layers found:" && echo "$found"
        status=1
    fi
}

plant() { # FILE TEXT PATTERN: one more line at the file's end, one more violation
    printf '%s\n' "$2" >>"$1"
    echo "$1:$(wc -l <"$1" | tr -d ' '): $3" >>"$TMPDIR/expected"
}

# --- what is allowed

echo '#include "ingest/hub.h"' >>tui/cmd/planted.c
echo '#include "ingest/hub.h"' >>tui/app/planted.c
echo '#include "tui/cmd/options.h"' >>tui/app/planted.c
echo '#include <curses.h>' >>tui/screen/screen.c
echo '#include "core/base/strbuf.h"' >>ingest/planted.c
echo '#include "core/query/query.h"' >>tui/views/planted.c
echo '#include "core/model/swarm_edit.h"' >>core/correlate/planted.h
echo '#include "core/model/swarm_edit.h"' >>tui/cmd/planted.c
echo '#include "ingest/feed/feed.h"' >>ingest/claude/planted.c
"$check" . includes || { echo "the clean tree does not pass"; exit 1; } # make check-layers links it
rm tui/cmd/planted.c tui/app/planted.c ingest/planted.c tui/views/planted.c core/correlate/planted.h ingest/claude/planted.c
cp "$top/tui/screen/screen.c" tui/screen/screen.c

: >"$TMPDIR/expected"

# --- upwards and sideways: each file includes what lies on the floor above it, or beside it

while read -r from to why; do
    plant "$from" "#include \"$to\"" ".*$to.*$why"
done <<'END'
core/base/planted.c core/trace/event.h above
core/trace/planted.h core/model/span.h above
core/model/planted.c core/tracer/tracer.h above
core/tracer/planted.c core/query/query.h above
core/tracer/planted.c core/export/document.h above
core/query/planted.c core/export/document.h above
core/query/planted.c core/correlate/x.h beside
core/correlate/planted.c core/query/query.h beside
core/correlate/planted.c core/analysis/turn.h above
core/analysis/planted.c core/export/document.h above
ingest/planted.c ingest/hub.h above
ingest/planted.c ingest/source.h above
ingest/hub.c ingest/feed/feed.h above
ingest/source.h ingest/feed/feed.h above
ingest/hub.h ingest/transcript_dir.h above
ingest/transcript_dir.c ingest/feed/feed.h beside
ingest/transcript_file.h ingest/claude/x.h above
ingest/feed/planted.c ingest/transcript_dir.h beside
ingest/feed/planted.c ingest/trace/x.h above
ingest/trace/planted.c ingest/claude/x.h above
ingest/claude/planted.c ingest/http/http.h above
ingest/http/planted.c ingest/sources.h above
tui/screen/planted.c tui/views/view.h above
tui/screen/screen.c tui/views/view.h above
tui/views/planted.c tui/cmd/options.h above
tui/cmd/planted.c tui/app/app.h above
core/base/planted.c ingest/hub.h
core/correlate/planted.c tui/screen/grid.h
ingest/planted.c tui/screen/grid.h
ingest/sources.c tui/app/app.h
tui/screen/planted.c ingest/hub.h
tui/views/planted.c ingest/hub.h
core/query/planted.c core/model/swarm_private.h private
core/base/planted.c ../trace/event.h root
END

# --- libraries

while read -r from library; do
    plant "$from" "#  include <$library>" ".*$library"
done <<'END'
core/base/planted.h pthread.h
core/export/planted.c uv.h
core/model/planted.c jansson.h
core/model/planted.c xxhash.h
core/query/planted.c signal.h
ingest/planted.c zlib.h
ingest/feed/planted.c xxhash.h
ingest/trace/planted.c microhttpd.h
ingest/claude/planted.c zlib.h
ingest/http/planted.c ncurses.h
ingest/sources.c uv.h
tui/screen/theme.c curses.h
tui/screen/theme.c uv.h
tui/views/planted.c utf8proc.h
tui/cmd/planted.c ncursesw/curses.h
tui/app/planted.c microhttpd.h
END

# --- another writer to the terminal

plant tui/cmd/planted.c '    printf("x");' 'only tui/screen/console.c'
plant ingest/planted.c '    fprintf(stderr, "x");' 'only tui/screen/console.c'
plant tui/app/planted.c '    fputs(text, stdout);' 'only tui/screen/console.c'

# --- a reader that could change the model

for reader in core/query core/export tui/screen tui/views tui/app; do
    plant $reader/planted.c '#include "core/model/swarm_edit.h"' 'a reader may not'
done

mkdir core/cellar
plant core/cellar/planted.c '#include <stdio.h>' 'lies in no room'
expect
rm -r core ingest tui
for house in core ingest tui; do
    cp -r "$top/$house" .
done

# --- symbols: declared by hand, so that no include gives them away

cat >core/base/planted.c <<'END'
#include <time.h>
extern unsigned long uv_now(const void *loop);
unsigned long planted_loop(void);
unsigned long planted_loop(void) { return uv_now(0); }
long planted_clock(void);
long planted_clock(void) { struct timespec now; clock_gettime(CLOCK_MONOTONIC, &now); return now.tv_sec; }
END
for floor in trace model tracer query correlate analysis export; do
    echo "int planted_$floor(void); int planted_$floor(void) { return 0; }" >core/$floor/planted_symbol.c
done
while read -r from to; do
    echo "int planted_$to(void); int planted_${from}_$to(void); int planted_${from}_$to(void) { return planted_$to(); }" \
        >core/"$from"/planted_"$to".c
    echo "core/$from/planted_$to.c:1: core needs planted_$to"
done >"$TMPDIR/upwards" <<'END'
base trace
trace model
model tracer
tracer query
tracer export
query export
query correlate
correlate query
correlate export
correlate analysis
analysis export
END
{
    cat "$TMPDIR/upwards"
    echo 'core/base/planted.c:4: core needs uv_now'
    echo 'core/base/planted.c:6: core may not use clock_gettime'
} >"$TMPDIR/expected"
expect

exit $status
