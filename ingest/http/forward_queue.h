/* The requests that wait to be forwarded, oldest first. */
#ifndef INGEST_FORWARD_QUEUE_H
#define INGEST_FORWARD_QUEUE_H

#include "ingest/http/forward.h"

struct queued {
    struct queued *next;
    const char *path, *type, *encoding; /* as in struct forward_request */
    unsigned hops;                      /* how many swarmtops have passed it on, with this one */
    size_t len;
    char body[];
};

struct forward_queue {
    const struct mem *mem;
    struct queued *first, *last;
    size_t count, bytes;
    size_t max_count, max_bytes;
};

/* Removes the oldest requests, but not the first `kept` ones, 0 or 1, until a body of that size
   fits. Returns how many were removed, and sets *fits. One that cannot fit removes none. */
size_t forward_queue_make_room(struct forward_queue *queue, size_t len, size_t kept, bool *fits);
/* Appends a copy. Returns false if out of memory. */
bool forward_queue_add(struct forward_queue *queue, const struct forward_request *request,
                       unsigned hops);
/* Removes the first one. */
void forward_queue_remove(struct forward_queue *queue);
void forward_queue_release(struct forward_queue *queue);

#endif
