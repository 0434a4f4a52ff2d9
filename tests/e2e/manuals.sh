#!/bin/sh
# The manuals name every variable of the environment that the program reads, and mandoc finds nothing to
# warn about. The test `options` compares their tables with the program's.
set -u
top=$(cd "$SWARMTOP_TESTS/.." && pwd)
status=0

variables=$(grep -rhoE '(getenv|env_text)\("[A-Z_]+"\)' "$top/core" "$top/ingest" "$top/tui" | sed 's/.*"\(.*\)".*/\1/' | sort -u)
[ "$(echo "$variables" | wc -l)" -gt 10 ] || { echo "found too few variables: $variables"; exit 1; }
environment=$(sed -n '/^\.SH ENVIRONMENT/,/^\.SH FILES/p' "$top/doc/swarmtop.1")
for name in $variables; do
    printf '%s\n' "$environment" | grep -qF "\\fB$name" || { echo "swarmtop(1), ENVIRONMENT: $name is missing"; status=1; }
done
for section in ENVIRONMENT FILES SIGNALS 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
    grep -q "^\.SH $section\$" "$top/doc/swarmtop.1" || { echo "swarmtop(1): $section is missing"; status=1; }
done

[ $status = 0 ] || exit 1
command -v mandoc >/dev/null 2>&1 || { echo "no mandoc: the manuals are not checked"; exit 77; }
for manual in "$top"/doc/*.[1-9]; do
    found=$(mandoc -Tlint -W warning "$manual" 2>&1) || status=1
    [ -z "$found" ] || { echo "$found"; status=1; }
done
exit $status
