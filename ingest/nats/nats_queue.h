/* A bounded queue of messages between two threads. Its memory is malloc's, since an allocator that
   counts is for one thread. */
#ifndef INGEST_NATS_QUEUE_H
#define INGEST_NATS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct nats_message {
    struct nats_message *next;
    size_t len;
    char bytes[];
};

struct nats_queue {
    struct nats_message *first, *last;
    size_t bytes, max_bytes; /* of the messages, with their heads */
};

/* All need the owner's lock. */
void nats_queue_init(struct nats_queue *queue, size_t max_bytes);
/* Returns whether there is room for one more message: a queue takes one, however long, if it holds
   less than max_bytes. */
bool nats_queue_has_room(const struct nats_queue *queue);
/* Adds a copy. False: no room, or out of memory. */
bool nats_queue_put(struct nats_queue *queue, const char *bytes, size_t len);
/* Takes the first message (free it with nats_message_free); NULL: none. */
struct nats_message *nats_queue_take(struct nats_queue *queue);
void nats_queue_clear(struct nats_queue *queue);
/* Needs no lock. */
void nats_message_free(struct nats_message *message);

#endif
