# Runs the README's own blocks: each way to feed swarmtop does what the README promises. A block without a check fails.
. "$SWARMTOP_TESTS/support/e2e.sh"
readme=$SWARMTOP_TESTS/../README.md
export LC_ALL=C.UTF-8 HOME="$work/home" SWARMTOP_SOCKET="unix:$work/feed.sock" PATH="$work/bin:$PATH" TERM=xterm-256color
unset CLAUDE_CONFIG_DIR CODEX_HOME QWEN_HOME GEMINI_CLI_HOME XDG_DATA_HOME XDG_CONFIG_HOME SWARMTOP_SESSION
lacks=
mkdir -p bin home
ln -s "$program" bin/swarmtop

free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'; }
SWARMTOP_OTLP=127.0.0.1:$(free_port)
export SWARMTOP_OTLP

# The blocks: `block-N` has the text, `heading-N` its heading, `kind-N` the language.
awk '
    /^##+ / { heading = $0; sub(/^#+ /, "", heading) }
    /^```/ && inside { inside = 0; close(file); next }
    /^```/ {
        inside = 1
        file = "block-" ++count
        print heading >("heading-" count)
        print substr($0, 4) >("kind-" count)
        next
    }
    inside { print >file }' "$readme"

# block HEADING: sets $block to its file, and marks it as checked.
block() {
    block=
    for file in heading-*; do
        [ "$(cat "$file")" = "$1" ] && block=block-${file#heading-}
    done
    [ -n "$block" ] || fail "the README has no block under '$1'"
    : >"checked-${block#block-}"
}

# A swarmtop that runs beside a block: its report, when it has ended, is in `report`.
listen() {
    run_in_background "$program" record -o trace.json "$SWARMTOP_SOCKET" "otlp:$SWARMTOP_OTLP"
    until_true 10 test -S feed.sock || fail "no socket"
}
end_listening() {
    kill -TERM "$pid"
    status_of "$pid"
    "$program" report trace.json >report || fail "no report of what came"
}

block 'With nothing: the clients'\'' own files'
mkdir home/.claude
cp -r "$(data samples/claude/solo-json)/transcripts/projects" home/.claude/
find home/.claude -name '*.jsonl' | while read -r file; do
    now=$(date -u +%Y-%m-%dT%H:%M)
    sed "s/\"timestamp\": *\"[0-9-]*T[0-9]*:[0-9]*/\"timestamp\":\"$now/g" "$file" >new && mv new "$file"
done
run_in_background sh "$block" >frame 2>err
until_true 10 has err 'agent' || fail "no figures: $(cat err)"
pkill -TERM -P "$pid"
until_true 10 has frame 'swarmtop  1 session' || fail "the session is not shown: $(cat frame err)"
until_true 10 ended "$pid" || fail "it does not end"
has err 'ttft p50' || fail "no time to first token: $(cat err)"
has err 'p95' && fail "a p95 of three requests: $(cat err)"
rm -rf home/.claude

block 'By hooks'
sh "$block" >lines 2>notes || fail "setup: $(cat notes)"
has lines '"command": "swarmtop hook"' || fail "no hook is printed: $(cat lines)"
[ ! -e home/.claude ] || fail "setup has written something"
listen
printf '%s' '{"session_id":"h1","hook_event_name":"PreToolUse","tool_name":"Bash","tool_use_id":"t1","tool_input":{"command":"ls"},"cwd":"/x/hooked"}' |
    sh -c 'swarmtop hook' || fail "the hook fails"
end_listening
has report '^hooked' || fail "the hook's session is missing: $(cat report)"

block 'By OpenTelemetry'
listen
cat "$block" >shell
cat >>shell <<'END'
[ "$OTEL_TRACES_EXPORTER" = otlp ] || exit 1
now=$(date +%s)
curl -sf -H 'content-type: application/json' "$OTEL_EXPORTER_OTLP_ENDPOINT/v1/traces" -d '{"resourceSpans":[{"resource":{"attributes":
    [{"key":"service.name","value":{"stringValue":"my-service"}}]},"scopeSpans":[{"spans":[{"traceId":"0123456789abcdef0123456789abcdef",
    "spanId":"0123456789abcdef","name":"chat m1","startTimeUnixNano":"'$now'000000000","endTimeUnixNano":"'$now'500000000","attributes":[
    {"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.request.model","value":{"stringValue":"m1"}},
    {"key":"gen_ai.usage.output_tokens","value":{"intValue":"7"}}]}]}]}]}'
END
if command -v curl >/dev/null; then
    sh shell >answer 2>err || fail "the shell with its variables: $(cat answer err)"
    end_listening
    has report '^m1 ' || fail "the span is missing: $(cat report)"
else
    end_listening
    lacks="$lacks curl"
fi

block 'A trace file'
cp "$(data golden/small.trace.json)" trace.json
run_in_background sh "$block" >frame 2>err
until_true 10 has err 'agents' || fail "no figures: $(cat err)"
pkill -TERM -P "$pid"
until_true 10 has frame '^ swarmtop  ' || fail "no frame: $(cat frame err)"
until_true 10 ended "$pid" || fail "it does not end"
rm trace.json

block 'A feed from Python'
if command -v python3 >/dev/null; then
    cp "$block" agent.py
    python3 agent.py | swarmtop record -o python.json - >out 2>err || fail "record: $(cat err)"
    "$program" report python.json >report
    has report '^  *my-agent\|^my-agent' && has report '^Bash  *1 ' || fail "the feed is not what it should be: $(cat report)"
else
    lacks="$lacks python3"
fi

block 'A feed from a shell'
listen
sh -e "$block" || fail "a command of the block fails"
end_listening
has report '^nightly' && has report '^Bash  *1 ' || fail "the feed is not what it should be: $(cat report)"

block 'From other machines'
cat >bin/far <<'END'
#!/bin/sh
while [ "$1" != -- ]; do shift; done
echo "$2" >>"$HOME/../hosts"
printf '%s\n' '{"op":"journal","t":1760000000000,"feed":"1.1","swarmtop":"0"}' \
    '{"op":"hello","t":1760000000000,"session_id":"'"$2"'","name":"on-'"$2"'"}'
exec sleep 1000
END
chmod +x bin/far
SWARMTOP_SSH=far run_in_background sh "$block" >frame 2>err
until_true 10 eval '[ "$(wc -l <hosts 2>/dev/null)" = 2 ]' || fail "two hosts: $(cat hosts err)"
until_true 10 has err '2 agents' || fail "no figures: $(cat err)"
pkill -TERM -P "$pid"
until_true 10 has frame 'on-web1' || fail "the hosts are not shown: $(cat frame err)"
until_true 10 ended "$pid" || fail "it does not end"

for file in heading-*; do
    number=${file#heading-}
    [ -e "checked-$number" ] || fail "the block under '$(cat "$file")' ($(cat "kind-$number")) has no check"
done

# Each file and picture that the README names exists.
perl -ne 'while (/\]\(([^)#]+)/g) { print "$1\n" unless $1 =~ /^https?:/ }' "$readme" | sort -u | while read -r file; do
    [ -e "$SWARMTOP_TESTS/../$file" ] || echo "$file"
done >missing
[ ! -s missing ] || fail "the README names a file that does not exist: $(cat missing)"
[ -z "$lacks" ] || { echo "blocks are not run without:$lacks"; exit 77; }
exit 0
