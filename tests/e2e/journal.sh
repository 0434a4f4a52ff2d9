# The journal of a live run: where it is, when it goes, and what the next start makes of one that was left.
. "$SWARMTOP_TESTS/support/e2e.sh"
state=$work/state/swarmtop

line() { # OP SESSION [REST]
    echo "{\"op\":\"$1\",\"t\":1760625065000,\"session_id\":\"$2\"${3:+,$3}}"
}
# A run that reads from a FIFO, which stays open; its id is $pid, and it has read session $1 in its journal $2.
begin_run() { # SESSION JOURNAL OPTION...
    session=$1 journal=$2
    shift 2
    rm -f pipe
    mkfifo pipe
    exec 4<>pipe 3>pipe # (which waits for nobody)
    run_in_background sh -c 'exec "$@" <pipe' sh "$program" record "$@" - >out 2>err 3>&- 4>&-
    line instant "$session" '"name":"x","cat":"y"' >&3
    until_true 5 has_line "$journal" || fail "no journal $journal: $(cat err)"
}
# shellcheck disable=SC2086
has_line() { grep -q '"op":"instant"' $1 2>/dev/null; }
kill_run() { kill -9 "$pid" && wait "$pid" 2>/dev/null; exec 3>&- 4>&-; }
end_run() { exec 3>&- 4>&-; status_of "$pid"; }
journals() { ls "$state"/*.journal ./*.journal 2>/dev/null; }

# A run that ends deletes it; while it lives it is the user's alone.
begin_run one "$state/run-*.journal"
# shellcheck disable=SC2012
[ "$(ls -l "$state"/run-*.journal | cut -c 1-10)" = -rw------- ] || fail "mode: $(ls -l "$state")"
end_run
[ "$status" = 0 ] && [ -s "$state/trace-one.json" ] || fail "ends with $status: $(cat err)"
[ -z "$(journals)" ] || fail "the journal is still there: $(journals)"

# A killed run's is recovered by the next one, under a name that is free, and deleted.
begin_run one "$state/run-*.journal"
kill_run
[ -n "$(journals)" ] || fail 'no journal is left'
line instant two '"name":"x","cat":"y"' | "$program" record - >out 2>err || fail "next run: $(cat err)"
has err "recovered a run that was killed: $state/trace-one-2.json" || fail "not reported: $(cat err)"
has "$state/trace-one-2.json" '"name":"x"' || fail 'the recovered document lacks an event'
[ -s "$state/trace-two.json" ] && [ -z "$(journals)" ] || fail "state: $(ls -a "$state")"

# With --output it is beside the file; a second run with that file is refused while the first lives.
begin_run one k.json.journal -o k.json
"$program" record -o k.json - </dev/null >out2 2>err2
[ $? = 1 ] || fail "a second run with the same file: status $?"
has err2 'k.json: a running swarmtop writes it' || fail "the reason: $(cat err2)"
kill_run
echo foreign >k.json-7.journal
"$program" record -o k.json - </dev/null >out 2>err || fail "after -o: $(cat err)"
has err 'recovered a run that was killed: k-2.json' || fail "after -o: $(cat err)"
has k-2.json '"name":"x"' || fail 'k-2.json lacks an event'
[ "$(journals)" = ./k.json-7.journal ] && has k.json-7.journal foreign || fail "foreign: $(journals)"

# A foreign file of its name stays, and the journal has a number.
echo foreign >m.json.journal
begin_run one m.json-2.journal -o m.json
kill_run
"$program" record -o m.json - </dev/null >out 2>err
has m-2.json '"name":"x"' || fail "recovered beside a foreign file: $(cat err)"
has m.json.journal foreign || fail 'the foreign file was touched'

# If the cap dropped events it is kept, and not recovered again; it opens as any file.
rm -f ./*.journal
for i in 1 2 3 4 5 6 7 8 9; do line instant one "\"name\":\"n$i\",\"cat\":\"y\""; done >nine
"$program" record --max-events 6 -o c.json - <nine >out 2>err || fail "cap: $(cat err)"
has err 'c.json.journal: kept, for the trace lacks' || fail "cap: $(cat err)"
[ "$(cat out)" = c.json ] || fail "cap: stdout: $(cat out)"
"$program" record -o c.json - </dev/null >out 2>err
has err recovered && fail "a run that ended was recovered: $(cat err)"
"$program" report --json c.json-2.journal >report 2>err || fail "a journal as a source: $(cat err)"
has report '"total":1[01],' || fail "a journal as a source: $(cat report)"
# A killed run that had a cap: its journal stays, with what the cap had dropped.
rm -f ./*.journal
begin_run one k.json.journal -o k.json --max-events 6
cat nine >&3
until_true 5 has k.json.journal n9 || fail 'the journal lacks lines'
kill_run
printf '{"op":"inst' >>k.json.journal
"$program" record -o k.json - </dev/null >out 2>err
has err 'events before it are in k.json-2.journal, which is kept' || fail "killed with a cap: $(cat err)"
"$program" report k.json-2.journal >/dev/null 2>err || fail "its journal does not open: $(cat err)"
"$program" record -o k.json - </dev/null >out 2>err
has err recovered && fail 'recovered twice'

# Its own maximum is reported, and the run continues.
rm -f ./*.journal
awk 'BEGIN { for (i = 0; i < 100; i++) print "{\"op\":\"instant\",\"session_id\":\"s\",\"name\":\"n" i "\",\"cat\":\"x\"}" }' >many
"$program" record --journal-max 4096 -o f.json - <many >out 2>err || fail "full: $(cat err)"
has err 'f.json.journal: the journal ends here: it has --journal-max bytes' || fail "full: $(cat err)"
has f.json n99 && [ -z "$(journals)" ] || fail 'full: the document is not whole'

# None: when it is switched off, without a document, for files, and for the demo.
none() { [ -z "$(journals)" ] || fail "a journal $1: $(journals)"; }
strace_free() { # WHAT COMMAND...: the directory for journals is made for one alone
    what=$1
    shift
    rm -rf other
    XDG_STATE_HOME=$work/other "$@" >out 2>err || fail "$what: $(cat err)"
    [ ! -e other ] || fail "$what: $(find other)"
}
strace_free '--no-journal' "$program" record --no-journal -o n.json - <many
strace_free 'a file' "$program" record -o n.json many
strace_free 'the demo' "$program" demo --for 1
CLAUDE_CODE_PERFETTO_TRACE=0 strace_free 'no document' "$program" record - <many
none 'is left'

# One that cannot be written is reported at the start and stops nothing.
echo file >blocked
XDG_STATE_HOME=$work/blocked "$program" record --for 0.1 "unix:$work/s" >out 2>err
has err 'blocked/swarmtop/run-.*: cannot write the journal: Not a directory' || fail "blocked: $(cat err)"
"$program" record -o - - <many >doc 2>err || fail "-o -: $(cat err)"
has doc n99 || fail '-o -: no document'

# Temporary files of dead runs go; those of living ones and others' stay.
: >.swarmtop-abcdef
: >.swarmtop-other
"$program" record -o t.json - </dev/null >out 2>err || fail "temporary: $(cat err)"
[ -e .swarmtop-abcdef ] && fail 'a temporary file of a dead run is left'
[ -e .swarmtop-other ] || fail 'a file of another name was removed'

# On the screen.
begin_run scr "$state/run-*.journal"
kill_run
open_terminal 100 30
type_keys "$program watch unix:$work/w" Enter
wait_for 'recovered a run that was killed'
type_keys q
wait_for '^\$ *$'
[ -s "$state/trace-scr.json" ] || fail "the screen's: $(ls "$state")"
