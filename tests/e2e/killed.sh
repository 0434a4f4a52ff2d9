# A client dies by SIGKILL while a hook has reported something younger than its transcript's last line. It is gone within
# moments: nothing of it is at work, needs a person, or is in flight.
. "$SWARMTOP_TESTS/support/e2e.sh"
[ -r /proc/self/stat ] || { echo "no /proc"; exit 77; }

export HOME="$work/home" SWARMTOP_SOCKET="$work/feed.sock"
unset CLAUDE_CONFIG_DIR
mkdir -p "$HOME/.claude/sessions" "$HOME/.claude/projects/-x-app"
session=11111111-2222-4333-8444-555555555555

now() { date -u +%Y-%m-%dT%H:%M:%S.000Z; }
run_in_background sleep 1000
client=$pid
started=$(awk '{print $22}' "/proc/$client/stat")
cat >"$HOME/.claude/sessions/$client.json" <<END
{"pid":$client,"sessionId":"$session","cwd":"/x/app","procStart":"$started","status":"busy","statusUpdatedAt":$(date +%s)000}
END
cat >"$HOME/.claude/projects/-x-app/$session.jsonl" <<END
{"type":"user","promptId":"p","message":{"role":"user","content":"go"},"timestamp":"$(now)","cwd":"/x/app"}
{"type":"api-request","id":"r","timestamp":"$(now)","querySource":"sdk","requestDigest":"d"}
END

run_in_background "$program" record -f -o out.json claude: "unix:$SWARMTOP_SOCKET" >/dev/null 2>&1
answers() { "$program" status 2>/dev/null | grep -q -e "$1"; }
until_true 10 answers '1 wait' || fail "no session at work: $("$program" status)"
hook() {
    echo '{"session_id":"'$session'","hook_event_name":"'"$1"'","tool_name":"Bash","tool_input":{"command":"make"}'"$2"'}' | "$program" hook
}
hook PreToolUse ',"tool_use_id":"t"'
hook PermissionRequest ''
until_true 10 answers '1 user' || fail "nobody is asked: $("$program" status)"
kill -9 "$client"
wait "$client" 2>/dev/null
killed=$(date +%s)
until_true 3 answers '^1 gone$' || fail "after the kill: $("$program" status)"
echo "gone after $(($(date +%s) - killed)) s"
