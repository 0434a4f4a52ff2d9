#!/bin/sh
# A trace of another producer keeps its rows when it is recorded and opened again, and is none of agents.
. "$SWARMTOP_TESTS/support/e2e.sh"

rows() { "$program" dump --size 120x60 "$1" 2>/dev/null | sed -n '/^  *\(THREAD\|AGENT\)/,/^ *$/p' | cut -c1-26; }

ran=0
for input in "$(data cases/traces)"/*.json; do
    name=$(basename "$input" .json)
    rows "$input" >rows
    [ -s rows ] || continue # nothing in it can be shown
    "$program" record -o again/"$name".json "$input" >/dev/null 2>&1 || true
    [ -f again/"$name".json ] || continue
    rows again/"$name".json >rows_again
    diff -u rows rows_again || fail "$name: other rows when it was recorded and opened again"
    has rows AGENT && fail "$name: it is taken for a trace of agents"
    ran=$((ran + 1))
done
[ $ran -ge 60 ] || fail "only $ran traces"

# Two traces in one document: ids of flows and async spans stay apart, whatever the member that holds them.
cat >a.json <<'EOF'
{"traceEvents":[
{"name":"f","cat":"c","ph":"s","id":1,"ts":1,"pid":1,"tid":1},
{"name":"f","cat":"c","ph":"f","id":1,"ts":2,"pid":1,"tid":2},
{"name":"a","cat":"c","ph":"b","id2":{"global":"0x2"},"ts":1,"pid":1,"tid":1},
{"name":"a","cat":"c","ph":"e","id2":{"global":"0x2"},"ts":3,"pid":1,"tid":1},
{"name":"x","cat":"c","ph":"X","bind_id":"0x3","flow_out":true,"ts":1,"dur":1,"pid":1,"tid":1}]}
EOF
cp a.json b.json
"$program" record -o both.json a.json b.json >/dev/null || fail 'two traces'
for id in '"id":"1:1"' '"id":"2:1"' '"global":"1:0x2"' '"global":"2:0x2"' '"bind_id":"1:0x3"' '"bind_id":"2:0x3"'; do
    has both.json "$id" || fail "no $id in what was written"
done
grep -q '"id":1,' both.json && fail 'an id of both traces'
"$program" record -o twice.json both.json >/dev/null || fail 'opened again'
has twice.json '"id":"1:1:' && fail 'an id gained a second number'
"$program" report --json twice.json >report.json
has report.json '"closed":4' || fail "spans: $(grep -o '"spans":{[^}]*' report.json)"

# A begin that the trace has lost is written to the nanosecond, also in times since 1970.
cat >lost.json <<'EOF'
{"traceEvents":[
{"name":"trace_truncated","cat":"__metadata","ph":"i","ts":1700000000000100.123,"pid":1,"tid":0,"args":{"dropped_events":5}},
{"name":"w","cat":"x","ph":"E","ts":1700000000000200.567,"pid":1,"tid":1,"args":{"duration_ms":0.150444}}]}
EOF
"$program" record -o found.json lost.json >/dev/null || fail 'a lost begin'
has found.json '"ts":1700000000000050.123' || fail "times: $(grep -o '"ts":[0-9.]*' found.json)"

# Figures of agents are absent, and names stand in their place.
"$program" report --json "$(data cases/traces/99-scope-exit-order.json)" >report.json
has report.json '"idle_ms"' && fail 'a thread is idle'
has report.json '"state"' && fail 'a thread has a state'
has report.json '"names":\[{"name":"b","count":1,"open":0,"total_ms":0.04,"self_ms":0.035,"max_ms":0.04}' ||
    fail "names: $(grep -o '"names":.*' report.json)"
"$program" report "$(data cases/traces/99-scope-exit-order.json)" >report.txt
has report.txt '^SLOWEST BY THEIR OWN TIME' || fail 'no slowest names'
has report.txt '^time' && fail 'an empty line of times'
exit 0
