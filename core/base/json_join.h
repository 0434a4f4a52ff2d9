/* Joins two checked JSON objects into one. */
#ifndef CORE_JSON_JOIN_H
#define CORE_JSON_JOIN_H

#include "core/base/json_read.h"
#include "core/base/mem.h"

/* The order by which one of two texts is chosen: the longer is greater; of two as long, the one
   with the greater bytes. Returns less than, equal to or more than 0. */
int json_join_order(const char *a, size_t a_len, const char *b, size_t b_len);
/* Writes an object with the members of both, sorted by key, to `out`, which is empty. A member of
   both gets the lesser spelling of its key and the greater value. So the result does not depend on
   which object is `a`. False: out of memory. */
bool json_join(const struct mem *mem, struct json_value a, struct json_value b, struct strbuf *out);
/* Writes an object with the members of `a`, as they are, and those of `b` that `a` lacks, to `out`,
   which is empty. */
void json_add_missing(struct json_value a, struct json_value b, struct strbuf *out);

#endif
