/* The requests of one agent, by its transcript. Each attempt has an id of its own and a line when
   it begins; this table joins the attempts of one request. An agent asks one thing at a time, so an
   attempt that begins while a request is open belongs to that request (same digest, or same
   source). A request closes when it is answered, fails for good, or is interrupted. */
#ifndef INGEST_CLAUDE_REQUEST_TABLE_H
#define INGEST_CLAUDE_REQUEST_TABLE_H

#include "core/base/intern.h"
#include "core/base/u64map.h"

#define CLAUDE_NO_REQUEST UINT32_MAX

struct claude_request {
    intern_id id; /* of its first attempt; of its answer if it has no attempt */
    intern_id source, digest, message_id;
    intern_id api_id;       /* the API's id of its answer, if no other request has it */
    intern_id asked, model; /* the model that was asked for, the one that answered */
    intern_id replaced;     /* the message before this one, where the API fell back in mid-stream */
    double start_ms, last_ms;              /* of the first attempt and the last; NAN: unknown */
    double end_ms;                         /* of the last block so far; NAN: none */
    double ttft_ms;                        /* NAN: unknown */
    double prompt, output, read, creation; /* tokens */
    bool open;                             /* no answer yet */
    bool partial;                          /* its answer has no reason why it stopped */
    bool interrupted;                      /* … and it was interrupted */
    bool inferred;                         /* its start is, from the line before its answer */
    bool settled;                          /* no more of its answer is expected */
    bool changed;                          /* since its last update was sent */
};

struct claude_request_table {
    const struct mem *mem;
    struct claude_request *items;
    size_t count, cap;
    struct u64map by_id; /* an attempt's id (interned): its call */
    struct u64map began; /* an attempt's id: its place in `times` */
    double *times;
    size_t time_count, time_cap;
};

void claude_request_table_init(struct claude_request_table *table, const struct mem *mem);
void claude_request_table_release(struct claude_request_table *table);

/* Adds an attempt. Returns its request, CLAUDE_NO_REQUEST if out of memory. Sets *again if the
   table has the attempt already. */
struct claude_attempt {
    intern_id id, source, digest, model; /* INTERN_NONE: absent */
    double at_ms;
};
uint32_t claude_request_table_add_attempt(struct claude_request_table *table,
                                          const struct claude_attempt *attempt, bool *again);
/* Returns the request of an answer. An unknown id belongs to the newest open request, else to a new
   one without a start. CLAUDE_NO_REQUEST: out of memory. */
uint32_t claude_request_table_of_answer(struct claude_request_table *table, intern_id id);
/* Returns the request with the id of an attempt or an answer, CLAUDE_NO_REQUEST if it is unknown.
   */
uint32_t claude_request_table_find(const struct claude_request_table *table, intern_id id);
/* Adds a request without an attempt, CLAUDE_NO_REQUEST: out of memory. */
uint32_t claude_request_table_add(struct claude_request_table *table, intern_id id);
/* Gives the request one more id. False: out of memory. */
bool claude_request_table_alias(struct claude_request_table *table, uint32_t request, intern_id id);
/* Returns the newest open request, CLAUDE_NO_REQUEST if no request is open. */
uint32_t claude_request_table_open(const struct claude_request_table *table);
/* Returns when the attempt began; NAN: unknown. */
double claude_request_table_attempt_ms(const struct claude_request_table *table, intern_id id);
#endif
