# The mouse is the terminal's own until F2 is pressed, and again after the next; in between a click selects, a drag pans, the wheel moves and zooms,
# in both of the ways in which terminals tell of it.
. "$SWARMTOP_TESTS/support/e2e.sh"

# As terminals say it, from 1: `ESC [ < 0 ; X ; Y M` (a small m: let go) where that was asked for, else `ESC [ M` and three bytes. Of several at
# once the bytes come at once, as they do over a slow line.
bytes_of() { # NUMBER X Y m|M
    if mode_is '#{mouse_sgr_flag}' 1; then
        printf '\033[<%d;%d;%d%s' "$@" | od -An -v -t x1
    else
        number=$1
        [ "$4" = m ] && number=3
        printf ' 1b 5b 4d %x %x %x' $((number + 32)) $(($2 + 32)) $(($3 + 32))
    fi
}
buttons() { # NUMBER X Y m|M...
    sent=
    while [ $# -gt 0 ]; do
        sent="$sent $(bytes_of "$1" "$2" "$3" "$4")"
        shift 4
    done
    # shellcheck disable=SC2086
    type_keys -H $sent
}
click() { # X Y
    buttons 0 "$1" "$2" M
    buttons 0 "$1" "$2" m
}
line_of() { show | grep -n -e "$1" | head -n 1 | cut -d : -f 1; } # PATTERN
column_before() { show | sed -n "${2}s/$1.*//p" | tr -d '\n' | wc -m; } # PATTERN LINE
selected() { shows "^›.*$1"; }
wait_selected() { until_true 10 selected "$1" || fail "$2: $1 is not selected"; } # PATTERN WHAT
show_looks() { tmux -L "$terminal" capture-pane -t "$pane" -p -e; }
axis() { show | sed -n 4p; } # the axis
differs() { [ "$(axis)" != "$1" ]; }

make_trace
open_terminal 90 24
for term in screen xterm-256color; do
    start "TERM=$term"
    wait_for_dump 90x24
    wait_for_mode '#{mouse_any_flag}#{mouse_button_flag}#{mouse_standard_flag}' 000
    type_keys F2
    wait_for 'mouse on'
    # Buttons, and no motion.
    wait_for_mode '#{mouse_any_flag}#{mouse_button_flag}#{mouse_all_flag}' 100

    click 5 "$(line_of 'planner')"
    wait_selected 'planner' "$term: a click"
    click 8 "$(line_of '▾coder')"
    wait_selected 'coder' "$term: another click"

    # On a bar: the span; again: what it says.
    y=$(line_of 'Bash make test')
    x=$(column_before 'Bash make' "$y")
    looks=$(show_looks)
    click $((x + 4)) "$y"
    until_true 10 eval '[ "$(show_looks)" != "$looks" ]' || fail "$term: a click on a span"
    click $((x + 4)) "$y"
    wait_for 'tool_name  *Bash\|command  *make test'
    type_keys Escape
    until_true 10 hides 'tool_name' || fail "$term: Esc"
    type_keys 0

    # The wheel: on names a row, on bars the scale.
    buttons 65 5 "$y" M
    wait_selected 'reviewer' "$term: the wheel, down"
    buttons 64 5 "$y" M
    wait_selected 'coder' "$term: the wheel, up"
    before=$(axis)
    buttons 64 $((x + 4)) "$y" M
    until_true 10 differs "$before" || fail "$term: the wheel does not zoom"
    type_keys 0
    until_true 10 eval '! differs "$before"' || fail "$term: 0 does not bring it back"
    buttons 0 $((x + 4)) "$y" M
    buttons 0 $((x - 6)) "$y" m
    until_true 10 differs "$before" || fail "$term: a drag does not pan"
    type_keys 0
    until_true 10 eval '! differs "$before"' || fail "$term: 0 does not bring it back"

    # All of it at once: nothing is lost or taken for something else.
    buttons 0 $((x + 4)) "$y" M 0 $((x - 6)) "$y" m
    until_true 5 differs "$before" || fail "$term: a drag that comes at once does not pan"
    type_keys 0
    y=$(line_of 'Agent → Explore')
    x=$(column_before 'Agent → Explore' "$y")
    buttons 0 $((x + 3)) "$y" M 0 $((x + 3)) "$y" m 0 $((x + 3)) "$y" M 0 $((x + 3)) "$y" m
    until_true 5 shows 'description  *find callers' || fail "$term: two clicks that come at once are not two clicks"
    type_keys Escape
    until_true 10 hides 'tool_name' || fail "$term: Esc"
    type_keys 0

    type_keys F2
    wait_for_mode '#{mouse_any_flag}#{mouse_button_flag}#{mouse_standard_flag}#{mouse_sgr_flag}' 0000
    wait_for 'mouse off'

    # A way out with the mouse on.
    type_keys F2
    wait_for_mode '#{mouse_any_flag}' 1
    type_keys q
    until_true 10 test -s status || fail "$term: it does not end"
    wait_for_mode '#{mouse_any_flag}#{mouse_sgr_flag}' 00
done
exit 0
