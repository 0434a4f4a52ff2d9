# A client whose hooks come by HTTP alone dies by SIGKILL: it is gone within 3 s, whether it keeps its connection, makes one
# for each hook, or has another process send them; and then nothing wakes swarmtop up.
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl
[ -r /proc/self/net/tcp ] || { echo "no /proc"; exit 77; }

# PORT HOST SESSION HOW LAST: sends hooks and waits for its end.
cat >client.pl <<'END2'
use IO::Socket::IP;
my ($port, $host, $session, $how, $last) = @ARGV;
my $kept;
sub send_hook {
    my ($event, $more) = @_;
    my $body = qq({"session_id":"$session","cwd":"/x/app","hook_event_name":"$event","tool_name":"Bash","tool_input":{"command":"make"}$more});
    my $s = $kept // IO::Socket::IP->new(PeerHost => $host, PeerPort => $port) or die "$host: $@";
    $kept = $s if $how eq 'keeps';
    my $close = $how eq 'keeps' ? '' : "Connection: close\r\n";
    my $name = $host =~ /:/ ? "[$host]" : $host;
    syswrite $s, "POST /hooks HTTP/1.1\r\nHost: $name\r\n${close}Content-Length: " . length($body) . "\r\n\r\n$body";
    my $answer = '';
    sysread $s, $answer, 4096 or die "no answer";
    $answer =~ /^HTTP\/1.1 200/ or die $answer;
}
sub hook {
    if ($how eq 'child') { # as a script with curl
        my $pid = fork // die;
        if (!$pid) { send_hook(@_); exit }
        waitpid $pid, 0;
    } else { send_hook(@_) }
}
hook('UserPromptSubmit', ',"prompt":"go"');
hook('PreToolUse', ',"tool_use_id":"t"');
hook('PermissionRequest', '') if $last eq 'asks';
sleep 600;
END2

start_recording() { # HOST
    port=$(perl -MIO::Socket::IP -e 'my $s = IO::Socket::IP->new(LocalHost => $ARGV[0], Listen => 1) or exit; print $s->sockport' "$1")
    [ -n "$port" ] || return 1
    address=$1
    case $1 in *:*) address="[$1]" ;; esac
    rm -f feed.sock
    run_in_background "$program" record -o out.json "unix:$work/feed.sock" "otlp:$address:$port" >/dev/null 2>err
    recording=$pid
    until_true 10 test -S feed.sock || fail "no socket: $(cat err)"
}
export SWARMTOP_SOCKET="$work/feed.sock"
answers() { "$program" status 2>/dev/null | grep -q -e "$1"; }
wakes() { awk '/^voluntary/ { n += $2 } END { print n }' "/proc/$recording/task/"*/status; }

for host in 127.0.0.1 ::1; do
    start_recording $host || continue
    gone=0
    for row in 'a keeps works tool' 'b closes works tool' 'c child works tool' 'd keeps asks user'; do
        set -- $row
        run_in_background perl client.pl "$port" $host "$1" "$2" "$3" 2>client.err
        client=$pid
        until_true 10 answers "1 $4" || fail "$host $row: $("$program" status) $(cat client.err)"
        sleep 1.2
        answers "1 $4" || fail "$host $row, later: $("$program" status)"
        kill -9 "$client"
        wait "$client" 2>/dev/null
        gone=$((gone + 1))
        killed=$(date +%s)
        until_true 3 answers "^$gone gone$" || fail "$host $row, killed: $("$program" status)"
        echo "$host $row: gone after $(($(date +%s) - killed)) s"
        [ $host = ::1 ] && break
    done
    # It looks for late hooks for some seconds more; then all threads rest.
    quiet() {
        before=$(wakes)
        sleep 2
        [ $(($(wakes) - before)) -le 1 ]
    }
    until_true 10 quiet || fail "$host: it wakes up $(($(wakes) - before)) times in 2 s when all are gone"
    kill -TERM "$recording"
    status_of "$recording"
    [ "$status" = 0 ] || fail "record: exit status $status: $(cat err)"
    "$program" report --json out.json >report.json || fail "report"
    has report.json '"open":0' || fail "something is open: $(cat report.json)"
done
