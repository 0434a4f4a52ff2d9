/* A new client is a folder beside claude/ and a row here: the hub, the command line, --help, the
   manual, the default sources and the screen read these tables. Rows are in the order in which
   --help shows them and in which default sources are opened. */
#include "ingest/sources.h"

#include "core/base/mask.h"

#include "ingest/address.h"
#include "ingest/claude/claude_source.h"
#include "ingest/claude/claude_traces.h"
#include "ingest/codex/codex_source.h"
#include "ingest/feed/socket.h"
#include "ingest/gemini/gemini_source.h"
#include "ingest/hooks/hook_dialect.h"
#include "ingest/http/grpc.h"
#include "ingest/http/otlp_source.h"
#include "ingest/nats/nats_connect.h"
#include "ingest/nats/nats_source.h"
#include "ingest/nats/nats_url.h"
#include "ingest/opencode/opencode_db.h"
#include "ingest/opencode/opencode_source.h"
#include "ingest/qwen/qwen_source.h"
#include "ingest/ssh/ssh_source.h"
#include "ingest/trace/dir_source.h"
#include "ingest/trace/file_source.h"
#include "ingest/trace/stdin_source.h"
#include "ingest/trace/unzstd.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- paths ---- */

static bool is_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

static bool is_directory(const char *path)
{
    struct stat st;
    return !is_stdin(path) && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A file that does not exist yet may come. */
static bool is_file(const char *path)
{
    struct stat st;
    return !is_stdin(path) && (stat(path, &st) != 0 || S_ISREG(st.st_mode));
}

static bool is_any(const char *path)
{
    (void)path;
    return true;
}

static bool default_feed(size_t number, struct strbuf *spec, struct strbuf *error)
{
    return number == 0 && address_default(spec, true, error);
}

static bool default_otlp(size_t number, struct strbuf *spec, struct strbuf *error)
{
    (void)error;
    return address_default_otlp(number, spec);
}

/* ---- the tables ---- */

/* A line that shows an agent, short enough to be pasted from 80 columns. */
#define FEED_LINE "{\"op\":\"instant\",\"session_id\":\"demo\",\"name\":\"hi\",\"cat\":\"x\"}"

static const char *const qwen_programs[] = {"qwen", "@qwen-code/qwen-code", NULL};
static const char *const gemini_programs[] = {"gemini", "@google/gemini-cli", NULL};
static const char *const opencode_programs[] = {"opencode", "opencode-ai", NULL};

const struct source_row source_rows[] = {
    {
        .fits = is_file,
        .ops = &trace_source_ops,
        .feed = "echo '" FEED_LINE "' >>{}",
        .form = "FILE",
        .help =
            "a Chrome Trace ({\"traceEvents\": [...]}, a bare array, an array never closed) or "
            "NDJSON (events or feed operations), plain, gzip or zstd; recognized by content, not by name",
    },
    {
        .fits = is_directory,
        .ops = &dir_source_ops,
        .feed = "echo '" FEED_LINE "' >>{}/demo.ndjson",
        .form = "DIR",
        .help = "all traces in it",
    },
    {
        .fits = is_stdin,
        .ops = &stream_source_ops,
        .live = true,
        .feed = "echo '" FEED_LINE "' | swarmtop -",
        .form = "-",
        .help = "stdin, the same formats; live, even where it is a file",
    },
    {
        .prefix = "unix:",
        .ops = &unix_source_ops,
        .listens = true,
        .live = true,
        .default_spec = default_feed,
        .form = "unix:PATH",
        .help = "listens for feeds on a Unix socket, any number of senders",
        .default_help = "unix: at the default address ($SWARMTOP_SOCKET, else "
                        "$XDG_RUNTIME_DIR/swarmtop.sock, else /tmp/swarmtop-UID/feed.sock)",
    },
    {
        .prefix = "tcp:",
        .ops = &tcp_source_ops,
        .listens = true,
        .live = true,
        .form = "tcp:HOST:PORT",
        .help = "listens for feeds over TCP, on loopback unless --allow-remote is given",
    },
    {
        .prefix = "otlp:",
        .ops = &otlp_source_ops,
        .listens = true,
        .live = true,
        .feed = "curl -d '{\"session_id\":\"demo\",\"hook_event_name\":\"SessionStart\"}' {}/hooks",
        .default_spec = default_otlp,
        .form = "otlp:HOST:PORT",
        .help = "receives OpenTelemetry by HTTP and gRPC, on loopback unless --allow-remote is "
                "given; /hooks takes Claude Code's HTTP hooks, /hooks/CLIENT those of others",
        .default_help = "otlp:localhost:4318 and otlp:localhost:4317 (else $SWARMTOP_OTLP)",
    },
    {
        .prefix = "ssh:",
        .ops = &ssh_source_ops,
        .live_followed = true,
        .form = "ssh:HOST[:SOURCE,...]",
        .help = "runs swarmtop on HOST by ssh and reads its feed: the default sources there, or "
                "those that are named; ~/.ssh/config holds, and nothing asks for a password",
    },
    {
        .prefix = NATS_PREFIX,
        .ops = &nats_source_ops,
        .listens = true,
        .live = true,
        .feed = "swarmtop emit --to {} hello session_id=demo name=hi",
        .form = "nats://HOST:PORT/SUBJECT",
        .help = "subscribes to feeds on a NATS server; where a stream of JetStream covers the "
                "subject, the last --since of it is replayed, and what was missed while the server "
                "was away; nats://USER:PASSWORD@… or nats://TOKEN@…",
    },
    {
        .prefix = "claude:",
        .ops = &claude_source_ops,
        .live_followed = true,
        .variable = "CLAUDE_CONFIG_DIR",
        .in_home = ".claude",
        .or_in_home = ".config/claude",
        .needs = "projects",
        .form = "claude:[DIR]",
        .help =
            "Claude Code's own files: live sessions, transcripts, sub-agents; all sessions of a "
            "named DIR, else (default: $CLAUDE_CONFIG_DIR, ~/.claude or ~/.config/claude) those that "
            "live or ended lately",
        .default_help = "claude:",
        .client = "Claude Code",
        .setup = "claude",
        .program = "claude",
    },
    {
        .prefix = "traces:",
        .ops = &claude_traces_ops,
        .variable = "CLAUDE_CONFIG_DIR",
        .in_variable = "traces",
        .in_home = ".claude/traces",
        .or_in_home = ".config/claude/traces",
        .default_help = "the traces of the last --since in Claude Code's directory (traces:)",
    },
    {
        .prefix = "codex:",
        .ops = &codex_source_ops,
        .live_followed = true,
        .variable = "CODEX_HOME",
        .in_home = ".codex",
        .needs = "sessions",
        .form = "codex:[DIR]",
        .help = "Codex CLI's own files, the same (default: $CODEX_HOME or ~/.codex)",
        .default_help = "codex:",
        .client = "Codex CLI",
        .setup = "codex",
        .program = "codex",
    },
    {
        .prefix = "qwen:",
        .ops = &qwen_source_ops,
        .programs = qwen_programs,
        .live_followed = true,
        .variable = "QWEN_HOME",
        .in_home = ".qwen",
        .needs = "projects",
        .form = "qwen:[DIR]",
        .help = "Qwen Code's own files, the same (default: $QWEN_HOME or ~/.qwen)",
        .default_help = "qwen:",
        .client = "Qwen Code",
        .setup = "qwen",
        .program = "qwen",
    },
    {
        .prefix = "gemini:",
        .ops = &gemini_source_ops,
        .programs = gemini_programs,
        .live_followed = true,
        .variable = "GEMINI_CLI_HOME",
        .in_variable = ".gemini",
        .in_home = ".gemini",
        .needs = "tmp",
        .form = "gemini:[DIR]",
        .help = "Gemini CLI's own files, the same (default: .gemini below $GEMINI_CLI_HOME or ~)",
        .default_help = "gemini:",
        .client = "Gemini CLI",
        .setup = "gemini",
        .program = "gemini",
    },
    {
        .prefix = "opencode:",
        .ops = &opencode_source_ops,
        .programs = opencode_programs,
        .live_followed = true,
        /* Not opened unasked where it cannot be. */
        .variable = OPENCODE_BUILT ? "XDG_DATA_HOME" : NULL,
        .in_variable = "opencode",
        .in_home = OPENCODE_BUILT ? ".local/share/opencode" : NULL,
        .needs = "opencode.db",
        .form = "opencode:[DIR]",
        .help = "OpenCode's own database, the same (default: opencode below $XDG_DATA_HOME or "
                "~/.local/share)",
        .default_help = "opencode:",
        .client = "OpenCode",
        .setup = "opencode",
        .program = "opencode",
    },
    {
        .fits = is_any, /* a pipe by name */
        .ops = &stream_source_ops,
    },
    {.ops = NULL},
};

#ifdef HAVE_PROTOBUF
enum { PROTOBUF_BUILT = true };
#else
enum { PROTOBUF_BUILT = false };
#endif

const struct feature source_features[] = {
    {"grpc", GRPC_BUILT},       {"nats", NATS_BUILT}, {"protobuf", PROTOBUF_BUILT},
    {"sqlite", OPENCODE_BUILT}, {"zstd", ZSTD_BUILT}, {.name = NULL},
};

const struct hook_client *const source_hook_clients[] = {
    &claude_hook_client, &codex_hook_client, &qwen_hook_client, &gemini_hook_client, NULL,
};

static_assert(sizeof source_hook_clients / sizeof source_hook_clients[0] <= HOOK_CLIENTS_MAX + 1,
              "each client has a place in the context");
static_assert(sizeof source_rows / sizeof source_rows[0] <= SOURCE_PLACES_MAX - 1,
              "each row has a place among the settings");

void sources_put_shown(const char *spec, struct strbuf *out)
{
    struct strbuf shown;
    strbuf_init(&shown, out->mem, 0);
    if (nats_url_is(spec)) {
        nats_url_put_shown(spec, &shown);
    } else {
        strbuf_adds(&shown, spec);
        mask_in_place(&shown);
    }
    if (shown.failed) {
        out->failed = true;
    } else {
        strbuf_add(out, shown.data, shown.len);
    }
    strbuf_release(&shown);
}

const char *sources_program_of(const char *client)
{
    size_t len = strlen(client);
    for (const struct source_row *row = source_rows; row->ops != NULL; row++) {
        if (row->program != NULL && strncmp(row->prefix, client, len) == 0 &&
            strcmp(row->prefix + len, ":") == 0) {
            return row->program;
        }
    }
    return NULL;
}

const struct source_row *sources_find(const char *spec)
{
    return source_row_of(source_rows, spec);
}

/* ---- default directories ---- */

/* Sets path to the numbered directory that the row's files may be in. False: that many are not. */
static bool place_of(const struct source_row *row, const char *home, int number,
                     char path[PATH_MAX])
{
    const char *named = row->variable == NULL ? NULL : getenv(row->variable);
    if (named != NULL && *named != '\0') {
        for (int i = 0; i < number; i++) {
            named += strcspn(named, ",");
            named += *named == ',';
        }
        return *named != '\0' &&
               snprintf(path, PATH_MAX, "%.*s%s%s", (int)strcspn(named, ","), named,
                        row->in_variable == NULL ? "" : "/",
                        row->in_variable == NULL ? "" : row->in_variable) < PATH_MAX;
    }
    const char *below = number == 0 ? row->in_home : number == 1 ? row->or_in_home : NULL;
    return below != NULL && home != NULL &&
           snprintf(path, PATH_MAX, "%s/%s", home, below) < PATH_MAX;
}

/* Appends the first of them that exists, else the first, with its NUL. False: it is unknown. */
static bool put_place(const struct source_row *row, const char *home, struct strbuf *out)
{
    char path[PATH_MAX];
    int number = 0;
    while (place_of(row, home, number, path) && !is_directory(path)) {
        number++;
    }
    if (!place_of(row, home, number, path) && !place_of(row, home, 0, path)) {
        return false;
    }
    strbuf_adds(out, path);
    strbuf_addc(out, '\0');
    return true;
}

bool source_places_init(struct source_places *places, const struct mem *mem, const char *home)
{
    size_t at[SOURCE_PLACES_MAX], count = 0;
    *places = (struct source_places){.settings = {{.name = NULL}}};
    strbuf_init(&places->texts, mem, 0);
    for (const struct source_row *row = source_rows; row->ops != NULL; row++) {
        at[count] = places->texts.len;
        if (put_place(row, home, &places->texts)) {
            places->settings[count++] =
                (struct source_setting){.prefix = row->prefix, .name = "dir"};
        }
    }
    size_t ssh = places->texts.len;
    const char *program = getenv("SWARMTOP_SSH");
    if (program != NULL && *program != '\0') {
        strbuf_adds(&places->texts, program);
        strbuf_addc(&places->texts, '\0');
        at[count] = ssh;
        places->settings[count++] = (struct source_setting){.prefix = "ssh:", .name = "program"};
    }
    /* The texts do not move any more. */
    for (size_t i = 0; i < count && !places->texts.failed; i++) {
        places->settings[i].value = places->texts.data + at[i];
    }
    return !places->texts.failed;
}

void source_places_release(struct source_places *places)
{
    strbuf_release(&places->texts);
}

bool source_places_has(const struct source_places *places, const struct source_row *row)
{
    for (const struct source_setting *place = places->settings; place->name != NULL; place++) {
        if (row->prefix != NULL && strcmp(place->prefix, row->prefix) == 0 &&
            strcmp(place->name, "dir") == 0) {
            return true;
        }
    }
    return false;
}
