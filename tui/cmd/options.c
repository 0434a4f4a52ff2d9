/* Parses GNU style: `--opt=V`, `--opt V`, `-oV`, `-o V`, bundled letters, options and arguments
   mixed; `--` ends the options. The first pass over argv finds the command, if the first argument
   is a command's name. A bare name that is nearly one, and no file, is a typing error. All rows of
   one name agree on whether they take a value, so this needs no command. The second pass parses the
   options by the command's rows. */
#include "tui/cmd/options.h"

#include "tui/cmd/commands.h"
#include "tui/cmd/config.h"

#include "core/base/nearest.h"
#include "core/base/seed_env.h"
#include "core/query/filter.h"

#include "ingest/sources.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct cursor {
    int argc, next;
    char *const *argv;
    const char *letters; /* the rest of bundled letters; NULL: none */
    bool ended;          /* `--` was found */
};

/* The next item of the command line: an option with its value, or an argument. */
struct option_item {
    const struct option_row *row; /* NULL: an argument, or the end */
    const char *value;            /* the option's; "": none */
    char *argument;
    char name[64]; /* as typed, for messages */
};

static const char *env_text(const char *name)
{
    const char *text = getenv(name);
    return text != NULL && *text ? text : NULL;
}

void options_environment(struct environment *env)
{
    *env = (struct environment){
        .session = env_text("SWARMTOP_SESSION"),
        .state_home = env_text("XDG_STATE_HOME"),
        .config_home = env_text("XDG_CONFIG_HOME"),
        .home = env_text("HOME"),
        .tmpdir = env_text("TMPDIR"),
        .claude_config_dir = env_text("CLAUDE_CONFIG_DIR"),
        .perfetto_trace = env_text("CLAUDE_CODE_PERFETTO_TRACE"),
        .perfetto_interval = env_text("CLAUDE_CODE_PERFETTO_WRITE_INTERVAL_S"),
        .tmux = env_text("TMUX"),
        .ssh_connection = env_text("SSH_CONNECTION"),
        .no_color = env_text("NO_COLOR") != NULL,
    };
}

/* Returns the row of that name for one of these commands; NULL: none. */
static const struct option_row *find_row(const char *name, size_t len, char letter,
                                         unsigned commands)
{
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        bool named = letter ? row->letter == letter
                            : strlen(row->name) == len && memcmp(row->name, name, len) == 0;

        if (named && row->commands & commands) {
            return row;
        }
    }
    return NULL;
}

/* Returns the row of the option typed as item->name; NULL with the reason in *error: none. */
static const struct option_row *need_row(const char *name, size_t len, char letter,
                                         unsigned commands, const struct option_item *item,
                                         struct strbuf *error)
{
    const struct option_row *row = find_row(name, len, letter, commands);
    if (row == NULL && find_row(name, len, letter, ~0u) != NULL) {
        strbuf_addf(error, "%s: not an option of this command", item->name);
    } else if (row == NULL) {
        struct nearest nearest;
        nearest_init(&nearest, name, letter ? 0 : len);
        for (size_t i = 0; i < option_row_count; i++) {
            nearest_offer(&nearest, option_rows[i].name);
        }
        strbuf_addf(error, "%s: no such option", item->name);
        if (nearest.name != NULL) {
            strbuf_addf(error, "; did you mean --%s?", nearest.name);
        }
    }
    return row;
}

static bool take_value(struct cursor *c, struct option_item *item, const char *attached,
                       struct strbuf *error)
{
    item->value = attached != NULL ? attached : "";
    if (item->row->argument == NULL || attached != NULL) {
        return true;
    }
    if (c->next >= c->argc) {
        strbuf_addf(error, "%s: needs %s", item->name, item->row->argument);
        return false;
    }
    item->value = c->argv[c->next++];
    return true;
}

static bool next_letter(struct cursor *c, unsigned commands, struct option_item *item,
                        struct strbuf *error)
{
    char letter = *c->letters++;
    const char *rest = *c->letters ? c->letters : NULL;
    item->name[0] = '-', item->name[1] = letter, item->name[2] = '\0';
    item->row = need_row("", 0, letter, commands, item, error);
    if (item->row == NULL) {
        return false;
    }
    if (item->row->argument != NULL || rest == NULL) {
        c->letters = NULL;
    }
    return take_value(c, item, item->row->argument != NULL ? rest : NULL, error);
}

static bool next_word(struct cursor *c, const char *word, unsigned commands,
                      struct option_item *item, struct strbuf *error)
{
    const char *equals = strchr(word, '=');
    size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
    strncpy(item->name, word, sizeof item->name - 1);
    item->name[len < sizeof item->name ? len : sizeof item->name - 1] = '\0';
    item->row = need_row(word + 2, len - 2, 0, commands, item, error);
    if (item->row == NULL) {
        return false;
    }
    if (equals != NULL && item->row->argument == NULL) {
        strbuf_addf(error, "%s: takes no value", item->name);
        return false;
    }
    return take_value(c, item, equals != NULL ? equals + 1 : NULL, error);
}

