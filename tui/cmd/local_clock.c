/* Two readings of the start are all that is kept. CLOCK_BOOTTIME counts the time that a
   laptop sleeps, CLOCK_MONOTONIC does not; so ages are right after a night. */
#include "tui/cmd/local_clock.h"

#include <time.h>

#ifdef CLOCK_BOOTTIME
#define SINCE_START CLOCK_BOOTTIME
#else
#define SINCE_START CLOCK_MONOTONIC
#endif

static int64_t read_clock(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t local_clock_at(struct local_clock *clock, int64_t wall_ns, int64_t boot_ns)
{
    if (!clock->started) {
        *clock = (struct local_clock){wall_ns, boot_ns, true};
    }
    return clock->wall_ns + (boot_ns - clock->boot_ns);
}

int64_t local_clock_now(void)
{
    static struct local_clock clock;
    return local_clock_at(&clock, read_clock(CLOCK_REALTIME), read_clock(SINCE_START));
}

int64_t local_clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}
