/* Objects in which each key is written once. JSON allows a key twice, strict readers refuse it, and
   the others use the last. */
#ifndef CORE_JSON_UNIQUE_H
#define CORE_JSON_UNIQUE_H

#include "core/base/strbuf.h"

/* Returns whether an object in checked JSON (a value, or members between commas) has a key twice.
   May return true for text that json_add_unique would not change. */
bool json_has_twins(const char *raw, size_t len);
/* Appends the same text without the members that a later one of that key replaces. Sets out->failed
   if out of memory. */
void json_add_unique(struct strbuf *out, const char *raw, size_t len);

#endif
