/* Shared by the files that turn OTLP into updates. */
#ifndef INGEST_OTLP_READER_PRIVATE_H
#define INGEST_OTLP_READER_PRIVATE_H

#include "ingest/otlp/otlp_figures.h"
#include "ingest/otlp/otlp_reader.h"
#include "ingest/otlp/otlp_tree.h"

enum {
    OTLP_ID_TEXT = 64,   /* of a call's id: "SPAN/TRACE" in hex */
    OTLP_BEGAN_MAX = 256 /* spans that are shown as begun because of a child */
};

/* Tables of which the oldest entries are forgotten when they are full. */
enum otlp_limit {
    LIMIT_SPANS,
    LIMIT_TRACES,
    LIMIT_LINKS,
    LIMIT_BEGINS,
    LIMIT_CODEX,
    LIMIT_CURVES,
    LIMIT_SAMPLES,
    OTLP_LIMITS
};

struct otlp_turns;
struct otlp_series;
struct otlp_sample_wait;

enum { OTLP_LINK_WAITS = 128, OTLP_LINK_TARGETS = 4 };

/* An agent without a parent whose links lead to spans, one of which started it. */
struct otlp_link_wait {
    struct otlp_id child, targets[OTLP_LINK_TARGETS];
    size_t count;
    bool placed; /* below the agent that started it; its session may still be unknown */
};

/* A span that is shown as begun because of a child. */
struct otlp_begin {
    struct otlp_id id;
    uint64_t process; /* of the child */
};

enum { OTLP_PROCESSES = 64 };

/* A process, and the first session that a span of it named. */
struct otlp_process {
    intern_id process, session;
};

struct otlp_reader {
    struct ingest_ctx *ingest;
    struct otlp_names names;
    struct otlp_tree tree;
    struct u64map seen[2]; /* hashes of what is sent once: sessions, agents, ids, logs */
    struct otlp_found found, resource;
    const struct otlp_scope *scope;   /* its resource is in `resource` */
    enum otlp_producer producer;      /* of the scope */
    struct call_pairs *pairs;         /* of spans and logs of Gemini */
    struct otlp_turns *turns;         /* otlp_logs.c */
    struct otlp_series *series;       /* otlp_metrics.c */
    struct otlp_sample_wait *samples; /* otlp_metrics_wait.c: a list, the oldest first */
    struct otlp_sample_wait **samples_end;
    size_t sample_count;
    struct otlp_begin began[OTLP_BEGAN_MAX];
    size_t began_count;
    int64_t next_give_up_ns; /* no trace without a root got its last span before */
    struct otlp_process processes[OTLP_PROCESSES]; /* a ring */
    size_t process_count;
    size_t steps_left; /* of this request, for agents that get to know who is above them */
    struct otlp_link_wait waits[OTLP_LINK_WAITS];
    size_t wait_count;
    struct strbuf args, scratch;
    struct strbuf room;    /* of an event that is read */
    struct strbuf session; /* "trace:ID" */
    struct slice by;
    char decision_room[OTLP_ID_TEXT];
    const char *warning; /* of the request, for its sender; static, NULL: none */
    uint64_t bad_ttft;   /* times to first token that cannot be */
    uint64_t forgotten[OTLP_LIMITS];
    struct strbuf limit_text;
    bool failed; /* out of memory */
};

/* Returns the id of a span's call, borrowed from `room`. */
struct slice otlp_call_id(const struct otlp_id *id, char room[OTLP_ID_TEXT]);
/* Whether something with that hash was noted. otlp_is_new notes it, too. */
bool otlp_is_noted(const struct otlp_reader *reader, uint64_t hash);
bool otlp_is_new(struct otlp_reader *reader, uint64_t hash);
/* It was not sent: memory ran out. */
void otlp_forget(struct otlp_reader *reader, uint64_t hash);
uint64_t otlp_hash(uint64_t seed, struct slice text);
uint64_t otlp_value_hash(uint64_t seed, const struct otlp_value *value);
/* Has the reader look at the scope's resource. */
void otlp_enter_scope(struct otlp_reader *reader, const struct otlp_scope *scope);
struct update otlp_update(const struct otlp_reader *reader, enum update_op op,
                          struct slice session);
