# However a terminal's size changes, and however fast, the picture is soon that of its size, with nothing of another size in it.
. "$SWARMTOP_TESTS/support/e2e.sh"

# One after the other, as fast as they can be said, from 1x1 to 200x50. tmux tells of a window's sizes four times a second at most, so the
# terminal's device is told directly; and with tmux, which knows nothing of it, what the program writes meanwhile comes out anywhere.
storm() { # COLS ROWS: the size at its end, which is the window's
    tty=$(mode '#{pane_tty}')
    awk -v seed="$1" 'BEGIN {
        srand(seed)
        for (i = 0; i < 60; i++) print 1 + int(rand() ^ 2 * 200), 1 + int(rand() ^ 2 * 50)
        print "1 1"
    }' | while read -r cols rows; do
        stty cols "$cols" rows "$rows" <"$tty"
    done
    stty cols "$1" rows "$2" <"$tty"
}

make_trace
open_terminal 80 24
start
wait_for_dump 80x24

# curses cannot write the last cell of one column; all there is to ask there is that the program survives it.
for size in 2x1 2x2 19x4 20x4 40x10 200x1 200x50 80x24 3x50; do
    resize "${size%x*}" "${size#*x}"
    wait_for_dump "$size"
done
for size in 200x50 60x15 79x23 80x24 21x5; do
    resize "${size%x*}" "${size#*x}"
    storm "${size%x*}" "${size#*x}"
    wait_for_dump "$size"
done

# Slowly enough that each size is drawn, or half of it.
for cols in 1 200 2 150 20 19 80; do
    resize "$cols" $((cols / 4 + 1))
    shows '' # that takes a moment
done
wait_for_dump 80x21

# Alive: keys do what they do, in the size that is now.
resize 120 36
storm 120 36
wait_for_dump 120x36 # a screen that is too small has no keys
type_keys '?'
until_true 10 is_dump 120x36 --keys '?' || fail "help after a storm: $(show | diff - dump.120x36)"
type_keys '?'
wait_for_dump 120x36

# Larger while a panel is open that the smaller size has no room for.
type_keys . Enter
until_true 10 is_dump 120x36 --keys '. Enter' || fail "detail: $(show | diff - dump.120x36)"
storm 120 36
until_true 10 is_dump 120x36 --keys '. Enter' || fail "detail after a storm: $(show | diff - dump.120x36)"
wait_for_mode "$modes" 'alternate 1 cursor 0 keypad 11 mouse 00 insert 0 origin 0 wrap 1 scroll 0 35'

type_keys q q # the first one closes the detail
until_true 10 test -s status || fail "it does not end"
[ "$(cat status)" = 0 ] || fail "status $(cat status)"
wait_for_mode '#{alternate_on} #{cursor_flag}' '0 1'
exit 0
