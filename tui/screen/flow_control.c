/* Only two numbers matter: the bytes sent after the last request, and the time of that request. So
   the rule can be tested without a terminal. */
#include "tui/screen/flow_control.h"

bool flow_control_sent(struct flow_control *flow, size_t bytes, int64_t now_ns)
{
    flow->bytes_since_ask += bytes;
    if (flow->awaiting || flow->no_replies || flow->bytes_since_ask < FLOW_CONTROL_ASK_BYTES) {
        return false;
    }
    flow->awaiting = true;
    flow->asked_ns = now_ns;
    flow->bytes_since_ask = 0;
    return true;
}

void flow_control_answered(struct flow_control *flow)
{
    flow->awaiting = flow->no_replies = false;
}

int64_t flow_control_free_ns(struct flow_control *flow, int64_t now_ns)
{
    if (!flow->awaiting) {
        return now_ns;
    }
    /* A clock that was set back counts as a timeout. */
    if (now_ns - flow->asked_ns >= FLOW_CONTROL_NO_REPLY_NS || now_ns < flow->asked_ns) {
        flow->awaiting = false;
        flow->no_replies = true;
        return now_ns;
    }
    return flow->bytes_since_ask < FLOW_CONTROL_WINDOW_BYTES
               ? now_ns
               : flow->asked_ns + FLOW_CONTROL_NO_REPLY_NS;
}
