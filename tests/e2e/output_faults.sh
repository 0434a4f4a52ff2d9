# The output's file and directory change during a run, or are links: what can be written is written, the rest is reported,
# and what a dead run has left is found.
. "$SWARMTOP_TESTS/support/e2e.sh"

line() { echo "{\"op\":\"instant\",\"t\":1760625065000,\"session_id\":\"$1\",\"name\":\"$1\",\"cat\":\"x\"}"; }
# A run that reads from a FIFO, which stays open: its id is $pid, and it has read $1.
begin_run() { # NAME OPTION...
    name=$1
    shift
    rm -f pipe feed
    mkfifo pipe
    chmod 666 pipe
    exec 4<>pipe 3>pipe
    run_in_background sh -c 'exec "$@" <pipe' sh "$@" --feed feed - >out 2>err 3>&- 4>&-
    put "$name"
}
put() { # NAME: it is in the model, and in the journal half a second later
    line "$1" >&3
    until_true 10 has feed "\"$1\"" || fail "$1 was not read: $(cat err)"
}
end_run() { exec 3>&- 4>&-; status_of "$pid"; }
kill_run() { kill -9 "$pid" && wait "$pid" 2>/dev/null; exec 3>&- 4>&-; }
no_leftovers() { # DIR
    # shellcheck disable=SC2010
    ls -A "$1" | grep -e '^\.swarmtop-' -e '\.journal$' && fail "$2: something is left in $1: $(ls -A "$1")"
    return 0
}
journal_has() { grep -q "$2" $1 2>/dev/null; } # shellcheck disable=SC2086

# --- the directory and the file change

# The directory is removed: the journal's end is reported at once, the trace gets its directory back.
mkdir gone
begin_run a "$program" record -o gone/o.json
until_true 5 journal_has gone/o.json.journal '"a"' || fail "no journal: $(cat err)"
rm -r gone
put b
until_true 5 has err 'gone/o.json.journal: the journal ends here: No such file' || fail "the journal is removed: $(cat err)"
end_run
[ "$status" = 0 ] && has gone/o.json '"b"' || fail "the directory is removed: exit status $status: $(cat err)"
no_leftovers gone 'the directory is removed'

# It is replaced by a file; and the output by a directory. The journal keeps what could not be written.
for what in file directory; do
    mkdir -p "$what.d"
    begin_run a "$program" record -o "$what.d/o.json"
    until_true 5 journal_has "$what.d/o.json.journal" '"a"' || fail "$what: no journal"
    case $what in
    file)
        mv file.d file.was
        echo foreign >file.d
        reason='file.d/o.json: cannot make its directory: Not a directory'
        ;;
    directory)
        mkdir directory.d/o.json
        reason='directory.d/o.json: cannot write: Is a directory'
        ;;
    esac
    end_run
    [ "$status" = 1 ] && has err "$reason" || fail "$what: exit status $status: $(cat err)"
    has err 'o.json.journal: the next start writes the trace from this journal' || fail "$what: $(cat err)"
    case $what in
    file) has file.d foreign && rm file.d && mv file.was file.d ;;
    directory) rmdir directory.d/o.json ;;
    esac || fail "$what: it was touched"
    "$program" record -o "$what.d/o.json" - </dev/null >out 2>err
    has "$what.d/o-2.json" '"a"' || fail "$what: not recovered: $(cat err)"
    no_leftovers "$what.d" "$what"
done

# A foreign file in the output's place: --output has named it, so it is replaced.
begin_run a "$program" record -o foreign.json
echo foreign >foreign.json
end_run
[ "$status" = 0 ] && has foreign.json '"a"' || fail "a foreign file: exit status $status: $(cat err)"

