# Feeds over NATS: two publishers in one picture, a server that is killed and started again, what a stream of
# JetStream has kept, who may connect. The server is the packaged one, on a free port.
. "$SWARMTOP_TESTS/support/e2e.sh"
export SWARMTOP_OTLP=off

"$program" --version | grep -q '+nats' || {
    "$program" record -o x.json nats://127.0.0.1:1/x 2>err && fail 'a source that is not built in is opened'
    has err 'libnats-dev' || fail "what to install: $(cat err)"
    echo "built without libnats"
    exit 77
}
command -v nats-server >/dev/null || { echo "nats-server is not installed"; exit 77; }
need_perl

# --- the server

port=-1
start_server() { # OPTION...: on the port that it had, else on a free one
    rm -f *.ports
    run_in_background nats-server -a 127.0.0.1 -p "$port" --ports_file_dir "$work" -l server.log "$@"
    server=$pid
    until_true 10 eval 'grep -q nats: *.ports 2>/dev/null' || fail "no server: $(cat server.log)"
    port=$(sed -n 's|.*nats://127.0.0.1:\([0-9]*\).*|\1|p' ./*.ports)
}
stop_server() { # SIGNAL
    kill "-$1" "$server"
    until_true 10 ended "$server" || fail 'the server does not end'
}
emit() { until_true 10 "$program" emit --to "nats://127.0.0.1:$port/$subject" "$@" 2>emit.err || fail "emit: $(cat emit.err)"; }
instant() { emit --session "$1" instant cat=test "name=$2"; } # SESSION NAME

# --- two publishers, and a restart

start_server
subject=swarm.build
open_terminal 120 36
type_keys "$program nats://127.0.0.1:$port/swarm.*; echo ended" Enter
wait_for 'connected'
emit hello session_id=one name=alpha
wait_for alpha
emit hello session_id=two name=beta
wait_for beta
shows alpha || fail 'the second publisher has replaced the first'
stop_server KILL
wait_for 'nats://127.0.0.1:.*no server answers'
start_server
emit hello session_id=three name=gamma
until_true 20 eval 'shows gamma || { emit hello session_id=three name=gamma; false; }' || fail 'not connected again'
hides 'no server answers' || fail 'the trouble stays'
shows alpha || fail 'what was there has gone'
type_keys q
wait_for ended
stop_server TERM

# What a `hello` sets holds for its message: lines that name no session are no publisher's.
cat >request.pl <<'END'
use IO::Socket::INET;
my ($port, $subject, $body) = @ARGV;
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 5) or exit 1;
print $s "CONNECT {\"verbose\":false}\r\nSUB reply 1\r\nPUB $subject reply " . length($body) . "\r\n$body\r\nPING\r\n";
while (<$s>) { print; last if /^PONG/ && $subject !~ /^\$JS/ or /_response/ }
END
start_server -js -sd "$work/streams"
run_in_background "$program" record --write-interval 1 -o mixed.json "nats://127.0.0.1:$port/mixed" 2>mixed.err
mixed=$pid
until_true 10 eval 'perl request.pl "$port" mixed "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"m1\",\"name\":\"first\"}
{\"op\":\"instant\",\"t\":1760000000001,\"name\":\"inside\",\"cat\":\"x\"}" >/dev/null; has mixed.json inside' || fail "no message: $(cat mixed.err)"
perl request.pl "$port" mixed '{"op":"instant","t":1760000000002,"name":"outside","cat":"x"}' >answer || fail 'not sent'
until_true 10 has mixed.json outside || fail "a line that names no session: $(cat mixed.err)"
kill -TERM "$mixed"
status_of "$mixed"
"$program" report --json mixed.json >mixed.report
has mixed.report '"session_id":"mixed"' || fail "the session of lines that name none: $(cat mixed.report)"

# --- a stream: what came while swarmtop was away is replayed, once

perl request.pl "$port" '$JS.API.STREAM.CREATE.KEPT' '{"name":"KEPT","subjects":["kept.>"]}' >answer
has answer '"did_create":true' || fail "no stream: $(cat answer)"
subject=kept.build
count() { grep -o "\"name\":\"$2\"" "$1" | wc -l; } # FILE NAME
once() { # FILE NAME...
    once_file=$1
    shift
    for name; do [ "$(count "$once_file" "$name")" = 1 ] || fail "$name is $(count "$once_file" "$name") times in $once_file"; done
}
instant k before-1
instant k before-2
"$program" record --for 600 --write-interval 1 -o kept.json "nats://127.0.0.1:$port/kept.>" 2>kept.err &
kept=$!
children="$children $kept"
until_true 10 has kept.json before-2 || fail "not replayed: $(cat kept.err)"
instant k live-1
until_true 10 has kept.json live-1 || fail "not live: $(cat kept.err)"
for round in 1 2; do
    stop_server KILL
    start_server -js -sd "$work/streams"
    instant k "away-$round"
done
until_true 30 has kept.json away-2 || fail "not replayed after a restart: $(cat kept.err)"
instant k live-2
until_true 10 has kept.json live-2 || fail "not live again: $(cat kept.err)"
kill -TERM "$kept"
status_of "$kept"
[ "$status" = 0 ] || fail "record: $status: $(cat kept.err)"
once kept.json before-1 before-2 live-1 away-1 away-2 live-2
# Older than --since.
until_true 10 eval 'sleep 1; "$program" record --since 1s --for 2 -o since.json "nats://127.0.0.1:$port/kept.>" 2>/dev/null; ! has since.json live-2' ||
    fail '--since is not obeyed'

# A stream that was created again has the number of the last message too.
perl request.pl "$port" '$JS.API.STREAM.CREATE.AGAIN' '{"name":"AGAIN","subjects":["again"]}' >answer
subject=again
instant k old-1
run_in_background "$program" record --write-interval 1 -o again.json "nats://127.0.0.1:$port/again" 2>again.err
again=$pid
until_true 10 has again.json old-1 || fail "not replayed: $(cat again.err)"
kill -STOP "$again"
perl request.pl "$port" '$JS.API.STREAM.DELETE.AGAIN' '' >answer
perl request.pl "$port" '$JS.API.STREAM.CREATE.AGAIN' '{"name":"AGAIN","subjects":["again"]}' >answer
instant k new-1
instant k new-2
stop_server KILL
kill -CONT "$again"
start_server -js -sd "$work/streams"
until_true 30 has again.json new-2 || fail "the new stream is not read: $(cat again.err)"
kill -TERM "$again"
status_of "$again"
once again.json old-1 new-1 new-2

# --- record --feed: all of a run, also to a server that comes late; without one nothing waits

subject=kept.feed
feed=$(data golden/small.feed.ndjson)
"$program" record --feed file.feed "$feed" || fail 'record --feed'
perl request.pl "$port" '$JS.API.STREAM.CREATE.LATE' '{"name":"LATE","subjects":["late"]}' >answer
"$program" record --feed "nats://127.0.0.1:$port/late" "$feed" 2>err || fail "record --feed nats: $(cat err)"
run_in_background "$program" record -o x.json --feed got.feed "nats://127.0.0.1:$port/late" 2>err
got=$pid
until_true 10 eval 'cmp -s file.feed got.feed || { kill -0 "$got" && [ "$(wc -l <got.feed)" -ge "$(wc -l <file.feed)" ]; }' || fail "$(wc -l got.feed err)"
kill -TERM "$got"
status_of "$got"
head -n "$(wc -l <file.feed)" got.feed | cmp - file.feed || fail 'another feed came'
stop_server TERM
"$program" record --feed "nats://ann:geheim@127.0.0.1:$port/late" "$feed" 2>err && fail 'a feed without a server'
has err "nats://ann:\*\*\*@.*: $(wc -l <file.feed) lines of the feed were not sent" || fail "the number of lines: $(cat err)"
has err geheim && fail 'the password is shown'

# --- who may connect; no password is shown

start_server --user ann --pass geheim
fed="ann:geheim@127.0.0.1:$port/auth"
"$program" emit --to "nats://ann:wrong@127.0.0.1:$port/auth" hello session_id=x 2>err && fail 'a wrong password'
has err 'nats://ann:\*\*\*@127.*refuses the user' || fail "a wrong password: $(cat err)"
"$program" record --for 1 -o auth.json "nats://ann:wrong@127.0.0.1:$port/auth" 2>err && fail 'a source with a wrong password'
has err 'refuses the user, password or token' || fail "a source: $(cat err)"
"$program" record --write-interval 1 -o auth.json "nats://$fed" >out 2>err &
auth=$!
children="$children $auth"
until_true 20 eval '"$program" emit --to "nats://$fed" hello session_id=x name=delta; has auth.json delta' || fail "with the password: $(cat err)"
kill -TERM "$auth"
status_of "$auth"
grep -l geheim auth.json out err emit.err state/swarmtop/* 2>/dev/null && fail 'the password is shown'
"$program" record -o x.json nats://h/a..b 2>err && fail 'a wrong subject'
has err 'empty part' || fail "a wrong subject: $(cat err)"
stop_server TERM
