# An empty screen counts the transcripts that are left out as too old, by client, and shows the option for them.
. "$SWARMTOP_TESTS/support/e2e.sh"

mkdir home home/.codex home/.qwen home/.gemini
cp -r "$(data samples/claude/swarm-json)/transcripts" home/.claude
cp -r "$(data samples/codex/swarm)/sessions" home/.codex/
cp -r "$(data samples/qwen/swarm)/projects" home/.qwen/
cp -r "$(data samples/gemini/sub)/tmp" home/.gemini/
find home -type f -exec touch -d '50 hours ago' {} +

empty() { # SOURCE...
    env HOME="$PWD/home" "$program" dump --size 120x30 "$@" >out 2>err || fail "$*: $(cat err)"
}
empty claude: codex: qwen: gemini:
has out 'No agents found' || fail "it shows: $(cat out)"
# Codex has a file for each sub-agent; those of the others that are only of sub-agents do not count.
has out 'left out by --since: Claude Code 1, Codex CLI 3, Qwen Code 1, Gemini CLI 1' || fail "it counts: $(cat out)"
has out '^   swarmtop --since 3d' || fail "it offers: $(cat out)"

empty --since 9000d claude:
has out 'left out' && fail "with --since: $(cat out)"
empty claude:home/.claude
has out 'left out' && fail "a directory that was named: $(cat out)"
exit 0
