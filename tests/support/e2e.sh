# Sourced by tests/e2e/*.sh: waiting, a terminal, a sender. Nothing here sleeps for longer than it takes to look again.
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
}
trap cleanup EXIT

fail() {
    echo "FAILED: $*"
    [ -n "${terminal-}" ] && show | sed 's/^/| /'
    exit 1
}

# until_true SECONDS COMMAND...: looks again and again until it succeeds.
until_true() {
    until_deadline=$(($(date +%s) + $1))
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

# status_of PID: waits for it, at most ten seconds; sets $status.
status_of() {
    until_true 10 ended "$1" || fail "process $1 does not end"
    wait "$1"
    status=$?
}

# --- a terminal

open_terminal() { # COLS ROWS: a shell in it
    command -v tmux >/dev/null 2>&1 || { echo "tmux is not installed"; exit 77; }
    terminal=t$$
    tmux -L "$terminal" -f /dev/null new-session -d -x "$1" -y "$2" "PS1='\$ ' sh" || fail "no tmux"
    tmux -L "$terminal" set-option -g remain-on-exit on >/dev/null 2>&1
}
show() { tmux -L "$terminal" capture-pane -p; }
type_keys() { tmux -L "$terminal" send-keys "$@"; }
shows() { show | grep -q -e "$1"; }
wait_for() { until_true 15 shows "$1" || fail "the screen does not show '$1'"; } # PATTERN

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
need_shared() { # FILE
    [ -n "${SWARMTOP_SHARED-}" ] && [ -e "$SWARMTOP_SHARED/$1" ] || { echo "shared/$1 is not there"; exit 77; }
}
