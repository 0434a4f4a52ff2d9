# report --against and --fail-if: a source and a saved report compare alike; conditions decide the exit status.
. "$SWARMTOP_TESTS/support/e2e.sh"

tools() { # SESSION MS...: a feed of Bash calls, one after the other
    session=$1 t=1760000000000
    shift
    for ms; do
        printf '{"op":"start_tool","session_id":"%s","span_id":"%s","tool_name":"Bash","t":%s}\n' "$session" "$t" "$t"
        printf '{"op":"end_tool","session_id":"%s","span_id":"%s","success":true,"t":%s}\n' "$session" "$t" $((t + ms))
        t=$((t + 10000))
    done
}
tools new 1000 1100 1200 1300 1400 1500 1600 >new.ndjson
tools old 500 510 520 530 540 550 560 >old.ndjson

"$program" report --json old.ndjson >old.json || fail 'cannot save'
"$program" report --against old.ndjson new.ndjson >by_source || fail "status $?"
"$program" report --against old.json new.ndjson >by_file || fail "status $?"
sed 's/old.ndjson/OTHER/' by_source >a
sed 's/old.json/OTHER/' by_file >b
cmp a b || fail 'a saved report compares otherwise than its source'
grep -q '^AGAINST OTHER' a || fail "$(cat a)"
grep -Eq '^tools.Bash.p50 +1.3s \(7\) +530ms \(7\) +\+770ms +\+469ms to \+1.1s +clear' a || fail "$(cat a)"

"$program" report --json --against old.json new.ndjson >both.json || fail "status $?"
perl -MJSON::PP -e '
    local $/;
    my $r = decode_json(<STDIN>);
    my $d = $r->{against}{diff}{"tools.Bash.p50"};
    die unless $d->{a} == 1300 && $d->{b} == 530 && $d->{delta} == 770 && $d->{low} < 770 && $d->{high} > 770;
    die unless $r->{against}{tools}{Bash}{count} == 7 && $r->{totals}{tools}{Bash}{p50} == 1300;
' <both.json || fail "$(cat both.json)"


# MCP servers are compared too, all their tools together, with the interval of the medians; so on the screen.
servers() { # FACTOR: a feed of calls of two tools of one server, and of another server in one run alone
    for call in 1 2 3 4 5 6 7 8; do
        t=$((1760000000000 + call * 10000))
        tool=mcp__db__query
        [ $call -gt 4 ] && tool=mcp__db__list
        [ "$1$call" = 18 ] && tool=mcp__web__get
        printf '{"op":"start_tool","session_id":"s","span_id":"%s","tool_name":"%s","t":%s}\n' "$call" "$tool" "$t"
        printf '{"op":"end_tool","session_id":"s","span_id":"%s","success":true,"t":%s}\n' "$call" $((t + $1 * (100 + call)))
    done
}
servers 9 >slow.ndjson
servers 1 >quick.ndjson
"$program" report --json quick.ndjson >quick.json || fail "status $?"
"$program" report --against quick.json slow.ndjson >out || fail "status $?"
grep -Eq '^servers.db.calls +8 +7 +\+1' out || fail "$(cat out)"
grep -Eq '^servers.db.p50 +936ms \(8\) +104ms \(7\) +\+832ms +\+[0-9]+ms to \+[0-9]+ms +clear' out || fail "$(cat out)"
grep -Eq '^servers.web.calls +1$' out || fail "$(cat out)"
"$program" report --json --against quick.json slow.ndjson >out || fail "status $?"
grep -q '"servers.db.p50":{"a":936[,.].*"a_count":8[,.].*"b_count":7[,.]' out || fail "$(cat out)"
for other in quick.json quick.ndjson; do
    "$program" dump --against $other --keys 4 --size 120x60 slow.ndjson >out || fail "status $?"
    grep -Eq '^ +tools +7.5s +836ms +\+6.7s$' out || fail "$(cat out)"
    grep -Eq '^ +db MCP server +936ms \(8\) +104ms \(7\) +\+832ms +clear' out || fail "$(cat out)"
done

