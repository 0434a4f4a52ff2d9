/* Writes man(7) from the tables of commands, options, sources, keys and environment variables.
   Lines break at 80 bytes as mandoc -Tlint wants, so all text goes through manual_text. */
#include "tui/cmd/manual.h"

#include "tui/cmd/config.h"
#include "tui/cmd/options_help.h"
#include "tui/screen/keymap.h"

#include <string.h>

#define WIDTH       80
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

struct term_row {
    const char *term, *meaning;
};

static const struct term_row environment_rows[] = {
    {"SWARMTOP_SOCKET", "the default feed address, a path or unix:PATH"},
    {"SWARMTOP_SSH", "the program that ssh: runs in place of ssh"},
    {"SWARMTOP_OTLP",
     "the default addresses of OpenTelemetry, HOST:PORT with commas, or off (default: localhost:4318,localhost:4317)"},
    {"SWARMTOP_SESSION", "the default session of emit"},
    {"XDG_RUNTIME_DIR",
     "directory of the default socket swarmtop.sock (default: /tmp/swarmtop-UID/feed.sock)"},
    {"XDG_STATE_HOME",
     "default traces are written to swarmtop/ below it (default: ~/.local/state)"},
    {"XDG_CONFIG_HOME", "directory of swarmtop/config (default: ~/.config)"},
    {"CLAUDE_CODE_PERFETTO_TRACE",
     "trace path without --output. 1, true, yes, on: traces/trace-SESSION.json below "
     "Claude's config directory; 0, false, no, off: nowhere; else a path"},
    {"CLAUDE_CODE_PERFETTO_WRITE_INTERVAL_S", "default of --write-interval"},
    {"CLAUDE_CONFIG_DIR",
     "Claude's config directory, or several with commas of which the first that exists counts "
     "(default: ~/.claude, else ~/.config/claude)"},
    {"CODEX_HOME", "Codex CLI's directory (default: ~/.codex)"},
    {"QWEN_HOME", "Qwen Code's directory (default: ~/.qwen)"},
    {"GEMINI_CLI_HOME", "Gemini CLI's files are in .gemini below it (default: ~)"},
    {"XDG_DATA_HOME", "OpenCode's database is in opencode below it (default: ~/.local/share)"},
    {"NO_COLOR", "use no colour if it is set"},
    {"PATH", "`doctor` looks for swarmtop in it, as hooks of clients do"},
    {"TERM_PROGRAM", "the terminal, and VTE_VERSION its library: `doctor` knows some that have no "
                     "clipboard"},
    {"VTE_VERSION", "see TERM_PROGRAM"},
    {"HOME", "directory of ~ above"},
    {"TMPDIR", "the demo's socket is in a directory below it (default: /tmp)"},
    {"TERM", "the terminal's type, for ncurses; linux and vt terminals get no queries"},
    {"SSH_CONNECTION", "set by ssh: open and O print the line that forwards their port"},
    {"TMUX", "set inside tmux: g switches to the pane of an agent in the same server"},
    {"LC_ALL, LC_CTYPE, LANG", "without UTF-8 in the locale the screen is ASCII, as with --ascii"},
    {"TZ", "the time zone of the clock on the axis"},
};

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* ---- text ---- */

/* Appends `len` bytes escaped; *bold is whether a quoted part is open. */
static void put_escaped(struct strbuf *out, const char *text, size_t len, bool *bold)
{
    for (const char *end = text + len; text < end; text++) {
        switch (*text) {
        case '\\': strbuf_adds(out, "\\e"); break;
        case '-': strbuf_adds(out, "\\-"); break;
        case '^': strbuf_adds(out, "\\(ha"); break;
        case '~': strbuf_adds(out, "\\(ti"); break;
        case '`':
            *bold = !*bold;
            strbuf_adds(out, *bold ? "\\fB" : "\\fR");
            break;
        default: strbuf_addc(out, *text); break;
        }
    }
}

