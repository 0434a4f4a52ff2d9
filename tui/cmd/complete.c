/* The usage lines decide what can be completed: an option's argument `FILE` is a file, `a|b` one of
   these, a command's argument SOURCE a file or a source's prefix. So a new option, command, source,
   client or operation needs no line here. bash and zsh read the same `case` lines; fish's tables
   are in complete_fish.c. */
#include "tui/cmd/complete.h"

#include "tui/cmd/options_help.h"
#include "tui/cmd/setup_clients.h"

#include "ingest/feed/feed_ops.h"
#include "ingest/sources.h"

#include <string.h>

/* ---- from the usage lines ---- */

/* Appends one of a list, after a space if it is not the first. */
static void put_listed(struct strbuf *out, const char *text, size_t len)
{
    strbuf_addf(out, "%s%.*s", out->len > 0 ? " " : "", (int)len, text);
}

const char *complete_value(const struct option_row *row, struct strbuf *choices)
{
    const char *argument = row->argument != NULL ? row->argument : "";
    if (strcmp(row->name, "client") == 0) {
        for (size_t i = 0; source_hook_clients[i] != NULL; i++) {
            const char *name = source_hook_clients[i]->name;
            put_listed(choices, name, strlen(name));
        }
        return "choice";
    }
    if (strchr(argument, '|') != NULL) {
        for (size_t len; *argument; argument += len + (argument[len] == '|')) {
            len = strcspn(argument, "|");
            put_listed(choices, argument, len);
        }
        return "choice";
    }
    static const struct {
        const char *argument, *kind;
    } kinds[] = {{"FILE", "file"}, {"DIR", "file"}, {"OTHER", "source"}, {"ADDR", "address"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].argument, argument) == 0) {
            return kinds[i].kind;
        }
    }
    return "none";
}

const char *complete_argument(int command, struct strbuf *choices)
{
    if (options_takes((enum command)command, "CLIENT")) {
        for (size_t i = 0; setup_clients[i].name != NULL; i++) {
            put_listed(choices, setup_clients[i].name, strlen(setup_clients[i].name));
        }
        return "choice";
    }
    return options_takes((enum command)command, "OP")       ? "operation"
           : options_takes((enum command)command, "SOURCE") ? "source"
           : options_takes((enum command)command, "FILE")   ? "file"
                                                            : "none";
}

void complete_keys(size_t operation, struct strbuf *out)
{
    struct feed_op_field fields[FEED_OP_FIELDS_MAX];
    size_t count = feed_op_list(&feed_ops[operation], fields);
    for (size_t i = 0; i < count; i++) {
        enum feed_type type = fields[i].type;
        bool object = type == FEED_OBJECT || type == FEED_COUNTERS || type == FEED_RETRY;
        strbuf_addf(out, "%s%s%c", i > 0 ? " " : "", fields[i].name, object ? '.' : '=');
    }
}

void complete_prefixes(struct strbuf *out)
{
    size_t count = 0;
    for (const struct source_row *row = source_rows; row->ops != NULL; row++) {
        if (row->prefix != NULL && row->form != NULL) {
            strbuf_addf(out, "%s%s", count++ > 0 ? " " : "", row->prefix);
        }
    }
}

void complete_short(const char *meaning, struct strbuf *out)
{
    size_t len = 0;
    while (meaning[len] && strchr(":;", meaning[len]) == NULL &&
           !(meaning[len] == ' ' && meaning[len + 1] == '(')) {
        len++;
    }
    for (size_t i = 0; i < len; i++) {
        if (meaning[i] != '`') {
            strbuf_addc(out, meaning[i]);
        }
    }
}

void complete_quoted(const char *text, bool doubled, struct strbuf *out)
{
    strbuf_addc(out, '\'');
    for (; *text; text++) {
        if (*text == '\'') {
            strbuf_adds(out, doubled ? "'\\''" : "\\'");
        } else {
            strbuf_addc(out, *text);
        }
    }
    strbuf_addc(out, '\'');
}

/* ---- bash and zsh ---- */

static void put_lists(struct strbuf *out)
{
    strbuf_adds(out, "_swarmtop_commands='");
    for (size_t i = 0; i < COMMANDS; i++) {
        strbuf_addf(out, "%s ", command_rows[i].name);
    }
    strbuf_adds(out, "help version'\n_swarmtop_prefixes='");
    complete_prefixes(out);
    strbuf_adds(out, "'\n_swarmtop_operations='");
    for (size_t i = 0; i < feed_op_count; i++) {
        strbuf_addf(out, "%s%s", i > 0 ? " " : "", feed_ops[i].name);
    }
    strbuf_adds(out, "'\n");
}

static void put_arguments(struct strbuf *out)
{
    for (int i = 0; i < COMMANDS; i++) {
        struct strbuf choices;
        strbuf_init(&choices, &mem_libc, 0);
        const char *kind = complete_argument(i, &choices);
        strbuf_addf(out, "    %s) kind='%s' choices='%s' ;;\n", command_rows[i].name, kind,
                    choices.data != NULL ? choices.data : "");
        strbuf_release(&choices);
    }
}

