#!/bin/sh
# Each text that a row of tests/mutate/mutants changes still occurs exactly once in its file, so that
# `make mutate` can try all of them; a row that no longer fits is named.
set -u
top=$(cd "$SWARMTOP_TESTS/.." && pwd)
run=$top/tests/mutate/run

"$run" --check || { echo "the table does not fit the sources"; exit 1; }

# A table with errors fails, naming the line of each.
mkdir -p "$TMPDIR/tree/tests/mutate" "$TMPDIR/tree/core/base" && cd "$TMPDIR/tree" || exit 1
cp "$run" tests/mutate/run
printf 'int x = 1;\nint y = 1;\n' >core/base/x.c
cat >tests/mutate/mutants <<'END'
core/base/x.c: a text that occurs twice
- = 1;
+ = 2;

core/base/x.c: a text that does not occur
- int z
+ int x

core/base/y.c: no such file
- x
+ y

core/base/x.c: a change that changes nothing
- int x
+ int x

core/base/x.c: a change without a text
+ int x
END
if tests/mutate/run --check >out; then
    echo "a table with errors passes"
    exit 1
fi
while read -r line pattern; do
    grep -q "mutants:$line: .*$pattern" out && continue
    echo "not found: line $line: $pattern, but:"
    cat out
    exit 1
done <<'END'
1 2 times
5 0 times
9 no such file
13 changes nothing
17 needs lines
END
grep -q 'the table needs' out || { echo "too few rows pass"; exit 1; }
grep -q 'no mutant of core/model' out || { echo "a folder without a row passes"; exit 1; }
