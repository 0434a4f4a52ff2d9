# g goes to the tmux pane of the agent's own process, also where that is a child of what the pane runs; who is in none is said to be.
. "$SWARMTOP_TESTS/support/e2e.sh"
[ -r /proc/self/stat ] || { echo "no /proc"; exit 77; }

export HOME="$work/home"
project="$HOME/.claude/projects/-home-dev-api"
mkdir -p "$project" "$HOME/.claude/sessions"

open_terminal 100 20
first=$(mode '#{pane_id}')
# The client: a process below the shell of another window.
tmux -L "$terminal" new-window -d "cd '$work' && sh -c 'echo \$\$ >client; sleep 1000; true'; true" || fail "no window"
until_true 10 test -s client || fail "the client does not start"
read -r client <client
children="$children $client"

register() { # PID
    started=$(sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20)
    printf '{"pid":%d,"sessionId":"live","cwd":"/home/dev/api","name":"api","startedAt":%s000,"procStart":"%s","status":"busy","statusUpdatedAt":%s000}' \
        "$1" "$(date +%s)" "$started" "$(date +%s)" >"$HOME/.claude/sessions/$1.json"
}
register "$client"
now=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
{
    printf '%s\n' '{"type":"user","promptId":"p","message":{"role":"user","content":"Do it"},"timestamp":"'"$now"'","cwd":"/home/dev/api"}'
    printf '%s\n' '{"type":"api-request","id":"r","timestamp":"'"$now"'","querySource":"sdk","params":{"model":"opus"},"requestDigest":"d"}'
} >"$project/live.jsonl"

type_keys "HOME='$HOME' $program -o out.json claude:" Enter
wait_for '›.*api'
active() { tmux -L "$terminal" display-message -p '#{pane_id}'; }
elsewhere() { [ "$(active)" != "$first" ]; }
[ "$(active)" = "$first" ] || fail "it begins elsewhere"
until_true 10 eval 'type_keys g; sleep 0.2; elsewhere' || fail "g does not go there"
tmux -L "$terminal" list-panes -a -F '#{pane_id} #{pane_active}#{window_active}' | grep -q "^$(active) 11" || fail "another pane is shown"

# A process that is in no pane.
tmux -L "$terminal" select-window -t "$first"
run_in_background sleep 1000
outside=$pid
rm "$HOME/.claude/sessions/$client.json"
register "$outside"
wait_for_pane() { type_keys g; sleep 0.2; shows 'no tmux pane has this process'; }
until_true 10 wait_for_pane || fail "it is not said that there is no pane"
type_keys q
until_true 10 test -s out.json || fail "it does not end"

# A tmux that does not answer keeps nobody.
mkdir "$work/bin"
cat >"$work/bin/tmux" <<'TMUX'
#!/bin/sh
echo $$ >asked
exec sleep 1000
TMUX
chmod +x "$work/bin/tmux"
type_keys "PATH='$work/bin:$PATH' HOME='$HOME' $program -o again.json claude:; echo \$? >ended" Enter
wait_for '›.*api'
asked() { type_keys g; sleep 0.2; test -s asked; }
until_true 10 asked || fail "the other tmux is not asked"
read -r asked <asked
children="$children $asked"
type_keys q
until_true 10 test -s ended || fail "a tmux that hangs keeps it from ending"

# A client without a sign of its process is found by its program and its directory.
mkdir -p "$work/api" "$HOME/.qwen/projects/p/chats"
ln -s "$(command -v sleep)" "$work/bin/qwen"
prompt() { # its session is younger than the clients that run by now
    printf '%s\n' '{"uuid":"u","sessionId":"s","timestamp":"'"$(date -u +%Y-%m-%dT%H:%M:%S.000Z)"'","type":"user","cwd":"'"$work/api"'","message":{"parts":[{"text":"Do"}]}}' \
        >"$HOME/.qwen/projects/p/chats/s.jsonl"
}
in_window() { # DIRECTORY: starts the client there in a window of its own
    rm -f "$work/client"
    tmux -L "$terminal" new-window -d -c "$1" "cd '$1' && echo \$\$ >'$work/client'; exec '$work/bin/qwen' 1000" || fail "no window"
    until_true 10 test -s "$work/client" || fail "the client does not start"
    read -r client <"$work/client"
    children="$children $client"
}
in_window "$work"
prompt
type_keys "HOME='$HOME' $program qwen:" Enter
wait_for '›.*api'
# Its client does not run: it may be gone by now.
missed() { type_keys g; sleep 0.2; shows 'no tmux pane has a process of this agent\|no process known for this agent'; }
until_true 10 missed || fail "a client of another directory is taken"
type_keys q
ended() { ! shows '›.*api'; }
until_true 10 ended || fail "it does not end"
in_window "$work/api"
prompt
type_keys "HOME='$HOME' $program qwen:" Enter
wait_for '›.*api'
until_true 10 eval 'type_keys g; sleep 0.2; elsewhere' || fail "g does not find the client by its directory"
[ "$(tmux -L "$terminal" display-message -p '#{pane_pid}')" = "$client" ] || fail "another pane is shown"
# Which of two it is cannot be known where both were there before.
tmux -L "$terminal" select-window -t "$first"
type_keys q
until_true 10 ended || fail "it does not end"
in_window "$work/api"
prompt
type_keys "HOME='$HOME' $program qwen:" Enter
wait_for '›.*api'
several() { type_keys g; sleep 0.2; shows 'several tmux panes may have this agent'; }
until_true 10 several || fail "one of two panes is shown"
exit 0
