/* How fast a picture may go out. What a terminal has taken may still be on its way for minutes where there is a slow link behind it (ssh takes two
   megabytes before it stops taking). So the terminal is asked now and then whether it is there (DSR, ECMA-48 8.3.35: CSI 5 n, answered CSI 0 n),
   and when too much has gone out since, the next frame waits for the answer. One that never answers is not asked again. */
#ifndef TUI_FLOW_CONTROL_H
#define TUI_FLOW_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOW_CONTROL_ASK_BYTES    2048       /* small changes cost no question */
#define FLOW_CONTROL_WINDOW_BYTES 8192       /* behind a question without an answer */
#define FLOW_CONTROL_NO_REPLY_NS  3000000000 /* so long an answer is waited for */

struct flow_control {       /* zeroed: nothing has gone out */
    size_t bytes_since_ask; /* bytes behind the last question */
    int64_t asked_ns;
    bool awaiting;   /* for an answer */
    bool no_replies; /* none came */
};

/* So many bytes have gone out. True: a question belongs behind them. */
bool flow_control_sent(struct flow_control *flow, size_t bytes, int64_t now_ns);
/* An answer has come, perhaps to a question that was given up. */
void flow_control_answered(struct flow_control *flow);
/* From when on the next frame may go out, at the latest; an answer may come before. */
int64_t flow_control_free_ns(struct flow_control *flow, int64_t now_ns);

#endif
