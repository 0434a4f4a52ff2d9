#!/bin/sh
# .ci/check-layers passes on the tree as it is, also with more of what is allowed, and fails, naming file
# and line, for each way to break it.
set -u
top=$(cd "$SWARMTOP_TESTS/.." && pwd)
check=$top/.ci/check-layers
status=0

fresh() { # a copy of the layers alone; the tests are not its subject
    rm -rf "$TMPDIR/tree"
    mkdir "$TMPDIR/tree" && cd "$TMPDIR/tree" || exit 1
    for layer in core ingest tui; do
        cp -r "$top/$layer" .
    done
}

plant() { # FILE WHAT-THE-MESSAGE-SAYS: the file's text is on stdin
    fresh
    cat >>"$1"
    line=$(grep -n PLANTED "$1" | cut -d: -f1)
    if said=$("$check" . 2>&1); then
        echo "not found: $1: $2"
        status=1
    elif ! echo "$said" | grep -q "^$1:$line: .*$2" || [ "$(echo "$said" | wc -l)" != 1 ]; then
        echo "expected '$1:$line: ...$2' alone, but check-layers said:"
        echo "$said"
        status=1
    fi
}

fresh
echo '#include "ingest/x.h"' >>tui/cmd/cmd_planted.c
echo '#include "ingest/x.h"' >>tui/app/main.c
echo '#include <curses.h>' >>tui/screen/screen.c
echo '#include "core/base/strbuf.h"' >>ingest/planted.c
"$check" . || { echo "the clean tree does not pass"; exit 1; }

plant core/base/planted.c 'uv\.h' <<'END'
#include <uv.h> // PLANTED
END
plant core/base/planted.h 'pthread\.h' <<'END'
#  include <pthread.h> // PLANTED
END
plant core/base/planted.c 'ingest/hub\.h' <<'END'
#include "ingest/hub.h" // PLANTED
END
plant core/base/planted.c 'uv_now' <<'END'
extern unsigned long uv_now(const void *loop);
unsigned long planted(void);
unsigned long planted(void)
{
    return uv_now(0); // PLANTED
}
END
plant core/base/planted.c 'clock_gettime' <<'END'
#include <time.h>
long planted(void);
long planted(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); // PLANTED
    return now.tv_sec;
}
END
plant ingest/planted.c 'tui/x\.h' <<'END'
#include "tui/x.h" // PLANTED
END
plant ingest/planted.c 'ncurses\.h' <<'END'
#include <ncurses.h> // PLANTED
END
plant tui/views/view.c 'ingest/x\.h' <<'END'
#include "ingest/x.h" // PLANTED
END
plant tui/screen/theme.c 'curses\.h' <<'END'
#include <curses.h> // PLANTED
END

exit $status
