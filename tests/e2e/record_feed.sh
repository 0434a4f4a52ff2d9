#!/bin/sh
# `record --feed` writes what the model was given. Read back, it gives the same report: of feeds, of Claude Code's
# files, of hooks, and of all at once.
. "$SWARMTOP_TESTS/support/e2e.sh"

# Everything but where it came from.
report() { "$program" report --json "$@" | sed -E 's/"source":"[^"]*"/"source":""/g'; }
same() { # NAME SOURCE...
    as=$1
    shift
    "$program" record --feed "$as.feed" "$@" >out 2>err || fail "$as: record: $(cat err)"
    [ -s "$as.feed" ] || fail "$as: the feed is empty"
    [ -s out ] && fail "$as: a path was printed: $(cat out)"
    report "$@" >"$as.given"
    report "$as.feed" >"$as.read"
    cmp "$as.given" "$as.read" || fail "$as: the model of the feed is another one"
    "$program" record --feed "$as.again" "$as.feed" >out 2>err || fail "$as: record again: $(cat err)"
    cmp "$as.feed" "$as.again" || fail "$as: the feed of the feed is another one"
}

all=
for name in small swarm stale quirks; do
    feed=$(data "golden/$name.feed.ndjson")
    same "$name" "$feed"
    all="$all $feed"
done
for name in swarm-json abort; do
    sample=$SWARMTOP_TESTS/data/samples/claude/$name
    same "$name" "claude:$sample/transcripts"
    all="$all claude:$sample/transcripts"
done
# Sessions of hooks that nothing ends stay live, and their times grow: only those that end can be compared.
sed -E 's/^\{"t":([0-9]+)([0-9]{6}),"event":"[^"]*","ppid":[0-9]+,/{"op":"hook","t":\1.\2,/' \
    "$(data samples/claude/swarm-json/hooks.jsonl)" >hooks.ndjson
same hooks hooks.ndjson
all="$all hooks.ndjson"
# shellcheck disable=SC2086
same all $all

# To stdout, and nothing else there.
"$program" record --feed - small.feed >stdout.feed 2>err || fail "record --feed -: $(cat err)"
cmp small.feed stdout.feed || fail 'stdout has another feed'
"$program" record --feed - -o - small.feed >out 2>err && fail 'the trace and the feed on one stdout'
"$program" record --feed nowhere/x small.feed >out 2>err && fail 'a feed that cannot be written'
has err 'nowhere/x: cannot write the feed: No such file' || fail "the reason: $(cat err)"

# A trace file is named; its events stay where they are.
printf '{"traceEvents":[{"ph":"i","ts":1,"pid":1,"tid":1,"name":"x"}]}' >doc.json
"$program" record --feed doc.feed doc.json >out 2>err || fail "a trace file: $(cat err)"
[ "$(wc -l <doc.feed)" = 1 ] && has doc.feed 'doc.json' || fail "a trace file is one line: $(cat doc.feed)"
