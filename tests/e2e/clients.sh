#!/bin/sh
# Captures of several clients at once, by their own sources: the figures of each are those that it has alone, rows show whose
# they are, and a live screen at 80x24 has them all.
. "$SWARMTOP_TESTS/support/e2e.sh"
samples=$SWARMTOP_TESTS/data/samples
set -- "codex:$samples/codex/swarm" "qwen:$samples/qwen/swarm" "gemini:$samples/gemini/sub"
for client in codex qwen gemini; do mkdir -p "$work/$client"; done

models() { # SOURCE...: client, model, requests, output tokens; a line each
    "$program" report "$@" | sed -n '/^CLIENT *MODEL/,/^$/p; /^MODEL/,/^$/p' | sed 1d | awk 'NF > 0'
}
models "$@" >together
[ "$(cut -d ' ' -f 1 together | tr '\n' ' ')" = "codex gemini qwen " ] || fail "not each client has a line: $(cat together)"
for source; do
    client=${source%%:*}
    models "$source" | tr -s ' ' >alone
    sed -n "s/^$client  *//p" together | tr -s ' ' >among
    [ -s alone ] && cmp -s alone among || fail "$client has other figures among others: $(cat alone) $(cat among)"
done

open_terminal 80 24
type_keys "$program --no-journal -o out.json $*; echo ended >ended" Enter
for tag in 'work  *cod ' 'work  *qwe ' 'work  *gem '; do
    wait_for "$tag"
done
# What was written long ago is over, although it is read only now.
over() { shows ' done 8 ' && hides ' \(wait\|sampling\|tool\|user\) [1-9]'; }
until_true 10 over || fail "old files are shown as if they were live"
type_keys 2
for client in codex qwen gemini; do
    wait_for "work .* $client "
done
type_keys 1 '\' client:gemini Enter
gone() { ! shows ' cod ' && shows ' gem '; }
until_true 10 gone || fail "the filter leaves another client"
type_keys q
until_true 10 test -s ended || fail "it does not end"
exit 0
