/* Finds the tmux pane of a process: the pane whose process is the process itself or an ancestor. */
#ifndef TUI_PANE_H
#define TUI_PANE_H

#include <stdbool.h>
#include <stdint.h>

#define PANE_FORMAT "#{pane_pid} #{pane_id}" /* for tmux list-panes -a -F */
#define PANE_BYTES  16

/* Returns the parent of a process; 0: unknown. */
typedef int64_t pane_parent_fn(void *ctx, int64_t pid);

/* `panes`: the output of tmux, one line per pane. Returns false if the process is in no pane. */
bool pane_find(const char *panes, int64_t pid, pane_parent_fn *parent, void *ctx,
               char out[PANE_BYTES]);

#endif
