# The mouse is the terminal's own until F2 is pressed, and again after the next; in between a click selects, a drag pans, the wheel moves and zooms,
# in both of the ways in which terminals tell of it.
. "$SWARMTOP_TESTS/support/e2e.sh"

# As terminals say it, from 1: `ESC [ < 0 ; X ; Y M` (a small m: let go) where that was asked for, else `ESC [ M` and three bytes.
button() { # NUMBER X Y [m]
    if mode_is '#{mouse_sgr_flag}' 1; then
        type_keys -l "$(printf '\033[<%d;%d;%d%s' "$1" "$2" "$3" "${4:-M}")"
    else
        number=$1
        [ -n "${4-}" ] && number=3
        # shellcheck disable=SC2046
        type_keys -H 1b 5b 4d $(printf '%x %x %x' $((number + 32)) $(($2 + 32)) $(($3 + 32)))
    fi
}
click() { # X Y
    button 0 "$1" "$2"
    button 0 "$1" "$2" m
}
line_of() { show | grep -n -e "$1" | head -n 1 | cut -d : -f 1; } # PATTERN
selected() { shows "^›.*$1"; }
wait_selected() { until_true 10 selected "$1" || fail "$2: $1 is not selected"; } # PATTERN WHAT
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
    x=$(show | sed -n "${y}p" | sed 's/Bash make.*//' | tr -d '\n' | wc -m)
    click $((x + 4)) "$y"
    click $((x + 4)) "$y"
    wait_for 'tool_name  *Bash\|command  *make test'
    type_keys Escape Escape 0

    # The wheel: on names a row, on bars the scale.
    button 65 5 "$y"
    wait_selected 'reviewer' "$term: the wheel, down"
    button 64 5 "$y"
    wait_selected 'coder' "$term: the wheel, up"
    before=$(axis)
    button 64 $((x + 4)) "$y"
    until_true 10 differs "$before" || fail "$term: the wheel does not zoom"
    type_keys 0
    until_true 10 eval '! differs "$before"' || fail "$term: 0 does not bring it back"
    button 0 $((x + 4)) "$y"
    button 0 $((x - 6)) "$y" m
    until_true 10 differs "$before" || fail "$term: a drag does not pan"
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
