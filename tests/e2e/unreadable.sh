# A file that exists and cannot be read is reported as that by every command, and the screen tries again; one that does not exist is waited for.
. "$SWARMTOP_TESTS/support/e2e.sh"

printf '{"op":"start_tool","session_id":"s","span_id":"1","tool_name":"Found","t":1760000000000}\n' >good.ndjson
ln -s loop.ndjson loop.ndjson

for command in record report dump status; do
    "$program" $command loop.ndjson >out 2>err && fail "$command: status 0"
    [ "$(cat err)" = 'swarmtop: loop.ndjson: cannot be read: Too many levels of symbolic links' ] || fail "$command: $(cat err)"
done

open_terminal 100 24
type_keys "$program absent.ndjson loop.ndjson; echo status \$?" Enter
wait_for 'absent.ndjson  waiting for the file'
wait_for 'loop.ndjson  cannot be read: Too many levels of symbolic links'
wait_for '✕ loop.ndjson: cannot be read: Too many'
wait_for '! 1 in log'
type_keys 5
wait_for 'warning .*cannot be read: Too many levels of symbolic links  loop.ndjson'
type_keys 1
# It can be read now, and so can the other.
ln -sf good.ndjson loop.ndjson
wait_for 'Found'
until_true 10 hides 'cannot be read' || fail "the trouble stays"
sed 's/"s"/"s2"/; s/Found/Later/' good.ndjson >absent.ndjson
wait_for 'Later'
type_keys q
wait_for '^status 0'

# A followed file that is no trace is named at once; lines of a feed may still come.
printf 'no line of this\nis one\n' >words.txt
touch -d '1 minute ago' words.txt
type_keys "clear; $program words.txt; echo status \$?" Enter
wait_for 'words.txt  cannot be read: neither a trace nor a feed so far'
wait_for '! 1 in log'
cat good.ndjson >>words.txt
wait_for 'Found'
until_true 10 hides 'cannot be read' || fail "the trouble of words.txt stays"
type_keys q
wait_for '^status 1'

# Without permission, which root has everywhere.
as_nobody=
if [ "$(id -u)" = 0 ]; then
    command -v setpriv >/dev/null 2>&1 || exit 0
    as_nobody='setpriv --reuid=65534 --clear-groups'
    chmod 755 "$TMPDIR" "$work"
fi
cp good.ndjson locked.ndjson
chmod 000 locked.ndjson
# shellcheck disable=SC2086
$as_nobody "$program" report locked.ndjson >out 2>err && fail "locked: status 0"
has err 'locked.ndjson: cannot be read: Permission denied' || { [ -n "$as_nobody" ] && ! $as_nobody test -x "$program" && exit 0; fail "locked: $(cat err)"; }
# A client's transcript and directory: each is named, and the session that can be read is reported all the same.
mkdir -p cl/projects/-x cl/projects/-locked
line='{"type":"api-request","id":"r","timestamp":"2025-10-09T08:53:20.000Z","querySource":"sdk"}'
echo "$line" >cl/projects/-x/s1.jsonl
echo "$line" | sed 's/"r"/"q"/' >cl/projects/-x/s2.jsonl
chmod 755 cl cl/projects cl/projects/-x
chmod 000 cl/projects/-x/s2.jsonl cl/projects/-locked
# shellcheck disable=SC2086
$as_nobody "$program" report --json claude:cl >out 2>err
status=$?
[ "$status" = 1 ] || fail "a locked transcript: status $status"
has err '/-x/s2.jsonl: Permission denied' || fail "a locked transcript: $(cat err)"
has err '/-locked: Permission denied' || fail "a locked directory: $(cat err)"
has out '"session_id":"s1"' || fail "the other session: $(cat out)"
chmod 700 cl/projects/-locked
type_keys "clear; HOME=/nonexistent $as_nobody $program locked.ndjson; echo status \$?" Enter
wait_for 'locked.ndjson  cannot be read: Permission denied'
hides 'waiting' || fail "a locked file is waited for"
type_keys q
wait_for '^status 1'
exit 0
