/* Recovers one journal of a dead run: makes its model again and writes the document that the run
   could not write. Uses nothing that another thread has, so a worker may run it. */
#ifndef TUI_RECOVER_H
#define TUI_RECOVER_H

#include "tui/cmd/journal_file.h"

#include <stdatomic.h>

struct recover_config {
    const struct mem *mem;         /* all borrowed */
    const struct options *options; /* --tracks; --output for one `beside` it */
    const char *path;              /* the journal's */
    int fd;                        /* claimed (run_lock.h); stays the caller's */
    struct journal_head head;
    bool beside;                  /* it is beside --output, else in the state directory */
    const atomic_bool *cancelled; /* stop as soon as possible */
};

enum recovered {
    RECOVERED,
    RECOVERED_NOTHING, /* it holds no session */
    RECOVER_CANCELLED,
    RECOVER_FAILED /* *text is `path: what: detail` */
};
/* The document is beside the journal. In the state directory it has the name that its run would
   have given it; beside --output FILE, which the present run writes, it is FILE-2. A name that
   exists gets the next number. *text is its path, *dropped the number of events that the cap of
   the run had dropped, *bad the number of lines that could not be read. */
enum recovered recover_journal(const struct recover_config *config, struct strbuf *text,
                               uint64_t *dropped, uint64_t *bad);

#endif
