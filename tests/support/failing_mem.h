/* Memory for tests: fails when told to, counts what is not given back, and aborts on a wrong
   old_size. A block always moves when it is resized, so that ASan sees who kept the old pointer.

   for (long allow = 0; !done; allow++) { struct failing_mem state = { .allow = allow }; struct mem
   mem = failing_mem(&state); done = … true where nothing failed …
   assert_int_equal(state.live_blocks, 0); } */
#ifndef TESTS_FAILING_MEM_H
#define TESTS_FAILING_MEM_H

#include "core/base/mem.h"

struct failing_mem {
    long allow;   /* how many more allocations (growing ones and shrinking ones) succeed; -1: all */
    size_t calls; /* allocations asked for, failed ones among them; not frees */
    size_t live_bytes; /* not freed yet */
    size_t live_blocks;
};

/* `state` must outlive it. */
struct mem failing_mem(struct failing_mem *state);

#endif
