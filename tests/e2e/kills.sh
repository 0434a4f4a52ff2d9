# A run is killed by SIGKILL at random moments while it is fed by a pipe, a socket or Claude Code's files. The next start
# recovers the document that a run over the same lines would have written, and at most the last second is missing.
# By hand: KILLS=200 SEED=7 MISSING_S=1 make test TESTS=kills
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl
kills=${KILLS:-9} seed=${SEED:-1}
second=${MISSING_S:-2} # a busy machine may not let a process run for a second

# FILE TO COUNT: sends so many lines each 10 ms; to sent.log the time and how many so far.
cat >send.pl <<'END'
use IO::Socket::UNIX;
use Time::HiRes qw(time sleep);
my ($file, $to, $count) = @ARGV;
my $out = \*STDOUT;
if ($to =~ s/^unix://) { $out = IO::Socket::UNIX->new(Peer => $to) or die "$to: $!" }
elsif ($to ne '-') { open($out, '>>', $to) or die "$to: $!" }
$out->autoflush(1);
open(my $log, '>', 'sent.log'); $log->autoflush(1);
open(my $in, '<', $file) or die "$file: $!";
my ($sent, $begun) = (0, time);
while (!eof $in) {
    my $text = '';
    for (1 .. $count) { last if eof $in; $text .= <$in>; $sent++ }
    print $out $text or exit;
    printf $log "%.3f %d\n", time, $sent;
    my $wait = $begun + $sent / $count / 100 - time;
    sleep $wait if $wait > 0;
}
sleep 60; # it stays connected
END

awk 'BEGIN {
    print "{\"op\":\"hello\",\"t\":1760625065000,\"session_id\":\"s\"}"
    for (i = 0; i < 60000; i++) {
        printf "{\"op\":\"start_tool\",\"t\":%.1f,\"session_id\":\"s\",\"span_id\":\"%d\",\"tool_name\":\"Bash\",\"args\":{\"command\":\"echo %d\"}}\n", 1760625066000 + i, i, i
        if (i >= 3) printf "{\"op\":\"end_tool\",\"t\":%.1f,\"session_id\":\"s\",\"span_id\":\"%d\",\"success\":true}\n", 1760625066000.5 + i, i - 3
    }
}' >feed.ndjson
session=11111111-2222-4333-8444-555555555555
awk -v session=$session 'function at(i) { return sprintf("2025-10-16T14:%02d:%02d.%03dZ", 31 + int(i / 60000), int(i / 1000) % 60, i % 1000) }
BEGIN {
    common = "\"sessionId\":\"" session "\",\"cwd\":\"/x\",\"version\":\"2.0.0\""
    printf "{\"type\":\"user\",%s,\"uuid\":\"u\",\"promptId\":\"p\",\"message\":{\"role\":\"user\",\"content\":\"go\"},\"timestamp\":\"%s\"}\n", common, at(0)
    for (i = 1; i < 12000; i++) {
        printf "{\"type\":\"assistant\",%s,\"uuid\":\"a%d\",\"requestId\":\"r%d\",\"message\":{\"id\":\"m%d\",\"role\":\"assistant\",\"model\":\"claude-x\",\"content\":[{\"type\":\"tool_use\",\"id\":\"toolu_%d\",\"name\":\"Bash\",\"input\":{\"command\":\"echo %d\"}}],\"usage\":{\"input_tokens\":5,\"output_tokens\":7}},\"timestamp\":\"%s\"}\n", common, i, i, i, i, i, at(2 * i)
        printf "{\"type\":\"user\",%s,\"uuid\":\"b%d\",\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_%d\",\"content\":\"ok\"}]},\"timestamp\":\"%s\"}\n", common, i, i, at(2 * i + 1)
    }
}' >transcript.jsonl

random_ms() { # MAX: from the seed
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    ms=$((seed / 65536 % $1))
}
seconds() { awk -v ms="$1" 'BEGIN { printf "%.3f", ms / 1000 }'; }
now() { perl -MTime::HiRes=time -e 'printf "%.3f\n", time'; }

