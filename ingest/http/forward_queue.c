#include "ingest/http/forward_queue.h"

#include <string.h>

/* Removes the request that `link` leads to. `before` is its predecessor; NULL: it is the first. */
static void unlink_queued(struct forward_queue *queue, struct queued **link, struct queued *before)
{
    struct queued *gone = *link;
    *link = gone->next;
    if (queue->last == gone) {
        queue->last = before;
    }
    queue->count--;
    queue->bytes -= sizeof *gone + gone->len;
    mem_free(queue->mem, gone, sizeof *gone + gone->len);
}

void forward_queue_remove(struct forward_queue *queue)
{
    unlink_queued(queue, &queue->first, NULL);
}

size_t forward_queue_make_room(struct forward_queue *queue, size_t len, size_t kept, bool *fits)
{
    const size_t size = sizeof(struct queued) + len;
    size_t removed = 0, held = 0;
    if (kept > 0 && queue->first != NULL) {
        held = sizeof *queue->first + queue->first->len;
    }
    *fits = size <= queue->max_bytes && held <= queue->max_bytes - size;
    if (!*fits) {
        return 0; /* removing others would help nobody */
    }
    while (queue->count > kept &&
           (queue->bytes + size > queue->max_bytes || queue->count >= queue->max_count)) {
        if (kept > 0) {
            unlink_queued(queue, &queue->first->next, queue->first);
        } else {
            forward_queue_remove(queue);
        }
        removed++;
    }
    return removed;
}

bool forward_queue_add(struct forward_queue *queue, const struct forward_request *request,
                       unsigned hops)
{
    const size_t size = sizeof(struct queued) + request->body.len;
    struct queued *queued = mem_alloc(queue->mem, size);
    if (queued == NULL) {
        return false;
    }
    *queued = (struct queued){.path = request->path,
                              .type = request->type,
                              .encoding = request->encoding,
                              .hops = hops,
                              .len = request->body.len};
    if (queued->len > 0) {
        memcpy(queued->body, request->body.bytes, queued->len);
    }
    *(queue->last == NULL ? &queue->first : &queue->last->next) = queued;
    queue->last = queued;
    queue->count++;
    queue->bytes += size;
    return true;
}

void forward_queue_release(struct forward_queue *queue)
{
    while (queue->first != NULL) {
        forward_queue_remove(queue);
    }
}
