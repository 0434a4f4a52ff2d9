/* What the files of the witness (witness.c, witness_session.c, witness_agent.c, witness_call.c, witness_queue.c, witness_tell.c, witness_forget.c) share. Nobody
   else includes this. */
#ifndef CORE_WITNESS_PRIVATE_H
#define CORE_WITNESS_PRIVATE_H

#include "core/base/u64map.h"
#include "core/correlate/witness.h"
#include "core/tracer/tracer_told.h"

#define NO_PLACE UINT32_MAX

/* What decides whose text holds: the rank + 1, the length, a hash of the bytes, from the highest bits down; the greater wins. 0: nothing was said. Whoever
   comes first, the same text holds in the end, and nothing needs to be kept of those that lost. */
typedef uint64_t text_weight;

struct said_text {
    text_weight weight;
    intern_id text;
};

/* A time or a number; `rank` is that of the witness + 1, 0: nothing was said and `value` is NAN. */
struct said_number {
    double value;
    uint8_t rank;
};

struct known_agent {
    intern_id id; /* of the main one: its session's */
    struct said_text type, description, parent;
    struct said_number end_ms;
    double last_start_ms; /* the latest start of something of it; NAN: none */
    int64_t pid;          /* 0: not registered yet */
    uint8_t flags;        /* those that were set: AGENT_UNREGISTERED, AGENT_GONE */
};

struct session_end {
    double ms;
    bool gone;
};

struct known_session {
    intern_id id;
    session_no number; /* NO_SESSION: no time was said yet */
    struct said_text name, source;
    int64_t pid;              /* 0: not said */
    double cost_usd;          /* 0: not said */
    double first_ms, last_ms; /* of all times that were said; NAN: none */
    double last_start_ms;     /* of what began, the session itself too */
    int64_t local_ns;
    struct known_agent *agents; /* the first is the main one */
    size_t agent_count, agent_cap;
    struct u64map agent_by_id;
    struct session_end *ends; /* by time */
    size_t end_count, end_cap;
    uint32_t
        unended; /* the first of its calls that began and whose end nobody has said; NO_PLACE: none */
    double next_stale_ms; /* when the next of those grows stale; INFINITY: none does */
    double forgotten_ms;  /* calls that had ended by then are forgotten; NAN: none */
    uint8_t flags;        /* those of the session that were set */
    bool recheck;         /* how its unended calls end may have changed */
    bool derive;          /* events were amended */
    bool described;       /* all its agents are told */
};

/* The kinds of call are the tracer's told_kind. */
enum { TEXTS = 3, LONG_TEXTS = 2 };
enum text_of_call {
    TOOL_NAME = 0,
    REQUEST_MODEL = 0,
    REQUEST_QUERY_SOURCE = 1,
    WAIT_WHAT = 0,
    WAIT_DECISION = 1,
    WAIT_SOURCE = 2
};
/* Texts that are seldom the same twice: they are not interned, but stand in the events. */
enum long_text_of_call { TOOL_ARGS = 0, REQUEST_MESSAGE_ID = 0, CALL_ERROR = 1 };

enum request_number { TTFT_MS, PROMPT_TOKENS, OUTPUT_TOKENS, CACHE_READ, CACHE_CREATION, NUMBERS };

struct request_numbers {
    struct said_number numbers[NUMBERS];
    double *attempts; /* sorted */
    uint32_t attempt_count;
    size_t attempt_cap;
    uint8_t attempt_rank;
};

/* A long text until there is an event that has it. */
struct draft {
    struct {
        char *bytes;
        size_t len;
    } texts[LONG_TEXTS];
};

enum changed { CHANGED_BEGIN = 1, CHANGED_END = 2 };

struct call {
    uint64_t key;
    uint64_t begin_no, end_no; /* as struct told_span has them */
    struct said_number start_ms, end_ms;
    text_weight weights[TEXTS], long_weights[LONG_TEXTS], agent_weight;
    intern_id texts[TEXTS];
    uint32_t slots;
    uint32_t session, agent; /* places; of the agent in its session */
    uint32_t prev, next; /* of the session's unended calls; of a free place: the next free one */
    struct draft *draft; /* NULL: none */
    struct request_numbers *request;  /* of a request */
    struct said_number prompt_length; /* of a turn */
    uint8_t kind, told;               /* enum told_kind, enum told_end */
    uint8_t success, success_rank;
    uint8_t changed; /* what was not told yet */
    bool used, unended;
    bool queued; /* something of it is to be told */
};

