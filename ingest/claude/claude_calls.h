/* The requests of one agent as its transcript tells of them: attempts, each with an id of its own and a line when it begins, and which of them belong
   together. An agent asks one thing at a time: what it asks while an answer is still to come is the same once more (the same digest, or with less
   asked for). A call is done when it is answered, has failed for good, or was interrupted. */
#ifndef INGEST_CLAUDE_CALLS_H
#define INGEST_CLAUDE_CALLS_H

#include "core/base/intern.h"
#include "core/base/u64map.h"

#define CLAUDE_NO_CALL UINT32_MAX

struct claude_call {
    intern_id id; /* of its first attempt; where no attempt was told of, of its answer */
    intern_id source, digest, model, message_id;
    double start_ms, last_ms;              /* of the first attempt and the last; NAN: not told of */
    double end_ms;                         /* of the last block so far; NAN: none */
    double ttft_ms;                        /* NAN: cannot be known */
    double prompt, output, read, creation; /* tokens */
    bool open;                             /* no answer yet */
    bool changed;                          /* of what was last said of it */
};

struct claude_calls {
    const struct mem *mem;
    struct claude_call *calls;
    size_t count, cap;
    struct u64map by_id; /* an attempt's id (interned): its call */
    struct u64map began; /* an attempt's id: its place in `times` */
    double *times;
    size_t time_count, time_cap;
};

void claude_calls_init(struct claude_calls *calls, const struct mem *mem);
void claude_calls_release(struct claude_calls *calls);

/* An attempt begins. Returns its call; CLAUDE_NO_CALL: out of memory. *again: it was told of before. */
struct claude_attempt {
    intern_id id, source, digest, model; /* INTERN_NONE: not said */
    double at_ms;
};
uint32_t claude_calls_attempt(struct claude_calls *calls, const struct claude_attempt *attempt,
                              bool *again);
/* The call that the answer of that id belongs to: where the id is unknown, the newest that is open, else a new one without a start. CLAUDE_NO_CALL: out
   of memory. */
uint32_t claude_calls_of(struct claude_calls *calls, intern_id id);
/* The newest call that is open; CLAUDE_NO_CALL: none is. */
uint32_t claude_calls_open(const struct claude_calls *calls);
/* When the attempt began; NAN: not told of. */
double claude_calls_began(const struct claude_calls *calls, intern_id id);
#endif
