# --forward: telemetry that one swarmtop receives reaches the next one, which starts later.
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl

cat >post.pl <<'END'
use IO::Socket::INET;
my ($port, $path, $body) = @ARGV;
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 5) or exit 1;
syswrite $s, "POST $path HTTP/1.1\r\nHost: 127.0.0.1:$port\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
    . length($body) . "\r\n\r\n$body";
print while <$s>;
END
free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'; }
span='{"traceId":"0000000000000000000000000000000a","spanId":"000000000000000b","name":"invoke_agent coder","startTimeUnixNano":"1760000000000000000","endTimeUnixNano":"1760000001000000000","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"invoke_agent"}},{"key":"gen_ai.agent.name","value":{"stringValue":"coder"}}]}'
body="{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[$span]}]}]}"
taken() { perl post.pl "$1" /v1/traces "$body" >answer 2>/dev/null && has answer '200 OK'; }

"$program" record --forward https://otel.example.com:4318 otlp:127.0.0.1:0 2>err && fail "https is taken"
has err 'doc/collector.yaml' || fail "https: $(cat err)"

one=$(free_port)
next=$(free_port)
run_in_background "$program" record --forward "http://localhost:$next" -o a.json "otlp:127.0.0.1:$one" >a.out 2>a.err
first=$pid
until_true 10 taken "$one" || fail "not taken: $(cat a.err answer)"
until_true 10 has a.err 'it tries again' || fail "a receiver that is not there is not reported: $(cat a.err)"
run_in_background "$program" record --write-interval 1 -o b.json "otlp:127.0.0.1:$next" >b.out 2>b.err
second=$pid
until_true 20 has b.json coder || fail "not forwarded: $(cat a.err b.err)"
for run in "$first" "$second"; do
    kill -TERM "$run"
    status_of "$run"
    [ "$status" = 0 ] || fail "exit status $status: $(cat a.err b.err)"
done
has a.json coder || fail 'the first one has no span'

# One that forwards to itself ends that.
three=$(free_port)
run_in_background "$program" record --forward "http://127.0.0.1:$three" -o c.json "otlp:127.0.0.1:$three" >c.out 2>c.err
until_true 10 taken "$three" || fail "not taken: $(cat c.err answer)"
until_true 10 has c.err 'does it lead here' || fail "a ring is not reported: $(cat c.err)"