/* Returns false if the item is wrong. */
static bool next_item(struct cursor *c, unsigned commands, struct option_item *item,
                      struct strbuf *error)
{
    memset(item, 0, sizeof *item);
    if (c->letters != NULL) {
        return next_letter(c, commands, item, error);
    }
    if (c->next < c->argc && !c->ended && strcmp(c->argv[c->next], "--") == 0) {
        c->ended = true;
        c->next++;
    }
    if (c->next >= c->argc) {
        return true;
    }

    char *word = c->argv[c->next++];

    if (c->ended || word[0] != '-' || !word[1]) {
        item->argument = word;
        return true;
    }
    if (word[1] == '-') {
        return next_word(c, word, commands, item, error);
    }
    c->letters = word + 1;
    return next_letter(c, commands, item, error);
}

static bool command_of(const char *word, enum command *out)
{
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(word, command_rows[i].name) == 0) {
            *out = (enum command)i;
            return true;
        }
    }
    return false;
}

/* Returns whether a first argument may be meant as a command: a bare name of no file. */
static bool is_bare_word(const char *word)
{
    return isalpha((unsigned char)*word) &&
           word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_")] == 0 &&
           access(word, F_OK) != 0;
}

static bool refuse_command(const char *word, struct strbuf *error)
{
    struct nearest nearest;
    nearest_init(&nearest, word, strlen(word));
    for (int i = 0; i < COMMANDS; i++) {
        nearest_offer(&nearest, command_rows[i].name);
    }
    nearest_offer(&nearest, "help");
    nearest_offer(&nearest, "version");
    if (nearest.name != NULL) {
        strbuf_addf(error, "%s: no such command; did you mean %s?", word, nearest.name);
    }
    return nearest.name != NULL;
}

/* `help`, `help COMMAND` and `version` do what the options do. */
static bool take_help(struct options *out, const struct cursor *c, const char *word,
                      struct strbuf *error)
{
    const char *about = c->next < c->argc ? c->argv[c->next] : NULL;
    out->version = strcmp(word, "version") == 0;
    out->help = !out->version;
    if (out->version || about == NULL || *about == '-' || command_of(about, &out->command) ||
        refuse_command(about, error)) {
        return error->len == 0;
    }
    sources_put_shown(about, error);
    strbuf_adds(error, ": no such command");
    return false;
}

/* Sets *at to the index of the command's name in argv, 0 if it is absent. */
static bool find_command(struct options *out, int argc, char *const *argv, int *at,
                         struct strbuf *error)
{
    struct cursor c = {.argc = argc, .next = 1, .argv = argv};
    struct option_item item;
    *at = 0;
    out->command = COMMAND_WATCH;
    do {
        if (!next_item(&c, ~0u, &item, error)) {
            return false;
        }
    } while (item.row != NULL);
    if (item.argument == NULL || c.ended) {
        return true;
    }
    if (strcmp(item.argument, "help") == 0 || strcmp(item.argument, "version") == 0) {
        *at = c.next - 1;
        return take_help(out, &c, item.argument, error);
    }
    if (command_of(item.argument, &out->command)) {
        *at = c.next - 1;
        return true;
    }
    out->bare_word = is_bare_word(item.argument);
    return !out->bare_word || !refuse_command(item.argument, error);
}

static bool add_argument(struct options *out, char *text, struct strbuf *error)
{
    if (!*text) {
        strbuf_adds(error, "'': the name of a source is empty");
        return false;
    }
    if (!mem_reserve(&mem_libc, &out->arguments, &out->argument_cap, out->argument_count + 1,
                     sizeof *out->arguments)) {
        return false;
    }
    out->arguments[out->argument_count++] = text;
    return true;
}

static bool only_finished(const struct options *o)
{
    for (size_t i = 0; i < o->argument_count; i++) {
        if (sources_find(o->arguments[i])->listens) {
            return false;
        }
    }
    return o->argument_count > 0;
}

static void refuse_client(const struct options *o, const char *why, struct strbuf *error)
{
    strbuf_adds(error, "setup: ");
    if (o->argument_count == 1) {
        sources_put_shown(o->arguments[0], error);
        strbuf_adds(error, ": ");
    }
    strbuf_addf(error, "%s: ", why);
    cmd_setup_put_clients(error);
}

static void refuse_argument(const struct options *o, const char *why, struct strbuf *error)
{
    sources_put_shown(o->arguments[0], error);
    strbuf_addf(error, ": %s", why);
}

/* Returns false and sets *error if --why has a --filter of calls: a path is one of whole turns. */
static bool check_why(const struct options *o, struct strbuf *error)
{
    struct filter *filter = o->why && o->filter != NULL
                                ? filter_new(&mem_libc, o->filter, strlen(o->filter), error)
                                : NULL;
    const char *field = filter == NULL ? NULL : filter_call_field(filter);
    if (field != NULL) {
        strbuf_addf(error,
                    "--why: --filter %s: is about calls; turns are chosen by agent:, session:, "
                    "client:, host:, state: or a text",
                    field);
    }
    filter_free(filter);
    return field == NULL;
}

