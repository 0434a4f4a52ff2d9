# Every way out leaves the terminal as it was: its modes, what was on it, the cursor, the mouse.
. "$SWARMTOP_TESTS/support/e2e.sh"

ulimit -c 0
# A sanitizer's own handler takes crashes from the program's; here they are to be the program's.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0:handle_sigbus=0"

# Lines with what the program might spoil: colours, and text where its picture is.
looks() { tmux -L "$terminal" capture-pane -t "$pane" -p -e | head -n 3; }

make_trace
open_terminal 80 24
type_keys "clear; seq -s ' ' 30; printf '\\033[31mred \\033[44mon blue\\033[m\\n'; seq -s '-' 20" Enter
wait_for '19-20'
looks >before
modes_before=$(mode "$modes")

leave() { # STATUS COMMAND...: how
    expected=$1
    shift
    start env -u NO_COLOR
    wait_for_mode "$modes" 'alternate 1 cursor 0 keypad 11 mouse 00 insert 0 origin 0 wrap 1 scroll 0 23'
    stty -F "$(mode '#{pane_tty}')" | grep -q -e '-icanon' || fail "$*: keys come by the line"
    wait_for 'planner'
    type_keys F2
    wait_for_mode '#{mouse_any_flag}' 1

    "$@"
    until_true 10 test -s status || fail "$*: it does not end"
    [ "$(cat status)" = "$expected" ] || fail "$*: status $(cat status), not $expected"
    wait_for_mode '#{cursor_x}' 2 # behind the prompt
    [ "$(mode "$modes")" = "$modes_before" ] || fail "$*: $(mode "$modes") instead of $modes_before"
    cmp -s stty.before stty.after || fail "$*: $(diff stty.before stty.after)"
    looks >after
    cmp -s before after || fail "$*: what was on the screen is not"
    hides 'AGENT' || fail "$*: the picture was left behind"
}
signal() { kill "-$1" "$(cat pid)"; }

leave 0 type_keys q
leave 0 type_keys C-c
leave 0 signal INT
leave 0 signal TERM
leave 0 signal HUP
leave 139 signal SEGV
exit 0
