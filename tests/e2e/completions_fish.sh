#!/bin/sh
# What doc/completions/swarmtop.fish offers in fish.
set -u
command -v fish >/dev/null 2>&1 || { echo "no fish"; exit 77; }
. "$SWARMTOP_TESTS/support/completions.sh"

candidates() {
    fish --no-config -c 'source $SWARMTOP_COMPLETIONS/swarmtop.fish; complete -C $argv[1]' "$1"
}
cases
split_cases
option_cases
exit $status
