# A run is killed by SIGKILL at random moments while hooks feed it, by HTTP or by its socket. The next start recovers the calls of all
# hooks but those of the last second, span by span: none is missing in between, and none is another.
# By hand: KILLS=100 SEED=7 MISSING_S=1 make test TESTS=kills_hooks
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl
kills=${KILLS:-4} seed=${SEED:-1}
second=${MISSING_S:-2} # a busy machine may not let a process run for a second

# ADDRESS: sends the begin of a call and the end of the one two before, some hundred hooks a second; to sent.log the time and how
# many calls have begun.
cat >hooks.pl <<'END2'
use IO::Socket::INET; use IO::Socket::UNIX;
use Time::HiRes qw(time sleep);
my ($to) = @ARGV;
my $s = $to =~ /^unix:(.*)/ ? IO::Socket::UNIX->new(Peer => $1) : IO::Socket::INET->new($to =~ s/^http://r);
$s or die "$to: $!";
open(my $log, '>', 'sent.log'); $log->autoflush(1);
sub hook {
    my ($event, $i, $more) = @_;
    my $body = qq({"session_id":"s","cwd":"/x","hook_event_name":"$event","tool_name":"Bash","tool_use_id":"t$i","tool_input":{"command":"echo $i"}$more});
    if ($to =~ /^unix:/) {
        printf $s '{"op":"claude_hook","t":%.3f,"payload":%s}' . "\n", time * 1000, $body;
        $s->flush;
        return;
    }
    print $s "POST /hooks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " . length($body) . "\r\n\r\n$body" or exit;
    my $answer;
    sysread($s, $answer, 4096) or exit;
}
for my $i (0 .. 1e6) {
    hook('PreToolUse', $i, '');
    hook('PostToolUse', $i - 2, ',"tool_response":{}') if $i > 1;
    printf $log "%.3f %d\n", time, $i + 1;
    sleep 0.004;
}
END2

random_ms() { # MAX: from the seed
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    ms=$((seed / 65536 % $1))
}
now() { perl -MTime::HiRes=time -e 'printf "%.3f\n", time'; }
sent_before() { awk -v t="$1" -v s="$second" '$1 <= t - s { n = $2 } END { print n + 0 }' sent.log; }
# The calls of a document, as "command" in order of their numbers.
calls() { grep -o '"command":"echo [0-9]*"' "$1" | sort -t ' ' -k2 -n -u; }

kill_once() { # WAY
    rm -f r*.json* r.sock sent.log err
    port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport')
    run_in_background "$program" record --max-events 0 -o r.json "unix:$work/r.sock" "otlp:127.0.0.1:$port" >out 2>err
    program_pid=$pid
    until_true 10 test -S r.sock || fail "no socket: $(cat err)"
    case $1 in
    http) run_in_background perl hooks.pl "http:127.0.0.1:$port" 2>hooks.err ;;
    unix) run_in_background perl hooks.pl "unix:$work/r.sock" 2>hooks.err ;;
    esac
    sender_pid=$pid
    until_true 10 test -s sent.log || fail "$1: nothing was sent: $(cat err hooks.err)"
    random_ms 2500
    sleep "$(awk -v ms="$ms" 'BEGIN { printf "%.3f", 1 + ms / 1000 }')"
    killed=$(now)
    kill -9 "$program_pid" "$sender_pid"
    wait "$program_pid" "$sender_pid" 2>/dev/null
    before=$(sent_before "$killed")
    "$program" record -o r.json - </dev/null >out 2>err || fail "$1, $ms ms: the next start: $(cat err)"
    [ -e r-2.json ] || fail "$1, $ms ms: not recovered: $(cat err)"
    calls r-2.json >recovered
    count=$(wc -l <recovered)
    awk -v n="$count" 'BEGIN { for (i = 0; i < n; i++) printf "\"command\":\"echo %d\"\n", i }' >expected
    cmp expected recovered || fail "$1, $ms ms: a call is missing, or another one"
    [ "$count" -ge "$before" ] || fail "$1, $ms ms: $count calls recovered, $before sent $second s before the kill"
    # All but the last ones have their end: two are open at each moment, and one end may be in the last second.
    open=$(grep -o '"incomplete":true' r-2.json | wc -l)
    [ "$open" -le 4 ] || fail "$1, $ms ms: $open calls are open in the recovered document"
    "$program" report --json r-2.json >report.json || fail "$1: report"
    has report.json '"orphan_ends":0' || fail "$1: an end without its begin: $(cat report.json)"
    echo "$1 killed after $ms ms: $count calls recovered, $before sent until $second s before, $(tail -n 1 sent.log | cut -d ' ' -f 2) in all"
}

kill=0
while [ $kill -lt "$kills" ]; do
    for way in http unix; do
        [ $kill -lt "$kills" ] && kill_once $way
        kill=$((kill + 1))
    done
done
