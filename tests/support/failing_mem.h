/* Memory for tests: fails after so many allocations, counts what is not freed, and aborts on a wrong
   old_size. A block always moves when it is resized, so that ASan sees who kept the old pointer. */
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

/* Each lack of memory in turn: at first no allocation succeeds, then one, then two …

       for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
           … with &lack.mem …; lack.done = nothing failed;
       }

   The next round fails the test if the one before left a block. */
struct lack_of_memory {
    bool done;
    struct mem mem;
    struct failing_mem failing;
    long rounds;
};
bool lack_of_memory_next(struct lack_of_memory *lack);

#endif