static void put_operations(struct strbuf *out)
{
    for (size_t i = 0; i < feed_op_count; i++) {
        strbuf_addf(out, "    %s) keys='", feed_ops[i].name);
        complete_keys(i, out);
        strbuf_adds(out, "' ;;\n");
    }
}

static void put_bash_options(struct strbuf *out)
{
    for (size_t command = 0; command < COMMANDS; command++) {
        strbuf_addf(out, "    %s) options='", command_rows[command].name);
        for (size_t i = 0, count = 0; i < option_row_count; i++) {
            const struct option_row *row = &option_rows[i];
            if (row->commands & FOR(command)) {
                strbuf_addf(out, "%s--%s", count++ > 0 ? " " : "", row->name);
                if (row->letter) {
                    strbuf_addf(out, " -%c", row->letter);
                }
            }
        }
        strbuf_adds(out, "' ;;\n");
    }
}

/* A pattern for each command: one name may have two meanings. */
static void put_bash_values(struct strbuf *out)
{
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        const char *before = "    ";
        struct strbuf choices;
        if (row->argument == NULL) {
            continue;
        }
        for (size_t command = 0; command < COMMANDS; command++) {
            if (row->commands & FOR(command)) {
                strbuf_addf(out, "%s%s:--%s", before, command_rows[command].name, row->name);
                before = " | ";
                if (row->letter) {
                    strbuf_addf(out, " | %s:-%c", command_rows[command].name, row->letter);
                }
            }
        }
        strbuf_init(&choices, &mem_libc, 0);
        const char *kind = complete_value(row, &choices);
        strbuf_addf(out, ") kind='%s' choices='%s' ;;\n", kind,
                    choices.data != NULL ? choices.data : "");
        strbuf_release(&choices);
    }
}

/* Appends an option for _arguments: '(-o --output)'{-o+,--output=}'[meaning]:FILE:action'. */
static void put_zsh_option(struct strbuf *out, const struct option_row *row)
{
    struct strbuf meaning, choices;
    strbuf_init(&meaning, &mem_libc, 0);
    strbuf_init(&choices, &mem_libc, 0);
    bool takes = row->argument != NULL;
    strbuf_addc(&meaning, '[');
    complete_short(row->meaning, &meaning);
    strbuf_addc(&meaning, ']');
    if (takes) {
        const char *kind = complete_value(row, &choices);
        strbuf_addf(&meaning, ":%s:", row->argument);
        if (strcmp(kind, "choice") == 0) {
            strbuf_addf(&meaning, "(%s)", choices.data != NULL ? choices.data : "");
        } else if (strcmp(kind, "none") == 0) {
            strbuf_addc(&meaning, ' ');
        } else {
            strbuf_addf(&meaning, "_swarmtop_%s", kind);
        }
    }
    strbuf_adds(out, "        ");
    if (row->letter) {
        strbuf_addf(out, "'(-%c --%s)'{-%c%s,--%s%s}", row->letter, row->name, row->letter,
                    takes ? "+" : "", row->name, takes ? "=" : "");
    } else {
        strbuf_addf(out, "'--%s%s'", row->name, takes ? "=" : "");
    }
    complete_quoted(meaning.failed ? "[]" : meaning.data, true, out);
    strbuf_addc(out, '\n');
    strbuf_release(&meaning);
    strbuf_release(&choices);
}

static void put_zsh_options(struct strbuf *out)
{
    for (size_t command = 0; command < COMMANDS; command++) {
        strbuf_addf(out, "    %s) options=(\n", command_rows[command].name);
        for (size_t i = 0; i < option_row_count; i++) {
            if (option_rows[i].commands & FOR(command)) {
                put_zsh_option(out, &option_rows[i]);
            }
        }
        strbuf_adds(out, "    ) ;;\n");
    }
}

static void put_zsh_commands(struct strbuf *out)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        struct strbuf text;
        strbuf_init(&text, &mem_libc, 0);
        strbuf_addf(&text, "%s:", command_rows[i].name);
        complete_short(command_rows[i].meaning, &text);
        strbuf_adds(out, "    ");
        complete_quoted(text.failed ? command_rows[i].name : text.data, true, out);
        strbuf_addc(out, '\n');
        strbuf_release(&text);
    }
}

bool complete_table(const char *table, struct strbuf *out)
{
    static const struct {
        const char *name;
        void (*put)(struct strbuf *out);
    } tables[] = {
        {"lists", put_lists},
        {"arguments", put_arguments},
        {"operations", put_operations},
        {"bash-options", put_bash_options},
        {"bash-values", put_bash_values},
        {"zsh-commands", put_zsh_commands},
        {"zsh-options", put_zsh_options},
        {"fish-lists", complete_fish_lists},
        {"fish-commands", complete_fish_commands},
        {"fish-options", complete_fish_options},
        {"fish-arguments", complete_fish_arguments},
        {"fish-operations", complete_fish_operations},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (strcmp(tables[i].name, table) == 0) {
            tables[i].put(out);
            return true;
        }
    }
    return false;
}
