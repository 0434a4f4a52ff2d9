#!/bin/sh
# A status bar's line: from a running swarmtop, from sources, and nothing where nobody listens.
. "$SWARMTOP_TESTS/support/e2e.sh"
export SWARMTOP_SOCKET="unix:$work/feed.sock"

"$program" status >out 2>err && fail "nobody listens, and it succeeds"
[ -s out ] && fail "nobody listens, and it prints '$(cat out)'"
has err 'cannot connect' || fail "nobody listens, and it says '$(cat err)'"

run_in_background "$program" record -o trace.json "$SWARMTOP_SOCKET"
until_true 10 test -S feed.sock || fail "no socket"
[ "$("$program" status)" = "no agents" ] || fail "of no agents it says '$("$program" status)'"
"$program" emit --session a start_tool span_id=1 tool_name=Bash || fail "emit"
"$program" emit --session b start_user_input span_id=1 || fail "emit"
"$program" emit --session c start_llm_request span_id=1 model=m || fail "emit"
"$program" emit --session c end_llm_request span_id=1 ttft_ms=742 success=true || fail "emit"
# A slow machine takes more than the 10 s after which the status has what holds up.
told() { "$program" status | grep -qE '^1 user  1 tool  1 idle  ttft 742ms(  held up: .*)?$'; }
until_true 5 told || fail "it says '$("$program" status)'"
kill -TERM "$pid"
status_of "$pid"
# Asking has left nothing behind.
has trace.json status && fail "the question is in the trace"

[ "$("$program" status trace.json)" = "3 done  ttft 742ms" ] || fail "of the file: '$("$program" status trace.json)'"
# Sources are read with the options that other readers have.
[ "$("$program" status --since 2d --no-mask --from 0s trace.json)" = "3 done  ttft 742ms" ] || fail "with options: '$("$program" status --since 2d trace.json)'"
"$program" status --follow trace.json >out 2>err && fail "it follows"
exit 0