void manual_text(struct strbuf *out, size_t at, const char *text)
{
    struct strbuf item;
    bool bold = false;
    strbuf_init(&item, &mem_libc, 0);
    for (bool first = true; *text; text += strspn(text, " "), first = false) {
        size_t len = strcspn(text, " ");
        strbuf_clear(&item);
        put_escaped(&item, text, len, &bold);
        text += len;
        if (!first && at + 1 + item.len > WIDTH) {
            strbuf_addc(out, '\n');
            at = 0;
        } else if (!first) {
            strbuf_addc(out, ' ');
            at++;
        }
        if (item.failed) {
            break;
        }
        /* A line that begins with one of these is a request. */
        strbuf_adds(out, at == 0 && strchr(".'", *item.data) != NULL ? "\\&" : "");
        strbuf_add(out, item.data, item.len);
        at += item.len;
    }
    strbuf_addc(out, '\n');
    strbuf_release(&item);
}

void manual_part(struct strbuf *out, const char *title)
{
    strbuf_adds(out, ".SS ");
    manual_text(out, 4, title);
}

/* Begins an item: TERM in bold, then REST in italics unless it is NULL. */
static void put_term(struct strbuf *out, const char *term, const char *before, const char *rest)
{
    bool bold = false;
    strbuf_adds(out, ".TP\n\\fB");
    put_escaped(out, term, strlen(term), &bold);
    strbuf_adds(out, "\\fR");
    if (rest != NULL) {
        strbuf_addf(out, "%s\\fI", before);
        put_escaped(out, rest, strlen(rest), &bold);
        strbuf_adds(out, "\\fR");
    }
    strbuf_addc(out, '\n');
}

void manual_row(struct strbuf *out, const char *term, const char *meaning)
{
    put_term(out, term, "", NULL);
    manual_text(out, 0, meaning);
}

/* ---- swarmtop(1) ---- */

static void put_commands(struct strbuf *out)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    for (size_t i = 0; i < COMMANDS; i++) {
        const struct command_row *row = &command_rows[i];
        put_term(out, row->name, " ", row->arguments);
        strbuf_clear(&text);
        strbuf_addf(&text, "%s.", row->meaning);
        manual_text(out, 0, text.failed ? row->meaning : text.data);
        manual_text(out, 0, row->details);
    }
    strbuf_release(&text);
}

static void put_options(struct strbuf *out)
{
    struct strbuf term;
    strbuf_init(&term, &mem_libc, 0);
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        strbuf_clear(&term);
        options_term(&term, row);
        manual_row(out, term.failed ? row->name : term.data, row->meaning);
        options_takers(row->commands, "", "\n", out);
    }
    strbuf_release(&term);
}

/* Puts each action, after a heading for each group. */
static void put_actions(struct strbuf *out,
                        void (*put)(struct strbuf *out, const struct action_info *info))
{
    const struct action_info *info;
    const char *group = "";
    for (size_t i = 0; (info = keymap_action(i)) != NULL; i++) {
        if (strcmp(info->group, group) != 0) {
            group = info->group;
            manual_part(out, group);
        }
        put(out, info);
    }
}

static void put_key(struct strbuf *out, const struct action_info *info)
{
    struct strbuf meaning;
    strbuf_init(&meaning, &mem_libc, 0);
    strbuf_addf(&meaning, "%s (%s)", info->help, info->name);
    manual_row(out, info->keys, meaning.failed ? info->help : meaning.data);
    strbuf_release(&meaning);
}

static void put_environment(struct strbuf *out)
{
    for (size_t i = 0; i < COUNT(environment_rows); i++) {
        manual_row(out, environment_rows[i].term, environment_rows[i].meaning);
    }
}

/* ---- swarmtop-config(5) ---- */

