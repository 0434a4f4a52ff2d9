# What runs when the program ends has run until then in the trace; what a file left open ended when the file did.
. "$SWARMTOP_TESTS/support/e2e.sh"

lasted() { # FILE: how many ms its tool lasted
    sed 's/},{/},\n{/g' "$1" | sed -n 's/.*"incomplete":true.*"duration_ms":\([0-9]*\).*/\1/p; s/.*"duration_ms":\([0-9]*\).*"incomplete":true.*/\1/p' | head -n 1
}

SWARMTOP_SOCKET="unix:$PWD/feed.sock"
export SWARMTOP_SOCKET
"$program" record -o live.json --feed live.feed "$SWARMTOP_SOCKET" >out 2>err &
recorder=$!
children="$children $recorder"
until_true 10 test -S feed.sock || fail "it does not listen: $(cat err)"
"$program" emit --session s start_tool span_id=1 tool_name=Bash || fail "emit"
"$program" emit --session u update_call id=2 kind=tool name=Bash "start_ms=$(date +%s000)" || fail "emit an update"
until_true 10 "$program" status || fail "no status"
sleep 1
kill -TERM "$recorder"
wait "$recorder"
[ "$(lasted live.json)" -ge 900 ] || fail "a call that ran for a second: $(cat live.json)"
[ "$(grep -c '"op":"end_session"' live.feed)" = 2 ] || fail "the feed ends no session: $(cat live.feed)"
"$program" record -o read.json live.feed >out 2>err || fail "record the feed: $(cat err)"
cmp live.json read.json || fail "the recorded feed gives another document"

printf '%s\n' '{"op":"start_tool","session_id":"s","span_id":"1","tool_name":"Bash","t":1760000000000}' \
    '{"op":"instant","session_id":"s","name":"later","cat":"x","t":1760000002500}' >old.ndjson
"$program" record -o old.json old.ndjson >out 2>err || fail "record: $(cat err)"
[ "$(lasted old.json)" = 2500 ] || fail "a call in a file: $(cat old.json)"
