/* The table of options (that of commands: commands_table.c). A row of an option names the commands
   that take it, so one name can have two meanings (`--to TIME`, and for emit `--to ADDR`), and a
   command refuses an option that it would ignore. The order is that of --help and of the manual. */
#include "tui/cmd/options.h"

#include "tui/cmd/report_condition.h"

#include "core/base/seed_env.h"
#include "core/query/filter.h"
#include "ingest/http/forward.h"
#include "tui/screen/grid.h"
#include "tui/screen/keymap.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- arguments ---- */

static bool number(const char *text, double *out)
{
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    /* strtod also reads inf, nan and 0x1p3, which are typing errors here. */
    return end != text && !*end && isfinite(*out) && strpbrk(text, "xX") == NULL;
}

static bool whole(const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && errno == 0 && *out <= max;
}

static bool whole_size(const char *text, size_t *out, struct strbuf *error)
{
    uint64_t value;
    if (!whole(text, SIZE_MAX / 2, &value)) {
        strbuf_addf(error, "'%s' is not a whole number", text);
        return false;
    }
    *out = (size_t)value;
    return true;
}

static bool positive(const char *text, double max, double *out, struct strbuf *error)
{
    if (number(text, out) && *out > 0 && *out <= max) {
        return true;
    }
    strbuf_addf(error, "'%s' is not a number above 0 and up to %.0f", text, max);
    return false;
}

static bool whole_in(const char *text, unsigned min, unsigned max, unsigned *out,
                     struct strbuf *error)
{
    uint64_t value;
    if (!whole(text, max, &value) || value < min) {
        strbuf_addf(error, "'%s' is not a whole number from %u to %u", text, min, max);
        return false;
    }
    *out = (unsigned)value;
    return true;
}

static bool moment(const char *text, struct time_spec *out, struct strbuf *error)
{
    if (time_spec_parse(text, out)) {
        return true;
    }
    strbuf_addf(error, "'%s' is not a TIME (12.5s, -30s, 14:31:05, 2025-10-16T14:31:05Z)", text);
    return false;
}

static bool path(const char *text, const char **out, struct strbuf *error)
{
    *out = text;
    if (!*text) {
        strbuf_adds(error, "the name is empty");
    }
    return *text != 0;
}

/* ---- a function a row ---- */

#define PARSER(option) \
    static bool parse_##option(struct options *o, const char *text, struct strbuf *error)

/* A parser of an option without an argument. */
#define FLAG(option, field)      \
    PARSER(option)               \
    {                            \
        (void)text, (void)error; \
        o->field = true;         \
        return true;             \
    }

FLAG(follow, follow)
FLAG(split, split)
FLAG(no_journal, no_journal)
FLAG(allow_remote, allow_remote)
FLAG(content, content)
FLAG(no_mask, no_mask)
FLAG(no_color, no_color)
FLAG(ascii, ascii)
FLAG(bell, bell)
FLAG(json, json)
FLAG(why, why)
FLAG(help, help)
FLAG(version, version)
FLAG(print_config, print_config)
FLAG(no_captions, no_captions)

/* A parser of the name of a file or of a source. */
#define NAME(option, field)                  \
    PARSER(option)                           \
    {                                        \
        return path(text, &o->field, error); \
    }

NAME(output, output)
NAME(feed, feed)
NAME(token_file, token_file)
NAME(against, against)
NAME(prices, prices)

PARSER(notify)
{
    o->notify = text;
    return *text || (strbuf_adds(error, "needs a command"), false);
}

PARSER(write_interval)
{
    (void)error;
    o->write_interval_s = seed_parse_int(text);
    return true;
}

PARSER(journal_max)
{
    if (whole(text, INT64_MAX, &o->journal_max_bytes) &&
        o->journal_max_bytes >= JOURNAL_MIN_BYTES) {
        return true;
    }
    strbuf_addf(error, "'%s' is not a whole number from %d", text, JOURNAL_MIN_BYTES);
    return false;
}

PARSER(max_events)
{
    o->max_events_given = true;
    return whole_size(text, &o->max_events, error);
}

PARSER(tracks)
{
    if (strcmp(text, "agent") != 0 && strcmp(text, "lane") != 0) {
        strbuf_addf(error, "'%s' is not agent or lane", text);
        return false;
    }
    o->tracks = *text == 'a' ? TRACKS_AGENT : TRACKS_LANE;
    return true;
}

