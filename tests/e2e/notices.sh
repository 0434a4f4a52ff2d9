# --bell and --notify: people are told once of what begins while the program runs; what comes from outside reaches neither the
# shell nor the terminal; a command that hangs, fails or is slow holds nothing up.
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl
export SWARMTOP_OTLP=off

# A failure shows what the commands and the program have written.
fail() {
    echo "FAILED: $*"
    for written in told/* errors hangs; do
        [ -s "$written" ] && echo "--- $written" && head -c 2000 "$written"
    done
    [ -n "${terminal-}" ] && show | sed 's/^/| /'
    exit 1
}

# The command writes its variables and its stdin into files of its own.
cat >told.sh <<'END'
mkdir -p told
env | grep -a ^SWARMTOP_ >told/new.$$
cat >told/in.$$
mv told/new.$$ told/env.$$
END
told() { ls told 2>/dev/null | grep -c '^env\.[0-9]*$'; }
told_of() { cat told/env.* 2>/dev/null | grep -a -q -e "$1"; } # PATTERN
wait_told() { until_true 20 told_of "$1" || fail "nobody is told of $1: $(cat told/env.* 2>/dev/null)"; }
emit() { "$program" emit --to "unix:$work/s" "$@" || fail "emit $*"; }

# --- who waits at the start, and who begins to

open_terminal 100 24
tmux -L "$terminal" pipe-pane -t "$pane" "cat >>'$work/bytes'"
type_keys "env -u TMUX $program --bell --notify 'sh $work/told.sh' -o out.json unix:$work/s" Enter
until_true 10 test -S s || fail "the socket is not there"
old=$(($(date +%s) * 1000 - 60000))
printf '%s\n' '{"op":"hello","t":'$old',"session_id":"old","name":"old one"}' \
    '{"op":"start_user_input","t":'$old',"span_id":"o","session_id":"old"}' >old.ndjson
send_lines old.ndjson s 0 || fail "no sender"
wait_for 'old one'
# (What comes in the program's first second was already so.)
sleep 1.2

# A name with all that a shell or a terminal could obey.
touch safe
perl -e 'my $evil = q{$(touch hit)`touch hit`;touch hit\u0027";touch hit\n"} . q{\u001b]0;hit\u0007\u009d0;hit\u009c\u202e\u0000} . ("x" x 100000);
    $evil =~ s/(?<!\\)"/\\"/g; $evil =~ s/\\n/\\n/g;
    print qq({"op":"hello","session_id":"s1","name":"api"}\n);
    print qq({"op":"register_agent","session_id":"s1","agent_id":"a1","agent_name":"$evil","parent_agent_id":"s1"}\n);
    print qq({"op":"start_user_input","span_id":"u1","session_id":"s1","agent_id":"a1"}\n);' >evil.ndjson
send_lines evil.ndjson s 0 || fail "no sender"
wait_told '^SWARMTOP_EVENT=wait$'
has told/env.* '^SWARMTOP_SESSION=s1$' || fail "another session: $(cat told/env.*)"
has told/env.* '^SWARMTOP_AGENT=a1$' || fail "another agent"
has told/env.* '^SWARMTOP_COUNT=1$' || fail "another count"
told_of '^SWARMTOP_SESSION=old' && fail "what was so at the start is told"
find . -name hit | grep -q . && fail "a shell has obeyed a name"
[ "$(wc -c <"$(echo told/env.*)")" -lt 4000 ] || fail "the texts have no bound"
LC_ALL=C grep -a -q '[[:cntrl:]]' told/env.* && fail "control characters in a variable"
perl -MJSON::PP -e 'local $/; my $told = decode_json(<STDIN>);
    exit !($told->{event} eq "wait" && $told->{agent_id} eq "a1" && $told->{agents}[0]{session_id} eq "s1"
        && $told->{agent_name} =~ /^\$\(touch hit\)/ && length $told->{agent_name} <= 200)' <"$(echo told/in.*)" ||
    fail "stdin: $(cat told/in.*)"

# The terminal: one sequence, whole, with nothing in it that ends it early.
rang() { LC_ALL=C grep -a -c "$(printf '\a\033]9;swarmtop: [^\001-\037]*\a')" bytes; }
until_true 10 eval '[ "$(rang)" = 1 ]' || fail "rings: $(rang)"
perl -e 'local $/; my $bytes = <STDIN>; exit !($bytes =~ /\a\e\]9;(swarmtop: [^\x00-\x1f\x7f]*)\a/ && length $1 <= 240
    && $1 !~ /\xc2[\x80-\x9f]|\xe2\x80\xae/)' <bytes || fail "the terminal's notice is not what it should be"

# --- a burst is few runs, and one ring

rm -rf told
{
    for i in $(seq 100); do
        printf '%s\n' '{"op":"register_agent","session_id":"s1","agent_id":"b'"$i"'","agent_name":"b'"$i"'","parent_agent_id":"s1"}' \
            '{"op":"start_user_input","span_id":"b'"$i"'","session_id":"s1","agent_id":"b'"$i"'"}'
    done
} >burst.ndjson
send_lines burst.ndjson s 0 || fail "no sender"
all_told() { [ "$(cat told/env.* 2>/dev/null | sed -n 's/^SWARMTOP_COUNT=//p' | awk '{ n += $1 } END { print n + 0 }')" = 100 ]; }
until_true 20 all_told || fail "told: $(grep -h COUNT told/env.*)"
[ "$(told)" -le 10 ] || fail "$(told) runs for 100 agents"
grep -a -h '^SWARMTOP_TEXT=' told/env.* | grep -q 'and [0-9]* other agents wait for you$' || fail "$(grep -h TEXT told/env.*)"

# --- an agent that works and stops has finished

rm -rf told
emit --session s2 hello name=web
emit --session s2 start_tool span_id=t tool_name=Bash
wait_for 'tool 1 '
sleep 1.2
emit --session s2 end_tool span_id=t success=true
emit --session s2 end_session
wait_told '^SWARMTOP_EVENT=done$'
wait_told '^SWARMTOP_TEXT=web has finished$'
type_keys q
wait_for '^out.json'

# --- a command that hangs, and one that cannot be found

run_watch() { # CMD: watch without a terminal
    rm -f s
    run_in_background "$program" watch --notify "$1" -o other.json "unix:$work/s" >/dev/null 2>errors
    watcher=$pid
    until_true 10 test -S s || fail "the socket is not there"
}
# Agents that begin to wait, one after another, until the command succeeds: one that began before the program had its first
# look was already so.
waiting() { # ID COMMAND...
    waiting_id=$1
    shift
    for waiting_try in 1 2 3 4 5 6 7 8 9 10; do
        emit --session "$waiting_id$waiting_try" hello
        emit --session "$waiting_id$waiting_try" start_user_input span_id=u
        until_true 2 "$@" && return 0
    done
    return 1
}
run_watch 'echo $$ >hangs; trap "" TERM; while :; do sleep 100; done'
waiting h test -s hangs || fail "the command does not start"
waiting more has errors 'user [2-9]' || fail "it does not go on"
kill -TERM "$watcher"
status_of "$watcher"
[ "$status" = 0 ] || fail "status $status: $(cat errors)"
until_true 10 ended "$(cat hangs)" || fail "the command is left behind"

run_watch 'no-such-command'
waiting n has errors 'notify: the command has failed with status 127' || fail "not reported"
emit --session last hello
emit --session last start_user_input span_id=u
sleep 4
[ "$(grep -c 'notify:' errors)" = 1 ] || fail "reported again and again"
kill -TERM "$watcher"
status_of "$watcher"

# --- record has no terminal, but commands; here from the config file

rm -rf told s
mkdir -p config/swarmtop
printf '%s\n' "notify = sh $work/told.sh" >config/swarmtop/config
run_in_background env XDG_CONFIG_HOME="$work/config" "$program" record -o recorded.json "unix:$work/s" >/dev/null 2>&1
recorder=$pid
until_true 10 test -S s || fail "the socket is not there"
waiting r told_of '^SWARMTOP_SESSION=r[0-9]*$' || fail "nobody is told"
kill -TERM "$recorder"
status_of "$recorder"
exit 0
