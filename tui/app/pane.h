/* The tmux pane that a process is seen in: the pane's own process, or one above it, is in the list of panes. */
#ifndef TUI_PANE_H
#define TUI_PANE_H

#include <stdbool.h>
#include <stdint.h>

#define PANE_FORMAT "#{pane_pid} #{pane_id}" /* for tmux list-panes -a -F */
#define PANE_BYTES  16

/* The parent of a process; 0: unknown. */
typedef int64_t pane_parent_fn(void *ctx, int64_t pid);

/* `panes`: what tmux printed, a line a pane. False: the process is in none. */
bool pane_find(const char *panes, int64_t pid, pane_parent_fn *parent, void *ctx,
               char out[PANE_BYTES]);

#endif
