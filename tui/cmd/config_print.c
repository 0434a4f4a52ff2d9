/* Prints the config file of --print-config, from the tables of options and of actions. An option's
   default is the one value that its meaning names: `(default: 10)`. */
#include "tui/cmd/config.h"

#include "tui/cmd/options_help.h"

#include <string.h>

#define WIDTH 80

bool config_has(const struct option_row *row)
{
    static const char *const others[] = {"config", "print-config", "help", "version"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(row->name, others[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* Appends the text as comments of at most WIDTH columns. */
static void put_comment(struct strbuf *out, const char *text)
{
    size_t at = WIDTH;
    for (const char *start = text; *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        if (at + 1 + len > WIDTH) {
            strbuf_adds(out, text > start ? "\n#" : "#");
            at = 1;
        }
        strbuf_addf(out, " %.*s", (int)len, text);
        at += 1 + len;
        text += len;
    }
    strbuf_addc(out, '\n');
}

static void put_option(struct strbuf *out, const struct option_row *row)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_adds(&text, row->meaning);
    options_takers(row->commands, " ", "", &text);
    strbuf_addc(out, '\n');
    put_comment(out, text.failed ? row->meaning : text.data);
    strbuf_release(&text);

    struct slice value = options_default(row);
    strbuf_addf(out, value.len > 0 ? "#%s" : "##%s", row->name);
    if (value.len > 0) {
        strbuf_addf(out, " = %.*s", (int)value.len, value.bytes);
    } else if (row->argument != NULL) {
        strbuf_addf(out, " = %s", row->argument);
    }
    strbuf_addc(out, '\n');
}

void config_print(struct strbuf *out)
{
    put_comment(out,
                "swarmtop reads this as $XDG_CONFIG_HOME/swarmtop/config (man swarmtop-config).");
    put_comment(out, "A line is an option and its value, or bind with an action and its keys. "
                     "A line with # is the default: without the sign it changes nothing. A line "
                     "with ## is an option that is off by default.");
    for (size_t i = 0; i < option_row_count; i++) {
        if (config_has(&option_rows[i])) {
            put_option(out, &option_rows[i]);
        }
    }
    strbuf_addc(out, '\n');
    for (size_t i = 0; keymap_action(i) != NULL; i++) {
        strbuf_addf(out, "#bind %s = %s\n", keymap_action(i)->name, keymap_action(i)->keys);
    }
}
