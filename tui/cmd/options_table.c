/* The two tables. A row of an option knows the commands that take it, so one name can mean two
   things (`--to TIME`, and of emit `--to ADDR`) and a command refuses what it would ignore. Order
   is the order of --help and of the manual. */
#include "tui/cmd/options.h"

#include "core/query/filter.h"
#include "tui/screen/grid.h"
#include "tui/screen/keymap.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct command_row command_rows[COMMANDS] = {
    [COMMAND_WATCH] =
        {"watch", "[OPTIONS] [SOURCE...]", "the live screen (the default command)",
         "Follows files that grow, are replaced or are not there yet. Without a SOURCE it "
         "listens at the default address. Where stdout is no terminal it goes on without a "
         "screen: a line of figures on stderr every few seconds, the last frame as text at the end."},
    [COMMAND_RECORD] =
        {"record", "[OPTIONS] [SOURCE...]",
         "the same without a screen: collects until the sources end or a signal comes",
         "Takes what is there and stops, unless --follow is given or a source listens. The path "
         "of what is left behind is printed on stdout."},
    [COMMAND_REPORT] = {"report", "[--json] SOURCE...",
                        "reads the sources to their end, prints the statistics",
                        "Durations are milliseconds. A figure with nothing behind it is absent."},
    [COMMAND_DUMP] =
        {"dump", "[--size COLSxROWS] [--keys KEYS] [--at TIME] [--format text|ansi|svg] SOURCE...",
         "reads the sources to their end, prints one frame of the screen",
         "Needs no terminal. Everything is in view unless keys say otherwise."},
    [COMMAND_EMIT] = {"emit", "[--to ADDR] [--session ID] OP [KEY=VALUE...]",
                      "sends one feed operation to a running swarmtop",
                      "The session is --session, else $SWARMTOP_SESSION, else `shell`; t is the "
                      "moment it was started; args.K=V builds an object."},
    [COMMAND_HOOK] =
        {"hook", "[--to ADDR]", "a hook of Claude Code: forwards what it is given on stdin",
         "Sends the JSON to a running swarmtop. Prints nothing and always succeeds, at once, also "
         "where nobody listens: the agent waits for it. `swarmtop setup claude` prints what to "
         "paste into Claude Code's settings."},
    [COMMAND_SETUP] = {"setup", "claude|otel", "prints what to paste to make a client report here",
                       "What to paste is on stdout, where to on stderr. No file is touched."},
    [COMMAND_STATUS] =
        {"status", "[SOURCE...]", "one line for a status bar",
         "Asks a running swarmtop at the default address, or reads the sources. In tmux: "
         "set -g status-right '#(swarmtop status)'."},
    [COMMAND_DEMO] =
        {"demo", "[--agents N] [--seed N] [--speed X]",
         "a simulated swarm on a real feed, in the live screen",
         "Goes on until q; without a terminal it ends when its story is told, in under a minute."},
};

/* ---- arguments ---- */

static bool number(const char *text, double *out)
{
    char *end;

    errno = 0;
    *out = strtod(text, &end);
    /* What strtod knows beyond decimals (inf, nan, 0x1p3) nobody types on purpose. */
    return end != text && !*end && isfinite(*out) && !strpbrk(text, "xX");
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
        strbuf_addf(error, "'%s' is no whole number", text);
        return false;
    }
    *out = (size_t)value;
    return true;
}

static bool positive(const char *text, double max, double *out, struct strbuf *error)
{
    if (number(text, out) && *out > 0 && *out <= max)
        return true;
    strbuf_addf(error, "'%s' is no number above 0 and up to %.0f", text, max);
    return false;
}

static bool whole_in(const char *text, unsigned min, unsigned max, unsigned *out,
                     struct strbuf *error)
{
    uint64_t value;

    if (!whole(text, max, &value) || value < min) {
        strbuf_addf(error, "'%s' is no whole number from %u to %u", text, min, max);
        return false;
    }
    *out = (unsigned)value;
    return true;
}

static bool moment(const char *text, struct time_spec *out, struct strbuf *error)
{
    if (time_spec_parse(text, out))
        return true;
    strbuf_addf(error, "'%s' is no TIME (12.5s, -30s, 14:31:05, 2025-10-16T14:31:05Z)", text);
    return false;
}

static bool path(const char *text, const char **out, struct strbuf *error)
{
    *out = text;
    if (!*text)
        strbuf_adds(error, "the name is empty");
    return *text != 0;
}

