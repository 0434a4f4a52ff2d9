# What `doctor` finds on a machine where nothing is, where something is wrong, and where all is well; and that it changes nothing.
. "$SWARMTOP_TESTS/support/e2e.sh"
export SWARMTOP_SOCKET="unix:$work/feed.sock" TERM=xterm-256color LC_ALL=C.UTF-8
unset TMUX VTE_VERSION TERM_PROGRAM CLAUDE_CONFIG_DIR CODEX_HOME QWEN_HOME GEMINI_CLI_HOME XDG_DATA_HOME

free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'; }
doctor() { # STATUS [VARIABLE=VALUE...]: its findings, in `out`, without the wrapping
    want=$1
    shift
    env HOME="$work/home" PATH="$work/bin:$PATH" "$@" "$program" doctor >raw 2>err
    status=$?
    [ "$status" = "$want" ] || fail "exit status $status, not $want: $(cat raw err)"
    [ -s err ] && fail "on stderr: $(cat err)"
    awk '/^                      / { sub(/^ +/, ""); line = line " " $0; next } { if (NR > 1) print line; line = $0 } END { print line }' raw >out
    awk 'length($0) > 80 && !/\// { print "too wide: " $0 }' raw | grep . && fail "a line is wider than 80 columns"
    return 0
}
finds() { has out "$1" || fail "no line '$1' in: $(cat out)"; }

mkdir -p bin home
ln -s "$program" bin/swarmtop
port=$(free_port)
find . | sort >before

# Nothing is there, and nothing is wrong.
doctor 0 SWARMTOP_OTLP="127.0.0.1:$port"
finds "ok    PATH  *hooks find $work/bin/swarmtop"
finds '-     Claude Code  *.*/home/.claude/projects is not there'
finds '-     Codex CLI  *.*/home/.codex/sessions is not there.*CODEX_HOME'
finds "ok    telemetry  *otlp:127.0.0.1:$port is free"
finds "ok    feed  *unix:$work/feed.sock: no swarmtop runs now"
finds "ok    traces  *live runs write to $work/state/swarmtop/"
finds 'ok    colours  *xterm-256color has 256'
finds 'Nothing has to be changed'
rm -f raw out err
find . | sort >after
sed -i '/after/d; /before/d' before after
cmp -s before after || fail "it has left something: $(diff before after)"

# Clients that are there: with sessions, with settings that setup would add to, and with broken ones.
mkdir -p home/.claude home/.codex home/.gemini home/.qwen
cp -r "$(data samples/claude/solo-json)/transcripts/projects" home/.claude/
now=$(date -u +%Y-%m-%dT%H:%M)
for file in home/.claude/projects/*/*.jsonl; do
    sed "s/\"timestamp\": *\"[0-9-]*T[0-9]*:[0-9]*/\"timestamp\":\"$now/g" "$file" >new && mv new "$file"
done
echo '{"env": ' >home/.claude/settings.json
"$program" setup codex >home/.codex/config.toml 2>/dev/null
HOME=$work/home "$program" setup qwen >home/.qwen/settings.json 2>/dev/null
echo '{"telemetry":{"enabled":true,"otlpEndpoint":"http://me:secret@collector:4317"}}' >home/.gemini/settings.json
doctor 1 SWARMTOP_OTLP=off
finds 'ok    Claude Code  *1 session lately, in .*/home/.claude$'
finds 'FIX   Claude Code  *.*/settings.json is not JSON'
finds 'ok    Codex CLI  *.*config.toml has all lines of setup'
finds 'ok    Qwen Code  *.*settings.json has all lines of setup'
finds 'note  Gemini CLI  *its telemetry goes to http://.*collector:4317'
has out secret && fail "a password is printed"
finds '-     telemetry  *off, by .SWARMTOP_OTLP'
finds '1 thing has to be changed'

# A swarmtop that runs is no trouble; another program at its address is, and is named.
rm home/.claude/settings.json
run_in_background "$program" record -o trace.json "$SWARMTOP_SOCKET" "otlp:127.0.0.1:$port"
until_true 10 test -S feed.sock || fail "no socket"
doctor 0 SWARMTOP_OTLP="127.0.0.1:$port"
finds "ok    feed  *a swarmtop listens at unix:$work/feed.sock"
finds "ok    telemetry  *a swarmtop listens at otlp:127.0.0.1:$port already"
kill -TERM "$pid"
status_of "$pid"
run_in_background perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1) or die;
    open(my $f, ">", "other.port"); print $f $s->sockport, "\n"; close $f; sleep 600;'
until_true 10 test -s other.port || fail "no other program"
doctor 1 SWARMTOP_OTLP="127.0.0.1:$(cat other.port)"
finds "FIX   telemetry  *otlp:127.0.0.1:$(cat other.port): cannot listen.*in use"
[ -d /proc/net ] && finds "(process $pid, perl "
finds 'export SWARMTOP_OTLP='

# The terminal.
doctor 1 TERM=no-such-terminal SWARMTOP_OTLP=off
finds 'FIX   TERM  *no-such-terminal has no entry in terminfo'
doctor 0 TERM=vt100 LC_ALL=C SWARMTOP_OTLP=off
finds 'note  colours  *vt100 has none'
finds 'note  characters'

# Files: a directory that cannot be made, and a journal that a killed run has left.
echo >home/file
doctor 1 XDG_STATE_HOME="$work/home/file" SWARMTOP_OTLP=off
finds 'FIX   traces  *.*cannot be written: Not a directory'
run_in_background "$program" record "$SWARMTOP_SOCKET"
until_true 10 test -S feed.sock || fail "no socket"
"$program" emit hello session_id=a || fail "emit"
until_true 10 sh -c 'ls state/swarmtop/run-*.journal >/dev/null 2>&1 && [ "$(cat state/swarmtop/run-*.journal | wc -l)" -gt 1 ]' || fail "no journal"
kill -9 "$pid"
status_of "$pid"
doctor 0 SWARMTOP_OTLP=off
finds 'note  journals  *1 of killed runs'

# In tmux: what keeps `y` from the clipboard.
if command -v tmux >/dev/null; then
    terminal=doctor-$$
    SHELL=/bin/sh tmux -L "$terminal" -f /dev/null new-session -d -x 80 -y 60 sh
    SHELL=/bin/sh tmux -L "$terminal" set-option -s set-clipboard external
    tmux -L "$terminal" send-keys "HOME=$work/home SWARMTOP_OTLP=off $program doctor >tmux.out; echo \$? >tmux.status" Enter
    until_true 20 test -s tmux.status || fail "doctor does not end in tmux"
    tr -s ' \n' '  ' <tmux.out | grep -q "FIX clipboard .y. copies nothing: tmux's set-clipboard is external" || fail "tmux: $(cat tmux.out)"
    [ "$(cat tmux.status)" = 1 ] || fail "its status in tmux is $(cat tmux.status)"
    rm tmux.status
    tmux -L "$terminal" set-option -s set-clipboard on
    tmux -L "$terminal" send-keys "HOME=$work/home SWARMTOP_OTLP=off $program doctor >tmux.out; echo \$? >tmux.status" Enter
    until_true 20 test -s tmux.status || fail "doctor does not end in tmux"
    has tmux.out 'FIX   clipboard' && fail "tmux with a clipboard: $(cat tmux.out)"
fi
exit 0
