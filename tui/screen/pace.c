#include "tui/screen/pace.h"

bool pace_sent(struct pace *pace, size_t bytes, int64_t now_ns)
{
    pace->since += bytes;
    if (pace->waits || pace->deaf || pace->since < PACE_ASK_BYTES)
        return false;
    pace->waits = true;
    pace->asked_ns = now_ns;
    pace->since = 0;
    return true;
}

void pace_answered(struct pace *pace)
{
    pace->waits = pace->deaf = false;
}

int64_t pace_free_ns(struct pace *pace, int64_t now_ns)
{
    if (!pace->waits)
        return now_ns;
    /* (The clock may have been set back.) */
    if (now_ns - pace->asked_ns >= PACE_DEAF_NS || now_ns < pace->asked_ns) {
        pace->waits = false;
        pace->deaf = true;
        return now_ns;
    }
    return pace->since < PACE_WINDOW_BYTES ? now_ns : pace->asked_ns + PACE_DEAF_NS;
}
