/* Lists of calls, linked by number through the records: all calls of a session, those of it without
   a known end, the children of a call. The first one is the newest. */
#include "core/correlate/correlator_private.h"

void correlator_list_put(struct swarm *swarm, enum record_list list, record_no *first,
                         record_no number)
{
    swarm_record(swarm, number)->links[list] = (struct record_link){NO_RECORD, *first};
    if (*first != NO_RECORD) {
        swarm_record(swarm, *first)->links[list].prev = number;
    }
    *first = number;
}

void correlator_list_take(struct swarm *swarm, enum record_list list, record_no *first,
                          record_no number)
{
    struct record_link link = swarm_record(swarm, number)->links[list];
    if (link.prev != NO_RECORD) {
        swarm_record(swarm, link.prev)->links[list].next = link.next;
    } else {
        *first = link.next;
    }
    if (link.next != NO_RECORD) {
        swarm_record(swarm, link.next)->links[list].prev = link.prev;
    }
}

void correlator_call_unlink(struct correlator *correlator, record_no number)
{
    struct record *record = swarm_record(correlator->swarm, number);
    struct registry_session *session = registry_find(correlator->tracer, record->session);
    if (record->unended) {
        correlator_list_take(correlator->swarm, LIST_UNENDED, &session->unended, number);
        record->unended = false;
    }
}

void correlator_call_link(struct correlator *correlator, record_no number)
{
    struct record *record = swarm_record(correlator->swarm, number);
    struct registry_session *session = registry_find(correlator->tracer, record->session);
    const struct fact *end = facts_get(&record->facts, FIELD_END_MS);
    if (end != NULL && end->precedence > PRECEDENCE_INFERRED) {
        correlator_call_unlink(correlator, number);
    } else if (!record->unended) {
        correlator_list_put(correlator->swarm, LIST_UNENDED, &session->unended, number);
        record->unended = true;
    }
}

void correlator_call_own(struct correlator *correlator, record_no number)
{
    session_no session = swarm_record(correlator->swarm, number)->session;
    struct registry_session *row = registry_find(correlator->tracer, session);
    correlator_list_put(correlator->swarm, LIST_SESSION, &row->calls, number);
}

void correlator_call_disown(struct correlator *correlator, record_no number)
{
    session_no session = swarm_record(correlator->swarm, number)->session;
    struct registry_session *row = registry_find(correlator->tracer, session);
    correlator_list_take(correlator->swarm, LIST_SESSION, &row->calls, number);
}
