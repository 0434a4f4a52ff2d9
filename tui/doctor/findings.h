/* The findings of `doctor`, as lines for people, at most 80 columns wide:

     Terminal
       ok    colours       xterm-256color has 256
       FIX   clipboard     tmux keeps `y` from the clipboard
               tmux set -g set-clipboard on
*/
#ifndef TUI_FINDINGS_H
#define TUI_FINDINGS_H

#include "core/base/strbuf.h"

enum finding {
    FINDING_OK,
    FINDING_ABSENT, /* not on this machine, which is no fault */
    FINDING_NOTE,   /* works, but less than it could */
    FINDING_FIX     /* does not work: something has to be changed */
};

struct findings {
    struct strbuf text; /* check for `failed` */
    struct strbuf line; /* scratch */
    unsigned notes, fixes;
};

void findings_init(struct findings *out, const struct mem *mem);
void findings_release(struct findings *findings);

/* Begins a group of findings. */
void findings_heading(struct findings *findings, const char *heading);
/* Appends what was found about `what`, wrapped beside it. */
void findings_add(struct findings *findings, enum finding kind, const char *what,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Appends what to do about the last finding, wrapped below it. */
void findings_advise(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Appends a line to paste, below the last finding, as it is. */
void findings_paste(struct findings *findings, const char *line);

#endif
