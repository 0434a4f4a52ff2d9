#include "ingest/nats/nats_queue.h"

#include <stdlib.h>
#include <string.h>

void nats_queue_init(struct nats_queue *queue, size_t max_bytes)
{
    *queue = (struct nats_queue){.max_bytes = max_bytes};
}

bool nats_queue_has_room(const struct nats_queue *queue)
{
    return queue->bytes < queue->max_bytes;
}

bool nats_queue_put(struct nats_queue *queue, const char *bytes, size_t len)
{
    struct nats_message *message =
        nats_queue_has_room(queue) ? malloc(sizeof *message + len) : NULL;
    if (message == NULL) {
        return false;
    }
    message->next = NULL;
    message->len = len;
    if (len > 0) {
        memcpy(message->bytes, bytes, len);
    }
    if (queue->last != NULL) {
        queue->last->next = message;
    } else {
        queue->first = message;
    }
    queue->last = message;
    queue->bytes += sizeof *message + len;
    return true;
}

struct nats_message *nats_queue_take(struct nats_queue *queue)
{
    struct nats_message *message = queue->first;
    if (message == NULL) {
        return NULL;
    }
    queue->first = message->next;
    if (queue->first == NULL) {
        queue->last = NULL;
    }
    queue->bytes -= sizeof *message + message->len;
    return message;
}

void nats_message_free(struct nats_message *message)
{
    free(message);
}

void nats_queue_clear(struct nats_queue *queue)
{
    for (struct nats_message *message; (message = nats_queue_take(queue)) != NULL;) {
        nats_message_free(message);
    }
}
