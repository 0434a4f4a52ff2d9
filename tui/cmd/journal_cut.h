/* Cuts the beginning off a journal whose run has a cap: the lines before a boundary go, but for
   those that are still needed (journal_keep.h). */
#ifndef TUI_JOURNAL_CUT_H
#define TUI_JOURNAL_CUT_H

#include "core/base/strbuf.h"

#include <stdint.h>

struct journal_cut {
    const struct mem *mem;    /* borrowed */
    const char *path;         /* borrowed */
    int fd;                   /* of the journal, stays the caller's */
    uint64_t at;              /* the boundary, in bytes */
    uint64_t events, dropped; /* of the model at the boundary (feed_line_journal_cut) */
    size_t max_events;
    double now_ms;
};

/* Writes the journal again without what is not needed, and replaces it in one step. Returns the
   descriptor of the new file, locked; *moved is by how many bytes the rest has moved to the
   front. -1 with errno: the journal is as it was; ENOSPC: nothing would be gained. */
int journal_cut(const struct journal_cut *cut, uint64_t *moved);

#endif