# Interactions are compared too, with a report that has them.
grep -Eq '^INTERACTIONS OF' a || fail "$(cat a)"
grep -Eq '^[a-z() ]+ 1 +61.6s +60.6s +\+1.0s' a || fail "$(cat a)"
"$program" report --against old.json --fail-if 'against.turns.*.delta>1000' new.ndjson >out 2>err
[ $? = 3 ] || fail "$(cat err)"
sed 's/"turns"/"other"/' old.json >without.json
"$program" report --against without.json new.ndjson >out || fail "status $?"
grep -q '^no interactions of the other' out || fail "$(cat out)"

"$program" report --against nothing.json new.ndjson >out 2>err && fail 'status 0 without the other'
grep -q 'nothing.json: cannot be read' err || fail "$(cat err)"
[ -s out ] && fail "$(cat out)"

fails_if() { # STATUS CONDITION...
    want=$1
    shift
    for condition; do
        set -- "$@" --fail-if "$condition"
        shift
    done
    "$program" report "$@" new.ndjson >out 2>err
    status=$?
    [ $status = "$want" ] || fail "status $status, not $want: $* $(cat err)"
}
fails_if 0 'tools.Bash.p50>2000' 'tools.Bash.errors>0'
fails_if 3 'tools.Bash.p50>2000' 'tools.Bash.count=7'
grep -q -- '--fail-if tools.Bash.count=7: it is 7' err || fail "$(cat err)"
fails_if 0 'ttft_ms.p95>1'
grep -q 'ttft_ms.p95>1: no such figure here' err || fail "$(cat err)"
fails_if 2 'tols.Bash.count=7'
fails_if 2 'requests'
"$program" report --against old.json --fail-if 'against.diff.tools.Bash.p50.delta>700' new.ndjson >out 2>err
[ $? = 3 ] || fail "$(cat err)"

# A saved report has the filter that it was made with.
"$program" report --json --filter tool:Bash old.ndjson >bash.json || fail "status $?"
"$program" report --against old.json --filter tool:Bash new.ndjson >out || fail "status $?"
grep -q '^AGAINST old.json (it has no filter)$' out || fail "$(cat out)"
"$program" report --against bash.json --filter tool:Bash new.ndjson >out || fail "status $?"
grep -q '^AGAINST bash.json$' out || fail "$(cat out)"
"$program" report --against bash.json new.ndjson >out || fail "status $?"
grep -q '^AGAINST bash.json (it has another filter)$' out || fail "$(cat out)"
"$program" report --against old.ndjson --filter tool:Bash new.ndjson >out || fail "status $?"
grep -q '^AGAINST old.ndjson$' out || fail "$(cat out)"
"$program" report --json --against bash.json new.ndjson >out || fail "status $?"
grep -q '"filter": *"tool:Bash"' out || fail "$(cat out)"
"$program" dump --against old.json --filter tool:Bash --keys 4 --size 120x60 new.ndjson >out 2>err
grep -q 'AGAINST old.json (OTHER has no filter)' out || fail "$(cat out err)"

# A NUL in a text is JSON, and no way past a condition.
{
    cat new.ndjson
    printf '{"op":"instant","session_id":"new","name":"m","cat":"c","args":{"x":"\\u0000"},"t":1760000000000}\n'
} >nul.ndjson
"$program" report --fail-if 'tools.Bash.count=7' nul.ndjson >out 2>err
[ $? = 3 ] || fail "$(cat err)"
"$program" report --against old.json nul.ndjson >out 2>err || fail "$(cat err)"
grep -q '^AGAINST old.json' out || fail "$(cat out)"

# The statistics on the screen compare with a source as with a saved report.
for other in old.ndjson old.json; do
    "$program" dump --size 100x30 --keys 4 --against $other new.ndjson >screen || fail "status $?"
    grep -Eq '^ AGAINST '$other screen || fail "$(cat screen)"
    grep -Eq '^ +Bash +1.3s \(7\) +530ms \(7\) +\+770ms +clear +\+469ms to \+1.1s' screen || fail "$(cat screen)"
done
"$program" --against old.json new.ndjson --for 1 >screen 2>err </dev/null || fail "$(cat err)"
"$program" dump --against nothing.json new.ndjson >out 2>err && fail 'status 0 without the other'
"$program" --against nothing.json new.ndjson >out 2>err && fail 'status 0 without the other'
[ ! -s out ] || fail "$(cat out)"
