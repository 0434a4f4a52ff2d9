# The key O: the screen shows a link, from which ui.perfetto.dev fetches the trace once; the next O serves another, and the last one no more.
. "$SWARMTOP_TESTS/support/e2e.sh"
command -v curl >/dev/null 2>&1 || { echo "curl is not installed"; exit 77; }
unset SSH_CONNECTION

link() { show | sed -n 's/.*url=\(http:[^ ]*\).*/\1/p'; }
has_other_link() { [ -n "$(link)" ] && [ "$(link)" != "$1" ]; }
fetch() { # URL FILE: prints the status; 000: nobody listens
    curl -s --noproxy '*' -H 'Origin: https://ui.perfetto.dev' -o "$2" -w '%{http_code}' "$1"
}
press_open() { # its link is $url
    shown=$(link)
    type_keys O
    until_true 10 has_other_link "$shown" || fail "O shows no link"
    url=$(link)
}

make_trace
"$program" record --no-journal -o whole.pftrace trace.json >/dev/null || fail "record"
open_terminal 140 24
type_keys "sh run.sh $program --port 0" Enter
wait_for 'finished'

press_open
[ "$(fetch "${url%/*/*}/swarm.pftrace" got)" = 404 ] || fail "a link without its secret"
[ "$(fetch "$url" got)" = 200 ] || fail "the link is not served"
cmp got whole.pftrace || fail "not the trace that record writes"
wait_for 'Perfetto has fetched the trace'
[ "$(fetch "$url" got)" = 000 ] || fail "it is served twice"

press_open
first=$url
press_open
case $(fetch "$first" got) in 000 | 404) ;; *) fail "a second O leaves the first link" ;; esac
[ "$(fetch "$url" got)" = 200 ] || fail "the second link is not served"
wait_for 'Perfetto has fetched the trace'

press_open
type_keys q
until_true 10 test -s status || fail "q does not end it"
[ "$(cat status)" = 0 ] || fail "status $(cat status)"
[ "$(fetch "$url" got)" = 000 ] || fail "it is served after the end"
