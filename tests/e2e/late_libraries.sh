# Libraries that one source alone needs are not loaded when the program starts; where one is missing, that source is refused with
# the name of its file, doctor reports it, and all else works.
. "$SWARMTOP_TESTS/support/e2e.sh"
sonames=$(dirname "$program")/generated/sonames.h
[ -s "$sonames" ] || { echo 'all libraries are linked in this build'; exit 77; }
command -v readelf >/dev/null 2>&1 || { echo 'no readelf'; exit 77; }

readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >needed
has needed libuv || fail "what the program needs: $(cat needed)"
files=$(sed -n 's/.*"\(.*\)"/\1/p' "$sonames")
for file in $files; do
    has needed "^$file" && fail "$file is loaded at each start: $(cat needed)"
done

# A file that is no library hides the one of its name.
mkdir -p none
for file in $files; do : >"none/$file"; done
without() { env LD_LIBRARY_PATH="$work/none" "$@"; }
without "$program" --version >version || fail 'no version'
"$program" --version | cmp - version || fail "another version: $(cat version)"
echo '{"op":"hello","session_id":"alone","t":1000}' | without "$program" report - >report || fail "report: $?"
has report alone || fail "the report: $(cat report)"

http=$(echo "$files" | grep microhttpd)
without "$program" record --no-journal -o out.json otlp:127.0.0.1:0 >out 2>err && fail 'it listens without a server'
has err "cannot listen: $http cannot be loaded" || fail "about HTTP: $(cat err)"
case $files in *libnats*)
    without "$program" emit --to nats://127.0.0.1:1/x --session s instant name=n cat=c >out 2>err && fail 'it sends without libnats'
    has err "libnats.*cannot be loaded" || fail "about NATS: $(cat err)"
    ;;
esac
case $files in *libzstd*)
    if command -v zstd >/dev/null 2>&1; then
        echo '{"traceEvents":[]}' | zstd -q >packed.zst
        without "$program" report packed.zst >out 2>err && fail 'it unpacks without zstd'
        has err "libzstd.*cannot be loaded" || fail "about zstd: $(cat out err)"
    fi
    ;;
esac
without env HOME="$work" "$program" doctor >found
for file in $files; do
    has found "FIX  *$file" || fail "doctor does not report $file: $(cat found)"
done
exit 0
