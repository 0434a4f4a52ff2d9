/* One run of the user's command: `/bin/sh -c CMD`, in a session of its own without a terminal, with
   a text on its stdin. Its output goes nowhere. Nothing waits for it. One that runs for 30 seconds
   is ended. */
#ifndef TUI_NOTIFY_RUN_H
#define TUI_NOTIFY_RUN_H

#include "core/base/strbuf.h"

#include <stdint.h>
#include <uv.h>

enum { NOTIFY_RUN_SECONDS = 30 };

struct notify_run;

struct notify_run_options {
    uv_loop_t *loop;
    const struct mem *mem; /* as long as the loop runs */
    const char *command;
    char **env;
    const struct strbuf *input; /* copied */
    /* Called once, when it has ended; `late`: after too long. */
    void (*ended)(void *ctx, int64_t status, int signal, bool late);
    void *ctx;
};

/* Starts it. Returns the run, which frees itself after `ended`; NULL: it cannot be started, with
   the reason in *error (a code of libuv). */
struct notify_run *notify_run_new(const struct notify_run_options *options, int *error);
/* The program ends: the run has a second left. `ended` is not called any more. */
void notify_run_hurry(struct notify_run *run);

#endif
