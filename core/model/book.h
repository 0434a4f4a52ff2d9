/* The book of closed spans: what the figures (figures.h) are made of, entered once when a span gets its end, by agent, by session and by model. What
   is open is counted, but its time is nobody's yet. Private to the model and the figures. */
#ifndef CORE_BOOK_H
#define CORE_BOOK_H

#include "core/model/figures_tally.h"
#include "core/model/intervals.h"

struct book_agent {
    struct figures_tally tally;
    struct intervals busy;
};

struct book_model {
    session_no session;
    intern_id name; /* in book.names */
    struct figures_tally tally;
};

struct book_session {
    struct figures_tally tally;
    struct intervals busy; /* the union of its agents' */
    struct span_counts spans;
};

struct book {
    const struct mem *mem;
    struct intern *names;          /* of tools and models */
    struct book_agent *agents;     /* by agent_no */
    struct book_session *sessions; /* by session_no */
    size_t agent_count, agent_cap, session_count, session_cap;
    struct book_model *models;
    size_t model_count, model_cap;
    struct u64map model_of; /* session << 32 | name */
    intern_id *tool_names;  /* by a span's name: that of its tool; INTERN_NONE: not known yet */
    size_t tool_cap;
};

/* False: out of memory; release it all the same. */
bool book_init(struct book *book, const struct mem *mem);
void book_release(struct book *book);
/* A span has been opened, or an open one is taken out again (`by` -1). False: out of memory. */
bool book_count_open(struct swarm *swarm, const struct span *span, int by);
/* A span has its end, and its phases. False: out of memory. */
bool book_enter(struct swarm *swarm, const struct span *span, const struct end_facts *facts);
/* The session's times have moved. */
void book_shift(struct book *book, const struct swarm *swarm, session_no session, int64_t by_ns);
/* Forgets what was entered of the session and its agents. */
void book_forget(struct book *book, const struct swarm *swarm, session_no session);
/* The name of a tool span's tool, in `names`; INTERN_FAILED: out of memory. */
intern_id book_tool_name(struct book *book, const struct swarm *swarm, const struct span *span);
/* The name of a model; INTERN_NONE: there is none; INTERN_FAILED: out of memory. */
intern_id book_model_name(struct book *book, struct json_value model);

/* The book of the model. */
struct book *swarm_book(const struct swarm *swarm);

#endif
