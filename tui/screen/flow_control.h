/* Flow control for frames. A slow link may hold minutes of output: ssh accepts two megabytes before
   it blocks. So the terminal is sent a status request now and then (DSR, ECMA-48 8.3.35: CSI 5 n,
   reply CSI 0 n). After too many bytes without a reply the next frame waits for it. A terminal that
   never replies is not asked again. */
#ifndef TUI_FLOW_CONTROL_H
#define TUI_FLOW_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOW_CONTROL_ASK_BYTES    2048       /* small changes cost no request */
#define FLOW_CONTROL_WINDOW_BYTES 8192       /* allowed after a request without a reply */
#define FLOW_CONTROL_NO_REPLY_NS  3000000000 /* timeout of a request */

struct flow_control {       /* zeroed: nothing has been sent */
    size_t bytes_since_ask; /* sent after the last request */
    int64_t asked_ns;
    bool awaiting;   /* a reply is due */
    bool no_replies; /* the last request timed out */
};

/* Counts sent bytes. Returns true if a request must follow them. */
bool flow_control_sent(struct flow_control *flow, size_t bytes, int64_t now_ns);
/* Records a reply, even one to a request that timed out. */
void flow_control_answered(struct flow_control *flow);
/* Returns the latest time at which the next frame may be sent; a reply may permit it earlier. */
int64_t flow_control_free_ns(struct flow_control *flow, int64_t now_ns);

#endif
