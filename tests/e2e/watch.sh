# The whole way in a terminal: a feed comes over the socket at a pace, the picture is live, q gives the terminal back, says where
# the trace is, and the trace re-opens.
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl

sed -E -e 's/"t":[0-9.]+,?//' -e '/end_session/d' "$(data golden/swarm.feed.ndjson)" >feed.ndjson
open_terminal 120 40
type_keys "$program -o out/trace.json unix:$work/s" Enter
until_true 10 test -S s || fail "the socket is not there"
wait_for 'No agents yet'
wait_for "$work/s"

run_in_background send_lines feed.ndjson s 3
wait_for '● LIVE'
wait_for 'IN FLIGHT'
wait_for 'planner\|researcher\|coder\|main'
status_of "$pid"
[ "$status" = 0 ] || fail "the sender failed"

# All of the feed is in the figures, however busy the machine.
errors() { show | sed -n 's/.*errors \([0-9]*\).*/\1/p' | head -1; }
had=
settled() { before=$had had=$(errors); [ -n "$had" ] && [ "$had" = "$before" ] || { sleep 1; false; }; }
until_true 30 settled || fail "the errors still grow: $had"

# It grows on its own, and stands still when it is frozen.
type_keys Space
until_true 10 sh -c "! tmux -L $terminal capture-pane -p | grep -q '● LIVE 1'" || fail "it does not freeze"
show >frozen
sleep 2
show | cmp -s - frozen || fail "a frozen screen moves"

# Figures that are asked for now are of that moment: those of a filter, and of another view.
had=$(errors)
for op in 'hello name=late' 'start_tool span_id=x tool_name=Bash' 'end_tool span_id=x success=false'; do
    # shellcheck disable=SC2086
    "$program" emit --to "unix:$work/s" --session late $op || fail "emit: $?"
done
type_keys '\' -nothing Enter
wait_for 'filter *-nothing\|-nothing'
[ "$(errors)" = "$had" ] || fail "a filter shows $(errors) errors in a frozen screen, not $had"
type_keys 2
wait_for 'TTFT P50'
[ "$(errors)" = "$had" ] || fail "the agents view shows $(errors) errors in a frozen screen, not $had"
type_keys 1 '\' C-u Enter Space
has_more() { [ "$(errors)" = $((had + 1)) ]; }
until_true 10 has_more || fail "it shows $(errors) errors, not $((had + 1))"

# Written now, and closing nothing; smaller and larger again.
type_keys x
wait_for 'wrote '
[ -s out/trace.json ] || fail "x wrote nothing"
grep -q '"incomplete":true' out/trace.json && fail "x closed spans"
tmux -L "$terminal" resize-window -x 60 -y 15
wait_for 'swarmtop'
tmux -L "$terminal" resize-window -x 120 -y 40
type_keys '?'
wait_for 'freeze'
type_keys '?'

# Suspended and resumed.
type_keys C-z
wait_for 'Stopped\|\$ $'
type_keys fg Enter
wait_for 'AGENT'

type_keys q
wait_for '^out/trace.json'
type_keys 'echo status $?; stty -a' Enter
wait_for 'status 0'
wait_for ' icanon '
wait_for ' echo '
shows 'AGENT' && fail "the screen was left behind"
[ "$(stat -c %a out/trace.json)" = 600 ] || fail "mode $(stat -c %a out/trace.json)"
grep -q '"incomplete":true' out/trace.json || fail "open spans were not closed"
[ -e s ] && fail "the socket was left behind"

"$program" report --json out/trace.json >report.json || fail "the trace does not re-open"
grep -q '"open":0' report.json || fail "open spans in the trace"
"$program" dump --size 120x40 out/trace.json | grep -q AGENT || fail "no picture of the trace"
exit 0