# Sets $program_pid and $sender_pid.
start_run() { # SOURCE
    case $1 in
    -)
        rm -f fifo
        mkfifo fifo
        run_in_background sh -c 'exec "$0" record --max-events 0 -o r.json - <fifo' "$program" >out 2>err
        program_pid=$pid
        run_in_background sh -c 'exec perl send.pl feed.ndjson - 100 >fifo'
        until_true 10 test -s r.json.journal || fail "no journal: $(cat err)"
        ;;
    unix)
        rm -f r.sock # of the run that was killed before
        run_in_background "$program" record --max-events 0 -o r.json "unix:$work/r.sock" >out 2>err
        program_pid=$pid
        until_true 10 test -S r.sock || fail "no socket: $(cat err)"
        run_in_background perl send.pl feed.ndjson "unix:$work/r.sock" 100
        ;;
    claude)
        rm -rf home
        mkdir -p home/projects/-x
        run_in_background "$program" record -f --max-events 0 -o r.json "claude:$work/home" >out 2>err
        program_pid=$pid
        until_true 10 test -s r.json.journal || fail "no journal: $(cat err)"
        run_in_background perl send.pl transcript.jsonl "home/projects/-x/$session.jsonl" 10
        ;;
    esac
    sender_pid=$pid
}

# The last count that the sender had written so long before the kill.
sent_before() { awk -v until="$(awk -v t="$1" -v s="$second" 'BEGIN { printf "%.3f", t - s }')" '$1 <= until { n = $2 } END { print n + 0 }' sent.log; }

# Makes expected.json of that many lines, and *.compared of both documents.
expect_feed() { # LINES
    head -n "$1" feed.ndjson >prefix.ndjson
    "$program" record -o expected.json prefix.ndjson >/dev/null 2>&1
    cp expected.json expected.compared
    cp r-2.json recovered.compared
}
# The calls of tools: requests are known only some lines later.
tools() { sed 's/},{"name"/},\n{"name"/g' "$1" | grep '^{"name":"Tool' | grep -v incomplete | sed 's/,*$//; s/\],"metadata".*//'; }
expect_transcript() { # LINES
    mkdir -p prefix/projects/-x
    head -n "$1" transcript.jsonl >"prefix/projects/-x/$session.jsonl"
    "$program" record -o expected.json "claude:$work/prefix" >/dev/null 2>&1
    tools expected.json >expected.compared
    tools r-2.json >recovered.compared
}

kill_once() { # SOURCE
    rm -f r*.json* expected.json err sent.log left.journal
    start_run "$1"
    until_true 10 test -s sent.log || fail "$1: nothing was sent: $(cat err)"
    random_ms 2500
    sleep "$(seconds "$ms")"
    killed=$(now)
    kill -9 "$program_pid"
    kill -9 "$sender_pid" 2>/dev/null
    wait "$program_pid" "$sender_pid" 2>/dev/null
    before=$(sent_before "$killed")
    [ -e r.json.journal ] || fail "$1, $ms ms: no journal is left"
    cp r.json.journal left.journal
    "$program" record -o r.json - </dev/null >out 2>err || fail "$1, $ms ms: the next start: $(cat err)"
    if [ ! -e r-2.json ]; then
        lines=0
        [ "$(wc -l <left.journal)" -le 1 ] || fail "$1, $ms ms: not recovered: $(cat err)"
    elif [ "$1" = claude ]; then
        # The first line is the prompt; each other one begins or ends a call.
        lines=$((1 + $(tools r-2.json | wc -l)))
        expect_transcript "$lines"
    else
        lines=$(($(wc -l <left.journal) - 1))
        expect_feed "$lines"
    fi
    [ "$lines" -ge "$before" ] || fail "$1, $ms ms: $lines lines recovered, $before sent $second s before the kill"
    [ "$lines" = 0 ] || cmp expected.compared recovered.compared || fail "$1, $ms ms: $lines lines give another document"
    ! [ -e r.json.journal ] && ! [ -e r.json-2.journal ] || fail "$1, $ms ms: a journal is left"
    echo "$1 killed after $ms ms: $lines lines recovered, $before sent until $second s before, $(tail -n 1 sent.log | cut -d ' ' -f 2) in all"
}

kill=0
while [ $kill -lt "$kills" ]; do
    for source in - unix claude; do
        [ $kill -lt "$kills" ] && kill_once "$source"
        kill=$((kill + 1))
    done
done
