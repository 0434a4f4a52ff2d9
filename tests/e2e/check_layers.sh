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
        mkdir $layer
        cp "$top/$layer"/*.[ch] $layer/ 2>/dev/null
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
echo '#include "ingest/x.h"' >>tui/cmd_planted.c
echo '#include "ingest/x.h"' >>tui/main.c
echo '#include <curses.h>' >>tui/screen.c
echo '#include "core/strbuf.h"' >>ingest/planted.c
"$check" . || { echo "the clean tree does not pass"; exit 1; }

plant core/planted.c 'uv\.h' <<'END'
#include <uv.h> // PLANTED
END
plant core/planted.h 'pthread\.h' <<'END'
#  include <pthread.h> // PLANTED
END
plant core/planted.c 'ingest/hub\.h' <<'END'
#include "ingest/hub.h" // PLANTED
END
plant core/planted.c 'uv_now' <<'END'
extern unsigned long uv_now(const void *loop);
unsigned long planted(void);
unsigned long planted(void)
{
    return uv_now(0); // PLANTED
}
END
plant core/planted.c 'clock_gettime' <<'END'
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
plant tui/view.c 'ingest/x\.h' <<'END'
#include "ingest/x.h" // PLANTED
END
plant tui/theme.c 'curses\.h' <<'END'
#include <curses.h> // PLANTED
END

exit $status
