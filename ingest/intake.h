/* What every decoder works on: the model, the clock, the event log, and who feeds which session.
   No loop is needed for it: a test gives bytes to a decoder and looks at the model. */
#ifndef INGEST_INTAKE_H
#define INGEST_INTAKE_H

#include "core/base/notice.h"
#include "core/correlate/witness.h"
#include "core/tracer/tracer.h"

struct claude_hooks;

/* Times that the model can hold: int64 nanoseconds since the Unix epoch, 1678 to 2261. */
#define INTAKE_TIME_MAX_MS 9.2e12

struct intake {
    struct swarm *swarm; /* all borrowed */
    struct tracer *tracer;
    struct witness *witness; /* of the same two; NULL: none */
    struct notice_log *log;
    int64_t (*now_ns)(void *ctx); /* the local clock, Unix epoch */
    /* Appends how the swarm is, a line without its end; NULL: nobody knows. */
    void (*status)(void *ctx, struct strbuf *out);
    void *ctx;
    const struct mem *mem;
    bool ranged; /* of documents, only what touches [from_ns, to_ns] is kept */
    int64_t from_ns, to_ns;
    size_t tidy_at; /* so many events, and what lies outside goes */
    bool changed;   /* the model or a status has changed since the owner last looked */
    struct claude_hooks
        *hooks;        /* what Claude Code's hooks have begun (claude_hook.h); NULL: nothing yet */
    uint64_t feeds;    /* connections that a session was made for */
    uint32_t *feeders; /* by session: how many feed it now */
    size_t feeders_cap;
};

/* `mem` is the swarm's from then on. */
void intake_init(struct intake *intake, struct swarm *swarm, struct tracer *tracer,
                 struct notice_log *log, int64_t (*now_ns)(void *ctx), void *ctx);
void intake_release(struct intake *intake);
int64_t intake_now(const struct intake *intake);

/* One more feeds the session: it is live. False: out of memory. */
bool intake_join(struct intake *intake, session_no session);
/* One of them has gone. `flag` (enum session_flag) is set when it was the last. */
void intake_leave(struct intake *intake, session_no session, uint8_t flag);

/* Where only a part of the time is wanted: documents' events outside of it go, now and then, or with `end` all of them. False: out of
   memory. */
bool intake_tidy(struct intake *intake, bool end);

/* What a source has taken and refused. A flood of complaints is counted in full but said in part:
   the first hundred, then one of a thousand. */
struct tally {
    struct intake *intake;
    uint64_t events, bad;
};

struct complaint {
    const char *where;  /* what it came from: "trace.json", "unix:/run/x sender 2" */
    uint64_t line;      /* 0: unknown */
    const char *reason; /* "unknown op" … */
    struct slice bytes; /* what it is about, of which the first are shown; NULL: nothing to show */
    enum notice_level level;
};

/* Counts it as bad and says so in the log. */
void tally_bad(struct tally *tally, const struct complaint *complaint);
/* Counts an event or operation taken. */
void tally_taken(struct tally *tally);

/* Compares in a time that tells nothing of where they differ. */
bool intake_same_secret(struct slice said, const char *token);

/* A line for the log. */
void intake_say(struct intake *intake, enum notice_level level, const char *text);

/* Appends the first bytes (at most 80) as people can read them: controls, quotes' backslashes and
   what is no UTF-8 escaped, "…" where something is left out. */
void intake_quote(struct strbuf *out, const char *bytes, size_t len);
/* Appends "not JSON: WHAT near 'BYTES'" for a text that json_check refused. */
struct json_error;
void intake_json_reason(struct strbuf *out, const char *text, size_t len,
                        const struct json_error *error);

#endif
