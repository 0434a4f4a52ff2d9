# Where the trace goes, by option and environment, and what is said when it cannot be written.
. "$SWARMTOP_TESTS/support/e2e.sh"

cat >one.ndjson <<'END'
{"op":"hello","t":1760625065000,"session_id":"one"}
{"op":"start_tool","t":1760625066000,"span_id":"1","tool_name":"Bash"}
END
cat one.ndjson >two.ndjson
echo '{"op":"hello","t":1760625067000,"session_id":"two"}' >>two.ndjson

expect() { # WHAT PATH: what was printed is this path alone, and it is there
    [ "$(cat said)" = "$2" ] || fail "$1: said '$(cat said)', not '$2'"
    [ -z "$2" ] || [ -s "$2" ] || fail "$1: $2 is not there"
}

"$program" record - <one.ndjson >said || fail "state: $?"
expect 'live' "$work/state/swarmtop/trace-one.json"
"$program" record - <two.ndjson >said
expect 'two sessions' "$work/state/swarmtop/trace-20251016-143105.json"
"$program" record one.ndjson >said 2>err || fail "a file: $?"
expect 'a file' ''
has err 'no trace written' || fail "a file: $(cat err)"
CLAUDE_CODE_PERFETTO_TRACE=1 CLAUDE_CONFIG_DIR="$work/conf" "$program" record - <one.ndjson >said
expect 'the variable is on' "$work/conf/traces/trace-one.json"
CLAUDE_CODE_PERFETTO_TRACE=env.json "$program" record - <one.ndjson >said
expect 'the variable is a path' env.json
CLAUDE_CODE_PERFETTO_TRACE=off "$program" record - <one.ndjson >said
expect 'the variable is off' ''
CLAUDE_CODE_PERFETTO_TRACE=env.json "$program" record env.json - <one.ndjson >said
expect "the variable's file is a source" "$work/state/swarmtop/trace-20251016-143105-2.json"
"$program" record --split -o d/s.json - <two.ndjson >said
[ "$(cat said)" = "$(printf 'd/s-one.json\nd/s-two.json')" ] || fail "split: $(cat said)"
"$program" record -o - - <one.ndjson >doc
has doc '^{"traceEvents"' || fail "-o -: $(head -c 200 doc)"
has doc 'json$' && fail "-o -: a path is in the document"

# -o may name a source: its own new version.
"$program" record -o own.json - <one.ndjson >/dev/null
"$program" record -o own.json own.json >said || fail "own: $?"
expect 'own' own.json
"$program" report --json own.json | grep -q '"closed":1' || fail "own: the span is not there once"

# A name that ends in .gz is written compressed; the file re-opens, and nothing else lies beside it.
same_report() { # FILE FILE
    "$program" report --json "$1" | sed 's/"source":"[^"]*"//' >left
    "$program" report --json "$2" | sed 's/"source":"[^"]*"//' >right
    cmp -s left right || fail "$1 and $2 differ: $(diff left right | head -n 5)"
}
mkdir gz
"$program" record -o gz/plain.json one.ndjson >/dev/null
"$program" record -o gz/o.json.gz one.ndjson >said || fail "gzip: $?"
expect 'gzip' gz/o.json.gz
gzip -t gz/o.json.gz || fail "gzip -t: $?"
gzip -dc gz/o.json.gz | cmp -s - gz/plain.json || fail "gzip: not the plain document"
same_report gz/plain.json gz/o.json.gz
"$program" record -o gz/o.json.gz gz/o.json.gz >/dev/null || fail "gzip: its own new version: $?"
gzip -dc gz/o.json.gz | cmp -s - gz/plain.json || fail "gzip: its own new version"
"$program" record --split -o gz/s.json.gz - <two.ndjson >said
[ "$(cat said)" = "$(printf 'gz/s-one.json.gz\ngz/s-two.json.gz')" ] || fail "gzip, split: $(cat said)"
gzip -t gz/s-one.json.gz gz/s-two.json.gz || fail "gzip -t, split: $?"
CLAUDE_CODE_PERFETTO_TRACE=gz/env.gz "$program" record - <one.ndjson >said
gzip -t gz/env.gz || fail "gzip -t, the variable: $?"
[ "$(ls -A gz | wc -l)" = 5 ] || fail "gzip: $(ls -A gz)"

