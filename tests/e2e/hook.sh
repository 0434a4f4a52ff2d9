#!/bin/bash
# Claude Code's hooks through the real program: over the socket, over HTTP, and when nobody listens, reads or sends sense.
# Whatever happens a hook prints nothing and succeeds: the agent takes anything else for a veto.
. "$SWARMTOP_TESTS/support/e2e.sh"
export SWARMTOP_SOCKET="unix:$work/feed.sock"

hook() { # OPTIONS...: stdin is the payload
    "$program" hook "$@" >hook.out 2>hook.err || fail "hook $*: exit status $?"
    [ -s hook.out ] || [ -s hook.err ] && fail "hook $*: says '$(cat hook.out hook.err)'"
    return 0
}
payload() { # EVENT MEMBERS
    printf '{"session_id":"S1","cwd":"/home/dev/api-server","hook_event_name":"%s"%s}' "$1" "${2:+,$2}"
}
bash_call='"tool_name":"Bash","tool_input":{"command":"make test"},"tool_use_id":"t1"'

# Nobody listens; what is no payload; what is no command line; no stdin at all.
payload Stop | hook
payload Stop | hook --to "unix:$work/none" --to=unix:/
payload Stop | hook --to tcp:127.0.0.1:1
payload Stop | hook --to nonsense
payload Stop | hook --no-such-option
printf 'garbage {' | hook
hook </dev/null
hook <&-
"$program" hook --help | grep -q 'swarmtop hook' || fail "no help"

# When nobody listens that is known at once, at each of the places. The quickest of ten counts, beyond what the start of any
# process takes: the machine may be busy.
least=1000000 start=1000000
for _ in 1 2 3 4 5 6 7 8 9 10; do
    began=$(date +%s%N)
    payload Stop | env -u SWARMTOP_SOCKET XDG_RUNTIME_DIR="$work/none" "$program" hook
    took=$((($(date +%s%N) - began) / 1000000))
    [ $took -ge $least ] || least=$took
    began=$(date +%s%N)
    payload Stop | env -u SWARMTOP_SOCKET XDG_RUNTIME_DIR="$work/none" "$program" --version >/dev/null
    took=$((($(date +%s%N) - began) / 1000000))
    [ $took -ge $start ] || start=$took
done
[ $least -lt $((start * 2 + 300)) ] || fail "a hook without a listener takes long: $least ms, where a start takes $start ms"

# What to paste is on stdout, where to on stderr, and no file is touched.
"$program" setup claude >settings.json 2>where || fail "setup claude"
has where 'settings.json' || fail "setup claude does not say where to paste"
for event in SessionStart PreToolUse PostToolUse PermissionRequest SubagentStop; do
    has settings.json "\"$event\": \[{\"hooks\": \[{\"type\": \"command\", \"command\": \"swarmtop hook\"" || fail "setup claude: no $event"
done
[ "$(head -c 1 settings.json)$(tail -n 1 settings.json)" = '{}' ] || fail "setup claude prints no object"
# Nothing that would take telemetry from the user's own collector.
has settings.json '"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"' || fail "setup claude sets no endpoint"
OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 "$program" setup claude 2>where | grep -q OTEL_ && fail "setup claude takes a collector's telemetry"
has where 'forward http://collector:4318' || fail "setup claude does not name --forward"
"$program" setup --help | grep -q '^  claude ' || fail "setup --help does not list the clients"
"$program" setup cursor >/dev/null 2>&1 && fail "setup cursor succeeds"
[ -e "$HOME/.claude" ] && fail "setup has made ~/.claude"

