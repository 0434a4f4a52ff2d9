/* Prints the tables of commands, options, sources and environment variables: as `--help`, and as
   the tables of the manual. */
#ifndef TUI_OPTIONS_HELP_H
#define TUI_OPTIONS_HELP_H

#include "tui/cmd/options.h"

#define SWARMTOP_VERSION "0.1.0"

/* Appends the text of `swarmtop COMMAND --help`; for the default command with all commands. */
void options_help(enum command command, struct strbuf *out);
/* Appends the commands that take an option, `(watch, demo)`, between the two texts; nothing if all
   do. */
void options_takers(unsigned commands, const char *before, const char *after, struct strbuf *out);
/* Returns the default that the option's meaning names, if it is one value; else an empty one. */
struct slice options_default(const struct option_row *row);
/* Returns whether the command's usage line has the argument: "SOURCE", "FILE" … */
bool options_takes(enum command command, const char *argument);
/* Appends a table of doc/swarmtop.1 in man(7) macros. `table` is "commands", "sources", "options",
   "keys" or "environment". Returns false if there is no such table. */
bool options_manual(const char *table, struct strbuf *out);

#endif
