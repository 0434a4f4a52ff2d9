# A part of a trace is the same whichever way it is taken: of the file, of a trace that was left behind of it as a whole, of a pipe; and it is
# the part that was asked for.
. "$SWARMTOP_TESTS/support/e2e.sh"
agent_tracks='*.json'

# Fifty agents for eighty minutes: requests with their parts, tools side by side, some that never end, instants. ts in microseconds.
awk 'BEGIN {
    pad = sprintf("\"pad\":\"%0120d\",", 0)
    printf "{\"traceEvents\":["
    for (pid = 1; pid <= 50; pid++)
        printf "%s{\"name\":\"process_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":%d,\"tid\":0,\"args\":{\"name\":\"agent-%d\"}}", \
            (pid > 1 ? "," : ""), pid, pid
    for (i = 0; i < 40000; i++) {
        at = i * 120000; pid = i % 50 + 1; who = sprintf("\"pid\":%d,\"tid\":%d", pid, pid * 7); n = sprintf("\"args\":{%s\"n\":%d", pad, i)
        if (i % 50 < 25) {
            event("Tool: Bash", "tool", "B", at, n "}"); event("Tool: Read", "tool", "B", at + 1000, n "}")
            if (i % 977 != 0) event("Tool: Bash", "tool", "E", at + 3000000, n ",\"success\":true,\"duration_ms\":3000}")
            event("Tool: Read", "tool", "E", at + 5000000, n ",\"duration_ms\":4999}")
        } else {
            event("API Call", "api", "B", at, n "}")
            event("First Token", "api,ttft", "B", at, n "}"); event("First Token", "api,ttft", "E", at + 700000, "")
            event("Sampling", "api,sampling", "B", at + 700000, n "}"); event("Sampling", "api,sampling", "E", at + 2500000, "")
            event("API Call", "api", "E", at + 2500000, n ",\"ttft_ms\":700,\"output_tokens\":120}")
        }
        if (i % 7 == 0) event("note", "misc", "i", at + 10, n "}")
    }
    printf "],\"metadata\":{\"session_id\":\"long\",\"trace_start_time\":\"2025-10-09T08:53:20.000Z\",\"agent_count\":50}}"
}
function event(name, cat, ph, ts, args) {
    printf ",{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"%s\",\"ts\":%.0f,%s%s%s}", name, cat, ph, ts, who, (args == "" ? "" : ","), args
}' >large.json || fail "awk: $?"

record() { # OUT ARGUMENT...: with spans on one thread, as they came
    out=$1
    shift
    "$program" record --tracks agent -o "$out" "$@" >/dev/null 2>err || fail "record $*: $(cat err)"
}
# An event a line, what the document says of itself last.
events() { sed 's/},{"name":/},\n{"name":/g; s/],"metadata"/\n&/' "$1"; }
count() { events "$1" | grep -c "^{\"name\":\"$2\""; } # FILE NAME

record all.json large.json
# Of large files a part is kept while they are read; of what comes through a pipe it is cut out at the end.
same_part() { # ARGUMENT...
    record once.json "$@" large.json
    record twice.json "$@" all.json
    record piped.json "$@" --max-events 0 - <large.json
    events once.json >once
    for other in twice piped; do
        events $other.json >$other
        cmp -s once $other || fail "$* $other: $(diff once $other | cut -c 1-300 | head -n 5)"
    done
    [ "$(wc -l <once)" -gt 100 ] && [ "$(wc -l <once)" -lt 100000 ] || fail "$*: $(wc -l <once) events"
}

same_part --from 1000s --to 1600s
[ "$(count once.json 'note')" = 714 ] || fail "$(count once.json note) notes in ten minutes"
# Of a span that reaches into it both events are there: of two tools that began at 998 s, of the longer one from 996 s.
[ "$(grep -c '"n":8317[,}]' once)" = 4 ] || fail "spans across the beginning: $(grep '"n":8317[,}]' once)"
[ "$(grep -c '"n":8300[,}]' once)" = 2 ] || fail "a span across the beginning: $(grep '"n":8300[,}]' once)"

same_part --from -30s
same_part --to 100.5s
same_part --from -2000s --to -1000s
same_part --from 2025-10-09T09:53:20Z --to 2025-10-09T09:54:20Z
same_part --from 09:13:20 --to 09:14:00
exit 0
