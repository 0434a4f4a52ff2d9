/* What the tables of commands, options, sources and environment variables say to a person:
   `--help`, and the same as the manual's tables. */
#ifndef TUI_OPTIONS_HELP_H
#define TUI_OPTIONS_HELP_H

#include "tui/cmd/options.h"

#define SWARMTOP_VERSION "0.1.0"

/* The text of `swarmtop COMMAND --help`; of the default command also the list of commands. */
void options_help(enum command command, struct strbuf *out);
/* A table of doc/swarmtop.1 in man(7)'s macros; `table` is "commands", "sources", "options", "keys"
   or "environment". False: no such. */
bool options_manual(const char *table, struct strbuf *out);
/* Text in man(7): hyphens and backslashes kept from it, `code` made bold. */
void options_manual_text(const char *text, struct strbuf *out);

#endif
