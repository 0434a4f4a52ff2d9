#!/bin/sh
# Several files at once: their order is the command line's, and what a followed one holds at the end is taken whole.
set -u
cd "$TMPDIR" || exit 1
fail() { echo "FAILED: $1"; exit 1; }

for id in c a b d; do
    printf '{"op":"hello","session_id":"%s","t":1000}\n{"op":"instant","name":"i","cat":"c","t":1001}\n' $id >$id.ndjson
done

order() { grep -o '"sessions":\[[^]]*' | grep -o '"session_id":"[a-d]"' | tr -dc 'a-d\n' | sed 's/^.*\(.\)$/\1/' | tr -d '\n'; }
got=$("$SWARMTOP_PROGRAM" report --json c.ndjson a.ndjson b.ndjson d.ndjson | order)
[ "$got" = cabd ] || fail "the order of the command line: got $got"
mkdir dir && cp ./*.ndjson dir
got=$("$SWARMTOP_PROGRAM" report --json dir | order)
[ "$got" = abcd ] || fail "a directory by name: got $got"

# More files than a process may have open.
mkdir many
i=0
while [ $i -lt 80 ]; do cp a.ndjson many/$i.ndjson; i=$((i + 1)); done
(ulimit -n 40; "$SWARMTOP_PROGRAM" report --json many >many.json) || fail 'eighty files with forty descriptors'

# A followed feed whose last line has no end.
printf '{"op":"start_tool","span_id":"x","tool_name":"T","t":2000}\n{"op":"end_tool","span_id":"x","t":3000}' >cut.ndjson
"$SWARMTOP_PROGRAM" record -f --for 1 -o cut.json cut.ndjson >/dev/null || fail 'record -f'
grep -q '"success":true' cut.json || fail 'the last line without its end was not taken'
grep -q incomplete cut.json && fail 'the tool was ended, yet is incomplete'

# The marker of what was dropped is of process 1, whosever event went last.
{
    printf '{"op":"hello","session_id":"s","t":1000}\n{"op":"hello","session_id":"s2","t":1000}\n'
    for i in 1 2 3 4 5 6 7 8 9; do
        printf '{"op":"instant","session_id":"s%s","name":"e","cat":"c","t":%s}\n' "$([ $((i % 2)) = 0 ] && echo 2)" $((1000 + i))
    done
} | "$SWARMTOP_PROGRAM" record --max-events 8 --tracks agent -o cap.json - >/dev/null
grep -q '"name":"trace_truncated","cat":"__metadata","ph":"i","ts":4000,"pid":1,"tid":0' cap.json || fail "the marker: $(grep -o '"trace_truncated"[^}]*' cap.json)"

# A capped file keeps its picture when a span ends whose begin was dropped.
{
    printf '[{"ph":"B","name":"long","ts":0,"pid":1,"tid":1}'
    i=1
    while [ $i -le 30 ]; do printf ',{"ph":"X","name":"x","ts":%s,"dur":1,"pid":1,"tid":1}' $i; i=$((i + 1)); done
    printf ',{"ph":"E","name":"long","ts":40,"pid":1,"tid":1}]'
} >capped.json
"$SWARMTOP_PROGRAM" report --json --max-events 20 capped.json | grep -q '"closed":[1-9]' || fail 'a capped file lost its spans'
exit 0
