/* The records of a model that is replayed: each is made in the other model at its start and gets
   its end at its end. Private to replay.c. */
#ifndef CORE_QUERY_REPLAY_RECORDS_H
#define CORE_QUERY_REPLAY_RECORDS_H

#include "core/model/record_moments.h"

struct replay_records {
    const struct swarm *from;
    struct swarm *to;
    const session_no *sessions; /* of `to`, indexed by those of `from`; borrowed */
    struct record_moments moments;
    record_no *copies; /* of `to`, indexed by those of `from`; NO_RECORD: not made */
    size_t count;
};

/* False: out of memory; release it all the same. */
bool replay_records_init(struct replay_records *records, const struct swarm *from, struct swarm *to,
                         const session_no *sessions);
void replay_records_release(struct replay_records *records);
/* Takes a moment (its place in `moments`): the other model's record begins, or ends. False: out of
   memory. */
bool replay_records_take(struct replay_records *records, size_t moment);
/* Names an agent that updates made in the other model: it has no metadata events. False: out of
   memory. */
bool replay_records_name(struct replay_records *records, const struct agent *agent);

/* Returns the same track of the other model; NO_TRACK: out of memory. */
track_no replay_records_track(struct replay_records *records, track_no track);

/* The text of an interned name; bytes NULL: INTERN_NONE. */
struct slice replay_text(const struct swarm *swarm, intern_id id);

#endif
