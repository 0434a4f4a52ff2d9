# Nothing moves, nothing is sent: a finished source on the screen, and a frozen view while events come. Keys come from the terminal though
# stdin is data.
. "$SWARMTOP_TESTS/support/e2e.sh"

cat >feed.ndjson <<'END'
{"op":"hello","t":1760625065000,"session_id":"one"}
{"op":"start_tool","t":1760625066000,"span_id":"1","tool_name":"Bash","args":{"command":"make test"}}
{"op":"end_tool","t":1760625069000,"span_id":"1"}
END

# Bytes that came to the terminal do not grow for two seconds.
is_quiet() { # WHAT
    until_true 10 settled || fail "$1: it never comes to rest"
    before=$(wc -c <bytes)
    sleep 2
    [ "$(wc -c <bytes)" = "$before" ] || fail "$1: $(($(wc -c <bytes) - before)) bytes were sent"
}
settled() {
    at=$(wc -c <bytes)
    sleep 0.6
    [ "$(wc -c <bytes)" = "$at" ]
}

open_terminal 100 20
type_keys "$program -o finished.json - <feed.ndjson" Enter
wait_for 'finished'
wait_for 'Bash'
tmux -L "$terminal" pipe-pane -o "cat >$work/bytes"
until_true 10 test -e bytes || fail "no pipe-pane"
is_quiet 'a finished source'
[ -s finished.json ] || fail "the end of the source wrote nothing"
type_keys q
wait_for '^finished.json'

type_keys "clear; $program -o live.json unix:$work/s" Enter
until_true 10 test -S s || fail "no socket"
"$program" emit --to "unix:$work/s" --session one start_tool span_id=1 tool_name=Bash || fail "emit"
wait_for 'IN FLIGHT'
type_keys Space
until_true 10 settled || fail "it does not freeze"
before=$(wc -c <bytes)
for i in 1 2 3 4 5; do
    "$program" emit --to "unix:$work/s" --session one instant name=n$i cat=c || fail "emit"
done
sleep 2
[ "$(wc -c <bytes)" = "$before" ] || fail "a frozen view: $(($(wc -c <bytes) - before)) bytes were sent"
type_keys q
wait_for '^live.json'
has live.json '"n5"' || fail "what came while it was frozen is lost"
exit 0
