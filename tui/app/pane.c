/* The list of panes is the text that tmux prints; ancestors are walked one by one. */
#include "tui/app/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 64 }; /* of parent processes; more mean a cycle */

/* Finds the pane whose own process is `pid`. */
static bool find_line(const char *panes, int64_t pid, char out[PANE_BYTES])
{
    for (const char *at = panes; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        char *end;
        long long of = strtoll(at, &end, 10);
        size_t len = strcspn(end + (*end == ' '), "\n");
        if (of == pid && *end == ' ' && end[1] == '%' && len < PANE_BYTES) {
            snprintf(out, PANE_BYTES, "%.*s", (int)len, end + 1);
            return true;
        }
    }
    return false;
}

bool pane_find(const char *panes, int64_t pid, pane_parent_fn *parent, void *ctx,
               char out[PANE_BYTES])
{
    for (int level = 0; level < LEVELS && pid > 1; level++) {
        if (find_line(panes, pid, out)) {
            return true;
        }
        pid = parent(ctx, pid);
    }
    return false;
}
