# Each allocation of whole runs fails in turn, alone or with all after it: in the program and in its libraries. A run ends
# by itself, with exit status 1 and a message, or as if nothing had been. What was taken is in the document, and what was
# not is counted. By hand, all of them: EVERY=1 make test TESTS=allocations
. "$SWARMTOP_TESTS/support/e2e.sh"
need_perl
library=$(dirname "$SWARMTOP_CHECK_DOCUMENT")/fail_alloc.so
[ -e "$library" ] || { echo 'no library for LD_PRELOAD: built with sanitizers, or not for glibc'; exit 77; }
every=${EVERY:-61}
export every library

cp "$SWARMTOP_TESTS/screens/story.feed.ndjson" story.ndjson
awk 'BEGIN {
    for (i = 0; i < 300; i++) printf "{\"op\":\"instant\",\"t\":%.0f,\"session_id\":\"s%d\",\"name\":\"mark\",\"cat\":\"x\",\"args\":{\"i\":%d}}\n", 1760625065000 + i, i % 3, i
}' >lines.ndjson
"$program" record --no-journal -o in.json - <story.ndjson >out 2>err || fail "no trace: $(cat err)"
"$program" record --no-journal -o all.json - <lines.ndjson >out 2>err || fail "no trace: $(cat err)"
"$program" record --feed copy.feed -o ref.json - <story.ndjson >out 2>err || fail "no feed: $(cat err)"
mkdir -p claude/projects/p
session=11111111-2222-4333-8444-555555555555
awk -v session=$session 'BEGIN {
    common = "\"sessionId\":\"" session "\",\"cwd\":\"/x\",\"version\":\"2.0.0\""
    printf "{\"type\":\"user\",%s,\"uuid\":\"u\",\"promptId\":\"p\",\"message\":{\"role\":\"user\",\"content\":\"go\"},\"timestamp\":\"2025-10-16T14:31:00.000Z\"}\n", common
    for (i = 1; i < 20; i++) {
        printf "{\"type\":\"assistant\",%s,\"uuid\":\"a%d\",\"requestId\":\"r%d\",\"message\":{\"id\":\"m%d\",\"role\":\"assistant\",\"model\":\"claude-x\",\"content\":[{\"type\":\"tool_use\",\"id\":\"toolu_%d\",\"name\":\"Bash\",\"input\":{\"command\":\"echo %d\"}}],\"usage\":{\"input_tokens\":5,\"output_tokens\":7}},\"timestamp\":\"2025-10-16T14:31:%02d.000Z\"}\n", common, i, i, i, i, i, 2 * i
        printf "{\"type\":\"user\",%s,\"uuid\":\"b%d\",\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_%d\",\"content\":\"ok\"}]},\"timestamp\":\"2025-10-16T14:31:%02d.000Z\"}\n", common, i, i, 2 * i + 1
    }
}' >claude/projects/p/$session.jsonl

cat >sweep.pl <<'END2'
use strict;
use warnings;
use POSIX ':sys_wait_h';
use Time::HiRes qw(time sleep);

