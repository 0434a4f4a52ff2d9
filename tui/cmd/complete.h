/* The tables of the shells' completions: scripts in doc/completions whose parts between
   `# table NAME` and `# end` are made from the program's own tables. The test `options` makes them
   again. */
#ifndef TUI_COMPLETE_H
#define TUI_COMPLETE_H

#include "core/base/strbuf.h"

/* Appends a table of one of the scripts. bash and zsh have "lists", "arguments" and "operations";
   bash "bash-options" and "bash-values"; zsh "zsh-commands" and "zsh-options"; fish "fish-lists",
   "fish-commands", "fish-options", "fish-arguments" and "fish-operations". Returns false if no
   table has the name. */
bool complete_table(const char *table, struct strbuf *out);

/* ---- for the tables ---- */

struct option_row;

/* Offers for a value or an argument: "file", "source", "address", "operation", "none", or "choice"
   with the choices in *choices, separated by spaces. */
const char *complete_value(const struct option_row *row, struct strbuf *choices);
const char *complete_argument(int command, struct strbuf *choices);
/* Appends the KEY= of an operation; an object's is `args.`. */
void complete_keys(size_t operation, struct strbuf *out);
/* Appends the prefixes of sources, with spaces. */
void complete_prefixes(struct strbuf *out);
/* Appends the beginning of a meaning, up to its first bracket, colon or semicolon. */
void complete_short(const char *meaning, struct strbuf *out);
/* Appends text in single quotes. `doubled`: a quote in it is written as '\''; else as \'. */
void complete_quoted(const char *text, bool doubled, struct strbuf *out);

void complete_fish_lists(struct strbuf *out);
void complete_fish_commands(struct strbuf *out);
void complete_fish_options(struct strbuf *out);
void complete_fish_arguments(struct strbuf *out);
void complete_fish_operations(struct strbuf *out);

#endif
