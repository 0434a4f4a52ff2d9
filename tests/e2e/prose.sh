#!/bin/sh
# .ci/check-prose passes on the clean rooms of the tree, allows plain prose, and names file, line and
# word of each banned form.
set -u
top=$(cd "$SWARMTOP_TESTS/.." && pwd)
check=$top/.ci/check-prose
status=0

(cd "$top" && "$check") || { echo "the clean rooms do not pass"; exit 1; }
cd "$TMPDIR" && mkdir core || exit 1

# The file's text is on stdin. Exactly one line must be found: PATTERN in the line marked PLANTED.
plant() { # FILE PATTERN
    cat >"$1"
    line=$(grep -n PLANTED "$1" | cut -d: -f1)
    if out=$("$check" "$1"); then
        echo "not found: $1: $2"
        status=1
    elif ! echo "$out" | grep -q "^$1:$line: .*$2" || [ "$(echo "$out" | wc -l)" != 1 ]; then
        echo "expected '$1:$line: ...$2' alone, but the output is:"
        echo "$out"
        status=1
    fi
}

clean() { # FILE: nothing must be found
    cat >"$1"
    "$check" "$1" || { echo "found in clean prose: $1"; status=1; }
}

# Each banned form, in a comment. The pattern is what the report names.
while read -r word; do
    plant core/x.c ": $word\$" <<END
/* A first line.
   PLANTED: the source $word a value. */
END
done <<'END'
says
told
hears
speaks
anew
is none
goes on
stands
words
is there
END

plant core/x.c 'starts with: Of' <<'END'
/* A first line.
   Of PLANTED the rest is read. */
END
plant core/x.c 'starts with: what' <<'END'
int x; /* what PLANTED was read */
END
plant core/x.c 'starts with: Who' <<'END'
// Who PLANTED reads frees.
END
plant core/x.c ': behind' <<'END'
const char *x = "the text behind it"; // PLANTED
END
plant core/x.c 'a comment of 10[0-9] columns' <<'END'
/* PLANTED xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx */
END
plant x.md ': told' <<'END'
# What is told in a heading is not checked

A paragraph over
two lines is told PLANTED.
END
plant x.1 'starts with: Where' <<'END'
.SH NAME
Where PLANTED \fBx\fR is.
END

clean core/x.c <<'END'
#include "what/x.h"
/* `says` in backquotes is code. X stands for a value. */
const char *key = "says"; // one token is data, not prose
int is_behind(void);
int words = 'w';
const char *x = "                                                                                          long";
END
clean x.md <<'END'
Text.

```
a block of code says no more
```
END

[ "$status" = 0 ]
