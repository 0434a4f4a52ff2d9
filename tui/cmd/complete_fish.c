/* The tables of fish: one `complete` for each command, option, argument and operation. */
#include "tui/cmd/complete.h"

#include "tui/cmd/options_help.h"

#include "ingest/feed/feed_ops.h"

#include <string.h>

/* Appends ` -d 'meaning'`. */
static void put_meaning(struct strbuf *out, const char *meaning)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    complete_short(meaning, &text);
    strbuf_adds(out, " -d ");
    complete_quoted(text.failed ? "" : text.data, false, out);
    strbuf_addc(out, '\n');
    strbuf_release(&text);
}

/* Begins a line that holds for some commands. */
static void put_complete(struct strbuf *out, unsigned commands)
{
    strbuf_adds(out, "complete -c swarmtop");
    if (commands == (1u << COMMANDS) - 1) {
        return;
    }
    strbuf_adds(out, " -n '__swarmtop_is");
    for (size_t i = 0; i < COMMANDS; i++) {
        if (commands & FOR(i)) {
            strbuf_addf(out, " %s", command_rows[i].name);
        }
    }
    strbuf_addc(out, '\'');
}

/* Appends the options that offer values of a kind. */
static void put_offers(struct strbuf *out, const char *kind, const struct strbuf *choices)
{
    if (strcmp(kind, "choice") == 0) {
        strbuf_addf(out, " -a '%s'", choices->data != NULL ? choices->data : "");
    } else if (strcmp(kind, "file") == 0) {
        strbuf_adds(out, " -F");
    } else if (strcmp(kind, "source") == 0) {
        strbuf_adds(out, " -F -a '$__swarmtop_prefixes'");
    } else if (strcmp(kind, "address") == 0) {
        strbuf_adds(out, " -F -a 'unix: tcp:'");
    }
}

void complete_fish_lists(struct strbuf *out)
{
    strbuf_adds(out, "set -g __swarmtop_commands");
    for (size_t i = 0; i < COMMANDS; i++) {
        strbuf_addf(out, " %s", command_rows[i].name);
    }
    strbuf_adds(out, "\nset -g __swarmtop_prefixes ");
    complete_prefixes(out);
    strbuf_adds(out, "\nset -g __swarmtop_operations");
    for (size_t i = 0; i < feed_op_count; i++) {
        strbuf_addf(out, " %s", feed_ops[i].name);
    }
    strbuf_addc(out, '\n');
}

void complete_fish_commands(struct strbuf *out)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        strbuf_addf(out, "complete -c swarmtop -n '__swarmtop_first' -a %s", command_rows[i].name);
        put_meaning(out, command_rows[i].meaning);
    }
}

void complete_fish_options(struct strbuf *out)
{
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        struct strbuf choices;
        strbuf_init(&choices, &mem_libc, 0);
        put_complete(out, row->commands);
        strbuf_addf(out, " -l %s", row->name);
        if (row->letter) {
            strbuf_addf(out, " -s %c", row->letter);
        }
        if (row->argument != NULL) {
            const char *kind = complete_value(row, &choices);
            bool files = strcmp(kind, "choice") != 0 && strcmp(kind, "none") != 0;
            strbuf_adds(out, files ? " -r" : " -x");
            put_offers(out, kind, &choices);
        }
        put_meaning(out, row->meaning);
        strbuf_release(&choices);
    }
}

void complete_fish_arguments(struct strbuf *out)
{
    for (int i = 0; i < COMMANDS; i++) {
        struct strbuf choices;
        strbuf_init(&choices, &mem_libc, 0);
        const char *kind = complete_argument(i, &choices);
        if (strcmp(kind, "none") != 0 && strcmp(kind, "operation") != 0) {
            put_complete(out, FOR(i));
            put_offers(out, kind, &choices);
            strbuf_addc(out, '\n');
        }
        strbuf_release(&choices);
    }
}

void complete_fish_operations(struct strbuf *out)
{
    for (int command = 0; command < COMMANDS; command++) {
        struct strbuf choices;
        strbuf_init(&choices, &mem_libc, 0);
        bool takes = strcmp(complete_argument(command, &choices), "operation") == 0;
        const char *name = command_rows[command].name;
        for (size_t i = 0; takes && i < feed_op_count; i++) {
            const char *operation = feed_ops[i].name;
            strbuf_addf(out, "complete -c swarmtop -n '__swarmtop_operation %s' -a %s", name,
                        operation);
            put_meaning(out, feed_ops[i].help);
            strbuf_addf(out, "complete -c swarmtop -n '__swarmtop_operation %s %s' -a '", name,
                        operation);
            complete_keys(i, out);
            strbuf_adds(out, "'\n");
        }
        strbuf_release(&choices);
    }
}
