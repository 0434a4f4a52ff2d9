/* SIGINT, SIGTERM and SIGHUP for a command that has something to finish. The first signal asks
   the command to stop. A second SIGINT or SIGTERM ends the process at once, whatever it
   computes; the same one within 50 ms is no second: `timeout` passes a Ctrl-C on that its child
   got too. A signal that was ignored when the program started stays ignored.

   The first signal wakes the loop. A command that saves something gets all the time it needs for
   that when the signal came while its loop ran. In every other case a first SIGINT gives the
   command STOP_GRACE_S to finish; then stop_signal_is_overdue, and one grace later the process
   ends. A process has one user of this at a time. */
#ifndef TUI_STOP_SIGNAL_H
#define TUI_STOP_SIGNAL_H

#include <stdbool.h>
#include <uv.h>

#define STOP_GRACE_S 1

/* Handles the signals from now on. `wake` is sent by the first one; it is the caller's. `saves`:
   the command writes a document after its loop. */
void stop_signal_open(uv_async_t *wake, bool saves);
/* Gives the signals their default action back; `wake` may be closed then. */
void stop_signal_close(void);
/* Whether a signal has come. */
bool stop_signal_is_asked(void);
/* Whether the loop runs, which sees `wake`. It is taken not to run until this is called. */
void stop_signal_set_loop(bool runs);
/* Whether a computation or a write after the loop has to give up. */
bool stop_signal_is_overdue(void);
/* Sets what is called, in the signal handler, before the process ends at once: the terminal is
   given back. NULL: nothing. */
void stop_signal_set_last(void (*last)(void));

#endif
