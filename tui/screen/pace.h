/* How fast a picture may go out. What a terminal has taken may still be on its way for minutes where there is a slow link behind it (ssh takes two
   megabytes before it stops taking). So the terminal is asked now and then whether it is there (DSR, ECMA-48 8.3.35: CSI 5 n, answered CSI 0 n),
   and when too much has gone out since, the next frame waits for the answer. One that never answers is not asked again. */
#ifndef TUI_PACE_H
#define TUI_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACE_ASK_BYTES    2048       /* small changes cost no question */
#define PACE_WINDOW_BYTES 8192       /* behind a question without an answer */
#define PACE_DEAF_NS      3000000000 /* so long an answer is waited for */

struct pace {     /* zeroed: nothing has gone out */
    size_t since; /* bytes behind the last question */
    int64_t asked_ns;
    bool waits; /* for an answer */
    bool deaf;  /* none came */
};

/* So many bytes have gone out. True: a question belongs behind them. */
bool pace_sent(struct pace *pace, size_t bytes, int64_t now_ns);
/* An answer has come, perhaps to a question that was given up. */
void pace_answered(struct pace *pace);
/* From when on the next frame may go out, at the latest; an answer may come before. */
int64_t pace_free_ns(struct pace *pace, int64_t now_ns);

#endif
