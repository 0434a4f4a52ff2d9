/* Session numbers are small, so an array of serial numbers has the sessions of a sender. One that
   was forgotten has another serial number, or none. A session is joined at its first line and left
   when the sender disconnects. The ingest context then sets its flags, since others may feed it
   too. */
#include "ingest/feed/feed_sessions.h"

#include "ingest/ingest_tap.h"

#include "core/base/time_ns.h"
#include "core/model/swarm_edit.h"

#include <math.h>
#include <string.h>

enum { ID_BYTES = 4096 };

void feed_sessions_init(struct feed_sessions *sessions, struct ingest_ctx *ingest,
                        const char *source, const char *base_id)
{
    *sessions = (struct feed_sessions){.ingest = ingest,
                                       .source = source,
                                       .base_id = base_id,
                                       .own = NO_SESSION,
                                       .joined = NO_SESSION,
                                       .made = NO_SESSION};
}

void feed_sessions_release(struct feed_sessions *sessions)
{
    mem_free(sessions->ingest->mem, sessions->fed, sessions->fed_cap * sizeof *sessions->fed);
    sessions->fed = NULL;
    sessions->fed_cap = 0;
}

bool feed_sessions_put_host(struct feed_sessions *sessions)
{
    struct ingest_ctx *ingest = sessions->ingest;
    session_no session = sessions->joined;
    const struct session *fed =
        session == NO_SESSION ? NULL : swarm_session(ingest->swarm, session);
    sessions->joined = NO_SESSION;
    if (sessions->host == NULL || fed == NULL) {
        return true;
    }
    int64_t now_ns = ingest_ctx_now(ingest);
    struct update update = {
        .op = UPDATE_SESSION,
        .precedence = PRECEDENCE_TELEMETRY,
        .t_ms = (double)(now_ns / 1000) / 1e3,
        .local_ns = now_ns,
        .session_id = swarm_text_slice(ingest->swarm, fed->id),
    };
    update_text(&update, FIELD_HOST, (struct slice){sessions->host, strlen(sessions->host)});
    return ingest_ctx_update(ingest, &update);
}

bool feed_sessions_join(struct feed_sessions *sessions, session_no session)
{
    size_t had = sessions->fed_cap;
    if (!mem_reserve(sessions->ingest->mem, &sessions->fed, &sessions->fed_cap, (size_t)session + 1,
                     sizeof *sessions->fed)) {
        return false;
    }
    for (size_t i = had; i < sessions->fed_cap; i++) {
        sessions->fed[i] = 0;
    }
    uint64_t serial = swarm_session_serial(sessions->ingest->swarm, session);
    if (sessions->fed[session] != serial) {
        sessions->fed[session] = ingest_ctx_join(sessions->ingest, session) ? serial : 0;
        sessions->joined = session;
    }
    return sessions->fed[session] == serial;
}

session_no feed_sessions_own(const struct feed_sessions *sessions)
{
    session_no own = sessions->own;
    bool lives = own != NO_SESSION &&
                 swarm_session_serial(sessions->ingest->swarm, own) == sessions->own_serial;
    return lives ? own : NO_SESSION;
}

void feed_sessions_set_own(struct feed_sessions *sessions, session_no session)
{
    sessions->own = session;
    sessions->own_serial = swarm_session_serial(sessions->ingest->swarm, session);
}

/* The same, for one that no `hello` has named. */
static void set_made(struct feed_sessions *sessions, session_no session)
{
    feed_sessions_set_own(sessions, session);
    sessions->made = sessions->own;
    sessions->made_serial = sessions->own_serial;
}

void feed_sessions_reset_own(struct feed_sessions *sessions)
{
    sessions->own = sessions->made;
    sessions->own_serial = sessions->made_serial;
}

/* An id for the sender's own session that no other has. */
static bool make_id(struct feed_sessions *sessions, struct strbuf *id)
{
    for (uint64_t n = 1;; n++) {
        strbuf_clear(id);
        if (sessions->base_id == NULL) {
            strbuf_addf(id, "feed-%llu", (unsigned long long)++sessions->ingest->feeds);
        } else if (n == 1) {
            strbuf_adds(id, sessions->base_id);
        } else {
            strbuf_addf(id, "%s-%llu", sessions->base_id, (unsigned long long)n);
        }
        if (id->failed) {
            return false;
        }
        if (swarm_find_session(sessions->ingest->swarm, id->data, id->len) == NO_SESSION) {
            return true;
        }
    }
}

