# A user types `swarmtop` beside Claude Code's sessions, and sees them; without such a client nothing is said of it.
. "$SWARMTOP_TESTS/support/e2e.sh"

export HOME="$work/home" SWARMTOP_SOCKET="$work/feed.sock"
unset CLAUDE_CONFIG_DIR
mkdir -p "$HOME"

"$program" record --for 0.3 -o none.json >out 2>err || fail "record without a client: $(cat err)"
has err 'claude' && fail "something is said where there is no client: $(cat err)"
"$program" report claude: >out 2>err && fail "report of no client is no failure"
has err 'has no directory projects; set CLAUDE_CONFIG_DIR' || fail "it says: $(cat err)"

now() { date -u +%Y-%m-%dT%H:%M:%S.000Z; }
project="$HOME/.claude/projects/-home-dev-api"
write() { printf '%s\n' "$1" >>"$project/$2.jsonl"; }
prompt() { # SESSION TIME DIRECTORY
    write '{"type":"user","promptId":"p","message":{"role":"user","content":"Do it"},"timestamp":"'"$2"'","cwd":"/home/dev/'"$3"'","gitBranch":"fix-auth"}' "$1"
    write '{"type":"api-request","id":"r","timestamp":"'"$2"'","querySource":"sdk","params":{"model":"opus"},"requestDigest":"d"}' "$1"
}

# The picture, while the files come. A directory that exists is not waited for, but what the client puts into it is.
mkdir -p "$HOME/.claude" "$HOME/.codex" "$HOME/.qwen/projects" "$HOME/.local/share/opencode"
open_terminal 120 20
type_keys "HOME=$HOME SWARMTOP_SOCKET=$SWARMTOP_SOCKET $program -o live.json" Enter
wait_for '/\.claude/projects'
wait_for '/\.codex/sessions'
wait_for 'qwen:  follows .*/\.qwen'
wait_for '/opencode/opencode\.db'
mkdir -p "$project" "$HOME/.claude/sessions"
prompt live "$(now)" api
prompt old 2025-10-09T08:53:20.000Z forgotten
wait_for 'api ⎇ fix-auth.*wait'
shows forgotten && fail "a session of long ago was opened"
write '{"type":"assistant","message":{"id":"m","model":"opus","content":[{"type":"tool_use","id":"t","name":"Bash","input":{"command":"make test"}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}},"requestRef":"r","timestamp":"'"$(now)"'"}' live
wait_for 'api ⎇ fix-auth.*tool'
wait_for 'make test'
type_keys q
until_true 10 test -s live.json || fail "nothing was left behind"

# What is old is opened when it is asked for, or when the directory is named.
count() { "$program" report --json "$@" | grep -o '"session_id":"[a-z]*","name"' | wc -l; }
[ "$(count claude:)" = 1 ] || fail "claude: has $(count claude:) sessions, not 1"
[ "$(count --since 90000h claude:)" = 2 ] || fail "--since does not open what is old"
[ "$(count "claude:$HOME/.claude")" = 2 ] || fail "a directory that is named is not read whole"
[ "$(CLAUDE_CONFIG_DIR="$HOME/.claude" HOME=/nowhere count claude:)" = 1 ] || fail "CLAUDE_CONFIG_DIR is not heeded"
exit 0