PARSER(from)
{
    return moment(text, &o->from, error);
}

PARSER(to)
{
    return moment(text, &o->to, error);
}

/* The file has been read before (config.h). */
PARSER(config)
{
    (void)o;
    return *text || (strbuf_adds(error, "needs a FILE"), false);
}

PARSER(filter)
{
    struct filter *filter = filter_new(&mem_libc, text, strlen(text), error);
    o->filter = text;
    filter_free(filter);
    return filter != NULL;
}

PARSER(at)
{
    return moment(text, &o->at, error);
}

PARSER(for)
{
    return positive(text, 1e9, &o->for_s, error);
}

PARSER(fps)
{
    return whole_in(text, 1, 120, &o->fps, error);
}

PARSER(forward)
{
    o->forward = text;
    return forward_check(text, error);
}

PARSER(max_line)
{
    if (!whole_size(text, &o->max_line_bytes, error)) {
        return false;
    }
    if (o->max_line_bytes == 0) {
        strbuf_adds(error, "0 bytes are too few");
    }
    return o->max_line_bytes > 0;
}

PARSER(fail_if)
{
    if (o->condition_count == CONDITIONS_MAX) {
        strbuf_addf(error, "more than %d conditions", CONDITIONS_MAX);
        return false;
    }
    o->conditions[o->condition_count++] = text;
    return report_condition_check(text, error);
}

PARSER(size)
{
    const char *by = strpbrk(text, "xX");
    char cols[8];
    struct strbuf why;
    bool ok = by != NULL && by - text < (int)sizeof cols;

    strbuf_init(&why, &mem_libc, 0);
    if (ok) {
        memcpy(cols, text, (size_t)(by - text));
        cols[by - text] = '\0';
        ok = whole_in(cols, 1, GRID_MAX_COLS, &o->cols, &why) &&
             whole_in(by + 1, 1, GRID_MAX_ROWS, &o->rows, &why);
    }
    strbuf_release(&why);
    if (!ok) {
        strbuf_addf(error, "'%s' is not a size from 1x1 to %dx%d, such as 120x36", text,
                    GRID_MAX_COLS, GRID_MAX_ROWS);
    }
    return ok;
}

PARSER(keys)
{
    struct key key;
    o->keys = text;
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        if (!keymap_parse_key(text, len, &key)) {
            strbuf_addf(error, "'%.*s' is not a key", (int)len, text);
            return false;
        }
        text += len;
    }
    return true;
}

PARSER(format)
{
    static const char *const names[] = {"text", "ansi", "svg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(text, names[i]) == 0) {
            o->format = (enum dump_format)i;
            return true;
        }
    }
    strbuf_addf(error, "'%s' is not text, ansi or svg", text);
    return false;
}

PARSER(trace_format)
{
    if (strcmp(text, "json") != 0 && strcmp(text, "perfetto") != 0) {
        strbuf_addf(error, "'%s' is not json or perfetto", text);
        return false;
    }
    o->trace_format = *text == 'j' ? TRACE_JSON : TRACE_PERFETTO;
    return true;
}

PARSER(replay)
{
    return positive(text, 1e6, &o->replay, error);
}

PARSER(since)
{
    struct time_spec span;
    /* The form of a TIME from the start: 90s, 1h30m, 90d. */
    if (time_spec_parse(text, &span) && span.form == TIME_FROM_START && span.ns > 0) {
        o->since_ns = span.ns;
        return true;
    }
    strbuf_addf(error, "'%s' is not a DURATION above 0 (90s, 30m, 1h, 90d)", text);
    return false;
}

PARSER(agents)
{
    return whole_in(text, 1, 100000, &o->agents, error);
}

PARSER(seed)
{
    if (!whole(text, UINT64_MAX, &o->seed)) {
        strbuf_addf(error, "'%s' is not a whole number", text);
        return false;
    }
    return true;
}

PARSER(turn)
{
    if (!whole(text, UINT64_MAX, &o->turn) || o->turn == 0) {
        strbuf_addf(error, "'%s' is not a whole number from 1", text);
        return false;
    }
    o->why = true;
    return true;
}

PARSER(port)
{
    o->port_given = true;
    return whole_in(text, 0, UINT16_MAX, &o->port, error);
}

PARSER(speed)
{
    return positive(text, 1000, &o->speed, error);
}