/* Appends the type of an option's value, by the argument's name in the usage line. */
static void put_type(struct strbuf *out, const struct option_row *row)
{
    static const struct term_row types[] = {
        {"FILE", "a path"},
        {"S", "seconds"},
        {"SECONDS", "seconds, above 0"},
        {"BYTES", "a whole number of bytes"},
        {"N", "a whole number"},
        {"X", "a number above 0"},
        {"SPEED", "a number above 0"},
        {"TIME", "a time: 12.5s, -30s, 14:31:05 or ISO 8601"},
        {"DURATION", "a duration: 90s, 30m, 1h30m, 7d"},
        {"COLSxROWS", "a size: 120x36"},
        {"KEYS", "names of keys, with spaces"},
        {"EXPR", "a filter, as in FILTERS of swarmtop(1)"},
        {"CMD", "a command for sh"},
        {"URL", "a URL"},
        {"ADDR", "unix:PATH or tcp:HOST:PORT"},
    };
    if (row->argument == NULL) {
        strbuf_adds(out, "Flag: a line without a value switches it on. Default: off.");
        return;
    }
    const char *type = strchr(row->argument, '|') != NULL ? "one of these" : "a text";
    for (size_t i = 0; i < COUNT(types); i++) {
        type = strcmp(types[i].term, row->argument) == 0 ? types[i].meaning : type;
    }
    struct slice value = options_default(row);
    strbuf_addf(out, "Type: %s. Default: ", type);
    if (value.len > 0) {
        strbuf_addf(out, "%.*s.", (int)value.len, value.bytes);
    } else {
        strbuf_adds(out, strstr(row->meaning, "default") != NULL ? "see above." : "not set.");
    }
}

static void put_settings(struct strbuf *out)
{
    struct strbuf type;
    strbuf_init(&type, &mem_libc, 0);
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (!config_has(row)) {
            continue;
        }
        strbuf_clear(&type);
        put_type(&type, row);
        put_term(out, row->name, " = ", row->argument);
        manual_text(out, 0, row->meaning);
        options_takers(row->commands, "", "\n", out);
        strbuf_adds(out, ".br\n");
        manual_text(out, 0, type.failed ? "" : type.data);
    }
    strbuf_release(&type);
}

static void put_key_names(struct strbuf *out)
{
    struct strbuf names;
    const char *name;
    strbuf_init(&names, &mem_libc, 0);
    for (size_t i = 0; (name = keymap_key_name(i)) != NULL; i++) {
        strbuf_addf(&names, "%s`%s`", i > 0 ? ", " : "", name);
    }
    strbuf_adds(&names, " and `F1` to `F12`.");
    manual_text(out, 0, names.failed ? "" : names.data);
    strbuf_release(&names);
}

/* Puts an action with its keys and the views in which they are active. */
static void put_action(struct strbuf *out, const struct action_info *info)
{
    static const char *const views[] = {"timeline",   "agents", "in flight",
                                        "statistics", "log",    "help"};
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_addf(&text, "%s (", info->help);
    const char *before = info->views == IN_ALL ? "all views" : "";
    strbuf_adds(&text, before);
    for (size_t i = 0; info->views != IN_ALL && i < COUNT(views); i++) {
        if (info->views & (1u << i)) {
            strbuf_addf(&text, "%s%s", before, views[i]);
            before = ", ";
        }
    }
    strbuf_adds(&text, ")");
    put_term(out, info->name, " = ", info->keys);
    manual_text(out, 0, text.failed ? info->help : text.data);
    strbuf_release(&text);
}

/* ---- all ---- */

static void put_keys(struct strbuf *out)
{
    put_actions(out, put_key);
}

static void put_config_actions(struct strbuf *out)
{
    put_actions(out, put_action);
}

static void put_sources(struct strbuf *out)
{
    options_sources(out, manual_row);
}

bool manual_table(const char *table, struct strbuf *out)
{
    static const struct {
        const char *name;
        void (*put)(struct strbuf *out);
    } tables[] = {
        {"commands", put_commands},
        {"sources", put_sources},
        {"options", put_options},
        {"keys", put_keys},
        {"environment", put_environment},
        {"settings", put_settings},
        {"key-names", put_key_names},
        {"actions", put_config_actions},
        {"operations", manual_feed_operations},
        {"fields", manual_feed_fields},
        {"joins", manual_feed_joins},
    };
    for (size_t i = 0; i < COUNT(tables); i++) {
        if (strcmp(tables[i].name, table) == 0) {
            tables[i].put(out);
            return true;
        }
    }
    return false;
}