enum tracer_result feed_sessions_hello(struct feed_sessions *sessions, double t_ms,
                                       int64_t local_ns, const struct hello_op *hello,
                                       session_no *out)
{
    struct hello_op op = *hello;
    op.source = sessions->source;
    enum tracer_result result = tracer_hello(sessions->ingest->tracer, t_ms, local_ns, &op, out);
    if (result == TRACER_OK && !feed_sessions_join(sessions, *out)) {
        result = TRACER_NO_MEMORY;
    }
    return result;
}

static enum tracer_result open_own(struct feed_sessions *sessions, double t_ms, int64_t local_ns)
{
    struct strbuf id;
    strbuf_init(&id, sessions->ingest->mem, ID_BYTES);
    enum tracer_result result = TRACER_NO_MEMORY;
    session_no made = NO_SESSION;
    if (make_id(sessions, &id)) {
        struct hello_op hello = {.session_id = {.bytes = id.data, .len = id.len}};
        result = feed_sessions_hello(sessions, t_ms, local_ns, &hello, &made);
    }
    strbuf_release(&id);
    if (result == TRACER_OK) {
        set_made(sessions, made);
    }
    return result;
}

enum tracer_result feed_sessions_find(struct feed_sessions *sessions, struct slice id, double t_ms,
                                      int64_t local_ns, bool only_known, session_no *out)
{
    bool named = id.bytes != NULL;
    *out = named ? swarm_find_session(sessions->ingest->swarm, id.bytes, id.len)
                 : feed_sessions_own(sessions);
    if (*out != NO_SESSION) {
        return feed_sessions_join(sessions, *out) ? TRACER_OK : TRACER_NO_MEMORY;
    }
    if (only_known) {
        return TRACER_NOT_OPEN;
    }
    if (named) {
        struct hello_op hello = {.session_id = id};
        return feed_sessions_hello(sessions, t_ms, local_ns, &hello, out);
    }
    enum tracer_result result = open_own(sessions, t_ms, local_ns);
    *out = feed_sessions_own(sessions);
    return result;
}

session_no feed_sessions_known(const struct feed_sessions *sessions, struct slice id)
{
    return id.bytes == NULL ? feed_sessions_own(sessions)
                            : swarm_find_session(sessions->ingest->swarm, id.bytes, id.len);
}

static bool open_bare(struct feed_sessions *sessions, const struct feed_opening *opening,
                      struct slice id, session_no *out)
{
    bool starts = !isnan(opening->start_ms);
    struct session_info info = {.id = id.bytes,
                                .id_len = id.len,
                                .source = sessions->source,
                                .pool = POOL_LIVE,
                                .forgettable = true,
                                .has_start = starts,
                                .start_ns = starts ? time_ns_from_ms(opening->start_ms) : 0};
    if (!swarm_open_session(sessions->ingest->swarm, &info, out)) {
        return false;
    }
    struct strbuf *extra = &swarm_session_edit(sessions->ingest->swarm, *out)->extra;
    if (opening->extra.len > 2) {
        strbuf_add(extra, opening->extra.bytes + 1, opening->extra.len - 2);
    }
    ingest_tap_open(sessions->ingest, *out, opening->t_ms, opening->start_ms, opening->extra);
    return !extra->failed;
}

bool feed_sessions_open(struct feed_sessions *sessions, const struct feed_opening *opening,
                        session_no *out)
{
    *out = feed_sessions_known(sessions, opening->id);
    if (*out != NO_SESSION) {
        return feed_sessions_join(sessions, *out);
    }
    struct strbuf made;
    strbuf_init(&made, sessions->ingest->mem, ID_BYTES);
    struct slice id = opening->id;
    bool good = id.bytes != NULL || make_id(sessions, &made);
    if (id.bytes == NULL) {
        id = (struct slice){made.data, made.len};
    }
    good = good && open_bare(sessions, opening, id, out);
    strbuf_release(&made);
    if (good && opening->id.bytes == NULL) {
        set_made(sessions, *out);
    }
    return good && feed_sessions_join(sessions, *out);
}

void feed_sessions_leave(struct feed_sessions *sessions, uint8_t flag)
{
    for (size_t i = 0; i < sessions->fed_cap; i++) {
        bool fed = sessions->fed[i] != 0 &&
                   sessions->fed[i] == swarm_session_serial(sessions->ingest->swarm, (session_no)i);
        sessions->fed[i] = 0;
        if (fed) {
            ingest_ctx_leave(sessions->ingest, (session_no)i, flag);
        }
    }
}