/* ---- a function a row ---- */

#define PARSER(option) \
    static bool parse_##option(struct options *o, const char *text, struct strbuf *error)

/* What needs neither of them. */
#define FLAG(option, field)      \
    PARSER(option)               \
    {                            \
        (void)text, (void)error; \
        o->field = true;         \
        return true;             \
    }

FLAG(follow, follow)
FLAG(split, split)
FLAG(allow_remote, allow_remote)
FLAG(content, content)
FLAG(no_color, no_color)
FLAG(ascii, ascii)
FLAG(json, json)
FLAG(help, help)
FLAG(version, version)

PARSER(output)
{
    return path(text, &o->output, error);
}

PARSER(write_interval)
{
    (void)error;
    o->write_interval_s = options_parse_int(text);
    return true;
}

PARSER(max_events)
{
    o->max_events_said = true;
    return whole_size(text, &o->max_events, error);
}

PARSER(tracks)
{
    if (strcmp(text, "agent") != 0 && strcmp(text, "lane") != 0) {
        strbuf_addf(error, "'%s' is neither agent nor lane", text);
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

/* It has been read by then (config.h). */
PARSER(config)
{
    (void)o;
    return *text || (strbuf_adds(error, "wants a FILE"), false);
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

PARSER(token_file)
{
    return path(text, &o->token_file, error);
}

PARSER(max_line)
{
    if (!whole_size(text, &o->max_line_bytes, error))
        return false;
    if (o->max_line_bytes == 0)
        strbuf_adds(error, "0 bytes are too few");
    return o->max_line_bytes > 0;
}

PARSER(size)
{
    const char *by = strpbrk(text, "xX");
    char cols[8];
    struct strbuf why;
    bool ok = by && by - text < (int)sizeof cols;

    strbuf_init(&why, &mem_libc, 0);
    if (ok) {
        memcpy(cols, text, (size_t)(by - text));
        cols[by - text] = '\0';
        ok = whole_in(cols, 1, GRID_MAX_COLS, &o->cols, &why) &&
             whole_in(by + 1, 1, GRID_MAX_ROWS, &o->rows, &why);
    }
    strbuf_release(&why);
    if (!ok)
        strbuf_addf(error, "'%s' is no size from 1x1 to %dx%d, such as 120x36", text, GRID_MAX_COLS,
                    GRID_MAX_ROWS);
    return ok;
}

PARSER(keys)
{
    struct key key;

    o->keys = text;
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");

        if (!keymap_parse_key(text, len, &key)) {
            strbuf_addf(error, "'%.*s' is no key", (int)len, text);
            return false;
        }
        text += len;
    }
    return true;
}

PARSER(format)
{
    static const char *const names[] = {"text", "ansi", "svg"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            o->format = (enum dump_format)i;
            return true;
        }
    strbuf_addf(error, "'%s' is none of text, ansi and svg", text);
    return false;
}

PARSER(replay)
{
    return positive(text, 1e6, &o->replay, error);
}

PARSER(since)
{
    struct time_spec span;

    /* As TIME from the start is typed: 90s, 1h30m. */
    if (time_spec_parse(text, &span) && span.form == TIME_FROM_START && span.ns > 0) {
        o->since_ns = span.ns;
        return true;
    }
    strbuf_addf(error, "'%s' is no DURATION above 0 (90s, 30m, 1h)", text);
    return false;
}

PARSER(agents)
{
    return whole_in(text, 1, 100000, &o->agents, error);
}

PARSER(seed)
{
    if (!whole(text, UINT64_MAX, &o->seed)) {
        strbuf_addf(error, "'%s' is no whole number", text);
        return false;
    }
    return true;
}

PARSER(speed)
{
    return positive(text, 1000, &o->speed, error);
}

PARSER(address)
{
    return path(text, &o->address, error);
}

PARSER(session)
{
    return path(text, &o->session, error);
}

#define SCREEN  (FOR(COMMAND_WATCH) | FOR(COMMAND_DEMO))
#define KEEPERS (SCREEN | FOR(COMMAND_RECORD))
#define ENDERS  (FOR(COMMAND_REPORT) | FOR(COMMAND_DUMP))
#define READERS (FOR(COMMAND_WATCH) | FOR(COMMAND_RECORD) | ENDERS)
#define ALL     ((1u << COMMANDS) - 1)

const struct option_row option_rows[] = {
    {"output", 'o', "FILE", "the Chrome Trace to leave behind (`-`: stdout)", KEEPERS,
     parse_output},
    {"write-interval", 0, "S", "also write it every S seconds, closing nothing", KEEPERS,
     parse_write_interval},
    {"split", 0, NULL, "a document a session", KEEPERS, parse_split},
    {"tracks", 0, "agent|lane",
     "all spans of an agent on its one thread, or overlapping ones on threads of their own "
     "(default: lane)",
     KEEPERS, parse_tracks},
    {"follow", 'f', NULL, "follow files (watch always does)", READERS, parse_follow},
    {"max-events", 0, "N",
     "keep at most N events in memory (default: 100000 of live sources, 0: no limit)",
     READERS | SCREEN, parse_max_events},
    {"from", 0, "TIME",
     "only from there. TIME: 12.5s from the start, -30s from the end, 14:31:05, ISO 8601", READERS,
     parse_from},
    {"to", 0, "TIME", "only up to there", READERS, parse_to},
    {"replay", 0, "SPEED",
     "show finished sources as they came, by their own clock, at 1, 10 … times its speed",
     FOR(COMMAND_WATCH), parse_replay},
    {"for", 0, "SECONDS", "stop by itself after that long", READERS | SCREEN, parse_for},
    {"since", 0, "DURATION",
     "of claude: without a DIR, also sessions that ended no longer ago (default: 1h)", READERS,
     parse_since},
    {"content", 0, NULL,
     "keep what tools were given and what came of it (off: one identifying argument a call)",
     READERS, parse_content},
    {"json", 0, NULL, "one JSON object instead of tables", FOR(COMMAND_REPORT), parse_json},
    {"size", 0, "COLSxROWS", "the size of the frame (default: 120x36)", FOR(COMMAND_DUMP),
     parse_size},
    {"keys", 0, "KEYS", "keys to press first, named as `?` shows them, between spaces",
     FOR(COMMAND_DUMP), parse_keys},
    {"at", 0, "TIME", "the moment shown (default: the end)", FOR(COMMAND_DUMP), parse_at},
    {"format", 0, "text|ansi|svg", "plain text, text with colours, or a picture (default: text)",
     FOR(COMMAND_DUMP), parse_format},
    {"to", 0, "ADDR", "unix:PATH or tcp:HOST:PORT (default: the default address)",
     FOR(COMMAND_EMIT) | FOR(COMMAND_HOOK), parse_address},
    {"session", 0, "ID", "the session (default: $SWARMTOP_SESSION, else `shell`)",
     FOR(COMMAND_EMIT), parse_session},
    {"agents", 0, "N", "how many agents (default: 8)", FOR(COMMAND_DEMO), parse_agents},
    {"seed", 0, "N", "another number, another story (default: 1)", FOR(COMMAND_DEMO), parse_seed},
    {"speed", 0, "X", "X times as fast (default: 1)", FOR(COMMAND_DEMO), parse_speed},
    {"filter", 0, "EXPR", "show only what matches, as typed at the filter prompt",
     SCREEN | FOR(COMMAND_DUMP), parse_filter},
    {"no-color", 0, NULL, "no colour (also where NO_COLOR is set)", SCREEN | FOR(COMMAND_DUMP),
     parse_no_color},
    {"ascii", 0, NULL, "no characters outside ASCII (the default where the locale is not UTF-8)",
     SCREEN | ENDERS, parse_ascii},
    {"fps", 0, "N", "at most N frames a second (default: 10)", SCREEN, parse_fps},
    {"allow-remote", 0, NULL,
     "tcp: and otlp: may listen on other addresses than loopback; wants --token-file", READERS,
     parse_allow_remote},
    {"token-file", 0, "FILE",
     "what senders over tcp: have to say first, and over otlp: with each request (Authorization: "
     "Bearer), is in its first line",
     READERS | FOR(COMMAND_EMIT), parse_token_file},
    {"max-line", 0, "BYTES",
     "drop longer lines (default: 1 MiB on a socket or pipe, 64 MiB in a file)", READERS,
     parse_max_line},
    {"config", 0, "FILE", "the user's file (default: $XDG_CONFIG_HOME/swarmtop/config)", ALL,
     parse_config},
    {"help", 'h', NULL, "this text", ALL, parse_help},
    {"version", 0, NULL, "the version", ALL, parse_version},
};
const size_t option_row_count = sizeof option_rows / sizeof *option_rows;
