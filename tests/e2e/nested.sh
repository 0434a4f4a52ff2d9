# A client that another client's Bash call runs is below that client, by the parents of their processes: known by its hooks, or
# by its registry. The same in the document that is left.
. "$SWARMTOP_TESTS/support/e2e.sh"
[ -r /proc/self/stat ] || { echo "no /proc"; exit 77; }
export SWARMTOP_SOCKET="$work/feed.sock" program
unset CLAUDE_CONFIG_DIR

cat >client.sh <<'END'
# NAME COMMAND: a client, which runs the command in a shell. With a registry it has its entry there.
session=$1
now() { date -u +%Y-%m-%dT%H:%M:%S.000Z; }
hook() { echo '{"session_id":"'"$session"'","cwd":"/x/app","hook_event_name":"'"$1"'"'"$2"'}' | "$program" hook; }
if [ -n "${registry-}" ]; then
    started=$(awk '{print $22}' "/proc/$$/stat")
    echo '{"pid":'$$',"sessionId":"'"$session"'","cwd":"/x/app","procStart":"'"$started"'","status":"busy","statusUpdatedAt":'"$(date +%s)"'000}' >"$registry/sessions/$$.tmp"
    mv "$registry/sessions/$$.tmp" "$registry/sessions/$$.json"
    {
        echo '{"type":"user","promptId":"p-'"$session"'","message":{"role":"user","content":"go"},"timestamp":"'"$(now)"'","cwd":"/x/app"}'
        echo '{"type":"api-request","id":"r-'"$session"'","timestamp":"'"$(now)"'","querySource":"sdk","requestDigest":"d-'"$session"'"}'
    } >"$registry/projects/-x-app/$session.jsonl"
else
    hook UserPromptSubmit ',"prompt":"go"'
    hook PreToolUse ',"tool_name":"Bash","tool_input":{"command":"'"$2"'"},"tool_use_id":"t"'
fi
sh -c "eval '$2'; true"
END

echo "exec sh client.sh middle 'sh inner.sh'" >middle.sh
echo "exec sh client.sh inner 'sleep 20'" >inner.sh

check() { # SOURCE...
    rm -f out.json
    run_in_background "$program" record -f -o out.json "$@" >/dev/null 2>&1
    recording=$pid
    until_true 10 test -S feed.sock || fail "no socket"
    run_in_background sh client.sh outer 'sh middle.sh'
    working() {
        "$program" status 2>/dev/null | awk '{
            for (i = 2; i <= NF; i += 2) n += $i ~ /^(wait|sampling|tool|agents)$/ ? $(i - 1) : 0
        } END { exit n != 3 }'
    }
    until_true 10 working || fail "$*: $("$program" status)"
    sleep 3
    kill -TERM "$recording"
    status_of "$recording"
    [ "$status" = 0 ] || fail "$*: exit status $status"
    "$program" report --json out.json >report.json || fail "$*: report"
    for pair in middle:outer inner:middle; do
        has report.json '"agent_id":"'"${pair%:*}"'"[^}]*"parent_agent_id":"'"${pair#*:}"'"' ||
            fail "$*: $pair: $(sed 's/"tools".*//' report.json)"
    done
    has report.json '"agent_id":"outer"[^}]*"parent_agent_id"' && fail "$*: the outer one has a parent"
    "$program" dump --size 100x20 out.json >screen || fail "$*: dump"
    kill -9 "$pid" 2>/dev/null
}
check "unix:$SWARMTOP_SOCKET"
export registry=$work/home
mkdir -p "$registry/sessions" "$registry/projects/-x-app"
check "claude:$registry" "unix:$SWARMTOP_SOCKET"
exit 0
