# A run is killed by SIGKILL at random moments while a sender posts OpenTelemetry to it: spans and logs, in JSON and in protobuf.
# The next start recovers all spans but those of the last second, and each is compared: none is missing in between, none is another,
# none is there twice though bodies are sent again.
# By hand: KILLS=50 SEED=7 MISSING_S=1 make test TESTS=kills_otlp
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl
kills=${KILLS:-4} seed=${SEED:-1}
second=${MISSING_S:-2} # a busy machine may not let a process run for a second

# PORT ENCODING FIRST LAST: posts bodies of 20 spans, some fifty bodies a second, each third one twice; to sent.log the time and how
# many spans have been answered. Span N is a tool's call; the interaction around each ten comes a body later, and ends as the last of them.
cat >post.pl <<'END'
use IO::Socket::INET;
use Time::HiRes qw(time sleep);
my ($port, $encoding, $bodies, $pause) = @ARGV;
my $s = IO::Socket::INET->new("127.0.0.1:$port") or die "$port: $!";
open(my $log, '>', 'sent.log'); $log->autoflush(1);
sub varint { my ($n) = @_; my $out = ''; while ($n > 127) { $out .= chr($n & 127 | 128); $n >>= 7 } $out . chr $n }
sub bytes { my ($field, $text) = @_; chr($field << 3 | 2) . varint(length $text) . $text }
sub fixed { my ($field, $n) = @_; chr($field << 3 | 1) . pack('Q<', $n) }
sub span {
    my ($id, $parent, $name, $start_ms, $ms, %attributes) = @_;
    my ($from, $to) = map { (1795903200000 + $_) * 1000000 } $start_ms, $start_ms + $ms;
    if ($encoding eq 'json') {
        my $list = join ',', map { qq({"key":"$_","value":{"stringValue":"$attributes{$_}"}}) } sort keys %attributes;
        return sprintf('{"traceId":"%032x","spanId":"%016x",%s"name":"%s","startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[%s]}',
            170, $id, $parent ? sprintf('"parentSpanId":"%016x",', $parent) : '', $name, $from, $to, $list);
    }
    my $list = join '', map { bytes(9, bytes(1, $_) . bytes(2, bytes(1, $attributes{$_}))) } sort keys %attributes;
    return bytes(2, bytes(1, pack('Q>Q>', 0, 170)) . bytes(2, pack('Q>', $id)) . ($parent ? bytes(4, pack('Q>', $parent)) : '')
        . bytes(5, $name) . fixed(7, $from) . fixed(8, $to) . $list);
}
sub post {
    my @spans = @_;
    my $json = $encoding eq 'json';
    my $body = $json ? '{"resourceSpans":[{"scopeSpans":[{"spans":[' . join(',', @spans) . ']}]}]}' : bytes(1, bytes(2, join '', @spans));
    my $type = $json ? 'application/json' : 'application/x-protobuf';
    my $size = length $body;
    print $s "POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: $type\r\nContent-Length: $size\r\n\r\n$body" or exit;
    my $answer;
    sysread($s, $answer, 4096) or exit;
    $answer =~ / 200 / or die $answer;
}
my @session = ('gen_ai.conversation.id', 's', 'gen_ai.operation.name');
my (@late, $sent);
for my $body (0 .. $bodies - 1) {
    my (@spans, @next);
    for my $turn ($body * 2, $body * 2 + 1) {
        my $agent = 1000000 + $turn;
        push @next, span($agent, 0, 'invoke_agent', $turn * 100, 99, @session => 'invoke_agent', 'gen_ai.agent.name' => 'Planner');
        for my $i ($turn * 10 .. $turn * 10 + 9) {
            push @spans, span($i + 1, $agent, "execute_tool Bash", $i * 10, 5 + $i % 3, @session => 'execute_tool', 'gen_ai.tool.name' => 'Bash', 'n' => "echo-$i");
        }
    }
    post(@late, @spans);
    post(@late, @spans) if $body % 3 == 0;
    @late = @next;
    $sent += 20;
    printf $log "%.3f %d\n", time, $sent;
    sleep $pause;
}
post(@late) if $pause == 0;
END

random_ms() { # MAX: from the seed
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    ms=$((seed / 65536 % $1))
}
now() { perl -MTime::HiRes=time -e 'printf "%.3f\n", time'; }
sent_before() { awk -v t="$1" -v s="$second" '$1 <= t - s { n = $2 } END { print n + 0 }' sent.log; }
free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'; }
# The begins and ends of tools in a document, as "NUMBER B TIME" and "NUMBER E TIME": an end is within 10 ms of its begin.
calls() {
    sed 's/},{"name"/},\n{"name"/g' "$1" | grep '^{"name":"Tool: Bash"' | perl -ne '
        my ($phase, $us) = /"ph":"(\w)","ts":([0-9.]+)/ or next;
        my $number = $phase eq "B" ? (/"n":"echo-(\d+)"/)[0] : int($us / 10000);
        print "$number $phase $us\n";' | sort -k1n -k2
}

# Makes expected.json of that many bodies by a run that nobody kills.
expect() { # ENCODING BODIES
    rm -f expected.json
    port=$(free_port)
    run_in_background "$program" record --max-events 0 -o expected.json "otlp:127.0.0.1:$port" >out 2>err
    until_true 10 test -s expected.json.journal || fail "no journal: $(cat err)"
    cp sent.log kept.log
    perl post.pl "$port" "$1" "$2" 0 2>post.err || fail "$1: $(cat post.err)"
    cp kept.log sent.log
    kill -TERM "$pid"
    wait "$pid" 2>/dev/null
    [ -s expected.json ] || fail "$1: no document: $(cat err)"
}

kill_once() { # ENCODING
    rm -f r*.json* sent.log err
    port=$(free_port)
    run_in_background "$program" record --max-events 0 -o r.json "otlp:127.0.0.1:$port" >out 2>err
    program_pid=$pid
    until_true 10 test -s r.json.journal || fail "no journal: $(cat err)"
    run_in_background perl post.pl "$port" "$1" 100000 0.02 2>post.err
    sender_pid=$pid
    until_true 10 test -s sent.log || fail "$1: nothing was sent: $(cat err post.err)"
    random_ms 2500
    sleep "$(awk -v ms="$ms" 'BEGIN { printf "%.3f", 1 + ms / 1000 }')"
    killed=$(now)
    kill -9 "$program_pid" "$sender_pid"
    wait "$program_pid" "$sender_pid" 2>/dev/null
    before=$(sent_before "$killed")
    "$program" record -o r.json - </dev/null >out 2>err || fail "$1, $ms ms: the next start: $(cat err)"
    [ -e r-2.json ] || fail "$1, $ms ms: not recovered: $(cat err)"
    calls r-2.json >recovered
    count=$(($(wc -l <recovered) / 2))
    expect "$1" $((count / 20 + 2))
    calls expected.json | head -n $((2 * count)) >expected
    cmp expected recovered || fail "$1, $ms ms: a span is missing, or another one"
    [ "$count" -ge "$before" ] || fail "$1, $ms ms: $count spans recovered, $before sent $second s before the kill"
    "$program" report --json r-2.json >report.json || fail "$1: report"
    has report.json '"orphan_ends":0' || fail "$1: an end without its begin: $(cat report.json)"
    echo "$1 killed after $ms ms: $count spans recovered, $before sent until $second s before, $(tail -n 1 sent.log | cut -d ' ' -f 2) in all"
}

kill=0
while [ $kill -lt "$kills" ]; do
    for encoding in json protobuf; do
        [ $kill -lt "$kills" ] && kill_once $encoding
        kill=$((kill + 1))
    done
done
