# ssh:HOST with a program in place of ssh that has two hosts on this machine: one picture, a lost connection that shows
# nothing twice and loses nothing, and what each failure looks like.
. "$SWARMTOP_TESTS/support/e2e.sh"

# A host is a directory. What it does is in its file `mode`.
cat >ssh <<'END'
#!/bin/sh
here=${0%/*}
while [ "$1" != -- ]; do
    echo "$1" >>"$here/options"
    shift
done
host=$2 command=$3
export HOME="$here/$host" XDG_RUNTIME_DIR="$here/$host"
unset XDG_STATE_HOME SWARMTOP_SOCKET SWARMTOP_SSH
export PATH="$here/bin:$PATH"
echo x >>"$HOME/connections"
case $(cat "$HOME/mode") in
refused) echo "ssh: connect to host $host port 22: Connection refused" >&2; exit 255 ;;
key) printf 'me@%s: Permission denied (publickey).\r\n' "$host" >&2; exit 255 ;;
unknown) echo 'Host key verification failed.' >&2; exit 255 ;;
missing) PATH=/nowhere; eval "$command" ;;
hostile) printf '\033]0;evil\007\033[2J\n' >&2; exit 255 ;;
garbage) printf 'Welcome\n\033[1mto\033[0m this host\n'; exit 0 ;;
newer) echo '{"op":"journal","t":1760000000000,"feed":"9.0","swarmtop":"9.9"}'
    echo '{"op":"instant","t":1760000000000,"session_id":"new","name":"known","cat":"x"}' ;;
old) echo '{"op":"instant","t":1760000000000,"session_id":"old","name":"known","cat":"x"}' ;;
beats) # a byte comes
    read -r _ && echo '{"op":"instant","t":1760000000000,"session_id":"beat","name":"known","cat":"x"}' ;;
stuck) # ends its output, and nothing else
    exec >&-
    sleep 1000 ;;
lossy) # loses what a person sent last, and the marks after it
    echo 'Last login: today' # of /etc/profile
    sh -c "$command" | sh -c 'echo $$ >"$HOME/filter"; exec sed -u "/\"name\":\"lost\"/,\$ { /\"lost\"/d; /\"mark\":true/d }"' ;;
*)
    echo "$$" >"$HOME/pid"
    printf 'Last login: today\n\n'
    exec sh -c "$command" ;;
esac
END
chmod +x ssh
mkdir bin
ln -s "$program" bin/swarmtop
export SWARMTOP_SSH="$work/ssh"
for host in web1 web2 refused key unknown missing hostile garbage newer old stuck beats; do
    mkdir "$host"
    echo "$host" >"$host/mode"
done

# --- a report: what is there

mkdir -p web1/.claude web2/.claude
cp -R "$SWARMTOP_TESTS/data/samples/claude/swarm-json/transcripts/projects" web1/.claude/projects
cp -R "$SWARMTOP_TESTS/data/samples/claude/solo-json/transcripts/projects" web2/.claude/projects
"$program" report --json "ssh:web1:claude:$work/web1/.claude" >far || fail "report: $?"
"$program" report --json "claude:$work/web1/.claude" >near || fail "report: $?"
sed -E 's/"source":"[^"]*"//; s/"host":"web1",//g' far >far.same
sed -E 's/"source":"[^"]*"//' near | cmp - far.same || fail "another report than there"
has far '"host":"web1"' || fail "no host"
"$program" report "ssh:web1:claude:$work/web1/.claude" "ssh:web2:claude:$work/web2/.claude" >out || fail "report: $?"
has out '^web1 work' && has out '^web2 work' || fail "two hosts: $(cat out)"
"$program" report ssh:web1 >out 2>err || fail "all clients, most of which are not there: $(cat err)"
has options '^BatchMode=yes' || fail "ssh may ask: $(cat options)"
has options '^ControlMaster=no' || fail "others may come to share its connection: $(cat options)"
ln -s web2 me@web2
"$program" report --json "ssh:me@web2:claude:$work/web2/.claude" >out || fail "report: $?"
has out '"host":"web2"' && ! has out '"host":"me@' || fail "a host with its user: $(cat out)"

# --- failures, each with what to do

refused() { # HOST PATTERN
    "$program" report "ssh:$1" >out 2>err && fail "$1: status 0"
    has err "$2" || fail "$1: $(cat err)"
    [ "$(wc -l <"$1/connections")" = 1 ] || fail "$1: tried again"
    LC_ALL=C grep -q "$(printf '\033')" err && fail "$1: a control sequence: $(cat -v err)"
    true
}
refused refused 'ssh:refused: cannot be read: ssh: connect to host refused port 22: Connection refused'
refused key 'no key is accepted; ssh-add your key, or ssh-copy-id key'
refused unknown 'run ssh unknown once'
refused missing "install it: ssh missing 'mkdir -p .local/bin && cat"
refused hostile '\\x1b\]0;evil'
refused garbage 'no feed came but: .*this host'
"$program" report ssh:-oProxyCommand=x >out 2>err && fail "an option for a host"
has err 'does not begin with' || fail "the reason: $(cat err)"
SWARMTOP_SSH=$work/nowhere "$program" report ssh:web1 >out 2>err && fail "no ssh: status 0"
has err 'nowhere cannot be started' || fail "no ssh: $(cat err)"
"$program" report --json ssh:newer >out 2>err || fail "a newer feed: $(cat err)"
has out '"session_id":"new"' || fail "a newer feed is not read: $(cat out)"
"$program" report --json ssh:old >out 2>err || fail "a feed without a head: $(cat err)"
has out '"session_id":"old"' || fail "a feed without a head is not read: $(cat out)"

# --- the run there ends when no line feeds come any more, though its reader is there

"$program" report --json ssh:beats >out 2>err || fail "no byte goes there: $(cat err)"
has out '"session_id":"beat"' || fail "no byte goes there: $(cat out)"
mkfifo beats.in
serve() { CLAUDE_CODE_PERFETTO_TRACE=0 XDG_STATE_HOME="$work/beats/state" "$program" record --follow --feed - "unix:$work/beats/s" <beats.in 2>err | cat >out; }
run_in_background serve
exec 7>beats.in
echo >&7
until_true 10 test -S beats/s || fail "it does not listen: $(cat err)"
ended "$pid" && fail "it ends while line feeds come: $(cat err)"
exec 7>&-
status_of "$pid"
[ ! -e beats/s ] || fail "it keeps its address"

# --- an ssh that does not end is killed, and reaped

run_in_background "$program" record --follow -o stuck.json ssh:stuck >out 2>err
recorder=$pid
thrice() { [ "$(cat stuck/connections 2>/dev/null | wc -l)" -ge 3 ]; }
until_true 15 thrice || fail "it does not connect again: $(cat err)"
reaped() { ! ps -A -o ppid= -o stat= | grep -q "^ *$recorder  *Z"; }
until_true 3 reaped || fail "zombies: $(ps -A -o ppid= -o stat= | grep "^ *$recorder ")"
kill "$recorder"
status_of "$recorder"

# --- two hosts live; the connection to one is lost

echo lossy >web1/mode
mkdir -p state/swarmtop
echo '{"op":"journal","t":1000,"version":1,"max_events":0}' >state/swarmtop/feed-20200101-000000-1.journal
touch -t 202001010000 state/swarmtop/feed-20200101-000000-1.journal
run_in_background "$program" record --follow --feed got.feed -o all.json ssh:web1 ssh:web2:unix:"$work/web2/s" >out 2>err
recorder=$pid
socket() { [ -S "$1" ]; }
until_true 10 socket web1/swarmtop.sock || fail "web1 does not listen: $(cat err)"
until_true 10 test ! -e state/swarmtop/feed-20200101-000000-1.journal || fail "the journal of an old feed stays"
until_true 10 socket web2/s || fail "web2 does not listen: $(cat err)"
emit() { # HOST OP...
    address=$work/web1/swarmtop.sock
    [ "$1" = web1 ] || address=$work/web2/s
    shift
    "$program" emit --to "unix:$address" "$@" || fail "emit $*"
}
got() { has got.feed "\"name\":\"$1\""; }
emit web1 --session one hello session_id=one name=build
emit web2 --session two hello session_id=two name=build
emit web1 --session one start_tool span_id=1 tool_name=Bash
emit web1 --session one instant name=before cat=x
emit web2 --session two instant name=other cat=x
until_true 10 got before && until_true 10 got other || fail "nothing comes: $(cat err)"
emit web1 --session one instant name=lost cat=x
emit web1 --session one instant name=after cat=x
until_true 10 got after || fail "nothing comes"
got lost && fail "the connection loses nothing"
in_journal() { grep -q '"lost"' web1/.local/state/swarmtop/feed-*.journal; }
until_true 10 in_journal || fail "no journal there: $(find web1)"

# The connection ends. What its journal has comes with the next one.
echo web1 >web1/mode
first=$(wc -l <web1/connections)
kill "$(cat web1/filter)" || fail "no connection"
connected_again() { [ "$(wc -l <web1/connections)" -gt "$first" ]; }
until_true 20 connected_again || fail "it does not connect again: $(cat err)"
until_true 20 got lost || fail "what was missed does not come: $(cat got.feed)"
until_true 10 socket web1/swarmtop.sock
emit web1 --session one end_tool span_id=1 success=true
emit web1 --session one instant name=last cat=x
until_true 20 got last || fail "nothing comes after the reconnection: $(cat err)"

# The end: nothing twice, no process and no trace there.
there=$(cat web1/pid)
kill "$recorder"
status_of "$recorder"
[ "$status" = 0 ] || fail "status $status: $(cat err)"
until_true 10 ended "$there" || fail "a process is left there"
for name in before other lost after last; do
    [ "$(grep -o "\"name\":\"$name\"" all.json | wc -l)" = 1 ] || fail "$name: $(grep -o "\"name\":\"$name\"" all.json | wc -l) times"
done
[ "$(grep -o '"name":"Tool: Bash"' all.json | wc -l)" = 2 ] || fail "the tool: $(cat all.json)"
has all.json '"incomplete":true' && fail "something was left open: $(cat got.feed) $(cat web1/.local/state/swarmtop/*)"
find web1 web2 -name '*.json' -path '*state*' | grep -q . && fail "traces are left there: $(find web1 web2)"
"$program" report --json --filter host:web1 all.json >out || fail "the document: $?"
has out '"host":"web1"' && ! has out '"host":"web2"' || fail "hosts in the document: $(cat out)"

# --- on the screen

open_terminal 100 24
type_keys "SWARMTOP_SSH='$work/ssh' $program -o screen.json ssh:key" Enter
wait_for 'no connection, again in .*s: no key is accepted'
echo web1 >key/mode
type_keys q
wait_for '^\$ *$'
