# Two runs with one --output: the second refuses to start while the first lives, however the
# file is named.
. "$SWARMTOP_TESTS/support/e2e.sh"

hello='{"op":"hello","session_id":"a","t":1760000000000}'
second() { # NAME...: record the feed into it
    echo "$hello" | "$program" record "$@" - >out 2>err
    status=$?
}

mkdir sub
ln -s ../first.json sub/link.json
run_in_background "$program" record -o first.json "unix:$work/feed.sock" >paths 2>first.err
first=$pid
until_true 10 test -S feed.sock || fail "no socket: $(cat first.err)"
for name in first.json ./first.json "$work/first.json" sub/link.json sub/../first.json; do
    second -o "$name"
    [ "$status" = 1 ] && has err "a running swarmtop writes it (process $first)" || fail "$name: $status $(cat err)"
    [ -s out ] && fail "$name: a path is printed"
done
[ -e first.json ] && fail "the second run wrote"
second -o other.json
[ "$status" = 0 ] || fail "another name: $status $(cat err)"
second -o -
[ "$status" = 0 ] || fail "stdout: $status $(cat err)"
kill -TERM "$first"
status_of "$first"
[ "$status" = 0 ] || fail "the first run: $status $(cat first.err)"
# The end of the first run frees the name, a kill too.
second -o first.json
[ "$status" = 0 ] || fail "after its end: $status $(cat err)"
run_in_background "$program" record -o first.json "unix:$work/feed.sock" >paths 2>first.err
until_true 10 test -S feed.sock || fail "no socket: $(cat first.err)"
kill -9 "$pid"
until_true 10 ended "$pid"
second -o first.json
[ "$status" = 0 ] || fail "after a kill: $status $(cat err)"
[ "$(find . -name '.*.lock')" = '' ] || fail "a lock is left: $(ls -a)"
# Readers write nothing.
"$program" report first.json >out 2>err || fail "report: $(cat err)"

exit 0
