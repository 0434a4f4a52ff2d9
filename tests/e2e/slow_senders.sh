# Senders that are slow, stopped, or gone and back, and a program that is stopped itself: nothing is lost, and nobody waits for
# another.
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl

cat >sender.pl <<'END2'
use IO::Socket::UNIX;
use IO::Handle;
$| = 1;
$SIG{PIPE} = 'IGNORE';
# Each command from stdin is carried out at once: `open NAME`, `close NAME`, `line NAME JSON`, `part NAME BYTES`, `many NAME SESSION COUNT`.
my %open;
while (my $command = <STDIN>) {
    chomp $command;
    my ($what, $name, $rest) = split / /, $command, 3;
    if ($what eq 'open') {
        $open{$name} = IO::Socket::UNIX->new(Peer => $ENV{SOCKET}) or die "$ENV{SOCKET}: $!";
        $open{$name}->autoflush(1);
    }
    delete $open{$name} if $what eq 'close';
    print { $open{$name} } "$rest\n" if $what eq 'line';
    print { $open{$name} } $rest if $what eq 'part';
    if ($what eq 'many') {
        my ($session, $count) = split / /, $rest;
        print { $open{$name} } "{\"op\":\"instant\",\"session_id\":\"$session\",\"name\":\"$session-$_-\",\"cat\":\"c\"}\n" for 1 .. $count;
    }
    print "$command\n";
}
END2
export SOCKET="$work/s"
mkfifo commands
run_in_background "$program" record --write-interval 1 -o o.json "unix:$SOCKET" >out 2>err
swarmtop=$pid
until_true 10 test -S s || fail "no socket: $(cat err)"
perl sender.pl <commands >done_ 2>errors &
sender=$!
children="$children $sender"
exec 8>commands
send() { echo "$1" >&8; }

# One that sends a byte now and then, in the middle of a line, beside one that sends as fast as it can.
send 'open slow'
send 'open fast'
slow='{"op":"instant","session_id":"slow","name":"trickled","cat":"c"}'
at=1
while [ "$at" -le "${#slow}" ]; do
    send "part slow $(echo "$slow" | cut -c "$at")"
    [ "$at" = 20 ] && send 'many fast fast 5000'
    [ "$at" = 20 ] && { until_true 10 has o.json '"fast-5000-"' || fail "a fast sender waits for a slow one: $(cat err errors)"; }
    at=$((at + 1))
done
has o.json '"trickled"' && fail 'a line was taken before its end'
send 'line slow '
until_true 10 has o.json '"trickled"' || fail "the line of a slow sender is lost: $(cat err errors)"

# The program is stopped while they send; what they sent meanwhile is taken afterwards, at its time.
kill -STOP "$swarmtop"
send 'many slow stopped 100'
send 'line fast {"op":"start_tool","session_id":"crash","span_id":"1","tool_name":"Crash","t":1760625065000}'
until_true 10 has done_ 'span_id":"1","tool_name":"Crash"' || fail "a sender waits for a program that is stopped: $(cat errors)"
sleep 2
kill -CONT "$swarmtop"
until_true 10 has o.json '"stopped-100-"' || fail "lines sent to a stopped program are lost: $(cat err errors)"
[ "$(grep -o '"stopped-[0-9]*-"' o.json | sort -u | wc -l)" = 100 ] || fail 'some lines sent to a stopped program are lost'

# A sender is stopped in the middle of a line; others are served, and it goes on.
send 'part slow {"op":"instant","session_id":"slow","na'
until_true 10 has done_ 'part slow {"op":"instant","session_id":"slow","na' || fail "no part: $(cat errors)"
kill -STOP "$sender"
echo '{"op":"instant","session_id":"other","name":"meanwhile","cat":"c"}' | SWARMTOP_SOCKET=$SOCKET "$program" emit >/dev/null 2>&1 ||
    perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => $ENV{SOCKET}); print $s "{\"op\":\"instant\",\"session_id\":\"other\",\"name\":\"meanwhile\",\"cat\":\"c\"}\n"'
until_true 10 has o.json '"meanwhile"' || fail "others wait for a stopped sender: $(cat err)"
kill -CONT "$sender"
send 'line slow me":"resumed","cat":"c"}'
until_true 10 has o.json '"resumed"' || fail "a sender that was stopped is not read any more: $(cat err errors)"

# It crashes with a call open and comes back with the same session: the call ends there.
kill -9 "$sender"
wait "$sender" 2>/dev/null
exec 8>&-
rm commands && mkfifo commands
perl sender.pl <commands >done_ 2>errors &
sender=$!
children="$children $sender"
exec 8>commands
send 'open again'
send 'line again {"op":"hello","session_id":"crash","t":1760625066000}'
send 'line again {"op":"end_tool","session_id":"crash","span_id":"1","success":true,"t":1760625067000}'
until_true 10 has done_ 'end_tool' || fail "no end: $(cat errors)"

# A second swarmtop at the address of a living one is refused, and is told what to do; the first one keeps its senders.
"$program" record -o second.json "unix:$SOCKET" >out2 2>err2 <&-
second=$?
has err2 'another swarmtop listens there' || fail "a second swarmtop: $(cat err2)"
has err2 'use another address, or end that one' || fail "a second swarmtop names no way out: $(cat err2)"
[ "$second" = 1 ] || fail "a second swarmtop: exit status $second: $(cat err2)"
send 'line again {"op":"instant","session_id":"crash","name":"still","cat":"c","t":1760625068000}'
until_true 10 has o.json '"still"' || fail "the first swarmtop lost its address: $(cat err)"
kill "$swarmtop"
status_of "$swarmtop"
[ "$status" = 0 ] || fail "exit status $status: $(cat err)"
"$program" report --json o.json >report.json || fail 'the document'
grep -o '"incomplete":true' o.json >/dev/null && fail 'the call of a sender that came back is incomplete'
has report.json '"Crash":{"count":1,"errors":0,"open":0' || fail 'no call of the sender that came back'

# The socket of a program that was killed is replaced.
run_in_background "$program" record -o k.json "unix:$SOCKET" >out 2>err
until_true 10 test -S s || fail "no socket: $(cat err)"
kill -9 "$pid"
wait "$pid" 2>/dev/null
[ -S s ] || fail 'a killed program took its socket with it'
run_in_background "$program" record --write-interval 1 -o r.json "unix:$SOCKET" >out 2>err
echo '{"op":"instant","session_id":"new","name":"replaced","cat":"c"}' >line
until_true 10 perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => $ENV{SOCKET}) or exit 1; open F, "line"; print $s <F>' ||
    fail "a stale socket is not replaced: $(cat err)"
until_true 10 has r.json '"replaced"' || fail "a stale socket is not replaced: $(cat err)"
kill "$pid"
status_of "$pid"
[ "$status" = 0 ] || fail "after a stale socket: exit status $status: $(cat err)"
