/* The queue of requests that wait to be forwarded: what makes room for what. */
#include "ingest/http/forward_queue.h"
#include "tests/support/support.h"

enum { BODY = 100, SIZE = sizeof(struct queued) + BODY };

static struct forward_queue filled(size_t count)
{
    static const char body[BODY];
    struct forward_queue queue = {.mem = &mem_libc, .max_count = 10, .max_bytes = 4 * SIZE};
    struct forward_request request = {.path = "/v1/traces", .body = {body, BODY}};
    for (size_t i = 0; i < count; i++) {
        assert_true(forward_queue_add(&queue, &request, 1));
    }
    return queue;
}

TEST(the_oldest_requests_make_room)
{
    static const struct {
        size_t count, len, kept, removed;
        bool fits;
    } rows[] = {
        {4, BODY, 0, 1, true},
        {4, BODY + SIZE, 0, 2, true},
        {4, BODY, 1, 1, true},
        {4, 4 * SIZE - sizeof(struct queued), 0, 4, true},
        {3, BODY, 0, 0, true},
        {0, BODY, 1, 0, true},
        /* What can never fit removes nothing: not alone, and not beside the one that is sent. */
        {4, 4 * SIZE, 0, 0, false},
        {4, (size_t)-1 / 2, 0, 0, false},
        {4, 4 * SIZE - sizeof(struct queued), 1, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct forward_queue queue = filled(rows[i].count);
        bool fits = !rows[i].fits;
        size_t removed = forward_queue_make_room(&queue, rows[i].len, rows[i].kept, &fits);
        if (removed != rows[i].removed || fits != rows[i].fits ||
            queue.count != rows[i].count - removed) {
            fail_msg("row %zu: %zu removed, %d", i, removed, fits);
        }
        forward_queue_release(&queue);
    }
}
