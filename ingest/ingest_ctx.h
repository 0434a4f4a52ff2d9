/* The context that all decoders share: the model, the clock, the event log, and the number of
   senders per session. It needs no loop: a test gives bytes to a decoder and looks at the model. */
#ifndef INGEST_INGEST_CTX_H
#define INGEST_INGEST_CTX_H

#include "core/correlate/correlator.h"
#include "core/model/event_log.h"
#include "core/tracer/tracer.h"
#include "ingest/call_owners.h"
#include "ingest/call_pairs.h"
#include "ingest/client_processes.h"
#include "ingest/hook_client.h"

/* The model holds times as int64 nanoseconds since the Unix epoch, 1678 to 2261: times beyond
   are refused. */
#define INGEST_TIME_MAX_MS 9.2e12

/* Receives a line of the feed, with its '\n', for everything that passes into the model
   (ingest_tap.h). */
struct ingest_tap {
    void (*put)(void *ctx, const char *line, size_t len); /* NULL: no tap */
    void *ctx;
};

struct ingest_ctx {
    struct swarm *swarm; /* all borrowed */
    struct tracer *tracer;
    struct correlator *correlator; /* of the same two */
    struct event_log *log;
    struct ingest_tap tap;
    struct strbuf tap_line;        /* ingest_tap.c */
    int64_t (*now_ns)(void *ctx);  /* the local clock, Unix epoch: never set back */
    int64_t (*wall_ns)(void *ctx); /* the machine's wall clock; NULL: as now_ns */
    /* Appends the swarm's status, a line without its end; NULL: unknown. */
    void (*status)(void *ctx, struct strbuf *out);
    void *ctx;
    const struct mem *mem;
    bool content; /* prompts and inputs of tools are kept whole */
    bool no_mask; /* keys and passwords in what clients bring are kept as they came */
    bool ranged;  /* of documents, only what touches [from_ns, to_ns] is kept */
    int64_t from_ns, to_ns;
    size_t tidy_at; /* at so many events, those outside the range are dropped */
    bool changed;   /* the model or a status has changed since the last report to the owner */
    const struct hook_client *const *hook_clients; /* ends with NULL; NULL: none. Borrowed */
    struct hook_state hook_states[HOOK_CLIENTS_MAX];
    struct call_owners owners;     /* of calls in transcripts */
    struct call_pairs *pairs;      /* of requests that two sources report; NULL: none yet */
    struct call_pairs *tool_pairs; /* the same of tools' calls */
    struct otlp_shared *otlp;      /* of all receivers of OTLP (ingest/http/otlp_source.c) */
    struct client_processes processes;
    uint64_t feeds; /* sessions made for connections that name none */
    struct feeders {
        uint64_t serial; /* the session's */
        uint32_t count;  /* of its senders */
    } * feeders;         /* by session */
    size_t feeders_cap;
};

/* Sets it up; memory is the swarm's. */
void ingest_ctx_init(struct ingest_ctx *ingest, struct swarm *swarm, struct tracer *tracer,
                     struct correlator *correlator, struct event_log *log,
                     int64_t (*now_ns)(void *ctx), void *ctx);
void ingest_ctx_release(struct ingest_ctx *ingest);
int64_t ingest_ctx_now(const struct ingest_ctx *ingest);
int64_t ingest_ctx_wall(const struct ingest_ctx *ingest);
/* Stamps an update from files of this machine: it was made now, and its times are of the wall
   clock. */
void ingest_ctx_stamp(const struct ingest_ctx *ingest, struct update *update);

/* Gives the update to the correlator, and to the tap. Every source's updates go through here.
   False: out of memory. */
bool ingest_ctx_update(struct ingest_ctx *ingest, const struct update *update);
/* The same for what a client's files, hooks or telemetry bring: keys and passwords in it are masked
   (core/base/mask.h). */
bool ingest_ctx_client_update(struct ingest_ctx *ingest, const struct update *update);

/* The program ends: ends every session in which something is open, at the time that it has now, and
   gives these ends to the tap. False: out of memory. */
bool ingest_ctx_close(struct ingest_ctx *ingest);

/* Counts one more sender of the session, which is live then. False: out of memory. */
bool ingest_ctx_join(struct ingest_ctx *ingest, session_no session);
/* Counts one less. Sets `flag` (enum session_flag) on the session when it was the last. */
void ingest_ctx_leave(struct ingest_ctx *ingest, session_no session, uint8_t flag);

/* Drops events of documents outside [from_ns, to_ns], where only a range is wanted: now and
   then, or at once with `end`. False: out of memory. */
bool ingest_ctx_tidy(struct ingest_ctx *ingest, bool end);

/* The events that a source has accepted and rejected. All rejects are counted; the log has the
   first hundred, then one of a thousand. */
enum { REJECT_BYTES = 320, UNREAD_BYTES = 4096 };
struct source_counters {
    struct ingest_ctx *ingest;
    uint64_t events, bad;
    uint64_t refused;         /* of `bad`, those that are lost: no orphan ends, no ignored fields */
    uint64_t turned_away;     /* of `refused`, connections, not lines */
    bool error_is_first;      /* the source's error is about the first of these */
    bool many_files;          /* `first` begins with the origin of the line */
    char first[REJECT_BYTES]; /* the first of these: "line 3: unknown op: {…"; "": none */
    uint64_t unreadable;      /* files and directories that cannot be read */
    char unread[UNREAD_BYTES]; /* "PATH: REASON\n" of files that cannot be read; "": none */
};

struct reject {
    const char *where;    /* its origin: "trace.json", "unix:/run/x sender 2" */
    uint64_t line;        /* 0: unknown */
    const char *reason;   /* "unknown op" … */
    struct slice bytes;   /* the input, of which the log shows the first bytes; NULL: none */
    enum log_level level; /* at least a warning: the input is lost */
};

/* Counts it as bad and logs it. */
void source_counters_reject(struct source_counters *counters, const struct reject *reject);
/* Counts a file or directory that cannot be read, logs and notes it. */
void source_counters_unreadable(struct source_counters *counters, const char *path,
                                const char *reason);
/* Counts one accepted event or operation. */
void source_counters_accept(struct source_counters *counters);

/* Compares in a time that does not depend on where they differ. */
bool ingest_ctx_same_secret(struct slice given, const char *token);

/* Adds a line to the log. `origin`: the source that it is about; NULL: none. */
void ingest_ctx_log(struct ingest_ctx *ingest, enum log_level level, const char *text);
void ingest_ctx_log_from(struct ingest_ctx *ingest, enum log_level level, const char *origin,
                         const char *text);

/* Appends the first bytes (at most 80) in readable form: control characters and invalid UTF-8
   are escaped, "…" marks a cut. */
void ingest_ctx_quote(struct strbuf *out, const char *bytes, size_t len);
/* Appends "not JSON: WHAT near 'BYTES'" for a text that json_check refused. */
struct json_error;
void ingest_ctx_json_reason(struct strbuf *out, const char *text, size_t len,
                            const struct json_error *error);

#endif
