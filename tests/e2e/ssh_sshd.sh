# ssh:HOST with a real sshd on loopback and another user: the line that installs swarmtop there, a report, a live feed
# whose connection is killed, refused keys and unknown hosts.
. "$SWARMTOP_TESTS/support/e2e.sh"
skip() {
    echo "$*"
    exit 77
}
[ "$(id -u)" = 0 ] || skip "not root"
sshd=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v sshd) || skip "no sshd"
for tool in ssh ssh-keygen useradd userdel pgrep; do
    PATH=$PATH:/usr/sbin command -v $tool >/dev/null || skip "no $tool"
done
PATH=$PATH:/usr/sbin

# --- a user with a home of its own, and a daemon

user=swt$$
home=$(mktemp -d /tmp/swarmtop-ssh.XXXXXX) || fail "no home"
made_run=
stop_daemon() {
    [ -s "$work/sshd.pid" ] && kill "$(cat "$work/sshd.pid")" 2>/dev/null
    for process in $(pgrep -u "$user" 2>/dev/null); do kill -9 "$process" 2>/dev/null; done
    until_true 5 no_process
    userdel "$user" >/dev/null 2>&1
    rm -rf "$home" "/tmp/swarmtop-$uid"
    [ -n "$made_run" ] && rmdir /run/sshd 2>/dev/null
    true
}
no_process() { ! pgrep -u "$user" >/dev/null 2>&1; }
finish_with_daemon() {
    status_at_end=$?
    stop_daemon
    (exit "$status_at_end")
    finish
}
trap finish_with_daemon EXIT
uid=none
useradd --no-create-home --home-dir "$home" --shell /bin/sh --password '*' "$user" 2>err || skip "useradd: $(cat err)"
uid=$(id -u "$user")
[ -d /run/sshd ] || { mkdir -p /run/sshd && made_run=yes; }
ssh-keygen -q -t ed25519 -N '' -f key && ssh-keygen -q -t ed25519 -N '' -f hostkey || fail "ssh-keygen"
mkdir "$home/.ssh"
cp key.pub "$home/.ssh/authorized_keys"
chmod 755 "$home"
chown -R "$user" "$home"

listen() { # starts the daemon at a port that was free a moment ago
    port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
    printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $work/hostkey" "PidFile $work/sshd.pid" 'UsePAM no' 'StrictModes no' \
        'PasswordAuthentication no' 'KbdInteractiveAuthentication no' 'AuthorizedKeysFile .ssh/authorized_keys' 'PrintMotd no' >sshd_config
    "$sshd" -f "$work/sshd_config" -E "$work/sshd.log" && until_true 5 test -s sshd.pid
}
listen || listen || fail "sshd does not start: $(cat sshd.log)"
echo "[127.0.0.1]:$port $(cat hostkey.pub)" >known_hosts
printf '%s\n' 'Host far' 'HostName 127.0.0.1' "Port $port" "User $user" "IdentityFile $work/key" 'IdentitiesOnly yes' \
    "UserKnownHostsFile $work/known_hosts" 'GlobalKnownHostsFile /dev/null' >ssh_config
mkdir bin
printf '#!/bin/sh\nexec %s -F "%s" "$@"\n' "$(command -v ssh)" "$work/ssh_config" >bin/ssh
chmod +x bin/ssh
ln -s "$program" bin/swarmtop
PATH=$work/bin:$PATH
export PATH
unset SSH_AUTH_SOCK SSH_ASKPASS
ssh far true </dev/null || fail "ssh: $(cat sshd.log)"

# --- without swarmtop there; then with it

swarmtop report ssh:far >out 2>err && fail "status 0 without swarmtop there"
has err 'no swarmtop there; install it: ssh far' || fail "no line to install it: $(cat err)"
sed -n 's/.*install it: //p' err >install.sh
sh ./install.sh || fail "the line does not install it: $(cat install.sh)"

mkdir "$home/.claude"
cp -R "$SWARMTOP_TESTS/data/samples/claude/solo-json/transcripts/projects" "$home/.claude/projects"
chown -R "$user" "$home/.claude"
swarmtop report --json "ssh:far:claude:$home/.claude" >far 2>err || fail "report: $(cat err)"
swarmtop report --json "claude:$home/.claude" >near || fail "report: $?"
sed -E 's/"source":"[^"]*"//; s/"host":"far",//g' far >far.same
sed -E 's/"source":"[^"]*"//' near | cmp - far.same || fail "another report than there"

# --- live

run_in_background swarmtop record --follow --feed got.feed -o all.json "ssh:far:unix:$home/s" >out 2>err
recorder=$pid
socket() { [ -S "$home/s" ]; }
until_true 20 socket || fail "it does not listen there: $(cat err)"
got() { has got.feed "\"name\":\"$1\""; }
emit() { swarmtop emit --to "unix:$home/s" --session one "$@" || fail "emit $*"; }
emit hello session_id=one name=build
emit start_tool span_id=1 tool_name=Bash
emit instant name=before cat=x
until_true 10 got before || fail "nothing comes: $(cat err)"
there=$(pgrep -n -u "$user" -x swarmtop) || fail "no process there"

# Its sshd dies. What ran there ends; the next connection goes on.
# Those of the connections before may still end.
pkill -9 -u "$user" -x sshd || fail "no session there"
until_true 20 ended "$there" || fail "a process is left there"
again() { other=$(pgrep -n -u "$user" -x swarmtop) && [ "$other" != "$there" ]; }
until_true 20 again || fail "it does not connect again: $(cat err)"
until_true 10 socket
emitted() { swarmtop emit --to "unix:$home/s" --session one instant name=later cat=x 2>/dev/null; }
until_true 10 emitted || fail "it does not listen again"
until_true 10 got later || fail "nothing comes: $(cat got.feed)"
emit end_tool span_id=1 success=true
emit instant name=last cat=x
until_true 10 got last || fail "nothing comes: $(cat got.feed)"
there=$(pgrep -n -u "$user" -x swarmtop)
kill "$recorder"
status_of "$recorder"
[ "$status" = 0 ] || fail "status $status: $(cat err)"
until_true 20 ended "$there" || fail "a process is left there"
for name in before later last; do
    [ "$(grep -o "\"name\":\"$name\"" all.json | wc -l)" = 1 ] || fail "$name: $(cat all.json)"
done
has all.json '"host":"far"' || fail "no host: $(cat all.json)"
has all.json '"incomplete":true' && fail "the tool is left open: $(cat got.feed)"
find "$home" -name 'trace-*' | grep -q . && fail "a trace is left there: $(find "$home")"

# --- what a person has to do

mv "$home/.ssh/authorized_keys" "$home/.ssh/none"
swarmtop report ssh:far >out 2>err && fail "status 0 with a key that is refused"
has err 'no key is accepted; ssh-add your key, or ssh-copy-id far' || fail "a refused key: $(cat err)"
: >known_hosts
swarmtop report ssh:far >out 2>err && fail "status 0 with an unknown host"
has err 'run ssh far once' || fail "an unknown host: $(cat err)"
