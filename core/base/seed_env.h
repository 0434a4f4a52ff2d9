/* Texts of the seed's environment (doc/GLOSSARY.md, "seed"): switches, numbers, names of traces. */
#ifndef CORE_BASE_SEED_ENV_H
#define CORE_BASE_SEED_ENV_H

#include "core/base/strbuf.h"

/* Returns the number at the start of the text, as JavaScript's parseInt(text, 10); 0 without a
   positive number. */
double seed_parse_int(const char *text);
/* Reads a switch as the seed does: 1, true, yes, on or 0, false, no, off, trimmed, in any case.
   NULL is unset. */
enum switch_word { SWITCH_UNSET, SWITCH_ON, SWITCH_OFF, SWITCH_OTHER };
enum switch_word seed_switch(const char *text);
/* Appends a session's id as a part of a file name: without slashes, controls, a leading dot or
   invalid UTF-8, at most 100 bytes, never empty. */
void seed_file_name(const char *id, size_t len, struct strbuf *out);

#endif
