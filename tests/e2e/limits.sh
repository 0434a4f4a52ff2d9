# Outputs that cannot be written: found at the start, the old file whole, exit status 1.
. "$SWARMTOP_TESTS/support/e2e.sh"

line() { echo "{\"op\":\"instant\",\"t\":1760625065000,\"session_id\":\"s\",\"name\":\"n$1\",\"cat\":\"x\"}"; }
many() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print "{\"op\":\"instant\",\"t\":1760625065000,\"session_id\":\"s\",\"name\":\"n" i "\",\"cat\":\"x\"}" }'; }
repeat() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "x" }'; }

# Found at the start: while the run lives. FILE REASON
at_start() {
    rm -f err
    run_in_background "$program" record --no-journal -o "$1" "unix:$work/s" >out 2>err
    until_true 5 has err "$2" || fail "$1: not reported at the start: $(cat err)"
    kill -0 "$pid" || fail "$1: the run has ended"
    kill "$pid"
    status_of "$pid"
    # Without a session nothing is written, and nothing fails.
    "$program" record --no-journal -o "$1" - <one >out 2>err
    [ $? = 1 ] || fail "$1: exit status $?"
    [ -s out ] && fail "$1: a path was printed: $(cat out)"
    has err "$2" || fail "$1: $(cat err)"
}
line 1 >one
echo file >file
mkdir dir
ln -s loop loop
at_start file/o.json 'file/o.json: cannot make its directory: Not a directory'
at_start dir 'dir: cannot write: Is a directory'
at_start loop 'loop: cannot follow its link: Too many levels'
at_start "$(repeat 300).json" 'xxx.json: cannot write: File name too long'
at_start "d2/$(repeat 5000).json" 'File name too long'
if [ "$(id -u)" != 0 ]; then
    mkdir ro
    chmod 500 ro
    at_start ro/o.json 'ro/o.json: cannot create a temporary file beside it: Permission denied'
fi
CLAUDE_CODE_PERFETTO_TRACE=file/o.json "$program" record --no-journal - <one >out 2>err
[ "$(grep -c 'file/o.json: cannot make its directory' err)" = 2 ] || fail "the variable: $(cat err)"
XDG_STATE_HOME=$work/file "$program" record --no-journal - <one >out 2>err
[ $? = 1 ] && has err 'cannot make its directory' || fail "the state directory: $(cat err)"
ls -a . dir | grep -q '^.swarmtop-' && fail "a temporary file is left: $(ls -a)"

# A file size limit is an error like a full disk: the old file stays whole.
echo old >big.json
many 2000 >many
(ulimit -f 16 && exec "$program" record --no-journal -o big.json - <many >out 2>err)
[ $? = 1 ] || fail "ulimit -f: exit status $?"
has err 'big.json: cannot write: File too large' || fail "ulimit -f: $(cat err)"
[ "$(cat big.json)" = old ] || fail 'the old file was touched'
(ulimit -f 16 && exec "$program" record -o big.json - <many >out 2>err)
has err 'big.json.journal: the journal ends here: File too large' || fail "its journal: $(cat err)"
ls -a | grep -q '^.swarmtop-' && fail 'a temporary file is left'

# A reader that never reads: a second signal ends the run, however its end began.
mkfifo fifo
stuck() { # HOW COMMAND...: SIGTERM twice
    how=$1
    shift
    sleep 60 <>fifo &
    reader=$!
    children="$children $reader"
    run_in_background "$@" >out 2>err
    sleep 2 # (the pipe is full, and the program waits in a write)
    kill -TERM "$pid" 2>/dev/null
    sleep 0.2
    kill -TERM "$pid" 2>/dev/null
    until_true 1 ended "$pid" || fail "$how: alive after two signals"
    wait "$pid"
    [ $? = 143 ] || fail "$how: exit status $?: $(cat err)"
    kill "$reader"
}
many 20000 >more
stuck 'end of the source' sh -c 'exec "$0" record --max-events 0 -o fifo - <more' "$program"
stuck 'a periodic write' sh -c 'exec "$0" record --max-events 0 --write-interval 1 -f -o fifo - <more' "$program"
stuck '--for' sh -c 'exec "$0" record --max-events 0 --for 0.5 -o fifo - <more' "$program"

# The same with a screen: q begins the write, two signals end it, and the terminal is as it was.
command -v tmux >/dev/null 2>&1 || exit 0
sleep 60 <>fifo &
children="$children $!"
open_terminal 80 24
type_keys "sh -c 'echo \$\$ >q.pid; exec \"$program\" watch --max-events 0 --no-journal -o fifo more'; echo status \$?" Enter
wait_for '20,000 events'
type_keys q
until_true 10 hides '20,000 events' || fail 'the screen stays'
for signal in TERM TERM; do
    sleep 0.5
    kill -$signal "$(cat q.pid)" 2>/dev/null
done
until_true 1 ended "$(cat q.pid)" || fail 'q: alive after two signals'
wait_for 'status 143'
