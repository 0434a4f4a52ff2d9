# A filter holds for all of a report: its agents, sessions, models and sums.
. "$SWARMTOP_TESTS/support/e2e.sh"
feed=$SWARMTOP_TESTS/screens/clients.feed.ndjson

"$program" report --filter client:codex "$feed" >out || fail "report: $?"
has out '^sessions  1$' || fail "sessions: $(cat out)"
has out 'Franklin run checks' || fail "no sub-agent: $(cat out)"
has out 'gpt-5-codex *8 ' || fail "its requests: $(cat out)"
has out '"client:codex" matches 3 of' || fail "the filter is not named: $(cat out)"
has out ' claude' && fail "another client: $(cat out)"
has out ' $' && fail "trailing blanks: $(cat -A out)"

# An agent whose parent is left out stands at the left; what matches nothing is named, without tables.
"$program" report --filter 'agent:"Franklin"' "$feed" >out || fail "report: $?"
has out '^codex   Franklin run checks' || fail "it is indented: $(cat out)"
"$program" report --filter agent:nobody "$feed" >out || fail "report: $?"
has out '^no agent matches the filter "agent:nobody"' || fail "nothing is named: $(cat out)"
has out ' $' && fail "trailing blanks: $(cat -A out)"
has out 'AGENT\|^time' && fail "an empty table: $(cat out)"

"$program" report --json --filter client:codex "$feed" >out || fail "report --json: $?"
[ "$(grep -o '"agents":.*"models"' out | grep -o '"agent_id"' | wc -l)" = 3 ] || fail "agents: $(cat out)"
[ "$(grep -o '"models":.*"totals"' out | grep -o '"model"' | wc -l)" = 1 ] || fail "models: $(cat out)"
has out '"totals":{"requests":8,"failed":0,' || fail "totals: $(cat out)"

# A call is compared with those of all agents, also of such that do not match.
bash() { # SPAN AGENT FROM_S: a call of a minute
    printf '{"op":"start_tool","session_id":"s","agent_id":"%s","span_id":"%s","tool_name":"Bash","t":%s000}\n' "$2" "$1" $((1760000000 + $3))
    printf '{"op":"end_tool","session_id":"s","agent_id":"%s","span_id":"%s","success":true,"t":%s000}\n' "$2" "$1" $((1760000060 + $3))
}
{
    for i in $(seq 25); do bash "q$i" s $((i * 100)); done
    bash hang k 2600 | head -n 1
    printf '{"op":"instant","session_id":"s","name":"x","cat":"c","t":1760002900000}\n'
} >hang.ndjson
"$program" report --json --filter agent:k hang.ndjson >out || fail "report --json: $?"
has out '"p95_ms":60000' || fail "no usual time: $(cat out)"
has out '"stalled":1' || fail "not stalled: $(cat out)"

"$program" report --filter 'dur>x' "$feed" >out 2>err && fail "an invalid filter is taken"
[ "$?" != 0 ] && has err 'dur' || fail "of an invalid filter: $(cat err)"
exit 0

# An agent has the host that its session reports; a filter chooses by it.
for host in web1 web2; do
    echo '{"op":"update_session","session_id":"'$host'-s","name":"build","host":"'$host'","start_ms":1760000000000}'
    echo '{"op":"update_call","session_id":"'$host'-s","kind":"tool","id":"'$host'-t","name":"Bash","start_ms":1760000000000,"end_ms":1760000001000}'
done >hosts.ndjson
"$program" report --json --filter host=web2 hosts.ndjson >out || fail "report --json: $?"
has out '"host":"web2"' || fail "no host: $(cat out)"
has out 'web1' && fail "another host: $(cat out)"
"$program" report hosts.ndjson >out || fail "report: $?"
has out '^web1 build ' && has out '^web2 build ' || fail "rows do not name their host: $(cat out)"
"$program" record -o hosts.json hosts.ndjson >/dev/null || fail "record: $?"
"$program" report --json --filter host:web1 hosts.json >out || fail "report of the document: $?"
has out '"host":"web1"' || fail "the document has no host: $(cat out)"
