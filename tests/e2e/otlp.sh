# OpenTelemetry where no source is named: the default addresses, a port that is taken, and a sender that is refused.
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl

"$program" --version >version || fail "--version: $?"
has version '^features: [+-]grpc [+-]nats [+-]protobuf [+-]sqlite [+-]zstd$' || fail "features: $(cat version)"

cat >post.pl <<'END'
use IO::Socket::INET;
my ($port, $path, $type, $body) = @ARGV;
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 5) or exit 1;
syswrite $s, "POST $path HTTP/1.1\r\nHost: 127.0.0.1:$port\r\nUser-Agent: lab/1 x\r\nContent-Type: $type\r\nConnection: close\r\nContent-Length: "
    . length($body) . "\r\n\r\n$body";
print while <$s>;
END
free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'; }
span='{"traceId":"0000000000000000000000000000000a","spanId":"000000000000000b","name":"invoke_agent coder","startTimeUnixNano":"1760000000000000000","endTimeUnixNano":"1760000001000000000","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"invoke_agent"}},{"key":"gen_ai.agent.name","value":{"stringValue":"coder"}}]}'
body="{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[$span]}]}]}"

one=$(free_port)
two=$(free_port)
export SWARMTOP_OTLP="127.0.0.1:$one,localhost:$two"
run_in_background env SWARMTOP_SOCKET="$work/a.sock" "$program" record -o a.json >a.out 2>a.err
first=$pid
taken() { perl post.pl "$1" /v1/traces application/json "$body" >answer 2>/dev/null && has answer '200 OK'; }
until_true 10 taken "$one" || fail "not taken at the first address: $(cat a.err answer)"
taken "$two" || fail "not taken at the second address: $(cat a.err answer)"

# A sender's clock that is off is in the answer to `status`, and in reports.
fast='{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"svc"}}]},"scopeSpans":[{"spans":[{"traceId":"0000000000000000000000000000000c","spanId":"000000000000000d","name":"x","startTimeUnixNano":"4000000000000000000","endTimeUnixNano":"4000000001000000000"}]}]}]}'
perl post.pl "$one" /v1/traces application/json "$fast" >answer || fail "not taken: $(cat answer)"
shows_clock() { SWARMTOP_SOCKET="$work/a.sock" "$program" status >status.txt 2>&1 && has status.txt 'clock of svc .* ahead'; }
until_true 10 shows_clock || fail "no clock that is off: $(cat status.txt)"
for json in '' --json; do
    three=$(free_port)
    run_in_background "$program" report $json "otlp:127.0.0.1:$three" >report.txt 2>report.err
    takes_fast() { perl post.pl "$three" /v1/traces application/json "$fast" >answer 2>/dev/null && has answer '200 OK'; }
    until_true 10 takes_fast || fail "a report takes nothing: $(cat answer report.err)"
    kill -TERM "$pid"
    status_of "$pid"
    has report.txt 'clock of svc .* ahead\|"clocks": *\[{.*"sender": *"svc"' || fail "a report without the clock: $(cat report.txt)"
done

# Another one finds both ports taken, reports that, and takes feeds all the same.
run_in_background env SWARMTOP_SOCKET="$work/b.sock" "$program" record -o b.json >b.out 2>b.err
second=$pid
until_true 10 test -S b.sock || fail "no socket beside taken ports: $(cat b.err)"
SWARMTOP_SOCKET="$work/b.sock" "$program" emit hello session_id=B || fail "emit: $?"
kill -TERM "$second"
status_of "$second"
[ "$status" = 1 ] || fail "taken ports: exit status $status: $(cat b.err)"
has b.err "otlp:127.0.0.1:$one: cannot listen: Address already in use" || fail "taken ports: $(cat b.err)"
has b.json '"B"' || fail 'no document beside taken ports'

# A refused sender learns what to set, and so does the user.
perl post.pl "$one" /v1/foo application/json '{}' >answer
has answer "sent to /v1/foo: set the endpoint to http://127.0.0.1:$one" || fail "another path: $(cat answer)"
perl post.pl "$one" /v1/traces text/plain '{}' >answer
has answer 'set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf' || fail "another type: $(cat answer)"
kill -TERM "$first"
status_of "$first"
[ "$status" = 1 ] || fail "refused requests: exit status $status: $(cat a.err)"
has a.err 'refused lab/1: sent to /v1/foo' || fail "refused requests: $(cat a.err)"
has a.json 'coder' || fail 'the span is not in the document'

# `off`: no default address of OTLP.
SWARMTOP_OTLP=off SWARMTOP_SOCKET="$work/c.sock" "$program" record --for 0.2 -o c.json >c.out 2>c.err || fail "off: $?: $(cat c.err)"
exit 0
