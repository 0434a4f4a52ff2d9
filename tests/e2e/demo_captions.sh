# The demo has a line that explains the picture; with --no-captions it has none.
. "$SWARMTOP_TESTS/support/e2e.sh"

open_terminal 80 24
type_keys "$program demo --speed 2" Enter
# The line above the hints; the first caption, or one that cut it short.
captioned() { show | sed -n 23p | grep -q -e 'sessions at work' -e 'waits for you' -e 'retries, in red'; }
until_true 20 captioned || fail "no caption: $(show | sed -n 23p)"
show | sed -n 24p | grep -q 'q quit' || fail "the hints are not the last line"
type_keys q
wait_for '^\$$'

type_keys 'clear' Enter
type_keys "$program demo --no-captions --speed 2" Enter
wait_for 'IN FLIGHT'
shows 'sessions at work' && fail "a caption with --no-captions"
[ -z "$(show | sed -n 23p | grep ': press')" ] || fail "a caption with --no-captions"
type_keys q
wait_for '^\$$'
