/* Which lines of a journal's beginning are still needed once the cap has dropped the events of that
   part: those of sessions, agents, and calls that are open at its end. */
#ifndef TUI_JOURNAL_KEEP_H
#define TUI_JOURNAL_KEEP_H

#include "core/base/u64map.h"
#include "core/trace/event.h"

struct journal_keep {
    struct u64map last; /* by what a line is about: the number of the last such line */
    uint32_t noted, asked;
    bool failed; /* out of memory */
};

void journal_keep_init(struct journal_keep *keep, const struct mem *mem);
void journal_keep_release(struct journal_keep *keep);
/* Notes a line of the part, in order. */
void journal_keep_note(struct journal_keep *keep, struct slice line);
/* Once all are noted: returns whether the line is needed. Each line is asked about, in order. */
bool journal_keep_needs(struct journal_keep *keep, struct slice line);

#endif
