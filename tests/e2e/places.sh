# Where Claude Code's files are: by the environment (also a list), in the home (also in .config), and what the message is where a
# directory near them was named.
. "$SWARMTOP_TESTS/support/e2e.sh"

files="$(data samples/claude/solo-json)/transcripts"
session=$(cd "$files/projects" && ls -- */*.jsonl | head -n 1)
[ -n "$session" ] || fail "the sample has no transcript"

sessions() { # WANT COMMAND...: how many sessions it reports
    want=$1
    shift
    "$@" >out 2>err
    [ "$(sed -n 's/^sessions *//p' out)" = "$want" ] || fail "$*: $(cat out err)"
}

mkdir -p home/.config
cp -r "$files" home/.config/claude
touch "home/.config/claude/projects/$session"
mkdir other
sessions 1 env HOME="$PWD/home" "$program" report --since 9000d claude:
sessions 1 env HOME="$PWD/home" CLAUDE_CONFIG_DIR="$PWD/none,$PWD/home/.config/claude" "$program" report --since 9000d claude:
sessions 1 "$program" report "claude:$PWD/home/.config/claude/projects"
sessions 1 "$program" report "claude:$PWD/home/.config/claude/projects/"

"$program" report claude:other >out 2>err && fail "a directory without projects is read"
has err 'other has no directory projects; set CLAUDE_CONFIG_DIR' || fail "other: $(cat err)"
project=home/.config/claude/projects/${session%%/*}
"$program" report "claude:$project" >out 2>err && fail "a project is read"
has err 'name claude:home/.config/claude$' || fail "a project: $(cat err)"
"$program" report "home/.config/claude/projects/$session" >out 2>err && fail "a transcript is a trace"
has err 'a transcript of Claude Code: name the directory' || fail "a transcript: $(cat err)"