void otlp_send(struct otlp_reader *reader, const struct update *update);
/* Counts a time to first token that cannot be, and reports it now and then. */
void otlp_count_ttft(struct otlp_reader *reader, bool bad);
/* Sets success and error. A tool's error is part of its result, which the spans around it repeat:
   without --content only its class is kept but of requests. */
void otlp_put_outcome(struct otlp_reader *reader, const struct otlp_item *item, bool tool,
                      struct update *update);
/* Reports an agent that has an id of its own, once. */
void otlp_send_agent(struct otlp_reader *reader, struct slice session, struct slice agent,
                     struct slice type, struct slice parent);

/* Joins a span and a log about a request or a tool's call that have no id in common. Returns the id
   under which the other was sent; bytes NULL: it has not come. `group` is the id of the span in
   which a tool's call lies: all logs of a group come when its last call has ended. */
struct slice otlp_pair_of(struct otlp_reader *reader, const struct otlp_item *item, bool tool,
                          struct slice session, struct slice id, struct slice group,
                          char room[CALL_PAIR_ID]);

/* ---- otlp_sessions.c ---- */

/* Returns the session that the span or log names; bytes NULL: none. */
struct slice otlp_named_session(const struct otlp_reader *reader, const struct otlp_found *found);
/* Returns the session of a span or log: the one that it names (found NULL: none), else that of its
   trace (node OTLP_NO_NODE: it has none). Describes it with its
   first update. Borrowed until the next call. */
struct slice otlp_session_of(struct otlp_reader *reader, const struct otlp_found *found,
                             uint32_t node);
/* Notes what the span or log reports of its trace; the process of the `root` is the trace's. */
void otlp_note_session(struct otlp_reader *reader, const struct otlp_found *found, uint32_t node,
                       bool root);
/* Makes the id of the trace an alias of its session, once that is known. */
void otlp_settle_trace(struct otlp_reader *reader, struct otlp_trace *trace);

/* Returns the first session that a span of the process named; bytes NULL: none is known. */
struct slice otlp_process_session(const struct otlp_reader *reader, struct slice process);

/* The node's trace has the session of the target's, where it names none. */
void otlp_adopt_session(struct otlp_reader *reader, uint32_t node, uint32_t target);

/* ---- otlp_links.c ---- */

/* Returns the span that started the agent, as far as it is known now; the agent waits in the list.
   The span has a link. */
struct otlp_id otlp_link_parent(struct otlp_reader *reader, const struct otlp_span *span);
/* After spans were noted: agents that wait are in the sessions of those that started them. */
void otlp_adopt_sessions(struct otlp_reader *reader);
/* After spans were taken: agents that wait are below their starters. */
void otlp_settle_links(struct otlp_reader *reader);

/* ---- otlp_parents.c ---- */

/* After the node got its parent: notes whether that lies in another process. */
void otlp_note_remote(struct otlp_reader *reader, const struct otlp_span *span, uint32_t node);
/* The span was taken: shows its parent as begun, unless that has come or never will. */
void otlp_show_begun(struct otlp_reader *reader, const struct otlp_span *span, uint32_t node);
/* Ends those that will not come. */
void otlp_end_begun(struct otlp_reader *reader);
/* Something came of the node's trace. */
void otlp_note_arrival(struct otlp_reader *reader, uint32_t node);
/* Gives up the roots of traces of which the last came until then: these have the session of their
   process, and, if `ends`, what is known by its children alone ends with the last of them. Returns
   whether any trace still waits for its root. */
bool otlp_give_up(struct otlp_reader *reader, int64_t until_ns, bool ends);

/* ---- otlp_calls.c ---- */

/* Sends the call of a span; `update` has its ids, its times, and its agent where it is named. */
void otlp_take_call(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node,
                    struct update *update);
/* Returns what follows the last dot or colon. */
struct slice otlp_last_part(struct slice text);

/* ---- otlp_limits.c ---- */

/* Counts an entry that is forgotten, and reports how many were now and then. */
void otlp_note_forgotten(struct otlp_reader *reader, enum otlp_limit limit);
/* Does the same for what the tree has forgotten since the last call. */
void otlp_note_tree(struct otlp_reader *reader);

/* ---- otlp_attempts.c ---- */

