/* Prints the tables of commands, options, sources and environment variables: as `--help`, and as
   the tables of the manual. */
#ifndef TUI_OPTIONS_HELP_H
#define TUI_OPTIONS_HELP_H

#include "tui/cmd/options.h"

#define SWARMTOP_VERSION "0.1.0"

/* Appends the text of `swarmtop COMMAND --help`; for the default command with all commands. */
void options_help(enum command command, struct strbuf *out);
/* Appends a config file with all options and keys, commented, each with its default. */
void options_config(struct strbuf *out);
/* Appends a table of doc/swarmtop.1 in man(7) macros. `table` is "commands", "sources", "options",
   "keys" or "environment". Returns false if there is no such table. */
bool options_manual(const char *table, struct strbuf *out);

#endif
