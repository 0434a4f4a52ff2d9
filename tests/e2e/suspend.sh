# A stopped program has left the terminal to the shell, as it was; continued, it paints everything anew, in the modes and the size it needs.
. "$SWARMTOP_TESTS/support/e2e.sh"

running='alternate 1 cursor 0 keypad 11 mouse 00'
mode_of_running() { wait_for_mode "${modes%% insert*}" "$running"; }
stopped() { [ "$(sed 's/.*) \(.\).*/\1/' "/proc/$(cat pid)/stat")" = T ]; }
settings() { stty -a <"$(mode '#{pane_tty}')" | sed 's/rows .*; columns [^;]*;//'; } # but for the size

# What the shell has of the terminal: its modes, a line that is typed, a command's settings.
is_with_shell() { # WHAT
    until_true 10 stopped || fail "$1: it does not stop"
    wait_for_mode "$modes" "$modes_before"
    hides AGENT || fail "$1: the picture is left behind"
    rm -f stty.stopped
    type_keys "stty -a >stty.new; mv stty.new stty.stopped" Enter
    until_true 10 test -e stty.stopped || fail "$1: the shell does not answer"
    cmp -s stty.before stty.stopped || fail "$1: $(diff stty.before stty.stopped)"
}
# What the program has of it: the whole picture, and keys at once.
is_with_program() { # WHAT
    wait_for_dump "$size"
    mode_of_running
    [ "$(settings)" = "$settings_running" ] || fail "$1: $(settings)"
    type_keys Down
    until_true 10 is_dump "$size" --keys Down || fail "$1: keys do nothing"
    type_keys Up
    wait_for_dump "$size"
}

[ -r /proc/self/stat ] || { echo "no /proc"; exit 77; }
command -v bash >/dev/null 2>&1 || { echo "bash is not installed"; exit 77; }
make_trace
size=80x24
open_terminal 80 24 'bash --norc --noprofile'
wait_for '^\$'
modes_before=$(mode "$modes")
start
wait_for_dump $size
settings_running=$(settings)

type_keys C-z
is_with_shell 'C-z'
type_keys fg Enter
is_with_program 'fg'

# (Its parent is not stopped: the shell does not know.)
kill -TSTP "$(cat pid)"
until_true 10 stopped || fail "SIGTSTP does not stop it"
wait_for_mode "$modes" "$modes_before"
kill -CONT "$(cat pid)"
is_with_program 'SIGTSTP, SIGCONT'

# What the shell shows meanwhile, and another size.
type_keys C-z
is_with_shell 'C-z again'
type_keys "clear; seq -s ' ' 900" Enter
wait_for ' 900$'
resize 61 15
type_keys fg Enter
size=61x15
is_with_program 'fg in another size'
resize 80 24
size=80x24
wait_for_dump $size

# In the background it must wait, and leave alone what the shell has.
type_keys C-z
is_with_shell 'C-z before bg'
type_keys 'bg; clear' Enter
until_true 10 stopped || fail "bg: it takes the terminal from the shell"
type_keys C-l
is_with_shell 'bg'
type_keys fg Enter
is_with_program 'fg after bg'

# With the mouse on: off while it is stopped, on again behind it.
type_keys F2
wait_for_mode '#{mouse_any_flag}' 1
type_keys C-z
is_with_shell 'C-z with the mouse'
type_keys fg Enter
wait_for_mode '#{mouse_any_flag}' 1
type_keys F2 0
mode_of_running

# SIGSTOP: the shell has taken back the modes that it knows of, and nobody gave them up.
kill -STOP "-$(mode '#{pane_pid}' | xargs -I{} cat /proc/{}/stat | cut -d ' ' -f 8)" || fail "no job"
until_true 10 stopped || fail "SIGSTOP does not stop it"
type_keys fg Enter
is_with_program 'SIGSTOP, fg'

type_keys q
until_true 10 test -s status || fail "it does not end"
wait_for_mode "$modes" "$modes_before"
cmp -s stty.before stty.after || fail "$(diff stty.before stty.after)"

# Where no shell could continue it, C-z is nothing to hang at.
type_keys "exec sh run.sh $program" Enter
wait_for 'finished'
type_keys C-z 0
wait_for_dump $size
type_keys q
until_true 10 test -s status || fail "C-z without a shell: it hangs"

# And where SIGTSTP is ignored it is ignored.
open_window 80 24
start "trap '' TSTP; "
wait_for_dump $size
type_keys C-z
type_keys Down
until_true 10 is_dump $size --keys Down || fail "an ignored C-z is not ignored"
type_keys q
until_true 10 test -s status || fail "it does not end"
exit 0
