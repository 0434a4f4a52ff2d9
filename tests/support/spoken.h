/* A witness that only remembers what it was told, joined as core/witness.h says: a program that uses anything of this is linked with it in place of
   the real one. */
#ifndef TESTS_SPOKEN_H
#define TESTS_SPOKEN_H

#include "core/witness.h"

#include <jansson.h>

/* All of it, borrowed: an object of "sessions" (by id), "agents" (by SESSION/AGENT, AGENT "" for the main one), "tools", "requests", "waits", "turns" (by id; each with its
   "of", SESSION/AGENT), of what was said. Times are ms after MODEL_START_MS. */
json_t *spoken(const struct witness *witness);
/* Returns new (free): one of these as text, sorted, without white space, `"` as `'`. */
char *spoken_text(const struct witness *witness, const char *kind);
/* How often it was told something. */
unsigned spoken_count(const struct witness *witness);

#endif
