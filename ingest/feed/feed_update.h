/* The fields of updates on a feed line: from the members of an object to a struct update, by
   the table update_fields (core/model/update.h). */
#ifndef INGEST_FEED_UPDATE_H
#define INGEST_FEED_UPDATE_H

#include "ingest/feed/feed_fields.h"

/* The memory that a read update borrows from. */
struct feed_update {
    const struct mem *mem;
    struct strbuf decoded; /* texts that had escapes */
    double *times;         /* of the field of TYPE_TIMES */
    size_t time_count, time_cap;
};

void feed_update_init(struct feed_update *reader, const struct mem *mem);
void feed_update_release(struct feed_update *reader);
/* The type of an update's field as the feed knows it. */
enum feed_type feed_update_type(enum field_type type);
/* Sets the fields of update->op that the checked object has; null is absent. A field of the
   wrong type, or a time outside 1970..2255, is left out and its bit (enum update_field) set in
   *ignored. The update borrows from the object and, until the next call, from the reader.
   False: out of memory. */
bool feed_update_read(struct feed_update *reader, struct json_value object, struct update *update,
                      uint64_t *ignored);

#endif