struct witness {
    struct swarm *swarm;
    struct tracer *tracer;
    const struct mem *mem;
    struct known_session *sessions;
    size_t session_count, session_cap;
    struct u64map session_by_id;
    struct call *calls;
    size_t call_count, call_cap;
    uint32_t free_call; /* NO_PLACE: none */
    struct u64map call_by_key;
    uint32_t *queue; /* places of calls of which something is to be told */
    size_t queue_count, queue_cap;
    uint64_t first_event;  /* of the store when it was last looked for what was dropped */
    bool unsettled, retry; /* something is to be done; some telling failed */
};

/* witness.c: what holds of two words. True where the value is another now. */
bool said_time(double ms);
bool merge_least(struct said_number *value, double said, enum witness_rank rank);
bool merge_greatest(struct said_number *value, double said, enum witness_rank rank);
text_weight weight_of(struct slice text, enum witness_rank rank);
/* False: out of memory. */
bool merge_text(struct witness *witness, struct said_text *text, struct slice said,
                enum witness_rank rank, bool *changed);
struct slice witness_text(const struct witness *witness, intern_id id);

/* witness_session.c */
/* The session of the place, made when there is none; NULL: out of memory. */
struct known_session *witness_find_session(struct witness *witness,
                                           const struct witness_place *place);
/* Of something that began and ended then (NAN: not said). False: out of memory. */
bool witness_note_times(struct witness *witness, struct known_session *session,
                        const struct witness_place *place, double start_ms, double end_ms);
/* Sees to it that an open session's name, flags and agents are as they are known. */
bool witness_tell_session(struct witness *witness, struct known_session *session);
/* The earliest end of the session at or after that time; NAN: none. */
double witness_session_over(const struct known_session *session, double start_ms);

/* witness_agent.c */
/* The place of the agent in its session, made when there is none; NO_PLACE: out of memory. */
uint32_t witness_find_agent(struct witness *witness, struct known_session *session,
                            struct slice agent_id);
bool witness_tell_agent(struct witness *witness, struct known_session *session,
                        struct known_agent *agent);
/* Something of the agent began then. */
void witness_note_agent(struct witness *witness, struct known_session *session, uint32_t place,
                        double start_ms);
void witness_flag_agents(struct witness *witness, struct known_session *session);

/* witness_call.c */
void witness_free_call(struct witness *witness, struct call *call);

/* witness_queue.c */
/* What has changed of the call is told at the next settling. False: out of memory. */
bool witness_queue_call(struct witness *witness, struct call *call);
/* Tells all that waits. False: out of memory; witness_settle finds what was left. */
bool witness_tell_queue(struct witness *witness);

/* witness_tell.c */
/* Whether there is something to tell of it. */
bool witness_can_tell(const struct witness *witness, const struct call *call);
/* Whether and when it ends. */
bool witness_end_of(struct witness *witness, const struct call *call, double *end_ms);
/* Its begin alone, or, of a call that has not ended, all. False: out of memory. */
bool witness_tell_begin(struct witness *witness, struct call *call);
/* Brings the events of the call to what is known of it. False: out of memory. */
bool witness_tell_call(struct witness *witness, struct call *call);
void witness_drop_draft(struct witness *witness, struct call *call, unsigned text);
/* Takes it off the list of unended calls. */
void witness_unlink_call(struct witness *witness, struct call *call);
/* Ends of calls that nobody has said, looked at again. */
bool witness_recheck(struct witness *witness, struct known_session *session);
/* Closes all that is open, at the sessions' clocks. `ctx` is the witness. */
bool witness_close(void *ctx);

/* witness_forget.c */
/* Calls whose events were dropped. */
void witness_forget(struct witness *witness);
/* Whether what is said is of a call that is forgotten, or would be. */
bool witness_is_forgotten(const struct known_session *session, double start_ms, double end_ms);

#endif
