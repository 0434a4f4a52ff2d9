# g goes to the tmux pane of a session of Codex (whose process holds the lock of its thread), Gemini CLI and OpenCode (whose
# processes run in the session's directory).
. "$SWARMTOP_TESTS/support/e2e.sh"
[ -r /proc/self/stat ] || { echo "no /proc"; exit 77; }

export HOME="$work/home"
mkdir -p "$work/bin" "$work/api" "$HOME"
now=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)

open_terminal 100 20
first=$(mode '#{pane_id}')
in_window() { # COMMAND: starts the client in a window of its own, in the session's directory
    rm -f "$work/client"
    tmux -L "$terminal" new-window -d -c "$work/api" "echo \$\$ >'$work/client'; exec $1" || fail "no window"
    until_true 10 test -s "$work/client" || fail "the client does not start"
    read -r client <"$work/client"
    children="$children $client"
}
active() { tmux -L "$terminal" display-message -p '#{pane_pid}'; }
goes_there() { type_keys g; sleep 0.2; [ "$(active)" = "$client" ]; }
ended() { ! shows '›.*api'; }
goes() { # CLIENT: its session is on the screen, g shows the pane of its process
    type_keys "HOME='$HOME' $program $1:" Enter
    wait_for '›.*api'
    until_true 10 goes_there || fail "$1: g does not go to the pane of $client but of $(active)"
    tmux -L "$terminal" select-window -t "$first"
    type_keys q
    until_true 10 ended || fail "$1: it does not end"
}

ran=
if command -v flock >/dev/null; then
    thread=01a2241d-65dc-7d31-945a-195717ecb7f7
    rollout="$HOME/.codex/sessions/2026/11/28"
    mkdir -p "$rollout" "$HOME/.codex/thread-writer-locks"
    in_window "flock '$HOME/.codex/thread-writer-locks/$thread.lock' sleep 1000"
    {
        printf '{"timestamp":"%s","type":"session_meta","payload":{"id":"%s","session_id":"%s","cwd":"%s","source":"cli"}}\n' "$now" $thread $thread "$work/api"
        printf '{"timestamp":"%s","type":"event_msg","payload":{"type":"task_started","turn_id":"t"}}\n' "$now"
    } >"$rollout/rollout-2026-11-28T21-43-56-$thread.jsonl"
    goes codex
    ran="$ran codex"
fi

ln -s "$(command -v sleep)" "$work/bin/gemini"
mkdir -p "$HOME/.gemini/tmp/api/chats"
printf '%s' "$work/api" >"$HOME/.gemini/tmp/api/.project_root"
in_window "'$work/bin/gemini' 1000"
now=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
{
    printf '{"sessionId":"s","startTime":"%s","kind":"main"}\n' "$now"
    printf '{"id":"u","timestamp":"%s","type":"user","content":[{"text":"Do"}]}\n' "$now"
} >"$HOME/.gemini/tmp/api/chats/session-1.jsonl"
goes gemini
ran="$ran gemini"

# The schema is that of the capture; only what is read needs values.
rows="$SWARMTOP_TESTS/data/samples/opencode/swarm/schema.sql"
if command -v python3 >/dev/null && python3 -c 'import sqlite3' 2>/dev/null && [ -r "$rows" ] && "$program" --version | grep -q '+sqlite'; then
    ln -s "$(command -v sleep)" "$work/bin/opencode"
    mkdir -p "$HOME/.local/share/opencode"
    in_window "'$work/bin/opencode' 1000"
    python3 - "$HOME/.local/share/opencode/opencode.db" "$rows" "$work/api" <<'PYTHON' || fail "no database"
import json, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
db.executescript(open(sys.argv[2]).read())
now = int(time.time() * 1000)
db.execute("INSERT INTO session (id, project_id, slug, directory, title, version, time_created, time_updated) VALUES ('s', 'p', 's', ?, 'api', '1', ?, ?)", (sys.argv[3], now, now))
message = {"role": "assistant", "modelID": "m", "parentID": "u", "time": {"created": now}}
db.execute("INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES ('m', 's', ?, ?, ?)", (now, now, json.dumps(message)))
db.commit()
PYTHON
    goes opencode
    ran="$ran opencode"
fi
echo "clients:$ran"
exit 0
