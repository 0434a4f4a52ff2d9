/* --bell and --notify: notices (core/analysis/notices.h) reach a person by the terminal or by a
   command. The loop waits for neither. Notices of one kind that come while the terminal or the
   command is busy become one: `coder and 2 other agents wait for you`. So nothing grows with their
   number.

   The terminal rings every 2 seconds at most. One command runs at a time, and one starts each
   second at most. */
#ifndef TUI_NOTIFY_H
#define TUI_NOTIFY_H

#include "tui/cmd/cmd_engine.h"

struct notify;

struct notify_config {
    struct engine *engine; /* its sources are open; it outlives the notify */
    /* Rings the terminal's bell and shows it the text, which is fit for a terminal. Returns false
       if the terminal is busy: it is asked again. NULL: there is no terminal. */
    bool (*ring)(void *ctx, const char *text, size_t len);
    void *ctx;
};

/* Starts to look at the engine's model, if its options ask for that. Returns new; NULL: they do
   not, or memory is out, which is reported. */
struct notify *notify_new(const struct notify_config *config);
/* Stops. A command that runs has a second left, in which the engine's loop must run
   (engine_close). NULL is allowed. */
void notify_close(struct notify *notify);

#endif
