/* Prints the tables of commands, options and sources as `--help`, and what else is made from their
   rows shares: manuals, completions, the config file. */
#ifndef TUI_OPTIONS_HELP_H
#define TUI_OPTIONS_HELP_H

#include "tui/cmd/options.h"

/* Appends the text of `swarmtop COMMAND --help`; for the default command with all commands. */
void options_help(enum command command, struct strbuf *out);
/* Appends the commands that take an option, `(watch, demo)`, between the two texts; nothing if all
   do. */
void options_takers(unsigned commands, const char *before, const char *after, struct strbuf *out);
/* Returns the default that the option's meaning names, if it is one value; else an empty one. */
struct slice options_default(const struct option_row *row);
/* Returns whether the command's usage line has the argument: "SOURCE", "FILE" … */
bool options_takes(enum command command, const char *argument);
/* Appends the option as it is typed: `-o, --output FILE`. */
void options_term(struct strbuf *out, const struct option_row *row);
/* Puts the rows of the table of sources, then those that are opened where none is named. */
void options_sources(struct strbuf *out,
                     void (*put)(struct strbuf *out, const char *term, const char *meaning));

#endif
