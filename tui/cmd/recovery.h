/* The recovery of dead runs at the start of this one: a worker finds their journals, writes their
   documents and removes their temporary files, while the screen is already there. */
#ifndef TUI_RECOVERY_H
#define TUI_RECOVERY_H

#include "core/model/event_log.h"
#include "tui/cmd/options.h"

#include <uv.h>

struct recovery;

/* Receives a line about a journal, on the loop's thread. */
typedef void recovery_report(void *ctx, enum log_level level, const char *text);

/* Starts it; returns new, NULL: out of memory. `options` is borrowed until recovery_free. */
struct recovery *recovery_start(const struct mem *mem, uv_loop_t *loop,
                                const struct options *options, recovery_report *report, void *ctx);
/* Returns whether it still runs. All take NULL. */
bool recovery_runs(const struct recovery *recovery);
/* Stops it soon; a later start continues. The loop must run until it no longer runs. */
void recovery_cancel(struct recovery *recovery);
void recovery_free(struct recovery *recovery);

#endif
