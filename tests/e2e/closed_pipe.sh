# A reader that closes the pipe has what it wants: no message, no failure, at once. And times outside the trace are reported.
. "$SWARMTOP_TESTS/support/e2e.sh"

feed=$SWARMTOP_TESTS/screens/story.feed.ndjson
cut_off() { # COMMAND...: its reader takes nothing
    { "$program" "$@" 2>err; echo $? >status; } | true
    until_true 10 test -s status || fail "$*: it does not end"
    [ "$(cat status)" = 0 ] || fail "$*: status $(cat status)"
    [ ! -s err ] || fail "$*: $(cat err)"
    rm -f status
}
cut_off report "$feed"
cut_off report --json "$feed"
cut_off dump --size 200x900 "$feed"
cut_off dump --format svg "$feed"
cut_off --help
cut_off help record
cut_off version

outside() { # OPTION MESSAGE COMMAND...
    option=$1 message=$2
    shift 2
    "$program" "$@" "$option" "$feed" >out 2>err
    status=$?
    [ $status = 2 ] || fail "$* $option: status $status"
    has err "$message" || fail "$* $option: $(cat err)"
}
outside --at=64s '^swarmtop: --at: after the end of the trace, which is 63.000 s long: ' dump
outside --at=-64s '^swarmtop: --at: before the start of the trace' dump
outside --at=2020-01-01T00:00:00Z '^swarmtop: --at: before the start of the trace' dump
outside --from=64s '^swarmtop: --from: after the end of the trace' report
outside --to=-64s '^swarmtop: --to: before the start of the trace' report
for at in 0s 63s -63s 14:31:05; do
    "$program" dump --at="$at" "$feed" >out 2>err || fail "--at=$at: $(cat err)"
    [ -s out ] && [ ! -s err ] || fail "--at=$at: $(cat err)"
done
[ "$("$program" version)" = "$("$program" --version)" ] || fail 'version is not --version'
"$program" help dump | grep -q '^usage: swarmtop dump' || fail 'help dump'
exit 0
