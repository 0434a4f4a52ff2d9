#!/bin/sh
# The picture at the last moment of Claude Code's files, replayed from the records, is that of the files.
. "$SWARMTOP_TESTS/support/e2e.sh"

for name in swarm-json abort concurrent-pb tui-perm; do
    source=claude:$SWARMTOP_TESTS/data/samples/claude/$name/transcripts
    "$program" dump "$source" >whole 2>err || fail "$name: dump: $(cat err)"
    "$program" dump --at -0s "$source" >replayed 2>err || fail "$name: dump --at: $(cat err)"
    cmp whole replayed || fail "$name: $(diff whole replayed)"
    "$program" dump --at 1s "$source" >early 2>err || fail "$name: dump --at 1s: $(cat err)"
    cmp -s whole early && fail "$name: after a second all is there"
done
exit 0
