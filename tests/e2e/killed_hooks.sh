# A client that only its hooks report dies by SIGKILL, in a call or while it waits for a person. It is gone within moments, and
# nothing of it is in flight. What runs a hook and ends with it is not the client.
. "$SWARMTOP_TESTS/support/e2e.sh"
[ -r /proc/self/stat ] || { echo "no /proc"; exit 77; }
export SWARMTOP_SOCKET="$work/feed.sock" program

cat >client.sh <<'END'
hook() { # EVENT MEMBERS
    echo '{"session_id":"'"$session"'","cwd":"/x/app","hook_event_name":"'"$1"'","tool_name":"Bash","tool_input":{"command":"make"}'"$2"'}' >"$session.$1"
    case $how in
    plain) "$program" hook <"$session.$1" ;;
    shell) sh -c '"$program" hook <"$1"; true' sh "$session.$1" ;;
    script) sh -c 'sh ./hook.sh "$1"; true' sh "$session.$1" ;;
    esac
}
session=$1 how=$2
hook UserPromptSubmit ',"prompt":"go"'
hook PreToolUse ',"tool_use_id":"t"'
[ "$3" = asks ] && hook PermissionRequest ''
while :; do sleep 60; done
END
cat >hook.sh <<'END'
"$program" hook <"$1"
exit 0
END

run_in_background "$program" record -o out.json "unix:$SWARMTOP_SOCKET" >/dev/null 2>&1
recording=$pid
until_true 10 test -S feed.sock || fail "no socket"
answers() { "$program" status 2>/dev/null | grep -q -e "$1"; }

gone=0
for row in 'a plain works tool' 'b shell works tool' 'c script asks user' 'd plain asks user'; do
    set -- $row
    run_in_background sh client.sh "$1" "$2" "$3"
    client=$pid
    until_true 10 answers "1 $4" || fail "$row: $("$program" status)"
    # Long enough for a script to be told from the client.
    sleep 1.5
    answers "1 $4" || fail "$row, later: $("$program" status)"
    kill -9 "$client"
    wait "$client" 2>/dev/null
    gone=$((gone + 1))
    killed=$(date +%s)
    until_true 3 answers "^$gone gone$" || fail "$row, killed: $("$program" status)"
    echo "$row: gone after $(($(date +%s) - killed)) s"
done

kill -TERM "$recording"
status_of "$recording"
[ "$status" = 0 ] || fail "record: exit status $status"
"$program" report --json out.json >report.json || fail "report"
has report.json '"open":0' || fail "something is open: $(cat report.json)"
