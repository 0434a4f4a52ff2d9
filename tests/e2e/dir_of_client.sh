# A directory of a client's own files that is named without the client's prefix: the message has the prefix. Other directories
# without traces have no message.
. "$SWARMTOP_TESTS/support/e2e.sh"

mkdir -p home/.claude/projects home/.claude/sessions home/.codex/sessions home/.qwen/projects home/.gemini/tmp home/other/tmp/sessions \
    copy/projects
has_prefix() { # DIR PREFIX
    "$program" report "$1" >out 2>err && fail "$1: status 0"
    grep -qF "$1: no traces in it; for the files of " err || fail "$1: $(cat err)"
    grep -qF " put $2 before it" err || fail "$1: $(cat err)"
}
has_prefix home/.claude claude:
has_prefix home/.codex/ codex:
has_prefix home/.qwen qwen:
has_prefix home/.gemini gemini:
has_prefix copy claude:
"$program" report home/other >out 2>err || fail "status $?: $(cat err)"
[ ! -s err ] || fail "a directory of other things: $(cat err)"
"$program" dump --size 100x12 home/.claude >out 2>err && fail 'dump: status 0'
grep -qF 'put claude: before it' out || fail "not on the screen: $(cat out)"

# One with a trace is read, whatever else it has.
echo '[{"name":"a","ph":"X","ts":1,"dur":2,"pid":1,"tid":1}]' >home/.claude/trace.json
"$program" report home/.claude >out 2>err || fail "with a trace: status $?: $(cat err)"
[ ! -s err ] || fail "with a trace: $(cat err)"
