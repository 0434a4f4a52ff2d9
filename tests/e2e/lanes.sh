#!/bin/sh
# A document with lanes is the way back to what it was written from: with `--tracks agent` it is the seed's again, and written anew with lanes it
# is the same to the byte.
set -u
cd "$TMPDIR" || exit 1
[ -n "${SWARMTOP_SHARED:-}" ] && [ -d "$SWARMTOP_SHARED/golden" ] || { echo 'no golden traces'; exit 77; }
for name in quirks small swarm stale; do
    trace=$SWARMTOP_SHARED/golden/$name.trace.json
    "$SWARMTOP_PROGRAM" record --tracks agent -o plain.json "$trace" >/dev/null || exit 1
    "$SWARMTOP_PROGRAM" record -o lanes.json "$trace" >/dev/null || exit 1
    "$SWARMTOP_PROGRAM" record -o again.json lanes.json >/dev/null || exit 1
    "$SWARMTOP_PROGRAM" record --tracks agent -o back.json lanes.json >/dev/null || exit 1
    cmp lanes.json again.json || exit 1
    cmp plain.json back.json || exit 1
done
[ "$name" = stale ] && ! cmp -s plain.json lanes.json # there are lanes in it
