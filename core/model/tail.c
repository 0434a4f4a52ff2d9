/* A sample beyond the last value is not kept: samples between the two may have been dropped before.
   So the tail gets shorter as samples are taken out, and longer only below its last value. */
#include "core/model/tail.h"

#include <string.h>

/* The place of the first value that is not less. */
static uint8_t find(const struct tail *tail, double value)
{
    uint8_t low = 0, high = tail->count;
    while (low < high) {
        uint8_t middle = (uint8_t)((low + high) / 2);
        if (tail->values[middle] < value) {
            low = (uint8_t)(middle + 1);
        } else {
            high = middle;
        }
    }
    return low;
}

/* Moves the values from `from` on to `to`. */
static void move(struct tail *tail, uint8_t from, uint8_t to)
{
    size_t count = (size_t)(tail->count - from);
    memmove(tail->values + to, tail->values + from, count * sizeof *tail->values);
    memmove(tail->counts + to, tail->counts + from, count * sizeof *tail->counts);
}

void tail_add(struct tail *tail, double value)
{
    uint8_t at = find(tail, value);
    if (at < tail->count && tail->values[at] <= value) {
        tail->counts[at]++;
        return;
    }
    bool last = at == tail->count;
    if (last && (tail->cut || at == TAIL_MAX)) {
        tail->cut = true;
        return;
    }
    if (tail->count == TAIL_MAX) {
        tail->count--;
        tail->cut = true;
    }
    move(tail, at, (uint8_t)(at + 1));
    tail->values[at] = value;
    tail->counts[at] = 1;
    tail->count++;
}

bool tail_remove(struct tail *tail, double value)
{
    uint8_t at = find(tail, value);
    if (at < tail->count && tail->values[at] <= value && --tail->counts[at] == 0) {
        move(tail, (uint8_t)(at + 1), at);
        tail->count--;
    }
    return tail->count > 0;
}
