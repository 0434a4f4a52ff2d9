/* Which names are borne by more than one agent of a session: their labels need more than the name,
   however narrow they are. */
#ifndef TUI_NAME_COUNTS_H
#define TUI_NAME_COUNTS_H

#include "core/base/mem.h"

#include <stdint.h>

/* Counters by a hash, each 0, 1 or 2 (several). Two names of one hash count as one, which costs
   their labels some columns. */
struct name_counts {
    const struct mem *mem;
    uint8_t *counts;
    size_t slots; /* a power of two */
};

/* Makes room for so many names. Without memory no name is known to be borne twice. */
void name_counts_init(struct name_counts *names, const struct mem *mem, size_t count);
void name_counts_release(struct name_counts *names);
/* Counts an agent. `owner`: the session, or what stands for it. */
void name_counts_add(struct name_counts *names, uint64_t owner, uint64_t name);
bool name_counts_several(const struct name_counts *names, uint64_t owner, uint64_t name);

#endif
