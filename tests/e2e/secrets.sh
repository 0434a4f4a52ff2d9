#!/bin/sh
# Keys and passwords that clients' files and hooks bring are in no output, with and without --content; of a failed
# tool's result nothing is kept without it. All keys are made up.
. "$SWARMTOP_TESTS/support/e2e.sh"

mkdir -p claude/projects/p
key='Authorization: Bearer KEYaaaa1111 sk-ant-KEYbbbb2222 ghp_KEYcccc3333 https://u:KEYdddd@h/ --password KEYeeee API_KEY=KEYffff'
line() { printf '{"sessionId":"s","cwd":"/x","uuid":"%s",%s}\n' "$1" "$2" >>claude/projects/p/s.jsonl; }
line 1 '"type":"user","timestamp":"2026-01-01T10:00:00.000Z","message":{"role":"user","content":"prompt '"$key"'"}'
line 2 '"type":"assistant","timestamp":"2026-01-01T10:00:02.000Z","requestId":"r","message":{"id":"m","role":"assistant","model":"opus","content":[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"curl '"$key"'","description":"d"}},{"type":"tool_use","id":"t2","name":"Weird","input":{"password":"KEYgggg","url":"https://u:KEYhhhh@h/"}},{"type":"tool_use","id":"t3","name":"Agent","input":{"subagent_type":"x","description":"'"$key"'","prompt":"'"$key"'"}}],"usage":{"input_tokens":5,"output_tokens":5}}'
line 3 '"type":"user","timestamp":"2026-01-01T10:00:05.000Z","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":"RESULT '"$key"'"},{"type":"tool_result","tool_use_id":"t2","content":"RESULT '"$key"'"}]}'
line 4 '"type":"custom-title","customTitle":"title '"$key"'"'
{
    printf '{"op":"hook","t":1767261600000,"payload":{"session_id":"h","hook_event_name":"PreToolUse","tool_name":"Bash","tool_use_id":"a","tool_input":{"command":"%s"}}}\n' "$key"
    printf '{"op":"hook","t":1767261601000,"payload":{"session_id":"h","hook_event_name":"PostToolUseFailure","tool_name":"Bash","tool_use_id":"a","tool_input":{"command":"%s"},"error":"RESULT %s"}}\n' "$key" "$key"
    printf '{"op":"hook","t":1767261602000,"payload":{"session_id":"h","hook_event_name":"PermissionRequest","tool_name":"Bash","tool_input":{"command":"%s"}}}\n' "$key"
} >hooks.ndjson

outputs() { # OPTION...: all that the program writes
    "$program" record "$@" -o out.json --feed out.feed claude:claude hooks.ndjson >out.out 2>out.err
    "$program" report "$@" --json claude:claude hooks.ndjson >out.report 2>>out.err
    "$program" report "$@" claude:claude hooks.ndjson >out.table 2>>out.err
    for keys in 1 '1 j j Enter' 2 3 4 5 '5 j Enter'; do
        "$program" dump "$@" --size 200x50 --keys "$keys" claude:claude hooks.ndjson 2>>out.err
    done >out.screens
}

outputs
grep -l 'KEY[a-h]' out.* && fail "a key was kept: $(grep -ho '.\{30\}KEY[a-h].\{9\}' out.* | head -n 5)"
grep -l 'RESULT' out.* && fail "a result was kept: $(grep -ho '.\{30\}RESULT' out.* | head -n 5)"
has out.json 'sk-ant-\*\*\*' || fail "the command is not masked but gone: $(cat out.json)"
has out.json '"error":"error"' || fail "the error has no class: $(cat out.json)"

outputs --content
grep -l 'KEY[a-h]' out.* && fail "a key was kept with --content: $(grep -ho '.\{30\}KEY[a-h].\{9\}' out.* | head -n 5)"
has out.json 'RESULT' || fail "--content keeps results: $(cat out.json)"

outputs --content --no-mask
has out.json 'KEYaaaa1111' || fail "--no-mask masks: $(cat out.json)"

# What a feed or a trace file brings is kept as it was sent, and masked where a person reads it.
printf '%s\n' '{"op":"start_tool","session_id":"s","span_id":"1","tool_name":"Bash","args":{"command":"'"$key"'"},"t":1767261600000}' \
    '{"op":"log","session_id":"s","level":"error","message":"'"$key"'","t":1767261600500}' \
    '{"op":"end_tool","session_id":"s","span_id":"1","success":false,"error":"'"$key"'","t":1767261601000}' >feed.ndjson
