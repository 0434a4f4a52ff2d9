/* The begins of a segment that is being made, by thread and name: an end looks here for one whose
   args it repeats. For event_store.c alone. */
#ifndef CORE_EVENT_BEGINS_H
#define CORE_EVENT_BEGINS_H

#include "core/trace/event_record.h"

/* A set has the latest few begins, as calls of one name run side by side. */
enum { BEGIN_SETS = 1024, BEGIN_WAYS = 4 };

struct event_begins {
    uint32_t after[BEGIN_SETS][BEGIN_WAYS]; /* one past the record's offset; 0: none */
    uint8_t next[BEGIN_SETS];               /* the place that the next one takes */
};

/* Notes an event that is added at that offset, if it is a begin. */
void event_begins_note(struct event_begins *begins, const struct event *event, size_t offset);
/* Returns the args of a begin but for their last byte, if the end's begin with them; len 0: no
   such begin. `bytes` are the segment's. No other end gets that begin. */
struct record_shared event_begins_find(struct event_begins *begins, const char *bytes,
                                       const struct event *event);

#endif