/* Notes a span that no call is made of: it may lie between a message and its attempts. */
void otlp_note_step(struct otlp_reader *reader, const struct otlp_span *span);
/* The update of an attempt was sent: adds when it began, and joins it with its message's others. */
void otlp_take_attempt(struct otlp_reader *reader, uint32_t node, const struct update *update,
                       bool failed);

/* ---- otlp_http.c ---- */

/* Whether a span that is no call is the client's side of a call by HTTP. */
bool otlp_is_http(const struct otlp_span *span, enum otlp_kind kind);
/* Takes such a span. Returns whether it is an attempt of a request, or noise; else it is drawn. */
bool otlp_take_http(struct otlp_reader *reader, const struct otlp_span *span, uint32_t node);
/* The update of a request was sent, which reports its attempts itself or leaves them to the calls
   by HTTP below it. `ttft_ms` counts from its begin (NAN: unknown). */
void otlp_take_http_attempts(struct otlp_reader *reader, uint32_t node, const struct update *update,
                             double ttft_ms, bool counts);

/* A span that is no call and has been taken may lie between a request and its calls by HTTP. */
void otlp_take_between(struct otlp_reader *reader, uint32_t node, struct slice session);

/* ---- otlp_children.c ---- */

/* Places the session that the call of a tool started below the call's own. */
void otlp_take_child(struct otlp_reader *reader, const struct otlp_attributes *attributes,
                     enum otlp_producer producer, struct slice tool, const struct update *call);

/* ---- otlp_metrics.c, otlp_metrics_wait.c ---- */

/* A value of a metric's curve. */
struct otlp_sample_value {
    struct slice session; /* its id */
    struct slice name;    /* the metric's */
    struct slice member;  /* the curve's, masked */
    uint64_t time_ns;
    double value;
};

/* Appends it to its session. False: that has no agent yet, so it is to wait. */
bool otlp_append_sample(struct otlp_reader *reader, const struct otlp_sample_value *sample);
void otlp_wait_for_session(struct otlp_reader *reader, const struct otlp_sample_value *sample);
/* Appends those whose session is known by now. Returns whether any still waits. */
bool otlp_settle_samples(struct otlp_reader *reader);
void otlp_drop_waits(struct otlp_reader *reader);

/* ---- otlp_spans.c, otlp_agents.c, otlp_logs.c, otlp_metrics.c ---- */

void otlp_take_spans(struct otlp_reader *reader, const struct otlp_batch *batch);
void otlp_take_logs(struct otlp_reader *reader, const struct otlp_batch *batch);
bool otlp_metrics_init(struct otlp_reader *reader);
void otlp_metrics_release(struct otlp_reader *reader);
bool otlp_logs_init(struct otlp_reader *reader);
void otlp_logs_release(struct otlp_reader *reader);
void otlp_take_metrics(struct otlp_reader *reader, const struct otlp_batch *batch);

/* A log that lies in a span below a tool's call has the call's id: sets the call's span as an alias
   where it is known, else notes the id for when it comes. */
void otlp_note_decision(struct otlp_reader *reader, uint32_t node, struct slice id,
                        struct update *update);

/* The run of an agent: decides on its row. */
void otlp_take_agent(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node,
                     struct update *update);
/* The node's span is known now: agents below it may have got another parent. */
void otlp_place_agents(struct otlp_reader *reader, uint32_t node, struct slice session);
/* The agent of the node has got to know who is above it. */
void otlp_place_agent(struct otlp_reader *reader, uint32_t node, struct slice session);
/* Names the agent of the run whose span has that node, which may not have come yet. */
void otlp_name_agent(struct otlp_reader *reader, uint32_t node, struct slice session,
                     struct slice name);
/* The producer's own id of the agent whose run the node is; the run's span may not have come. */
void otlp_own_agent(struct otlp_reader *reader, uint32_t node, struct slice session,
                    struct slice own);
/* Returns the agent that Gemini's id of a prompt or of a tool's call names (AGENT#TURN, or
   AGENT#TURN-CALL); bytes NULL: the main agent's, or none. Borrowed from `found`. */
struct slice otlp_gemini_agent(const struct otlp_found *found);
/* Notes the name of the run, before any row is decided on. */
void otlp_note_agent(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node);

#endif