"$program" record -o feed.json feed.ndjson >out 2>err || fail "record a feed: $(cat err)"
has feed.json 'KEYaaaa1111' || fail "a feed is not kept as sent: $(cat feed.json)"
for source in feed.ndjson feed.json; do
    for keys in 1 '1 j Enter' 2 3 4 5 '5 j Enter'; do
        "$program" dump --size 200x50 --keys "$keys" "$source" 2>>err
    done >screens
    grep -q 'KEY[a-h]' screens && fail "$source: a key on the screen: $(grep -o '.\{30\}KEY[a-h].\{9\}' screens | head -n 5)"
done
"$program" dump --no-mask --size 200x50 --keys '1 j Enter' feed.ndjson >screens
has screens 'KEYaaaa1111' || fail "--no-mask masks the screen: $(cat screens)"

# The name of a session, whole and where a column ends within the key.
for padding in '' 'rotate ' 'rotate it before ' 'rotate it before today, all of '; do
    printf '%s\n' '{"op":"hello","t":1767261600000,"session_id":"s","name":"'"$padding"'ghp_KEYaaaabbbbccccddddeeeeffffgggghhhh"}' \
        '{"op":"start_llm_request","session_id":"s","span_id":"r","model":"m","t":1767261600000}' \
        '{"op":"end_llm_request","session_id":"s","span_id":"r","ttft_ms":500,"output_tokens":5,"t":1767261602000}' >named.ndjson
    "$program" report named.ndjson >named.out || fail 'report a named session'
    has named.out 'TOP REASON' || fail "no reasons: $(cat named.out)"
    grep 'KEY' named.out && fail 'a key in the name of a session'
done
"$program" report --no-mask named.ndjson >named.out
has named.out 'eeeeffff' || fail "--no-mask masks a name: $(cat named.out)"

# A message that quotes a broken trace.
printf '{"traceEvents":[{"name":"x","ph":"X","ts":1,"args":{"k":ghp_KEYaaaabbbb}}]}' >broken.json
"$program" record -o broken.out.json broken.json >out 2>err && fail 'a broken trace is read'
grep -q 'KEY[a-h]' err && fail "a message shows a key: $(cat err)"
has err 'not JSON\|near' || fail "no message: $(cat err)"

catches_term() { [ $((0x$(sed -n 's/^SigCgt:.*\(....\)$/\1/p' "/proc/$pid/status") & 0x4000)) != 0 ]; }

# The address of a NATS server, in all messages that name it. Nothing answers at port 1.
for user in KEYaaaa ann:KEYbbbb ann:KEY/cc@cc; do
    nats="nats://$user@127.0.0.1:1/a"
    shown="nats://$(case $user in *:*) echo ann: ;; esac)***@127.0.0.1:1/a"
    names() { # COMMAND...
        "$program" "$@" >named.out 2>named.err
        grep -qF "$shown" named.err named.out || fail "$*: the address is missing: $(cat named.err)"
        grep 'KEY' named.out named.err && fail "$*: a password is shown"
    }
    ends() { # COMMAND...: one that waits for the server
        run_in_background "$program" "$@" >named.out 2>named.err
        until_true 10 catches_term || fail "$*: no signal is caught"
        kill -TERM "$pid"
        status_of "$pid"
        grep 'KEY' named.out named.err && fail "$*: a password is shown"
    }
    waits() { # COMMAND...: the same for one that then reports the address
        ends "$@"
        grep -qF "$shown" named.err || fail "$*: the address is missing: $(cat named.err)"
    }
    names demo "$nats"
    names setup "$nats"
    names help "$nats"
    names emit --to "$nats" hello
    "$program" --version | grep -q '+nats' || continue
    printf '%s\n' '{"op":"hello","t":1767261600000,"session_id":"s"}' >own.ndjson
    names record --feed "$nats" own.ndjson
    ends report --json "$nats"
    waits report --against "$nats" own.ndjson
    waits dump --against "$nats" own.ndjson
    waits open "$nats"
    ends record -o named.json --feed named.feed "$nats" own.ndjson
    if grep -rs 'KEY' named.json named.feed state; then fail 'a password is kept'; fi
done