# It is made read-only, for a user who is not root.
as_user='env HOME=ro XDG_STATE_HOME=ro/state'
[ "$(id -u)" = 0 ] && as_user="setpriv --reuid=65534 --regid=65534 --clear-groups $as_user"
mkdir ro
chmod 777 ro . "$TMPDIR"
# shellcheck disable=SC2086
if $as_user test -x "$program" && $as_user test -w ro; then
    begin_run a $as_user "$program" record -o ro/o.json --write-interval 1
    until_true 5 has ro/o.json '"a"' || fail "read-only: not written: $(cat err)"
    chmod 555 ro
    put b
    until_true 5 has err 'ro/o.json: cannot create a temporary file beside it: Permission denied' || fail "read-only: $(cat err)"
    has ro/o.json '"a"' || fail 'read-only: the old trace is not whole'
    end_run
    [ "$status" = 1 ] || fail "read-only: exit status $status: $(cat err)"
    chmod 777 ro
    $as_user "$program" record -o ro/o.json - </dev/null >out 2>err
    has ro/o-2.json '"b"' || fail "read-only: not recovered: $(cat err)"
    no_leftovers ro 'read-only'
fi

# No inodes are left: found at the start, the old file whole.
cat >inodes.sh <<'END2'
mount -t tmpfs -o nr_inodes=4 none full || exit 77
echo old >full/o.json
: >full/b
: >full/c
"$1" record --no-journal -o full/o.json - <one >out 2>err
echo "status $?" >>out
cp full/o.json kept
END2
mkdir full
line a >one
if unshare -rm sh inodes.sh "$program"; then
    has out 'status 1' && [ "$(cat kept)" = old ] || fail "no inodes: $(cat out kept)"
    [ "$(grep -c 'full/o.json: cannot create a temporary file beside it: No space left' err)" = 2 ] || fail "no inodes: $(cat err)"
fi

# --- hard links

line a | "$program" record -o h.json - >out 2>err || fail "$(cat err)"
ln h.json h2.json
ln -s h.json h3.json
for name in h.json h3.json; do
    line "$name" | "$program" record -o "$name" - >out 2>err || fail "a hard link, $name: $(cat err)"
    has err "$name: its hard links (1) keep the old trace" || fail "the cut of a hard link is not reported: $(cat err)"
    has h.json "\"$name\"" && has h2.json '"a"' || fail 'a hard link: not the new and the old trace'
    line a | "$program" record -o "$name" - >out 2>err
    has err 'hard link' && fail "no hard link: $(cat err)"
    ln -f h.json h2.json
done

# --- symbolic links

# The dead run's journal is beside the link that it was given, its temporary file beside the trace.
mkdir -p links/a target
ln -s ../one.json links/a/two.json # a link to a link to a file, in three directories
ln -s ../target/t.json links/one.json
i=0
for given in links/a/two.json links/one.json "$work/links/a/two.json" target/t.json; do
    i=$((i + 1))
    begin_run "k$i" "$program" record -o "$given"
    until_true 5 journal_has "$given.journal" "k$i" || fail "$given: no journal"
    kill_run
    : >target/.swarmtop-abcdef
    : >links/.swarmtop-abcdef
    line next | "$program" record -o links/a/two.json - >out 2>err || fail "$given: the next start: $(cat err)"
    has err 'recovered a run that was killed' || fail "$given: not recovered: $(cat err)"
    grep -rq "\"k$i\"" links target || fail "$given: the recovered trace lacks an event"
    [ -h links/a/two.json ] && [ -h links/one.json ] && has target/t.json '"next"' || fail "$given: not written through the links"
    for dir in links/a links target; do no_leftovers $dir "$given"; done
done
# The environment names the file, or only its directory: the journal is in the state directory.
mkdir -p conf/traces
for env in CLAUDE_CODE_PERFETTO_TRACE=links/a/two.json "CLAUDE_CODE_PERFETTO_TRACE= target/t.json" CLAUDE_CODE_PERFETTO_TRACE=1; do
    begin_run env env CLAUDE_CONFIG_DIR="$work/conf" "$env" "$program" record
    until_true 5 journal_has "$XDG_STATE_HOME/swarmtop/*.journal" '"env"' || fail "$env: no journal: $(cat err)"
    kill_run
    dir=target
    [ "$env" = CLAUDE_CODE_PERFETTO_TRACE=1 ] && dir=conf/traces
    : >$dir/.swarmtop-abcdef
    line next | env CLAUDE_CONFIG_DIR="$work/conf" "$env" "$program" record - >out 2>err || fail "$env: $(cat err)"
    has err 'recovered a run that was killed' || fail "$env: not recovered: $(cat err)"
    no_leftovers $dir "$env"
    no_leftovers "$XDG_STATE_HOME/swarmtop" "$env"
done
exit 0
