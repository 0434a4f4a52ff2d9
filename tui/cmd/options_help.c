/* Writes --help: plain text, wrapped at 80 columns. The manual (manual.h) and the completions
   (complete.h) are made from the same rows, so they cannot differ. */
#include "tui/cmd/options_help.h"

#include "ingest/sources.h"

#include <ctype.h>
#include <string.h>

#define WIDTH       80
#define TERM_COLUMN 24

void options_sources(struct strbuf *out,
                     void (*put)(struct strbuf *out, const char *term, const char *meaning))
{
    struct strbuf defaults;
    strbuf_init(&defaults, &mem_libc, 0);
    for (const struct source_row *row = source_rows; row->ops != NULL; row++) {
        if (row->form != NULL) {
            put(out, row->form, row->help);
        }
        if (row->default_help != NULL) {
            strbuf_addf(&defaults, "%s%s", defaults.len > 0 ? ", and " : "", row->default_help);
        }
    }
    put(out, "none given", defaults.failed ? "" : defaults.data);
    strbuf_release(&defaults);
}

/* ---- plain text ---- */

static void pad_to(struct strbuf *out, size_t from, size_t column)
{
    size_t at = out->len - from;
    do {
        strbuf_addc(out, ' ');
    } while (++at < column);
}

/* Continues a line whose first `at` columns are used. Later lines begin at `indent`. */
static void put_wrapped(struct strbuf *out, size_t at, size_t indent, const char *text)
{
    bool first = true;

    while (*text) {
        size_t len = strcspn(text, " ");
        if (!first && at + 1 + len > WIDTH) {
            strbuf_addc(out, '\n');
            for (at = 0; at < indent; at++) {
                strbuf_addc(out, ' ');
            }
        } else if (!first) {
            strbuf_addc(out, ' ');
            at++;
        }
        strbuf_add(out, text, len);
        at += len;
        text += len;
        text += strspn(text, " ");
        first = false;
    }
    strbuf_addc(out, '\n');
}

static void put_term(struct strbuf *out, const char *term, const char *meaning)
{
    size_t from = out->len;
    strbuf_addf(out, "  %s", term);
    if (out->len - from > TERM_COLUMN - 2) {
        strbuf_addc(out, '\n');
        from = out->len;
    }
    pad_to(out, from, TERM_COLUMN);
    put_wrapped(out, TERM_COLUMN, TERM_COLUMN, meaning);
}

void options_term(struct strbuf *out, const struct option_row *row)
{
    if (row->letter) {
        strbuf_addf(out, "-%c, ", row->letter);
    }
    strbuf_addf(out, "--%s", row->name);
    if (row->argument != NULL) {
        strbuf_addf(out, " %s", row->argument);
    }
}

static void put_options(struct strbuf *out, enum command command)
{
    struct strbuf term;
    strbuf_init(&term, &mem_libc, 0);
    strbuf_adds(out, "\nOptions:\n");
    for (size_t i = 0; i < option_row_count; i++) {
        if (!(option_rows[i].commands & FOR(command))) {
            continue;
        }
        strbuf_clear(&term);
        options_term(&term, &option_rows[i]);
        if (!term.failed) {
            put_term(out, term.data, option_rows[i].meaning);
        }
    }
    strbuf_release(&term);
}

void options_takers(unsigned commands, const char *before, const char *after, struct strbuf *out)
{
    if (commands == (1u << COMMANDS) - 1) {
        return;
    }
    strbuf_adds(out, before);
    for (size_t i = 0, count = 0; i < COMMANDS; i++) {
        if (commands & FOR(i)) {
            strbuf_addf(out, "%s%s", count++ > 0 ? ", " : "(", command_rows[i].name);
        }
    }
    strbuf_addf(out, ")%s", after);
}

struct slice options_default(const struct option_row *row)
{
    static const char mark[] = "(default: ";
    const char *at = row->argument != NULL ? strstr(row->meaning, mark) : NULL;
    const char *value = at != NULL ? at + sizeof mark - 1 : "";
    size_t len = strcspn(value, " ;)");
    return value[len] == ')' ? (struct slice){value, len} : (struct slice){"", 0};
}

bool options_takes(enum command command, const char *argument)
{
    const char *usage = command_rows[command].arguments;
    size_t len = strlen(argument);
    for (const char *at = usage; (at = strstr(at, argument)) != NULL; at += len) {
        bool begins = at == usage || strchr(" [", at[-1]) != NULL;
        if (begins && !isalpha((unsigned char)at[len])) {
            return true;
        }
    }
    return false;
}

void options_help(enum command command, struct strbuf *out)
{
    const struct command_row *row = &command_rows[command];
    if (command == COMMAND_WATCH) {
        strbuf_adds(
            out, "swarmtop shows swarms of LLM agents on one live time axis and writes a Chrome\n"
                 "Trace when it ends.\n\n");
        for (size_t i = 0; i < COMMANDS; i++) {
            strbuf_addf(out, i ? "       " : "usage: ");
            strbuf_addf(out, i ? "swarmtop %s %s\n" : "swarmtop [%s] %s\n", command_rows[i].name,
                        command_rows[i].arguments);
        }
        strbuf_adds(out, "\nCommands (each has its own --help):\n");
        for (size_t i = 0; i < COMMANDS; i++) {
            put_term(out, command_rows[i].name, command_rows[i].meaning);
        }
    } else {
        strbuf_addf(out, "usage: swarmtop %s %s\n\n%s: ", row->name, row->arguments, row->name);
        put_wrapped(out, strlen(row->name) + 2, 0, row->meaning);
    }
    strbuf_addc(out, '\n');
    put_wrapped(out, 0, 0, row->details);
    if (options_takes(command, "SOURCE")) {
        strbuf_adds(out, "\nSources:\n");
        options_sources(out, put_term);
    }
    put_options(out, command);
    strbuf_adds(
        out,
        "\nExit status: 0 success, 1 something was not read or not written, 2 wrong command\n");
    strbuf_adds(out, command == COMMAND_REPORT ? "line, 3 a condition of --fail-if holds.\n"
                                               : "line.\n");
}
