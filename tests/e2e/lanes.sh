#!/bin/sh
# A document with lanes is the way back to what it was written from: with `--tracks agent` it is the seed's again, and written anew with lanes it
# is the same to the byte.
. "$SWARMTOP_TESTS/support/e2e.sh"
agent_tracks='plain.json back.json'
for name in quirks small swarm stale; do
    trace=$(data "golden/$name.trace.json")
    "$SWARMTOP_PROGRAM" record --tracks agent -o plain.json "$trace" >/dev/null || exit 1
    "$SWARMTOP_PROGRAM" record -o lanes.json "$trace" >/dev/null || exit 1
    "$SWARMTOP_PROGRAM" record -o again.json lanes.json >/dev/null || exit 1
    "$SWARMTOP_PROGRAM" record --tracks agent -o back.json lanes.json >/dev/null || exit 1
    cmp lanes.json again.json || exit 1
    cmp plain.json back.json || exit 1
    # A document of version 1 has no lane_of: threads `NAME · n` fold back by their names.
    sed 's/"swarmtop":{"version":2/"swarmtop":{"version":1/; s/,"lane_of":[0-9]*//g' lanes.json >old.json
    grep -q lane_of old.json && exit 1
    "$SWARMTOP_PROGRAM" record -o again.json old.json >/dev/null || exit 1
    cmp lanes.json again.json || exit 1
    # In one of version 2 a name means nothing.
    sed 's/,"lane_of":[0-9]*//g' lanes.json >named.json
    "$SWARMTOP_PROGRAM" record -o again.json named.json >/dev/null || exit 1
    [ $name != stale ] || ! cmp -s lanes.json again.json || exit 1
done
# Two sessions in one document: the figures of models, totals and tools are those of the feeds.
figures() { "$SWARMTOP_PROGRAM" report --json "$@" | sed 's/.*"models"://; s/"markers".*//'; }
small=$(data golden/small.feed.ndjson) swarm=$(data golden/swarm.feed.ndjson)
for tracks in agent lane; do
    "$SWARMTOP_PROGRAM" record --tracks $tracks -o both.json "$small" "$swarm" >/dev/null || exit 1
    figures "$small" "$swarm" >want
    figures both.json >got
    cmp want got && [ -s want ] || exit 1
done
[ "$name" = stale ] && ! cmp -s plain.json lanes.json # there are lanes in it
