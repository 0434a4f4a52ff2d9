# Files and directories of clients that cannot be read are named once, with the reason, by every command and on the screen, and the
# status is 1. What can be read beside them is reported.
. "$SWARMTOP_TESTS/support/e2e.sh"

as_nobody=
if [ "$(id -u)" = 0 ]; then # root may read everything
    command -v setpriv >/dev/null 2>&1 || exit 77
    as_nobody='setpriv --reuid=65534 --clear-groups'
    chmod 755 "$TMPDIR" "$work"
    # shellcheck disable=SC2086
    $as_nobody test -x "$program" || exit 77
fi
samples=$SWARMTOP_TESTS/data/samples
chats=projects/-home-dev-run-work/chats
session=d941821c-4936-428e-a74a-6fd43a3b2732
number=0

# expect CLIENT SAMPLE LOCKED PATTERN: a copy of the sample, of which LOCKED (a path, or "." for all of it) is locked
expect() {
    number=$((number + 1))
    rm -rf "home$number"
    cp -r "$samples/$2" "home$number"
    chmod -R u+w,a+rX "home$number"
    chmod 000 "home$number/$3"
    for command in report record; do
        out=
        [ $command = record ] && out="-o $work/out/$number.json"
        # shellcheck disable=SC2086
        HOME=/nonexistent $as_nobody "$program" $command $out "$1:home$number" >out.txt 2>err
        status=$?
        [ $status = 1 ] || fail "$1 $3: $command: status $status"
        [ "$(grep -c "$4" err)" = 1 ] || fail "$1 $3: $command: $(cat err)"
    done
    chmod 755 "home$number/$3"
}

mkdir out
chmod 777 out
expect qwen qwen/swarm $chats/$session.jsonl "$session.jsonl: Permission denied"
has out.txt 'Explore\|general-purpose' || has err "Permission" || fail "the sub-agents' files are not read"
expect qwen qwen/swarm $chats '/chats: Permission denied'
expect qwen qwen/swarm projects '/projects: Permission denied'
expect qwen qwen/swarm . '/projects: Permission denied'
expect gemini gemini/sub tmp/work/chats '/chats: Permission denied'
expect gemini gemini/sub tmp '/tmp: Permission denied'
expect gemini gemini/sub . '/tmp: Permission denied'
if "$program" --version | grep -q sqlite || "$program" --help | grep -q opencode:; then
    mkdir database database/closed
    : >database/opencode.db
    : >database/closed/opencode.db
    chmod 755 database
    chmod 000 database/opencode.db database/closed
    for place in database database/closed; do
        # shellcheck disable=SC2086
        $as_nobody "$program" report opencode:$place >out.txt 2>err && fail "$place: status 0"
        has err "$place/opencode.db: Permission denied" || has err 'built without SQLite' || fail "$place: $(cat err)"
    done
fi

# On the screen: the line of the source, and the log.
chmod 000 home1/$chats/$session.jsonl
open_terminal 120 24
type_keys "HOME=/nonexistent $as_nobody $program qwen:home1; echo status \$?" Enter
wait_for "✕ .*$session.jsonl: Permission denied"
hides 'bad line' || fail "an unreadable file is counted as a line"
type_keys 5
wait_for "warning .*Permission denied"
type_keys q
wait_for '^status 1'
chmod 755 home1/$chats/$session.jsonl
