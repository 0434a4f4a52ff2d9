/* The operations of the feed (FEED.md), one row each: what a line must have, what it may have, and
   the tracer's function that it calls. `emit` builds and explains operations from the same rows. */
#ifndef INGEST_FEED_OPS_H
#define INGEST_FEED_OPS_H

#include "ingest/feed/feed_fields.h"

enum feed_special {
    FEED_PLAIN,
    FEED_ENDS,           /* about something that has begun: makes no session */
    FEED_END_SESSION,    /* ends what is open in it, of updates too; makes no session */
    FEED_HELLO,          /* opens a session */
    FEED_LOG,            /* a line for the event log */
    FEED_AUTH,           /* authenticates the sender */
    FEED_STATUS,         /* asks how the swarm is; the answer goes back on the connection */
    FEED_HOOK,           /* a client's hook payload (hook_client.h) */
    FEED_RAW,            /* a raw trace event in a named session */
    FEED_OPEN,           /* opens a session without agents */
    FEED_JOURNAL,        /* the lines are a journal: its last one may be cut */
    FEED_UPDATE_SESSION, /* updates: other fields are in update_fields (feed_update.h) */
    FEED_UPDATE_AGENT,
    FEED_UPDATE_CALL
};

struct feed_op {
    const char *name;
    uint64_t required, optional; /* FEED_BITs; FEED_COMMON may be there too */
    enum feed_special special;
    /* The values are typed and complete. NULL where `special` is no matter of the tracer. */
    enum tracer_result (*apply)(struct tracer *tracer, const struct op_context *context,
                                const struct feed_values *values);
    const char *help;
};

extern const struct feed_op feed_ops[];
extern const size_t feed_op_count;
/* By name; NULL: no such operation. */
const struct feed_op *feed_op_of(const char *name, size_t len);

/* Returns the kind of update; UPDATE_OPS: the operation is no update. */
enum update_op feed_op_update(const struct feed_op *op);

/* One field of an operation: those in its bits, then of an update those of update_fields. */
struct feed_op_field {
    const char *name;
    enum feed_type type;
    bool required;
};
enum { FEED_OP_FIELDS_MAX = FEED_FIELDS + FIELDS };
/* Lists the fields of an operation, without `op`; the common ones first. Returns how many. */
size_t feed_op_list(const struct feed_op *op, struct feed_op_field out[FEED_OP_FIELDS_MAX]);

/* Types what the operation has of the values. An optional field of the wrong type becomes absent
   and its bit is set in *ignored. Else than FEED_TYPED: *culprit is the required field that is
   absent (FEED_FIELDS left in `present`) or wrong. */
enum feed_typed feed_op_type(const struct feed_op *op, struct feed_values *values,
                             uint64_t *ignored, enum feed_field *culprit);

#endif
