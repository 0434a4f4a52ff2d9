/* Each block is preceded by a header that knows its size: what the owner says when it gives the
   block back must agree. */
#include "tests/support/failing_mem.h"

#include "tests/support/support.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

union header {
    size_t size;
    max_align_t align;
};

static void check_size(const union header *header, size_t said)
{
    size_t size = header != NULL ? header->size : 0;
    if (size == said) {
        return;
    }
    fprintf(stderr, "failing_mem: a block of %zu bytes was said to have %zu\n", size, said);
    abort();
}

static void release(struct failing_mem *state, union header *header)
{
    if (header == NULL) {
        return;
    }
    state->live_bytes -= header->size;
    state->live_blocks--;
    free(header);
}

static void *resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    struct failing_mem *state = ctx;
    union header *old = ptr != NULL ? (union header *)ptr - 1 : NULL;
    check_size(old, old_size);
    if (new_size == 0) {
        release(state, old);
        return NULL;
    }
    state->calls++;
    if (state->allow == 0 || new_size > SIZE_MAX - sizeof *old) {
        return NULL;
    }
    if (state->allow > 0) {
        state->allow--;
    }
    union header *header = malloc(sizeof *header + new_size);
    if (header == NULL) {
        return NULL;
    }
    header->size = new_size;
    state->live_bytes += new_size;
    state->live_blocks++;
    memset(header + 1, 0xA5, new_size);
    if (old != NULL) {
        memcpy(header + 1, ptr, old_size < new_size ? old_size : new_size);
    }
    release(state, old);
    return header + 1;
}

struct mem failing_mem(struct failing_mem *state)
{
    return (struct mem){.resize = resize, .ctx = state};
}

bool lack_of_memory_next(struct lack_of_memory *lack)
{
    assert_int_equal(lack->failing.live_blocks, 0);
    assert_int_equal(lack->failing.live_bytes, 0);
    if (lack->done) {
        return false;
    }
    assert_true(lack->rounds < 10000);
    lack->failing = (struct failing_mem){.allow = lack->rounds++};
    lack->mem = failing_mem(&lack->failing);
    return true;
}
