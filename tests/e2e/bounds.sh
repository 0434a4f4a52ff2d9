# Sessions have a bound under a cap: memory after ten times as many is that of the first ones, whoever sends them. The
# marker of dropped events counts the forgotten ones.
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl
ulimit -n 256 # whoever connects and leaves again and again takes no more

rss() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status" 2>/dev/null || echo 0; }
cat >send.pl <<'END2'
use IO::Socket::UNIX;
my ($path, $kind, $from, $to) = @ARGV;
my $socket;
sub connected { return IO::Socket::UNIX->new(Peer => $path) or die "$path: $!" }
for my $i ($from .. $to - 1) {
    my $t = 1760625065000 + $i;
    my $name = "\"session_id\":\"s$i\"";
    if ($kind eq 'anonymous') {
        my $one = connected();
        print $one "{\"op\":\"instant\",\"t\":$t,\"name\":\"n\",\"cat\":\"c\"}\n";
        next;
    }
    $socket //= connected();
    print $socket $kind eq 'agents' ? "{\"op\":\"instant\",\"t\":$t,\"session_id\":\"s\",\"agent_id\":\"a$i\",\"name\":\"n\",\"cat\":\"c\"}\n"
        : $kind eq 'hello' ? "{\"op\":\"hello\",\"t\":$t,$name}\n"
        : "{\"op\":\"start_tool\",\"t\":$t,$name,\"span_id\":\"1\",\"tool_name\":\"B\"}\n{\"op\":\"end_tool\",\"t\":$t.5,$name,\"span_id\":\"1\",\"success\":true}\n";
}
# All lines are taken when the answer to this one has come.
$socket //= connected();
$socket->autoflush(1);
print $socket "{\"op\":\"status\"}\n";
<$socket>;
END2
for kind in sessions anonymous hello agents; do
    rm -f o.json
    run_in_background "$program" record --no-journal --max-events 4000 -o o.json "unix:$work/s" >out 2>err
    until_true 10 test -S s || fail "no socket: $(cat err)"
    perl send.pl s $kind 0 4000 && perl send.pl s $kind 4000 8000 || fail "$kind: no answer: $(cat err)"
    first=$(rss) # (what comes by other connections than the question may be taken after its answer)
    perl send.pl s $kind 8000 28000 || fail "$kind: no answer: $(cat err)"
    last=$(rss)
    echo "$kind: $first KB, then $last KB"
    kill "$pid"
    status_of "$pid"
    [ "$status" = 0 ] || fail "$kind: exit status $status: $(cat err)"
    # (Names stay; a build with sanitizers keeps what was freed for a while.)
    grep -q __asan_init "$program" || [ "$last" -le $((first * 110 / 100 + 3000)) ] || fail "$kind: memory grows from $first KB to $last KB"
    case $kind in
    hello) ;; # no event was dropped: no marker
    agents) has o.json '"forgotten_agents":[0-9]' || fail "no marker counts the forgotten agents" ;;
    *) has o.json '"forgotten_sessions":[0-9]' || fail "$kind: no marker counts the forgotten sessions" ;;
    esac
    "$program" report --json o.json >report.json 2>err || fail "$kind: the document: $(cat err)"
    kept=$(grep -o '"session_id":"[^"]*","name"' report.json | wc -l)
    [ "$kept" -le 6000 ] || fail "$kind: $kept sessions are kept"
done

# Calls that never end, each in a lane of its own: the time is linear in their number.
awk 'BEGIN { for (i = 0; i < 60000; i++) printf "{\"op\":\"start_tool\",\"t\":%.2f,\"session_id\":\"s\",\"span_id\":\"%d\",\"tool_name\":\"Bash\"}\n", 1760625065000 + i / 100, i }' >open.ndjson
(ulimit -t 9 && exec "$program" record --no-journal --max-events 0 -o open.json - <open.ndjson >out 2>err) ||
    fail "60,000 open calls: $?: $(cat err)"
ends=$(grep -o '"incomplete":true' open.json | wc -l)
[ "$ends" = 60000 ] || fail "$ends of 60,000 open calls are closed"
rm -f open.json # Perfetto's rules are checked of smaller ones
