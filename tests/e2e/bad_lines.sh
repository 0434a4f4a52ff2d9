# A line that is refused is named on stderr with its reason, the others are counted, and the status is 1, whichever
# command reads it and however it comes; an end of nothing and an ignored field are no refused lines.
. "$SWARMTOP_TESTS/support/e2e.sh"

hello='{"op":"hello","session_id":"a","t":1760000000000}'
tool='{"op":"start_tool","session_id":"a","span_id":1,"tool_name":"X","t":1760000001000}'
event='{"name":"x","ph":"X","ts":1,"dur":2,"pid":1,"tid":1}'

# check WHAT STATUS MESSAGE: `err` and $status are as they should be. An empty MESSAGE: stderr is empty.
check() {
    [ "$status" = "$2" ] || fail "$1: status $status, not $2: $(cat err)"
    if [ -z "$3" ]; then
        [ ! -s err ] || fail "$1: $(cat err)"
    else
        grep -qxF "swarmtop: $3" err || fail "$1: $(cat err)"
        [ "$(wc -l <err)" = 1 ] || fail "$1: $(cat err)"
    fi
}
run() { # COMMAND...
    "$@" >out 2>err
    status=$?
}

# Name, expected status, the message after "FILE: ", and the lines.
cases() {
    cat <<END
good|0||$hello\n$tool
garbage|1|line 2: not JSON: value expected near 'garbage': garbage (1 bad line)|$hello\ngarbage\n$tool
several|1|line 2: unknown op: {"op":"x"} (the first of 3 bad lines)|$hello\n{"op":"x"}\n[1]\n{"op":"end_tool"}\n$tool
seconds|1|line 2: t is in seconds? (FEED wants milliseconds): {"op":"hello","session_id":"b","t":1760000000} (1 bad line)|$hello\n{"op":"hello","session_id":"b","t":1760000000}
orphan|0||$hello\n{"op":"end_tool","span_id":"none"}\n$tool
ignored|0||$hello\n{"op":"start_tool","span_id":2,"tool_name":"X","args":1,"t":1760000001000}
END
}
cases | while IFS='|' read -r name expected message lines; do
    printf '%b\n' "$lines" | sed 's/\\n/\n/g' >"$name.ndjson"
    for command in record report dump status; do
        out_option=
        [ $command = record ] && out_option='-o out.json'
        # shellcheck disable=SC2086
        run "$program" $command $out_option "$name.ndjson"
        check "$command $name" "$expected" "${message:+$name.ndjson: $message}"
        # shellcheck disable=SC2086
        run "$program" $command $out_option - <"$name.ndjson"
        check "$command $name from stdin" "$expected" "${message:+stdin: $message}"
    done
done || exit 1

# Events of a trace file.
printf '{"traceEvents":[%s,\n{"name":"y","ph":"X","dur":2},\n%s]}' "$event" "$event" >trace.json
run "$program" record -o out.json trace.json
[ "$status" = 1 ] && has err 'trace.json: .*ts is missing.*(1 bad line)' || fail "trace: $status $(cat err)"
# A document that breaks off is reported once.
printf '{"traceEvents":[%s,{"na' "$event" >cut.json
run "$program" report cut.json
[ "$status" = 1 ] && [ "$(grep -c 'not JSON' err)" = 1 ] || fail "cut: $status $(cat err)"
# So is another format, whatever the words are; what comes after an error is counted.
printf '<!DOCTYPE html><html></html>\n' >page.json
run "$program" report page.json
[ "$status" = 1 ] && [ "$(wc -l <err)" = 1 ] && has err 'page.json: .*HTML' || fail "another format: $status $(cat err)"
printf '{"traceEvents":[%s,{"na]}\n{"traceEvents":[%s,{"na' "$event" "$event" >twice.json
run "$program" report twice.json
[ "$status" = 1 ] && [ "$(wc -l <err)" -le 2 ] || fail "two errors: $status $(cat err)"

# A sender of a socket, until a signal.
need_perl
run_in_background "$program" record -o live.json "unix:$work/feed.sock" >paths 2>err
until_true 10 test -S feed.sock || fail "no socket"
printf '%s\nbad\n%s\n' "$hello" "$tool" >lines.ndjson
send_lines lines.ndjson "$work/feed.sock" 0
"$program" emit --to "unix:$work/feed.sock" --session a end_tool span_id=1 || fail "emit"
until_true 10 sh -c "SWARMTOP_SOCKET=unix:$work/feed.sock '$program' status | grep -q idle" || fail "not taken"
kill -TERM "$pid"
status_of "$pid"
[ "$status" = 1 ] && has err 'line 2: not JSON: value expected near .bad.: bad (1 bad line)' || fail "socket: $status $(cat err)"
has live.json 'Tool: X' || fail "the good lines are lost"
exit 0
