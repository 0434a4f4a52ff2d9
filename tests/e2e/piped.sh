# Data through a pipe, keys from the terminal: neither takes the other for itself, and both stop and go on with the job.
. "$SWARMTOP_TESTS/support/e2e.sh"

tool() { # NUMBER: a tool that begins, named after it
    printf '{"op":"start_tool","session_id":"one","span_id":"%s","tool_name":"Tool%s"}\n' "$1" "$1"
}
quits() { # WHAT
    type_keys q
    until_true 10 test -s status || fail "$1: it does not end"
    [ "$(cat status)" = 1 ] || fail "$1: status $(cat status)" # for the two bad lines
    wait_for '^\$$'
    type_keys 'stty -a >stty.after' Enter
    until_true 10 cmp -s stty.before stty.after || fail "$1: $(diff stty.before stty.after)"
}

mkfifo fifo
open_terminal 100 24
type_keys 'stty -a >stty.before' Enter
until_true 10 test -s stty.before
# What stands in the data is data, though it were keys.
{ echo '{"op":"hello","session_id":"one"}'; tool 1; echo q; printf '\003\033[B\n'; } >feed.ndjson

# The feed goes on; `feed` says when the program has left it.
type_keys "(cat feed.ndjson; cat fifo) | (sh -c 'echo \$\$ >pid; exec \"\$@\"' sh $program -o piped.json -; echo \$? >status)" Enter
exec 9>fifo
wait_for 'Tool1'
wait_for '2 bad lines'
tool 2 >&9
wait_for 'Tool2'
type_keys '?'
wait_for 'timeline: each'
tool 3 >&9
type_keys '?'
wait_for 'Tool3'
wait_for '● LIVE'

# The job stops with the pipe in it, and nothing that came meanwhile is lost.
type_keys C-z
wait_for 'Stopped'
hides 'AGENT' || fail "C-z: the picture is left behind"
tool 4 >&9
type_keys 'fg' Enter
wait_for 'Tool4'

# The end of the data is no end of the keys.
exec 9>&-
wait_for 'finished'
type_keys 3
wait_for 'nothing'
type_keys 1
quits 'at the end of the data'
for i in 1 2 3 4; do has piped.json "Tool: Tool$i" || fail "Tool$i is not in the trace"; done

# q while the data goes on: the writer is not waited for.
rm -f status
type_keys "clear; cat fifo | (sh -c 'echo \$\$ >pid; exec \"\$@\"' sh $program -o open.json -; echo \$? >status)" Enter
exec 9>fifo
tool 5 >&9
wait_for 'Tool5'
type_keys q
until_true 10 test -s status || fail "an open pipe: it does not end"
has open.json 'Tool5' || fail "an open pipe: no trace"
exec 9>&-
wait_for '^\$$'

exit 0
