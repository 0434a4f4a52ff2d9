# While a large file is read for the first time the hint line says how far that is, what has come is on the screen, Esc ends the reading, and
# the program goes on with what it has.
. "$SWARMTOP_TESTS/support/e2e.sh"

# Twenty agents, whose tools take turns.
awk 'BEGIN {
    pad = sprintf("%0150d", 0)
    printf "{\"traceEvents\":["
    for (pid = 1; pid <= 20; pid++)
        printf "%s{\"name\":\"process_name\",\"ph\":\"M\",\"ts\":0,\"pid\":%d,\"tid\":0,\"args\":{\"name\":\"agent-%d\"}}", \
            (pid > 1 ? "," : ""), pid, pid
    for (i = 0; i < 1200000; i++)
        printf ",{\"name\":\"Tool: Bash\",\"cat\":\"tool\",\"ph\":\"X\",\"ts\":%d,\"dur\":1000,\"pid\":%d,\"tid\":1,\"args\":{\"n\":%d,\"pad\":\"%s\"}}", \
            i * 60, i % 20 + 1, i, pad
    printf "],\"metadata\":{\"session_id\":\"large\"}}"
}' >large.json || fail "awk: $?"

# However fast the machine is, there shall be time to look: the program is let run for a tenth of the time. (No shell with job control may be
# its parent, which would take it for stopped.)
cat >run.sh <<'END'
sh -c 'echo $$ >pid; exec "$0" "$@"' "$@"
echo "status $?"
END
slow_down() { # PID
    while kill -STOP "$1" 2>/dev/null; do
        sleep 0.09
        kill -CONT "$1" 2>/dev/null
        sleep 0.01
    done
}
percent() { show | sed -n 's/.*opening large.json  *\([0-9]*\) %.*/\1/p'; }
is_further_than() { now=$(percent) && [ -n "$now" ] && [ "$now" -gt "$1" ]; }

open_terminal 100 24
type_keys "sh run.sh $program large.json" Enter
until_true 10 test -s pid || fail "the program does not start"
read -r opened <pid
children="$children $opened"
run_in_background slow_down "$opened"
slow=$pid

wait_for 'opening large.json  *[0-9]* %'
before=$(percent)
until_true 20 is_further_than "${before:-0}" || fail "the percentage does not grow"
wait_for 'agent-9\>' # what has come is there
type_keys Escape
wait_for 'stopped at [0-9]* %.*large.json'
kill "$slow"
until_true 10 ended "$slow"
kill -CONT "$opened"
wait_for 'finished  *[0-9,]* events'
shows ' 1,200,000 events' && fail "all of it was read"
shows 'agent-9\>' || fail "what had come is gone"

# It is alive: a larger screen has room for all.
tmux -L "$terminal" resize-window -x 100 -y 50
wait_for 'agent-20'
shows ' 1,200,000 events' && fail "it went on reading"
type_keys q
wait_for '^status 0'
until_true 10 ended "$opened" || fail "it does not end"
exit 0
