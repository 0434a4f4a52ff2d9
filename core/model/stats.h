/* The statistics of closed spans, which the metrics (metrics.h) are made of: by agent, by
   session and by model. A span is added when it gets its end. Open spans are counted, but their
   time is not yet added. Private to the model and the metrics. */
#ifndef CORE_STATS_H
#define CORE_STATS_H

#include "core/model/intervals.h"
#include "core/model/metrics_acc.h"

struct stats_agent {
    struct metrics_acc acc;
    struct intervals busy;
    size_t work; /* closed calls counted in `busy`, also those without length */
};

struct stats_model {
    session_no session;
    intern_id name; /* in stats.names */
    struct metrics_acc acc;
};

struct stats_session {
    struct metrics_acc acc;
    struct intervals busy; /* the union of its agents' */
    struct span_counts spans;
    bool stale; /* something could not be subtracted: counted again when next asked for */
};

struct stats {
    const struct mem *mem;
    struct intern *names;           /* of tools and models */
    struct stats_agent *agents;     /* by agent_no */
    struct stats_session *sessions; /* by session_no */
    size_t agent_count, agent_cap, session_count, session_cap;
    struct stats_model *models;
    size_t model_count, model_cap;
    struct u64map model_of; /* session << 32 | name */
    intern_id *tool_names;  /* by a span's name: that of its tool; INTERN_NONE: not known yet */
    size_t tool_cap;
    bool stale;         /* some session is */
    bool borrows_names; /* `names` are those of other stats */
};

/* False: out of memory; release it all the same. */
bool stats_init(struct stats *stats, const struct mem *mem);
/* Stats of some of the spans, by stats_count_span. They borrow the names of `other`; release
   them. */
void stats_init_beside(struct stats *stats, struct stats *other);
void stats_release(struct stats *stats);
/* Counts a span, open or closed. False: out of memory. */
bool stats_count_span(struct stats *stats, const struct swarm *swarm, const struct span *span);
/* A span has been opened, or an open one is taken out again (`by` -1). False: out of memory. */
bool stats_count_open(struct swarm *swarm, const struct span *span, int by);
/* A span has its end, and its phases. False: out of memory. */
bool stats_add_span(struct swarm *swarm, const struct span *span, const struct end_facts *facts);
/* The session's statistics are counted again when next asked for. False: out of memory. */
bool stats_mark(struct swarm *swarm, session_no session);
/* Subtracts a closed span that was removed from its lane, while its phases are still known.
   `facts` are those that it was added with. A part that cannot be subtracted is counted again at
   the next query. */
void stats_remove_span(struct swarm *swarm, const struct span *span, const struct end_facts *facts);
/* The text of a model's name; bytes NULL: `name` is INTERN_NONE. */
struct slice stats_model_text(const struct stats *stats, intern_id name);
/* Forgets the counts of the session and its agents. */
void stats_forget(struct stats *stats, const struct swarm *swarm, session_no session);
/* Forgets the counts of an agent none of whose spans is in memory. */
void stats_forget_agent(struct stats *stats, agent_no agent);
/* Marks the names that are in use. */
struct name_marks;
void stats_mark_names(const struct stats *stats, struct name_marks *marks);
/* Forgets what it knows of the names of spans. */
void stats_forget_tool_names(struct stats *stats);
/* The same for all sessions that it returns true for; their models are freed, too. */
void stats_forget_where(struct stats *stats, const struct swarm *swarm,
                        bool (*where)(const struct swarm *swarm, session_no session));
/* The name of a tool span's tool, in `names`; INTERN_FAILED: out of memory. */
intern_id stats_tool_name(struct stats *stats, const struct swarm *swarm, const struct span *span);
/* Returns the name of the facts' model; INTERN_NONE: unknown; INTERN_FAILED: out of memory. */
intern_id stats_model_name(struct stats *stats, const struct end_facts *facts);

/* The statistics of the model, brought up to date. NULL: out of memory. */
struct stats *swarm_stats(const struct swarm *swarm);

#endif
