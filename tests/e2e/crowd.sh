# Senders that are many, or greedy: the document is whole, the others are served, memory is bounded.
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl

# No free descriptor (and none that this test was given): senders are refused and counted, and the document is written.
run_in_background sh -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -n 24 && exec "$0" record --write-interval 1 -o em.json "unix:$1/em.sock"' "$program" "$work" >out 2>err
until_true 10 test -S em.sock || fail "no socket: $(cat err)"
perl -MIO::Socket::UNIX -e '
    $SIG{PIPE} = "IGNORE";
    for my $i (1 .. 60) {
        my $s = IO::Socket::UNIX->new(Peer => "em.sock") or next;
        $s->autoflush(1);
        print $s "{\"op\":\"instant\",\"session_id\":\"a\",\"name\":\"n$i\",\"cat\":\"c\"}\n";
        push @all, $s;
    }
    sleep 60' &
children="$children $!"
until_true 10 has em.json '"n1"' || fail "no document while all descriptors are in use: $(cat err)"
kill -TERM "$pid"
status_of "$pid"
[ "$status" = 1 ] || fail "refused senders: exit status $status: $(cat err)"
has err 'refused a connection: too few file descriptors are left' || fail "refused senders: $(cat err)"
has err 'the first of [0-9]* refused connections' || fail "refused senders are not counted: $(cat err)"
"$program" report em.json >/dev/null 2>err || fail "the document: $(cat err)"

# The screen counts them.
open_terminal 100 24
type_keys 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -n 24; ' "$program --no-journal unix:$work/em2.sock" Enter
until_true 10 test -S em2.sock || fail 'no socket'
perl -MIO::Socket::UNIX -e '$SIG{PIPE} = "IGNORE"; push @all, IO::Socket::UNIX->new(Peer => "em2.sock") for 1 .. 60; sleep 60' &
children="$children $!"
wait_for '[0-9] refused connection'
type_keys q
tmux -L "$terminal" kill-server
terminal=

# One that asks for the status and never reads: it is not read either, and others are answered.
run_in_background "$program" record -o sf.json "unix:$work/sf.sock" >out 2>err
until_true 10 test -S sf.sock || fail "no socket: $(cat err)"
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status" 2>/dev/null || echo 0; }
before=$(rss)
perl -MIO::Socket::UNIX -MTime::HiRes=time,sleep -e '
    my $s = IO::Socket::UNIX->new(Peer => "sf.sock") or die;
    $s->blocking(0);
    my ($text, $sent, $until) = ("{\"op\":\"status\"}\n" x 2000, 0, time + 2);
    while (time < $until) { my $n = syswrite $s, $text, length($text) / 2; defined $n ? ($sent += $n) : sleep 0.01 }
    open(my $out, ">", "flooded"); print $out $sent; close $out;
    sleep 60' &
children="$children $!"
SWARMTOP_SOCKET=$work/sf.sock
export SWARMTOP_SOCKET
until_true 3 "$program" status >/dev/null || fail 'no answer beside a flood'
until_true 10 test -s flooded || fail 'the flood does not end'
[ "$(cat flooded)" -lt 4000000 ] || fail "$(cat flooded) bytes of a sender that does not read were taken"
"$program" status >/dev/null || fail 'no answer after a flood'
[ $(($(rss) - before)) -lt 16000 ] || fail "memory: $before KB, then $(rss) KB"
kill "$pid"
status_of "$pid"
[ "$status" = 0 ] || fail "after a flood: exit status $status: $(cat err)"

# HTTP: more clients stay connected than there can be connections, with whole requests and with half ones.
cat >clients.pl <<'END'
use IO::Socket::INET;
my ($port, $count, $half) = @ARGV;
$SIG{PIPE} = 'IGNORE';
my $body = '{"session_id":"x","hook_event_name":"Stop"}';
sub ask {
    my ($half) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 5) or return 'no connection';
    my $length = $half ? 1000000 : length $body;
    syswrite $s, "POST /hooks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: $length\r\n\r\n" . ($half ? 'x' x 20000 : $body);
    push @open, $s;
    return 'half' if $half;
    local $SIG{ALRM} = sub { die "timeout\n" };
    my $line = eval { alarm 5; my $l = <$s>; alarm 0; $l } // "timeout\n";
    return $line =~ s/\r?\n//r;
}
my %answers;
$answers{ask($half)}++ for 1 .. $count;
$answers{'then ' . ask(0)}++;
close $_ for @open;
$answers{'last ' . ask(0)}++;
print map { "$_: $answers{$_}\n" } sort keys %answers;
END
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport')
run_in_background sh -c 'ulimit -n 64 && exec "$0" record -o h.json "otlp:127.0.0.1:$1"' "$program" "$port" >out 2>err
listens() { perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]")' "$port"; }
until_true 10 listens || fail "no port: $(cat err)"
for half in 0 1; do
    perl clients.pl "$port" 80 $half >answers
    has answers '^then HTTP/1.1 200 OK: 1$' || fail "half $half: no answer beside 80 clients: $(cat answers)"
    has answers '^last HTTP/1.1 200 OK: 1$' || fail "half $half: no answer after they left: $(cat answers)"
    [ $half = 1 ] || has answers '^HTTP/1.1 200 OK: 80$' || fail "of 80 clients: $(cat answers)"
done
kill "$pid"
status_of "$pid"
[ "$status" = 0 ] || fail "HTTP: exit status $status: $(cat err)"
