# --prices: costs are estimated by model, agent and session; what has no price has no estimate; a wrong file is named.
. "$SWARMTOP_TESTS/support/e2e.sh"

request() { # SESSION AGENT SPAN MODEL PROMPT OUTPUT
    printf '{"op":"start_llm_request","session_id":"%s","agent_id":"%s","span_id":"%s","model":"%s","t":1760000000000}\n' "$1" "$2" "$3" "$4"
    printf '{"op":"end_llm_request","session_id":"%s","agent_id":"%s","span_id":"%s","prompt_tokens":%s,"output_tokens":%s,"t":1760000001000}\n' "$1" "$2" "$3" "$5" "$6"
}
{
    request one one 1 gpt-5-2026-01-01 1000000 0
    request one sub 2 opus 200000 100000
    request two two 3 local 5000 5000
} >feed.ndjson
echo '{"note":"x","models":{"gpt-5":{"input":1.5,"output":10},"opus":{"input":5,"output":25,"cache_read":1}}}' >prices.json

"$program" report --json --prices prices.json feed.ndjson >report.json || fail "status $?"
perl -MJSON::PP -e '
    local $/;
    my $r = decode_json(<STDIN>);
    my %of = map { ($_->{agent_id} => $_->{cost_estimate_usd}) } @{$r->{agents}};
    my %model = map { ($_->{model} => $_->{cost_estimate_usd}) } @{$r->{models}};
    sub near { abs($_[0] - $_[1]) < 1e-6 or die "$_[0], not $_[1]" }
    near($of{one}, 1.5), near($of{sub}, 3.5), near($r->{totals}{cost_estimate_usd}, 5);
    near($model{"gpt-5-2026-01-01"}, 1.5), near($model{opus}, 3.5);
    my %session = map { ($_->{session_id} => $_->{cost_estimate_usd}) } @{$r->{sessions}};
    near($session{one}, 5);
    die if defined $session{two};
    die unless $r->{totals}{cost_covers}{requests} == 2 && $r->{totals}{cost_covers}{of} == 3;
    die if defined $of{two} || defined $model{local};
' <report.json || fail "$(cat report.json)"

"$program" report --prices prices.json feed.ndjson >text || fail "status $?"
grep -Eq '^opus .*\$3.50$' text || fail "$(cat text)"
grep -q '^cost  *~\$5.00 (2 of 3 requests)$' text || fail "what the cost covers: $(cat text)"
"$program" dump --prices prices.json --keys 2 --size 170x20 feed.ndjson >screen || fail "status $?"
grep -q '~\$3.50' screen || fail "$(cat screen)"
"$program" dump --keys 2 --size 170x20 feed.ndjson >screen || fail "status $?"
grep -q '\$' screen && fail "$(cat screen)"

# A session that states its cost and one that does not: the total has both, and is an estimate.
session() { # ID
    printf '{"op":"update_session","session_id":"%s","start_ms":1760000000000}\n' "$1"
    printf '{"op":"update_call","session_id":"%s","kind":"request","id":"r","model":"opus","start_ms":1760000000000,' "$1"
    printf '"end_ms":1760000001000,"prompt_tokens":1000000,"output_tokens":0}\n'
}
printf '{"models":{"opus":{"input":5,"output":25}}}' >opus.json
{ session a; printf '{"op":"update_session","session_id":"a","cost_usd":1.25}\n'; } >stated.ndjson
{ cat stated.ndjson; session b; } >both.ndjson
"$program" dump --prices opus.json --keys 2 --size 200x20 both.ndjson >screen || fail "status $?"
grep -q '^ all 2 .* ~\$6.25' screen || fail "stated and estimated: $(cat screen)"
"$program" dump --prices opus.json --keys 2 --size 200x20 stated.ndjson >screen || fail "status $?"
grep -q '^ all 1 .* \$1.25' screen || fail "stated: $(cat screen)"
"$program" report --prices opus.json both.ndjson >report || fail "status $?"
grep -q '^cost  *~\$6.25$' report || fail "$(cat report)"
sed -n '/^COSTLIEST SESSION/,/^$/p' report | tr -s ' ' >costliest
printf '%s\n' 'COSTLIEST SESSION COST' 'main b ~$5.00' 'main a $1.25' '' | cmp -s - costliest || fail "$(cat costliest report)"
"$program" report --prices opus.json stated.ndjson | grep COSTLIEST && fail 'one session is the costliest'
"$program" dump --prices opus.json --keys 4 --size 120x90 both.ndjson >screen || fail "status $?"
grep -q '^ *main b  *~\$5.00$' screen || fail "$(cat screen)"
"$program" report --prices opus.json --json both.ndjson >report || fail "status $?"
perl -MJSON::PP -e '
    local $/;
    my $r = decode_json(<STDIN>);
    my $t = $r->{totals};
    my %of = map { ($_->{agent_id} => $_) } @{$r->{agents}};
    my %session = map { ($_->{session_id} => $_) } @{$r->{sessions}};
    die unless $t->{cost_usd} == 1.25 && $t->{cost_estimate_usd} == 10 && $t->{cost_total_usd} == 6.25;
    die unless $t->{cost_total_estimated} && $of{b}{cost_total_estimated} && $session{b}{cost_total_estimated};
    die unless $of{a}{cost_total_usd} == 1.25 && $of{b}{cost_total_usd} == 5;
    die unless $session{a}{cost_total_usd} == 1.25 && $session{b}{cost_total_usd} == 5;
    die if $of{a}{cost_total_estimated} || $session{a}{cost_total_estimated};
' <report || fail "$(cat report)"
"$program" report --prices opus.json --fail-if 'cost_total_usd>6' both.ndjson >out 2>err
[ $? = 3 ] || fail "$(cat err)"

# What the filter leaves out is in no total, stated or estimated.
"$program" report --prices opus.json --json --filter 'session:b' both.ndjson >report || fail "status $?"
grep -q '"totals":{.*"cost_total_usd":5[,.}].*"cost_total_estimated":true' report || fail "$(cat report)"
grep -q '"totals":{.*"cost_usd"' report && fail "$(cat report)"

refused() { # TEXT PATTERN
    printf '%s' "$1" >wrong.json
    "$program" report --prices wrong.json feed.ndjson >out 2>err && fail "status 0: $1"
    grep -q "wrong.json: $2" err || fail "$1: $(cat err)"
}
refused '{' 'line 1: not JSON'
refused '{}' '"models" is missing'
refused '{"models":{"a":{"input":-1,"output":2}}}' 'model "a": needs'
refused '{"models":{"a":{"input":1}}}' 'model "a": needs'
refused '{"models":{"a":{"input":"1","output":2}}}' 'model "a": needs'
refused '{"models":{"a":{"input":1,"output":2,"cache_write":3}}}' 'model "a": unknown member "cache_write"'
"$program" report --prices absent.json feed.ndjson 2>err && fail 'status 0'
grep -q 'absent.json: cannot be read: No such file' err || fail "$(cat err)"