run_in_background "$program" record -o trace.json "$SWARMTOP_SOCKET" otlp:127.0.0.1:0
recording=$pid
until_true 10 test -S feed.sock || fail "no socket"
payload SessionStart '"source":"startup"' | hook
payload UserPromptSubmit '"prompt":"go","prompt_id":"p1"' | hook
payload PreToolUse "$bash_call" | hook
payload PermissionRequest '"tool_name":"Bash","tool_input":{"command":"make test"}' | hook
# A slow machine takes more than the 10 s after which the status has what holds up.
waits() { "$program" status | grep -qE '^1 user(  held up: .*)?$'; }
until_true 10 waits || fail "of one that waits for a permission it says '$("$program" status)'"
printf 'garbage {' | hook
{
    printf '{"session_id":"S1","hook_event_name":"PostToolUse",%s,"duration_ms":1,"tool_response":{"stdout":"' "$bash_call"
    head -c 3000000 /dev/zero | tr '\0' x
    printf '"}}'
} | hook
works() { "$program" status | grep -qE '^1 (wait|tool|idle)(  held up: .*)?$'; }
until_true 10 works || fail "after the call it says '$("$program" status)'"
payload Stop '"prompt_id":"p1"' | hook

# The agent was started in another environment: the hook and emit find the socket all the same.
mkdir -m 700 run
ln -s "$work/feed.sock" run/swarmtop.sock
other() { env SWARMTOP_SOCKET="$work/nobody.sock" XDG_RUNTIME_DIR="$work/run" "$@"; }
rests() { [ "$("$program" status)" = "1 idle" ]; }
until_true 10 rests || fail "after its turn it is not idle: $("$program" status)"
printf '{"session_id":"S2","hook_event_name":"UserPromptSubmit","prompt":"x"}' | other "$program" hook
elsewhere() { "$program" status | grep -q '^1 wait'; }
until_true 10 elsewhere || fail "a hook of another environment goes nowhere: $("$program" status)"
other "$program" emit hello session_id=S3 name=third || fail "emit of another environment: $?"
other "$program" status >other.status || fail "status of another environment"
printf '{"session_id":"S2","hook_event_name":"SessionEnd"}' | other "$program" hook

# A reader that is stuck holds nobody up: its socket's queue fills, and then some.
kill -STOP "$recording"
for _ in $(seq 20); do
    {
        printf '{"session_id":"S1","hook_event_name":"MessageDisplay","delta":"'
        head -c 900000 /dev/zero | tr '\0' x
        printf '"}'
    } | hook &
    stuck="${stuck-} $!"
done
gone() { for one in $stuck; do kill -0 "$one" 2>/dev/null && return 1; done; return 0; }
until_true 10 gone || fail "a stuck reader holds hooks up"
kill -CONT "$recording"

payload SessionEnd '"reason":"other"' | hook
idle() { ! "$program" status | grep -qE " (wait|tool)"; }
until_true 10 idle || fail "the session does not end"
kill -TERM "$recording"
status_of "$recording"
[ "$status" = 1 ] || fail "record: exit status $status" # for the payloads that were given up half way
has trace.json '"make test"' || fail "the call is not in the trace"
has trace.json 'api-server' || fail "the session has no name"
has trace.json 'Permission: Bash' || fail "the wait is not in the trace"
"$program" report --json trace.json >report.json || fail "report"
has report.json '"Bash"' || fail "the call is not in the report"

# What was captured of a swarm, as a feed (t in ns).
sample() {
    sed -E 's/^\{"t":([0-9]+)([0-9]{6}),"event":"[^"]*","ppid":[0-9]+,/{"op":"claude_hook","t":\1.\2,/' \
        "$(data "samples/claude/$1/hooks.jsonl")" >"$1.feed"
    "$program" report --json "$1.feed" >"$1.report" || fail "$1: report"
}
sample swarm-json
has swarm-json.report '"totals":{.*"tools":{"Agent":{"count":5,.*"Bash":{"count":10,"errors":1,.*"Read":{"count":2,"errors":1,' ||
    fail "swarm-json: other tools: $(sed 's/.*"totals"//' swarm-json.report)"
has swarm-json.report '"agent_id":"ab06685a1f4666ae5","name":"general-purpose","description":"Nested helper","parent_agent_id":"a8b18248cc4ffbad6"' ||
    fail "swarm-json: the nested agent has another parent"
has swarm-json.report '"open":0,"evicted":0,"incomplete":0,"orphan_ends":0' || fail "swarm-json: something is left open"
sample tui-perm
# Two permissions of 8.4 and 8.6 s, and one that was refused and ended with the session.
has tui-perm.report '"user_wait_ms":93818' || fail "tui-perm: $(sed 's/.*"totals"//' tui-perm.report)"
exit 0
