/* Made once a frame from all agents, so it is one array without collisions resolved: a wrong answer
   makes a label longer than it needs to be, never ambiguous. */
#include "tui/views/name_counts.h"

enum { SEVERAL = 2 };

void name_counts_init(struct name_counts *names, const struct mem *mem, size_t count)
{
    *names = (struct name_counts){.mem = mem, .slots = 64};
    while (names->slots < 4 * count) {
        names->slots *= 2;
    }
    names->counts = mem_zalloc(mem, names->slots, sizeof *names->counts);
}

void name_counts_release(struct name_counts *names)
{
    mem_free(names->mem, names->counts, names->counts == NULL ? 0 : names->slots);
    names->counts = NULL;
}

static size_t slot_of(const struct name_counts *names, uint64_t owner, uint64_t name)
{
    uint64_t hash = owner * UINT64_C(0x9E3779B97F4A7C15) + name;
    hash = (hash ^ hash >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    return (size_t)(hash >> 20) & (names->slots - 1);
}

void name_counts_add(struct name_counts *names, uint64_t owner, uint64_t name)
{
    uint8_t *count = names->counts == NULL ? NULL : &names->counts[slot_of(names, owner, name)];
    if (count != NULL && *count < SEVERAL) {
        (*count)++;
    }
}

bool name_counts_several(const struct name_counts *names, uint64_t owner, uint64_t name)
{
    return names->counts != NULL && names->counts[slot_of(names, owner, name)] == SEVERAL;
}
