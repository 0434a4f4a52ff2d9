# Every way out writes the trace: SIGINT, SIGTERM, SIGHUP, --for; a signal that was ignored stays ignored; a second one ends at once.
. "$SWARMTOP_TESTS/support/e2e.sh"

start() { # SOCKET ARGUMENT...: record, until it listens and has a span that is open
    socket=$1
    shift
    run_in_background "$program" record -o "$socket.json" "$@" "unix:$work/$socket"
    until_true 10 test -S "$socket" || fail "$socket: no socket"
    "$program" emit --to "unix:$work/$socket" --session one start_tool span_id=1 tool_name=Bash || fail "emit: $?"
}

for signal in INT TERM HUP; do
    # A background job of a shell without job control has SIGINT ignored; env(1) takes that back.
    run_in_background env --default-signal=INT "$program" record -o $signal.json "unix:$work/$signal"
    until_true 10 test -S $signal || fail "$signal: no socket"
    "$program" emit --to "unix:$work/$signal" --session one start_tool span_id=1 tool_name=Bash || fail "emit: $?"
    kill -$signal "$pid"
    status_of "$pid"
    [ "$status" = 0 ] || fail "$signal: status $status"
    has $signal.json '"incomplete":true' || fail "$signal: no whole trace"
    [ -e $signal ] && fail "$signal: the socket was left behind"
done

# nohup: SIGHUP is ignored, and SIGTERM is not.
trap '' HUP
start nohup
trap - HUP
kill -HUP "$pid"
"$program" emit --to "unix:$work/nohup" --session one instant name=after cat=x || fail "SIGHUP was not ignored"
kill -TERM "$pid"
status_of "$pid"
has nohup.json '"after"' || fail "nohup: what came after SIGHUP is not there"

# What was sent before the signal is in the trace, though it was not read yet.
start late
kill -STOP "$pid"
for i in 1 2 3; do
    "$program" emit --to "unix:$work/late" --session s$i instant name=late$i cat=c || fail "late: emit: $?"
done
kill -TERM "$pid"
kill -CONT "$pid"
status_of "$pid"
for i in 1 2 3; do has late.json "late$i" || fail "late$i: what was sent before the signal is lost"; done

start timed --for 1
status_of "$pid"
[ "$status" = 0 ] || fail "--for: status $status"
has timed.json '"incomplete":true' || fail "--for: no whole trace"

# --write-interval closes nothing and the file is whole each time.
start often --write-interval 1s
until_true 10 has often.json '"Tool: Bash"' || fail "--write-interval wrote nothing"
has often.json incomplete && fail "--write-interval closed spans"
"$program" report often.json >/dev/null || fail "a file of --write-interval does not open"
kill -TERM "$pid"
status_of "$pid"

# The last write hangs (nobody reads that pipe): the first signal begins it, the second ends the process.
mkfifo pipe
exec 9<>pipe
run_in_background env --default-signal=INT "$program" record -o pipe "unix:$work/hangs"
until_true 10 test -S hangs || fail "hangs: no socket"
for i in 1 2 3; do
    "$program" emit --to "unix:$work/hangs" --session one instant name=n cat=c "args.x=$(printf %0100000d 0)" || fail "emit"
done
kill -INT "$pid"
until_true 2 ended "$pid" && fail "the last write did not hang"
kill -INT "$pid"
status_of "$pid"
[ "$status" = 130 ] || fail "a second SIGINT: status $status"
exec 9>&-

# The same where the sources have ended by themselves: one SIGINT gives the write a second, then ends the process.
i=0
while [ $i -lt 20000 ]; do
    echo "{\"op\":\"instant\",\"session_id\":\"s\",\"t\":1760000000000,\"name\":\"n$i\",\"cat\":\"c\"}"
    i=$((i + 1))
done >long.ndjson
mkfifo pipe2
exec 9<>pipe2
run_in_background env --default-signal=INT "$program" record -o pipe2 long.ndjson
until_true 2 ended "$pid" && fail "the write of a file does not hang"
kill -INT "$pid"
status_of "$pid"
[ "$status" = 130 ] || fail "SIGINT while it writes: status $status"
exec 9>&-

# In the terminal: the connection drops.
open_terminal 80 24
type_keys "exec $program -o dropped.json unix:$work/dropped" Enter
until_true 10 test -S dropped || fail "dropped: no socket"
"$program" emit --to "unix:$work/dropped" --session one start_tool span_id=1 tool_name=Bash || fail "emit: $?"
wait_for 'IN FLIGHT'
tmux -L "$terminal" kill-server
until_true 10 has dropped.json '"incomplete":true' || fail "a dropped terminal: no whole trace"

# A crash gives the terminal back. (An abort: the others are the sanitizers'.)
open_terminal 80 24
type_keys "$program -o crash.json unix:$work/crash" Enter
wait_for 'No agent'
kill -ABRT "$(tmux -L "$terminal" list-panes -F '#{pane_pid}' | xargs -I{} sh -c 'cat /proc/{}/task/{}/children')"
until_true 10 sh -c "[ \"\$(tmux -L $terminal display-message -p '#{alternate_on}')\" = 0 ]" || fail "a crash leaves the alternate screen"
exit 0
