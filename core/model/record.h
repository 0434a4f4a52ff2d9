/* Span records: everything that is known of one call from updates (update.h). A record has no
   events in the store; whoever writes a document or asks for its args prints them from the
   record. It can be corrected until the cap drops it.

   A call that has a start is shown: the record has a span in the model, and a change of the
   record changes that span in place. Records belong to the live pool. A record number is used
   again after its record has gone. */
#ifndef CORE_MODEL_RECORD_H
#define CORE_MODEL_RECORD_H

#include "core/model/end_facts.h"
#include "core/model/facts.h"
#include "core/model/request.h"
#include "core/model/swarm.h"

typedef uint32_t record_no;
#define NO_RECORD UINT32_MAX

enum record_state {
    RECORD_HIDDEN,     /* no start is known */
    RECORD_OPEN,       /* it runs */
    RECORD_ENDED,      /* its end is known */
    RECORD_INCOMPLETE, /* its session ended before it */
    RECORD_EVICTED     /* the stale sweep closed it in the trace */
};

/* Lists of the correlator: a session's calls, those without a known end, and a call's children. */
enum record_list { LIST_SESSION, LIST_UNENDED, LIST_CHILDREN, RECORD_LISTS };

/* The tokens that an interaction counts: prompt, output, cache read, cache creation. */
enum { RECORD_CLAIM = 4 };

struct record_link {
    record_no prev, next; /* NO_RECORD: none */
};

struct record {
    session_no session; /* held: the record is hidden */
    agent_no agent;     /* the agent whose row shows it; NO_AGENT: unknown */
    track_no track;     /* of that agent */
    uint8_t kind;       /* enum call_kind */
    uint8_t state;      /* enum record_state */
    bool in_flight;     /* evicted in the trace, but its session lives: it is still in flight */
    bool used;          /* false: the number is free */
    double start_ms;    /* Unix epoch; NAN: unknown */
    double end_ms;      /* as it is shown: reported or worked out; NAN: open */
    struct facts facts;
    struct slice id;         /* its first id, borrowed from the index */
    uint64_t arrival;        /* the event of the live store that came next after it */
    uint32_t shown_events;   /* how many events it prints; 0: it has no span */
    span_no span;            /* NO_SPAN: it is not shown */
    bool placed;             /* the span is on its row and counted; not if memory ran out then */
    uint8_t counted_outcome; /* of a tool: enum outcome as the statistics counted it */
    bool counted_claim;      /* the statistics counted a claim */
    struct end_facts
        *counted;  /* of a request or a claim: what the statistics counted; NULL: nothing
                                  yet */
    double *claim; /* of an agent's run: RECORD_CLAIM tokens, NAN: unknown, that no request below
                      it has; NULL: none */
    record_no older, newer; /* in order of arrival */

    /* The correlator's own: */
    uint32_t first_key;    /* its ids in the index */
    record_no parent;      /* on whose list of children it is; NO_RECORD: on none */
    record_no first_child; /* of the calls that name it as their parent */
    struct record_link links[RECORD_LISTS]; /* undefined where it is on no such list */
    double last_ms;    /* the latest time that is known of it and not inferred; NAN */
    uint32_t claim_at; /* one past its place among the claims to be worked out; 0: none */
    bool unended, queued;
};

/* A new, hidden record; NO_RECORD: out of memory. */
record_no swarm_record_new(struct swarm *swarm, enum call_kind kind);
/* Borrowed until the next record is made. */
struct record *swarm_record(const struct swarm *swarm, record_no record);
/* The call is one of another session; its span stays where it is until swarm_record_changed. */
void swarm_record_move(struct swarm *swarm, record_no record, session_no session);
/* Sets what the record counts of the tokens that it claims; NULL: nothing. False: out of memory. */
bool swarm_record_claim(struct swarm *swarm, record_no record, const double claim[RECORD_CLAIM]);
/* Takes the record and its span out of the model. */
void swarm_record_drop(struct swarm *swarm, record_no record);
/* Makes the model show the record as it is now; called after each change of it. False: out of
   memory; the record may be hidden then. */
bool swarm_record_changed(struct swarm *swarm, record_no record);
/* One past the greatest number that was ever used. */
record_no swarm_record_end(const struct swarm *swarm);
/* Returns the record's weight against the cap: the number of events that it would print, at
   least 1. */
static inline uint32_t record_weight(const struct record *record)
{
    return record->shown_events > 0 ? record->shown_events : 1;
}
/* The oldest record; each one's `newer` leads on. */
record_no swarm_record_oldest(const struct swarm *swarm);
/* Forwards the span of a record that turned out to be another's call: reads of `from` give `to`.
   False: out of memory. */
bool swarm_forward_span(struct swarm *swarm, span_no from, span_no to);
/* Called for each record that the cap drops, just before it goes. */
void swarm_on_record_drop(struct swarm *swarm, void (*dropped)(void *ctx, record_no record),
                          void *ctx);

/* The record of a span; NULL: the span was made of events. Borrowed. */
const struct record *swarm_span_record(const struct swarm *swarm, const struct span *span);

/* A request's times and numbers; rates are set. `origin_ns`: what µs count from. */
void record_shape(const struct record *record, int64_t origin_ns, struct request_shape *out);
/* Sets *out to the facts of the record's end. `model` in it stays unset, see model_name. */
void record_end_facts(const struct record *record, struct end_facts *out);
/* Returns the flags among these, which cost less. */
uint8_t record_end_flags(const struct record *record);
/* Sets *out to the facts of any closed span's end, or of an open one's begin. */
void span_end_facts(const struct swarm *swarm, const struct span *span, struct end_facts *out);
/* How the record ended, as far as it is known by whoever knows its end. */
enum outcome record_outcome(const struct record *record);
/* The ns of an epoch time in ms, rounded once. */
int64_t record_ns(double ms);
/* Which of two records begins first in a document: by start, the outer kind, the longer one, the
   id. Negative: a. */
int record_compare_begins(const struct record *a, const struct record *b);
/* Which ends first: by end, the inner kind, the id. */
int record_compare_ends(const struct record *a, const struct record *b);

#endif
