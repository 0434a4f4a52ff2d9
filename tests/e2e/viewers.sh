# Two watch one trace that grows: both show what comes, what one does is not seen by the other, and neither touches the file.
. "$SWARMTOP_TESTS/support/e2e.sh"

at=$(($(date +%s) * 1000000))
add() { # NAME: an event, to the file and to a copy that nobody watches
    at=$((at + 1000000))
    printf ',\n{"name":"%s","cat":"note","ph":"i","ts":%s,"pid":1,"tid":1,"args":{}}' "$1" "$at" >added
    cat added >>grows.json
    cat added >>copy.json
}
one() { pane=$first; }
other() { pane=$second; }

printf '[{"name":"process_name","ph":"M","ts":0,"pid":1,"tid":0,"args":{"name":"worker"}}' >grows.json
cp grows.json copy.json
mode_before=$(stat -c '%a %i' grows.json)
open_terminal 120 24
first=$pane
type_keys "($program grows.json; echo status \$?)" Enter
wait_for 'grows.json  reading'
type_keys 5
open_window 90 30
second=$pane
add Alpha
type_keys "($program grows.json; echo status \$?)" Enter
wait_for 'NOW'
type_keys 5
wait_for 'Alpha'
one
wait_for 'Alpha'

# One stands still and filters; the other goes on.
type_keys Space
until_true 10 hides '● LIVE [0-9]' || fail "it does not freeze"
add Bravo
other
wait_for 'Bravo'
one
hides 'Bravo' || fail "a frozen viewer moves"
type_keys '\' name:Alpha Enter Space
add Charlie
other
wait_for 'Charlie'
wait_for 'Bravo'
hides 'name:Alpha' || fail "the filter of one is the other's"
one
wait_for 'name:Alpha'

# One writes, stops, is resized, ends: the other sees what comes.
type_keys x
wait_for 'no trace file\|wrote'
other
type_keys C-z
wait_for 'Stopped'
one
type_keys '\' C-u Enter
resize 70 20
add Delta
wait_for 'Delta'
other
type_keys fg Enter
wait_for 'Delta'
type_keys q
wait_for '^status 0'
add Echo
one
wait_for 'Echo'
wait_for 'Charlie'
type_keys q
wait_for '^status 0'

cmp grows.json copy.json || fail "a viewer wrote to the file that it watches"
[ "$(stat -c '%a %i' grows.json)" = "$mode_before" ] || fail "the file is another: $(stat -c '%a %i' grows.json), was $mode_before"
exit 0
