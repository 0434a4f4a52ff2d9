/* The local clock of a run: the wall clock as it was at the start, plus the time since, suspension
   included. Setting the wall clock does not move it, so times of arrival never go back. */
#ifndef TUI_LOCAL_CLOCK_H
#define TUI_LOCAL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* The readings of the start, ns; {0}: not started. */
struct local_clock {
    int64_t wall_ns, boot_ns;
    bool started;
};

/* Returns ns since the Unix epoch. The two readings are of the wall clock and of the clock that
   counts from the machine's start; the first call starts the clock. */
int64_t local_clock_at(struct local_clock *clock, int64_t wall_ns, int64_t boot_ns);

/* The same of the system's clocks, with one clock for the process. */
int64_t local_clock_now(void);
/* Returns the wall clock, ns since the Unix epoch. */
int64_t local_clock_wall(void);

#endif