# While it is recorded the file is whole at every moment; after a kill the next start makes another.
mkdir live
mkfifo live/feed
run_in_background sh -c 'exec "$0" record --write-interval 1 -o live/l.json.gz - <live/feed' "$program" >said 2>err
exec 3>live/feed
cat one.ndjson >&3
until_true 10 gzip -t live/l.json.gz 2>err || fail "gzip, --write-interval: $(cat err)"
kill -9 "$pid"
exec 3>&-
until_true 10 ended "$pid" || fail 'gzip: it does not end'
gzip -t live/l.json.gz || fail "gzip -t, after a kill: $?"
"$program" record -o live/l.json.gz - </dev/null >said 2>err || fail "gzip, the next start: $(cat err)"
gzip -t live/l-2.json.gz || fail "gzip -t, recovered: $?"
"$program" report --json live/l-2.json.gz | grep -q '"closed":1' || fail 'gzip, recovered: the span is not there'

# A disk that is full (a file may not grow): the old file stays whole, and nothing else is left.
i=0
while [ $i -lt 4000 ]; do
    echo '{"op":"instant","t":1760625066000,"cat":"x","name":"'$i'","args":{"x":"'$(($i * 7919 % 100003 * 7919 % 100003))'"}}'
    i=$((i + 1))
done >many.body
{ cat one.ndjson; cat many.body; } >many.ndjson
before=$(cksum <gz/o.json.gz)
(
    trap '' XFSZ
    ulimit -f 8
    "$program" record -o gz/o.json.gz many.ndjson >said 2>err
)
[ $? = 1 ] || fail "gzip, a full disk: no status 1"
has err 'gz/o.json.gz: cannot write: File too large' || fail "gzip, a full disk: $(cat err)"
[ "$(cksum <gz/o.json.gz)" = "$before" ] || fail "gzip, a full disk: the old file changed"
[ "$(ls -A gz | wc -l)" = 5 ] || fail "gzip, a full disk: $(ls -A gz)"

# What cannot be written, or read.
echo kept >file
"$program" record -o file/o.json - <one.ndjson >said 2>err
[ $? = 1 ] || fail "a path below a file: no status 1"
has err 'file/o.json' || fail "a path below a file: $(cat err)"
expect 'a path below a file' ''
has file kept || fail "the file was touched"
"$program" record -o o.json missing.json >said 2>err
[ $? = 1 ] || fail "a missing file: no status 1"
has err 'missing.json' || fail "a missing file: $(cat err)"
[ -e o.json ] && fail "a document of nothing was written"
"$program" record -o - - <one.ndjson >/dev/full 2>err
[ $? = 1 ] || fail "/dev/full: no status 1"
has err 'standard output' || fail "/dev/full: $(cat err)"
"$program" record -o /dev/full - <one.ndjson >said 2>err
[ $? = 1 ] || fail "-o /dev/full: no status 1"
has err '/dev/full' || fail "-o /dev/full: $(cat err)"
"$program" report one.ndjson >/dev/full 2>err
[ $? = 1 ] || fail "report to /dev/full: no status 1"
"$program" --no-such-option 2>err
[ $? = 2 ] || fail "a wrong option: no status 2"
has err 'no-such-option' || fail "a wrong option: $(cat err)"
"$program" emit --to "unix:$work/nobody" hello session_id=x 2>err
[ $? = 1 ] || fail "emit to nobody: no status 1"
has err 'nobody' || fail "emit to nobody: $(cat err)"
"$program" emit --to "unix:$work/nobody" no_such_op 2>err
[ $? = 2 ] || fail "a wrong operation: no status 2"
exit 0
