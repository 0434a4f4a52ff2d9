/* The owner of each call. Transcripts copy history: a fork, a resumed session or a side agent
   begins with the lines of another one. A call belongs to the first session and agent that claims
   it. */
#ifndef INGEST_CALL_OWNERS_H
#define INGEST_CALL_OWNERS_H

#include "core/base/intern.h"
#include "core/base/u64map.h"
#include "core/trace/event.h"
#include "ingest/client_value.h"

struct call_owners {
    struct intern *names;  /* of owners; NULL: none yet */
    struct u64map by_call; /* a digest of id and time: its owner */
};

void call_owners_init(struct call_owners *owners, const struct mem *mem);
void call_owners_release(struct call_owners *owners);
/* Returns the number of an agent of a session, the main one if `agent` is empty; INTERN_FAILED:
   out of memory. */
intern_id call_owners_number(struct call_owners *owners, struct slice session, struct slice agent);
/* Claims what has this id at this time (ms): ids alone may be constant, and a copy keeps the time.
   Returns the owner, which is `who` where nobody claimed it before; INTERN_FAILED: out of memory.
   */
intern_id call_owners_claim(struct call_owners *owners, intern_id who, struct slice id,
                            double at_ms);
/* Returns the id under which the model has the call of an agent: its own, unless another agent of
   the session has a call of that id already, as some providers count ids from one in each
   conversation. It is in `room`; bytes NULL: out of memory. */
struct slice call_owners_id(struct call_owners *owners, struct slice session, struct slice agent,
                            struct slice id, char room[CLIENT_ID_BYTES]);

#endif
