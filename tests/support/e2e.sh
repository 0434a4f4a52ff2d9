# Sourced by tests/e2e/*.sh: waiting, a terminal, a sender. Nothing sleeps for longer than it takes to look again, but where
# nothing may happen.
set -u
program=$SWARMTOP_PROGRAM
work=$TMPDIR/work
mkdir -p "$work"
cd "$work" || exit 1
export XDG_STATE_HOME="$work/state"

# What is still running when a test ends, however it ends, goes with it.
children=
cleanup() {
    for child in $children; do kill -9 "$child" 2>/dev/null; done
    [ -n "${terminal-}" ] && tmux -L "$terminal" kill-server 2>/dev/null
    # One that `start` began, and that has not ended: it may be stopped.
    if [ -s pid ] && [ ! -e status ]; then
        kill -9 "$(cat pid)" 2>/dev/null && until_true 5 ended "$(cat pid)"
    fi
}

# Perfetto must show the documents that a script has left as they are. A script names those of
# `--tracks agent` in $agent_tracks: patterns of names, which the shell does not expand here.
agent_tracks=
matches_any() { # NAME PATTERN...
    match_name=$1
    shift
    for match_pattern; do
        # shellcheck disable=SC2254
        case $match_name in $match_pattern) return 0 ;; esac
    done
    return 1
}
check_documents() {
    find "$work" -type f \( -name '*.json' -o -name '*.json.gz' \) -print | while read -r document; do
        set -f
        # shellcheck disable=SC2086
        matches_any "${document##*/}" $agent_tracks && continue
        "$SWARMTOP_CHECK_DOCUMENT" "$document" || exit 1
    done
}
finish() {
    status_at_end=$?
    cleanup
    [ "$status_at_end" = 0 ] || exit "$status_at_end"
    check_documents || exit 1
}
trap finish EXIT

fail() {
    echo "FAILED: $*"
    [ -n "${terminal-}" ] && show | sed 's/^/| /'
    exit 1
}

# until_true SECONDS COMMAND...: looks again and again until it succeeds. SECONDS is meant for a machine that does nothing
# else; a busy one has six times as many.
until_true() {
    until_deadline=$(($(date +%s) + $1 * 6))
    shift
    while ! "$@"; do
        [ "$(date +%s)" -ge "$until_deadline" ] && return 1
        sleep 0.05
    done
}

has() { grep -q -e "$2" "$1" 2>/dev/null; } # FILE PATTERN
ended() { ! kill -0 "$1" 2>/dev/null; }
run_in_background() { # COMMAND...: its process id is $pid
    "$@" &
    pid=$!
    children="$children $pid"
}

# status_of PID: waits until it ends; sets $status.
status_of() {
    until_true 10 ended "$1" || fail "process $1 does not end"
    wait "$1"
    status=$?
}

# --- a terminal

# A terminal is a tmux server of the test's own; $pane is the window that the functions below mean.
open_terminal() { # COLS ROWS [SHELL]: a shell in it
    command -v tmux >/dev/null 2>&1 || { echo "tmux is not installed"; exit 77; }
    terminal=t$$
    # (A server that was just killed may still be in the way.)
    until_true 5 new_terminal "$@" || fail "no tmux"
    tmux -L "$terminal" set-option -g remain-on-exit on >/dev/null 2>&1
}
new_terminal() {
    pane=$(tmux -L "$terminal" -f /dev/null new-session -d -P -F '#{pane_id}' -x "$1" -y "$2" "PS1='\$ ' ${3:-sh}" 2>/dev/null)
}
open_window() { # COLS ROWS: another, in the same terminal
    pane=$(tmux -L "$terminal" new-window -d -P -F '#{pane_id}' "PS1='\$ ' sh") || fail "no window"
    resize "$@"
}
resize() { tmux -L "$terminal" resize-window -t "$pane" -x "$1" -y "$2"; } # COLS ROWS
show() { tmux -L "$terminal" capture-pane -t "$pane" -p; }
type_keys() { tmux -L "$terminal" send-keys -t "$pane" "$@"; }
shows() { show | grep -q -e "$1"; }
hides() { ! shows "$1"; }
wait_for() { until_true 15 shows "$1" || fail "the screen does not show '$1'"; } # PATTERN

# What tmux knows of the terminal's modes.
mode() { tmux -L "$terminal" display-message -t "$pane" -p "$1"; } # FORMAT
mode_is() { [ "$(mode "$1")" = "$2" ]; }
wait_for_mode() { until_true 10 mode_is "$1" "$2" || fail "the terminal: $(mode "$1"), not $2"; } # FORMAT VALUE
modes='alternate #{alternate_on} cursor #{cursor_flag} keypad #{keypad_flag}#{keypad_cursor_flag} mouse #{mouse_any_flag}#{mouse_sgr_flag}'
modes="$modes insert #{insert_flag} origin #{origin_flag} wrap #{wrap_flag} scroll #{scroll_region_upper} #{scroll_region_lower}"

# --- a picture that stands still: a finished source, all of it

# trace.json; `start` types what shows it, whole and without colours, as dump does. The program's id is in `pid`, its status, when it has ended,
# in `status`, the terminal's settings before and after it in stty.*.
make_trace() {
    "$program" record -o trace.json - <"$SWARMTOP_TESTS/screens/story.feed.ndjson" >/dev/null || fail "no trace: $?"
    export CLAUDE_CODE_PERFETTO_TRACE=0 NO_COLOR=1
    cat >run.sh <<'END'
rm -f pid status
stty -a >stty.before
sh -c 'echo $$ >pid; exec "$@"' sh "$@" - <trace.json
status=$?
stty -a >stty.after
echo $status >status
END
}
start() { # [WORD...]: before the program's name
    type_keys "${*:+$* }sh run.sh $program" Enter
    wait_for 'finished'
    type_keys 0
}
is_dump() { # SIZE [OPTION...]: the screen is what dump prints
    dump_size=$1
    shift
    "$program" dump --size "$dump_size" "$@" trace.json >"dump.$dump_size" && show | cmp -s - "dump.$dump_size"
}
wait_for_dump() { # SIZE [OPTION...]
    until_true 10 is_dump "$@" || fail "not what dump prints: $(show | diff - "dump.$1" | head -n 10)"
}

# --- a sender: FILE's lines to a Unix socket, one each MS milliseconds

send_lines() { # FILE SOCKET MS
    perl -MIO::Socket::UNIX -e '
        my ($file, $path, $ms) = @ARGV;
        my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!";
        $socket->autoflush(1);
        open(my $in, "<", $file) or die "$file: $!";
        while (<$in>) { print $socket $_; select(undef, undef, undef, $ms / 1000) if $ms }
    ' "$@"
}
need_perl() { perl -MIO::Socket::UNIX -e 1 2>/dev/null || { echo "perl is not installed"; exit 77; }; }

# --- tests/data: a file that is kept as NAME.gz is unpacked on first use

data() { # FILE: prints its path
    if [ -e "$SWARMTOP_TESTS/data/$1" ]; then
        echo "$SWARMTOP_TESTS/data/$1"
    else
        unpacked=$TMPDIR/data/$1
        mkdir -p "$(dirname "$unpacked")"
        [ -e "$unpacked" ] || gzip -dc "$SWARMTOP_TESTS/data/$1.gz" >"$unpacked" || return 1
        echo "$unpacked"
    fi
}