my ($name, $on, $first, $input, $document, @command) = @ARGV;
sub content { open(my $file, '<', $_[0]) or return ''; local $/; return <$file> // '' }
sub count { my @found = $_[0] =~ /$_[1]/g; return scalar @found }
sub marks { return count($_[0], '"name":"mark"') }

# Runs it with the Nth allocation failing (0: none). Returns its status, or a reason why there is none.
sub run {
    my ($n) = @_;
    unlink 'o.json', 'o.json.journal', 'count', 'err', 'out';
    my $pid = fork;
    if ($pid == 0) {
        @ENV{qw(LD_PRELOAD FAIL_ALLOC_AT FAIL_ALLOC_ON FAIL_ALLOC_COUNT)} = ($ENV{library}, $n, $on, 'count');
        open(STDIN, '<', $input) or die;
        open(STDOUT, '>', 'out') or die;
        open(STDERR, '>', 'err') or die;
        exec @command;
    }
    my $until = time + 120;
    while (waitpid($pid, WNOHANG) == 0) {
        if (time > $until) { kill 'KILL', $pid; waitpid $pid, 0; return 'does not end' }
        sleep 0.001;
    }
    return $? & 127 ? "signal " . ($? & 127) : $? >> 8;
}
my $status = run(0);
$status eq '0' or die "$name: ends with $status when nothing fails: " . content('err');
my $whole = $document ? content('o.json') : content('out');
my $total = 0 + content('count');
my ($lines, $taken) = (marks($whole), 0);
print "$name: $total allocations\n";
for (my $n = $first; $n <= $total; $n += $ENV{every}) {
    $status = run($n);
    my ($err, $out) = (content('err'), $document ? content('o.json') : content('out'));
    my $where = "$name, allocation $n" . ($on ? ' and all after it' : '') . ": $status";
    $status =~ /^[01]$/ or die "$where: $err";
    my $lost = $err =~ /first of (\d+) bad line/ ? $1 : $err =~ /\(1 bad line\)/ ? 1 : 0;
    if ($status == 0) {
        $lost == 0 or die "$where: $err";
        ($document ? count($out, '"ph":') == count($whole, '"ph":') : $out eq $whole)
            or die "$where: something is missing, and no message: $err";
    } else {
        $err =~ /^swarmtop: .*(memory|too many|cannot)/m or die "$where: no message: $err";
    }
    next if !$document;
    # Once lines were taken, there is a document of them.
    $taken = 1 if $on && $out ne '';
    !$taken || $out ne '' or die "$where: no document: $err";
    !$lines || $out eq '' || $err =~ /cannot be read/ || marks($out) + $lost >= $lines
        or die "$where: " . marks($out) . " of $lines lines are written, $lost counted: $err";
    $out eq '' || system("'$command[0]' report o.json >report 2>&1") == 0 or die "$where: " . content('report');
}
END2

sweep() { # NAME INPUT DOCUMENT [ARGUMENT...]: with 1 as DOCUMENT, o.json is compared, else what is printed
    sweep_name=$1 sweep_input=$2 sweep_document=$3
    shift 3
    for on in 0 1; do
        perl sweep.pl "$sweep_name" $on $(($$ % every + 1)) "$sweep_input" "$sweep_document" "$program" "$@" 2>sweep.err ||
            fail "$(cat sweep.err)"
    done
}
sweep 'lines' lines.ndjson 1 record -o o.json -
sweep 'a story' story.ndjson 1 record --no-journal -o o.json -
sweep 'a feed' /dev/null 1 record -o o.json copy.feed
sweep 'a trace' /dev/null 1 record -o o.json in.json
sweep 'a transcript' /dev/null 1 record -o o.json claude:claude
sweep 'a report' /dev/null 0 report in.json
sweep 'a report as JSON' /dev/null 0 report --json in.json
sweep 'a picture' /dev/null 0 dump --size 100x30 in.json

# The same with less and less address space. By hand: STEP_MB=1.
step=$((${STEP_MB:-23} * 1024))
awk 'BEGIN {
    for (i = 0; i < 100000; i++) printf "{\"op\":\"instant\",\"t\":%.0f,\"session_id\":\"s%d\",\"name\":\"mark\",\"cat\":\"x\",\"args\":{\"i\":%d}}\n", 1760625065000 + i, i % 3, i
}' >many.ndjson
limit=$((20 * 1024 + $$ % step)) written=0
while [ "$limit" -lt $((220 * 1024)) ]; do
    rm -f o.json o.json.journal
    # (A shell reports a signal of its child on stderr, too.)
    (ulimit -v "$limit" && exec "$program" record --max-events 0 -o o.json - <many.ndjson >out 2>err) 2>/dev/null
    status=$?
    lost=$(sed -n 's/.*first of \([0-9]*\) bad lines.*/\1/p' err)
    marks=$(grep -o '"name":"mark"' o.json 2>/dev/null | wc -l)
    case $status in
    0) [ "$marks" = 100000 ] || fail "$limit KB: $marks lines, and no message" ;;
    1) has err '^swarmtop: .*memory' || fail "$limit KB: no message: $(cat err)" ;;
    127) ;; # its libraries have no room
    *) fail "$limit KB: exit status $status: $(cat err)" ;;
    esac
    if [ -e o.json ]; then
        written=1
        [ "$((marks + ${lost:-0}))" -ge 100000 ] || has err 'cannot be read' ||
            fail "$limit KB: $marks lines are written, ${lost:-0} counted: $(cat err)"
    elif [ "$written" = 1 ]; then
        fail "$limit KB: no document: $(cat err)"
    fi
    limit=$((limit + step))
done
[ "$written" = 1 ] || fail "no document with 220 MB: $(cat err)"
rm -f o.json
