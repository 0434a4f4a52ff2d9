# `record` beside a source that listens: a client's directory that is not there yet is waited for, and what comes is taken. Alone
# it is an error, which names where the files may be.
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl
unset CLAUDE_CONFIG_DIR
export HOME="$work/home"
mkdir -p "$HOME" later

"$program" record -o none.json claude:later >out 2>err && fail "a directory without files is recorded"
has err 'later has no directory projects; set CLAUDE_CONFIG_DIR' || fail "alone: $(cat err)"
[ -e none.json ] && fail "a trace of nothing"

now() { date -u +%Y-%m-%dT%H:%M:%S.000Z; }
write() { printf '%s\n' "$1" >>later/projects/-x-app/s.jsonl; }
answers() { SWARMTOP_SOCKET=$work/feed.sock "$program" status 2>/dev/null | grep -q -e "$1"; }
for dir in later "$work/nowhere/yet"; do
    rm -rf later out.json
    run_in_background "$program" record -o out.json "claude:$dir" "unix:$work/feed.sock" >out 2>err
    recording=$pid
    until_true 10 test -S feed.sock || fail "no socket: $(cat err)"
    mkdir -p later/projects/-x-app
    [ "$dir" = later ] || { mkdir "$work/nowhere" && ln -s "$work/later" "$work/nowhere/yet"; }
    write '{"type":"user","promptId":"p","message":{"role":"user","content":"go"},"timestamp":"'"$(now)"'","cwd":"/x/app"}'
    write '{"type":"api-request","id":"r","timestamp":"'"$(now)"'","querySource":"sdk","requestDigest":"d"}'
    until_true 10 answers '1 wait' || fail "$dir: $(SWARMTOP_SOCKET=$work/feed.sock "$program" status) $(cat err)"
    # And what is appended later.
    write '{"type":"assistant","message":{"id":"m","model":"o","content":[{"type":"tool_use","id":"t","name":"Bash","input":{"command":"make later"}}],"stop_reason":"tool_use"},"requestRef":"r","timestamp":"'"$(now)"'"}'
    echo '{"op":"hello","session_id":"fed","name":"fed"}' >line
    send_lines line "$work/feed.sock" 0
    sleep 1
    kill -TERM "$recording"
    status_of "$recording"
    [ "$status" = 0 ] || fail "$dir: exit status $status: $(cat err)"
    [ -s err ] && fail "$dir: $(cat err)"
    has out.json 'make later' || fail "$dir: the transcript is not in the trace"
    has out.json '"fed"' || fail "$dir: the feed is not in the trace"
done
