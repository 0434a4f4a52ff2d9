# Where stdout is no terminal: figures on stderr, the last frame on stdout, and an end by itself. The demo is the source: the story,
# the socket, the hub.
. "$SWARMTOP_TESTS/support/e2e.sh"

"$program" demo --speed 40 -o demo.json >out 2>err || fail "demo: $(cat err)"
has err 'not a terminal' || fail "it does not say so"
has err '3 sessions' || fail "no figures: $(cat err)"
has out 'AGENT' || fail "no frame"
has out 'api-server' || fail "no agents in the frame"
[ "$(tail -n 1 out)" = demo.json ] || fail "the path is not last: $(tail -n 1 out)"
"$program" report --json demo.json | grep -q '"session_id":"demo-1-1"' || fail "the demo's trace does not open"
ls "$TMPDIR" | grep -q swarmtop-demo && fail "the demo left its directory"

# The same seed is the same story.
"$program" demo --speed 100 --seed 9 -o a.json >/dev/null 2>&1 || fail "demo a"
"$program" demo --speed 100 --seed 9 -o b.json >/dev/null 2>&1 || fail "demo b"
for file in a b; do
    "$program" report --json $file.json | sed 's/"start":"[^"]*"//g; s/"source":"[^"]*"//g; s/"start_ms":[0-9.]*//g' >$file.report
done
cmp -s a.report b.report || fail "one seed, two stories"

# Input that ends ends it; colours are not for a pipe.
echo '{"op":"instant","session_id":"x","name":"n","cat":"c"}' | "$program" - -o x.json >out 2>err || fail "watch: $(cat err)"
grep -q "$(printf '\033')" out && fail "escape sequences in a pipe"
[ -s x.json ] || fail "nothing left behind"

# Two at the default address: the second one says so and goes on without it.
export XDG_RUNTIME_DIR="$work"
run_in_background "$program" record -o first.json
until_true 10 test -S swarmtop.sock || fail "no socket at the default address"
[ "$(stat -c %a swarmtop.sock)" = 600 ] || fail "the socket's mode"
"$program" emit hello session_id=x || fail "emit to the default address"
"$program" --for 1 -o second.json >out 2>err
has err 'swarmtop.sock' || fail "the second does not say that the address is taken: $(cat err)"
"$program" emit instant name=still cat=c --session x || fail "the first has gone"
kill -TERM "$pid"
status_of "$pid"
has first.json still || fail "the first lost the address"
exit 0