/* Checks options and arguments against each other. */
/* Returns whether a condition needs the members that --why adds. */
static bool wants_why(const struct options *o)
{
    bool wants = false;
    for (size_t i = 0; i < o->condition_count; i++) {
        wants |= strncmp(o->conditions[i], "why", strlen("why")) == 0;
    }
    return wants;
}

static bool check(const struct options *o, struct strbuf *error)
{
    bool reads = o->command == COMMAND_REPORT || o->command == COMMAND_DUMP;

    if (o->help || o->version) {
        return true;
    }
    if (reads && o->argument_count == 0) {
        strbuf_addf(error, "%s: needs a SOURCE", command_rows[o->command].name);
    } else if (o->command == COMMAND_EMIT && o->argument_count == 0) {
        strbuf_adds(error, "emit: needs an operation");
    } else if (o->command == COMMAND_SETUP && o->argument_count != 1) {
        refuse_client(o, "needs one CLIENT", error);
    } else if (o->command == COMMAND_SETUP && !cmd_setup_knows(o->arguments[0])) {
        refuse_client(o, "not in this version, which has", error);
    } else if (o->command == COMMAND_OPEN && o->argument_count != 1) {
        strbuf_adds(error, "open: needs one FILE");
    } else if (o->command == COMMAND_HOOK && o->argument_count > 0) {
        refuse_argument(o, "hook takes no argument", error);
    } else if (o->command == COMMAND_DEMO && o->argument_count > 0) {
        refuse_argument(o, "demo takes no source", error);
    } else if (o->allow_remote && o->token_file == NULL) {
        strbuf_adds(error, "--allow-remote: needs --token-file");
    } else if (!o->why && wants_why(o)) {
        strbuf_adds(error, "--fail-if why: needs --why");
    } else if (!time_spec_check_order(o->from, o->to, error) || !check_why(o, error)) {
        return false;
    } else if (o->replay > 0 && !only_finished(o)) {
        strbuf_adds(error, "--replay: needs finished sources: FILE, DIR, -");
    } else if (o->split && o->output != NULL && strcmp(o->output, "-") == 0) {
        strbuf_adds(error, "--split: stdout takes only one document");
    } else if (o->feed != NULL && o->output != NULL && strcmp(o->feed, "-") == 0 &&
               strcmp(o->output, "-") == 0) {
        strbuf_adds(error, "--feed: stdout already takes the trace");
    } else if (o->bare_word) {
        strbuf_addf(error,
                    "%s: neither a command nor a file; `swarmtop watch %s` waits for such a file",
                    o->arguments[0], o->arguments[0]);
    } else {
        return true;
    }
    return false;
}

static bool parse_all(struct options *out, int argc, char *const *argv, int command_at,
                      struct strbuf *error)
{
    struct cursor c = {.argc = argc, .next = 1, .argv = argv};
    struct option_item item;
    for (;;) {
        int at = c.next;
        if (!next_item(&c, FOR(out->command), &item, error)) {
            return false;
        }
        if (item.row == NULL && item.argument == NULL) {
            return true;
        }
        if (item.row == NULL && at == command_at) {
            continue;
        }
        if (item.row == NULL) {
            if (!add_argument(out, item.argument, error)) {
                return false;
            }
            continue;
        }

        struct strbuf why;

        strbuf_init(&why, &mem_libc, 0);
        bool ok = item.row->parse(out, item.value, &why);
        if (!ok) {
            strbuf_addf(error, "%s: %s", item.name, why.data != NULL ? why.data : "wrong");
        }
        strbuf_release(&why);
        if (!ok) {
            return false;
        }
    }
}

static bool take_config(struct options *out, char *config, const char *path, struct strbuf *error)
{
    struct strbuf why;
    bool ok;

    strbuf_init(&why, &mem_libc, 0);
    ok = config == NULL || config_apply(out, config, &why);
    if (!ok && why.data != NULL) {
        strbuf_addf(error, "%s:%s", path, why.data);
    }
    strbuf_release(&why);
    return ok;
}

bool options_parse(struct options *out, int argc, char *const *argv, const struct environment *env,
                   char *config, const char *config_path, struct strbuf *error)
{
    int command_at;
    *out = (struct options){.env = *env,
                            .fps = 10,
                            .cols = 120,
                            .rows = 36,
                            .agents = 8,
                            .seed = 1,
                            .speed = 1,
                            .journal_max_bytes = JOURNAL_DEFAULT_BYTES};
    if (env->perfetto_interval != NULL) {
        out->write_interval_s = seed_parse_int(env->perfetto_interval);
    }
    out->no_color = env->no_color;
    return find_command(out, argc, argv, &command_at, error) &&
           take_config(out, config, config_path, error) &&
           parse_all(out, argc, argv, command_at, error) && check(out, error);
}

void options_release(struct options *options)
{
    mem_free(&mem_libc, options->arguments, options->argument_cap * sizeof *options->arguments);
    *options = (struct options){0};
}