PARSER(address)
{
    return path(text, &o->address, error);
}

PARSER(client)
{
    return path(text, &o->client, error);
}

PARSER(session)
{
    return path(text, &o->session, error);
}

#define SCREEN    (FOR(COMMAND_WATCH) | FOR(COMMAND_DEMO))
#define KEEPERS   (SCREEN | FOR(COMMAND_RECORD))
#define RECORDERS (FOR(COMMAND_WATCH) | FOR(COMMAND_RECORD))
#define ENDERS    (FOR(COMMAND_REPORT) | FOR(COMMAND_DUMP))
#define READERS   (FOR(COMMAND_WATCH) | FOR(COMMAND_RECORD) | ENDERS)
#define LOOKERS   (READERS | FOR(COMMAND_STATUS)) /* status reads, too, where sources are named */
#define ALL       ((1u << COMMANDS) - 1)

const struct option_row option_rows[] = {
    {"output", 'o', "FILE", "write the trace to FILE (`-`: stdout; `.gz`: compressed)", KEEPERS,
     parse_output},
    {"feed", 0, "FILE",
     "also write what the model is given to FILE, as a feed (`-`: stdout; nats://HOST:PORT/SUBJECT)",
     FOR(COMMAND_RECORD), parse_feed},
    {"write-interval", 0, "S", "also write the trace every S seconds while it is recorded", KEEPERS,
     parse_write_interval},
    {"split", 0, NULL, "write one file per session", KEEPERS, parse_split},
    {"tracks", 0, "agent|lane",
     "one thread per agent, or extra threads for overlapping spans (default: lane)", KEEPERS,
     parse_tracks},
    {"format", 0, "json|perfetto",
     "the Chrome Trace, or Perfetto's protobuf (default: by FILE: `.pftrace` is Perfetto's)",
     KEEPERS, parse_trace_format},
    {"no-journal", 0, NULL, "keep no journal for the case that swarmtop is killed", RECORDERS,
     parse_no_journal},
    {"journal-max", 0, "BYTES", "let the journal have at most BYTES (default: 1073741824)",
     RECORDERS, parse_journal_max},
    {"follow", 'f', NULL, "follow files as they grow (watch always does)", READERS, parse_follow},
    {"max-events", 0, "N",
     "keep at most N events in memory (default: 100000 for live sources; 0: no limit)",
     READERS | SCREEN, parse_max_events},
    {"from", 0, "TIME",
     "ignore everything before TIME: 12.5s (from the start), -30s (from the end), 14:31:05, or "
     "ISO 8601; a call that crosses it is counted whole",
     LOOKERS, parse_from},
    {"to", 0, "TIME",
     "ignore everything after TIME: for report, status and dump the clock stops there, and calls "
     "that end later are open",
     LOOKERS, parse_to},
    {"replay", 0, "SPEED", "replay finished sources in real time (1) or SPEED times as fast",
     FOR(COMMAND_WATCH), parse_replay},
    {"for", 0, "SECONDS", "stop after SECONDS", READERS | SCREEN, parse_for},
    {"since", 0, "DURATION",
     "with a bare `claude:`, `codex:` and so on, also show sessions that ended within DURATION "
     "(default: 1h)",
     LOOKERS, parse_since},
    {"content", 0, NULL,
     "keep prompts, and inputs and results of tools (default: one identifying argument per call)",
     READERS, parse_content},
    {"prices", 0, "FILE",
     "estimate costs by the prices of models in FILE (JSON), where the source states none", LOOKERS,
     parse_prices},
    {"no-mask", 0, NULL, "keep what looks like keys and passwords (default: shown and kept as ***)",
     LOOKERS, parse_no_mask},
    {"json", 0, NULL, "print one JSON object instead of tables", FOR(COMMAND_REPORT), parse_json},
    {"why", 0, NULL,
     "print what decided how long each turn took, longest first; with --json the member \"why\"",
     FOR(COMMAND_REPORT), parse_why},
    {"turn", 0, "N", "print --why for the N-th turn of each agent alone", FOR(COMMAND_REPORT),
     parse_turn},
    {"against", 0, "OTHER",
     "compare with OTHER, a source or a saved report --json: figures side by side, with differences; "
     "on the screen the medians, in the statistics (key 4)",
     FOR(COMMAND_WATCH) | ENDERS, parse_against},
    {"fail-if", 0, "CONDITION",
     "exit with status 3 if a figure of report --json is so: 'ttft_ms.p95>2000'; repeatable",
     FOR(COMMAND_REPORT), parse_fail_if},
    {"size", 0, "COLSxROWS", "size of the frame (default: 120x36)", FOR(COMMAND_DUMP), parse_size},
    {"keys", 0, "KEYS", "press these keys first: names as in `?`, separated by spaces",
     FOR(COMMAND_DUMP), parse_keys},
    {"at", 0, "TIME", "show the screen at TIME (default: the end)", FOR(COMMAND_DUMP), parse_at},
    {"format", 0, "text|ansi|svg", "plain text, text with colours, or an image (default: text)",
     FOR(COMMAND_DUMP), parse_format},
    {"to", 0, "ADDR",
     "send to unix:PATH or tcp:HOST:PORT (default: the default address); `emit` also to "
     "nats://HOST:PORT/SUBJECT",
     FOR(COMMAND_EMIT) | FOR(COMMAND_HOOK), parse_address},
    {"client", 0, "NAME", "the client: claude (default), codex, qwen or gemini", FOR(COMMAND_HOOK),
     parse_client},
    {"session", 0, "ID", "session id (default: $SWARMTOP_SESSION, else `shell`)", FOR(COMMAND_EMIT),
     parse_session},
    {"agents", 0, "N", "number of agents (default: 8)", FOR(COMMAND_DEMO), parse_agents},
    {"seed", 0, "N", "random seed (default: 1)", FOR(COMMAND_DEMO), parse_seed},
    {"speed", 0, "X", "run X times as fast (default: 1)", FOR(COMMAND_DEMO), parse_speed},
    {"no-captions", 0, NULL, "leave out the line that explains what the screen shows",
     FOR(COMMAND_DEMO), parse_no_captions},
    {"port", 0, "N",
     "serve the trace of open and O on port N (default: 9001, the only one that ui.perfetto.dev "
     "reads)",
     FOR(COMMAND_OPEN) | SCREEN, parse_port},
    {"filter", 0, "EXPR", "show only what matches EXPR, as at the filter prompt", SCREEN | ENDERS,
     parse_filter},
    {"bell", 0, NULL,
     "ring the terminal's bell and show a notice (OSC 9) when an agent starts to wait for you, "
     "fails, stalls or finishes",
     SCREEN, parse_bell},
    {"notify", 0, "CMD",
     "run CMD by sh then, with the facts in $SWARMTOP_EVENT, $SWARMTOP_TEXT and so on, and as JSON "
     "on its stdin",
     KEEPERS, parse_notify},
    {"no-color", 0, NULL, "use no colour (also if NO_COLOR is set)", SCREEN | FOR(COMMAND_DUMP),
     parse_no_color},
    {"ascii", 0, NULL, "use ASCII characters only (default if the locale is not UTF-8)",
     SCREEN | ENDERS, parse_ascii},
    {"fps", 0, "N", "draw at most N frames per second (default: 10)", SCREEN, parse_fps},
    {"allow-remote", 0, NULL,
     "let tcp: and otlp: listen on addresses other than loopback; needs --token-file", READERS,
     parse_allow_remote},
    {"token-file", 0, "FILE",
     "FILE's first line is the token that tcp: senders must send first and otlp: clients send as "
     "Authorization: Bearer",
     READERS | FOR(COMMAND_EMIT), parse_token_file},
    {"forward", 0, "URL",
     "pass OpenTelemetry that comes in on, unchanged, to the receiver at http://HOST:PORT; gRPC as "
     "HTTP with protobuf",
     RECORDERS, parse_forward},
    {"max-line", 0, "BYTES",
     "drop lines longer than BYTES (default: 1 MiB from sockets and pipes, 64 MiB in files)",
     LOOKERS, parse_max_line},
    {"config", 0, "FILE",
     "read options and keys from FILE (default: $XDG_CONFIG_HOME/swarmtop/config)", ALL,
     parse_config},
    {"print-config", 0, NULL, "print the options and keys of a config file, commented",
     FOR(COMMAND_WATCH), parse_print_config},
    {"help", 'h', NULL, "show this help", ALL, parse_help},
    {"version", 0, NULL, "show the version", ALL, parse_version},
};
const size_t option_row_count = sizeof option_rows / sizeof *option_rows;
