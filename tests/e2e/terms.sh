# Whatever kind of terminal it is: those that are known get the picture that dump prints, for those that are not one line says so and nothing else
# is sent; where the locale is not UTF-8, no byte beyond ASCII is.
. "$SWARMTOP_TESTS/support/e2e.sh"

# What the program sends, byte by byte, from here on.
listen() {
    rm -f bytes
    tmux -L "$terminal" pipe-pane -t "$pane" "cat >$work/bytes" || fail "no pipe-pane"
    until_true 10 test -e bytes || fail "no pipe-pane"
}
leave() { # WHAT
    type_keys q
    until_true 10 test -s status || fail "$1: it does not end"
    [ "$(cat status)" = 0 ] || fail "$1: status $(cat status)"
    cmp -s stty.before stty.after || fail "$1: $(diff stty.before stty.after)"
}

make_trace
open_terminal 80 24
for term in vt100 vt220 linux screen tmux-256color xterm-256color; do
    infocmp "$term" >/dev/null 2>&1 || { echo "TERM=$term is not known here"; continue; }
    open_window 80 24
    start "TERM=$term"
    wait_for_dump 80x24
    # Keys whose names the terminal's entry knows.
    type_keys Down
    until_true 10 is_dump 80x24 --keys Down || fail "$term: the arrow is not understood"
    leave "$term"
    wait_for_mode '#{alternate_on}#{cursor_flag}#{keypad_flag}#{keypad_cursor_flag}' 0100
    # In colours.
    start "TERM=$term env -u NO_COLOR"
    wait_for 'planner'
    leave "$term in colours"
done

# More lines than the entry has (24), and no colours though nobody asked for none: bars are shades, as with NO_COLOR. Home and End are known
# though the entry has none.
for term in vt100 vt220; do
    infocmp "$term" >/dev/null 2>&1 || continue
    open_window 120 36
    start "TERM=$term env -u NO_COLOR"
    wait_for_dump 120x36
    type_keys '?' End
    until_true 10 is_dump 120x36 --keys '? End' || fail "$term: End is not understood"
    type_keys Home
    until_true 10 is_dump 120x36 --keys '?' || fail "$term: Home is not understood"
    type_keys q
    resize 100 30
    wait_for_dump 100x30
    resize 140 45
    wait_for_dump 140x45
    resize 120 36
    wait_for_dump 120x36
    leave "$term of 36 lines"
done

# Unknown, not said, not capable. (newterm() leaks what it had begun.)
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
for term in nonsense '' dumb; do
    open_window 80 24
    wait_for '^\$'
    before=$(mode "$modes")
    type_keys "export TERM='$term'" Enter
    listen
    rm -f status
    type_keys "ASAN_OPTIONS=$ASAN_OPTIONS sh run.sh $program 2>err" Enter
    until_true 10 test -s status || fail "TERM=$term: it does not end"
    [ "$(cat status)" = 1 ] || fail "TERM=$term: status $(cat status)"
    [ "$(wc -l <err)" = 1 ] && has err "^swarmtop: TERM=$term: " || fail "TERM=$term: $(cat err)"
    [ "$(mode "$modes")" = "$before" ] || fail "TERM=$term: $(mode "$modes")"
    cmp -s stty.before stty.after || fail "TERM=$term: $(diff stty.before stty.after)"
    has bytes "$(printf '\033')" && fail "TERM=$term: $(cat -v bytes)"
done

# Latin names, signs and symbols are said in ASCII.
open_window 80 24
printf '%s\n' '{"op":"register_agent","t":1000,"session_id":"s","agent_id":"u","agent_name":"Überprüfer ✂ 検査"}' \
    '{"op":"start_tool","t":2000,"session_id":"s","agent_id":"u","span_id":"1","tool_name":"Bäsh","args":{"command":"echo ▒▒"}}' \
    '{"op":"end_tool","t":9000,"session_id":"s","agent_id":"u","span_id":"1","success":false,"error":"größer"}' >feed.ndjson
"$program" record -o trace.json - <feed.ndjson >/dev/null || fail "record: $?"
listen
start 'LC_ALL=C'
wait_for 'Uberprufer'
for key in 2 3 4 5 1 '?' '?' Down . Enter; do type_keys "$key"; done
wait_for 'gr.*er$'
wait_for_mode '#{alternate_on}' 1
type_keys q # closes the detail
until_true 10 hides 'gr.*er$' || fail "q does not close the detail"
leave 'LC_ALL=C'
LC_ALL=C grep -q "$(printf '[\200-\377]')" bytes && fail "LC_ALL=C: $(LC_ALL=C grep "$(printf '[\200-\377]')" bytes | cat -v | head -n 3)"
[ -s bytes ] || fail "nothing was heard"
exit 0
