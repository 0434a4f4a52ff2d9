# A real writer in Node does to its file what the seed's tracer does, and dies in the middle of a write; another one takes its place. Who
# follows leaves behind every event that was in a whole document, once, in order, and nothing of half ones.
. "$SWARMTOP_TESTS/support/e2e.sh"
agent_tracks='*.json'
command -v node >/dev/null 2>&1 || { echo "node is not installed"; exit 77; }
js=$SWARMTOP_TESTS/e2e/rewriting.js

follow() { # OUT TRACE: its process id is $pid
    run_in_background "$program" record --follow --tracks agent --write-interval 1 -o "$1" "$2"
}
has_all() { [ -s "$2" ] && node "$js" compare "$1" "$2" >why 2>&1; } # LOG OUT
is_whole() { node -e 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))' "$1" 2>/dev/null; }
evictions() { [ -e "$1" ] && [ "$(grep -c ^evicted "$1")" -ge "$2" ]; } # LOG COUNT

# --- stop_with LOG OUT PID: it has come so far, and what it leaves is that
stop_with() {
    until_true 20 has_all "$1" "$2" || fail "$2, while it is followed: $(cat why)"
    kill -TERM "$3"
    status_of "$3"
    [ "$status" = 0 ] || fail "$2: status $status"
    has_all "$1" "$2" || fail "$2, at the end: $(cat why)"
    has "$2" trace_truncated && fail "$2: the producer's marker, though nothing is missing"
}

follow first.json trace.json # not there yet
first=$pid
follow second.json trace.json
second=$pid

run_in_background node "$js" write trace.json one.log session-one
until_true 30 evictions one.log 2 || fail "the writer does not evict"
kill -USR2 "$pid"
until_true 10 ended "$pid" || fail "the writer does not die"
is_whole trace.json && fail "the writer did not die in the middle of a write"
stop_with one.log first.json $first

# Another session in the same file: nothing of the first one is left.
run_in_background node "$js" write trace.json two.log session-two
until_true 30 evictions two.log 1 || fail "the second writer does not evict"
kill -TERM "$pid"
status_of "$pid"
is_whole trace.json || fail "the last document is not whole"
stop_with two.log second.json $second

# Half a file, whatever the half, changes nothing.
cp trace.json whole.json
cp trace.json cut.json
node "$js" events whole.json >cut.log
follow third.json cut.json
until_true 10 test -s third.json || fail "nothing was read of a whole file"
node "$js" cut whole.json cut.json || fail "cut: $?"
kill -TERM "$pid"
status_of "$pid"
[ "$status" = 0 ] || fail "truncations: status $status"
has_all cut.log third.json || fail "truncations: $(cat why)"
exit 0
