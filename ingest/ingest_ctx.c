/* The senders of a session are counted over all connections: the session is disconnected when
   the last one has gone, and live again as soon as one is back, on whichever connection. Session
   numbers are small and dense, so the counts are an array by session. */
#include "ingest/ingest_ctx.h"

#include "core/base/mask.h"
#include "core/base/utf8.h"
#include "core/model/swarm_edit.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    QUOTED_BYTES = 80,
    NEAR_BYTES = 24,
    LOGGED_IN_FULL = 100,
    LOGGED_ONE_OF = 1000,
    ENTRY_BYTES = 1000,
    TIDY_EVENTS = 200000
};

void ingest_ctx_init(struct ingest_ctx *ingest, struct swarm *swarm, struct tracer *tracer,
                     struct correlator *correlator, struct event_log *log,
                     int64_t (*now_ns)(void *ctx), void *ctx)
{
    *ingest = (struct ingest_ctx){.swarm = swarm,
                                  .tracer = tracer,
                                  .correlator = correlator,
                                  .log = log,
                                  .now_ns = now_ns,
                                  .ctx = ctx,
                                  .mem = swarm_mem(swarm)};
    strbuf_init(&ingest->tap_line, ingest->mem, 0);
    call_owners_init(&ingest->owners, ingest->mem);
    client_processes_init(&ingest->processes, ingest->mem);
}

void ingest_ctx_release(struct ingest_ctx *ingest)
{
    hook_release(ingest);
    strbuf_release(&ingest->tap_line);
    call_owners_release(&ingest->owners);
    mem_free(ingest->mem, ingest->pairs, ingest->pairs == NULL ? 0 : sizeof *ingest->pairs);
    mem_free(ingest->mem, ingest->tool_pairs,
             ingest->tool_pairs == NULL ? 0 : sizeof *ingest->tool_pairs);
    ingest->pairs = ingest->tool_pairs = NULL;
    client_processes_release(&ingest->processes);
    mem_free(ingest->mem, ingest->feeders, ingest->feeders_cap * sizeof *ingest->feeders);
    ingest->feeders = NULL;
    ingest->feeders_cap = 0;
}

int64_t ingest_ctx_now(const struct ingest_ctx *ingest)
{
    return ingest->now_ns(ingest->ctx);
}

int64_t ingest_ctx_wall(const struct ingest_ctx *ingest)
{
    return ingest->wall_ns != NULL ? ingest->wall_ns(ingest->ctx) : ingest_ctx_now(ingest);
}

void ingest_ctx_stamp(const struct ingest_ctx *ingest, struct update *update)
{
    update->local_ns = ingest_ctx_now(ingest);
    update->wall_ns = ingest_ctx_wall(ingest);
    update->t_ms = (double)update->wall_ns / 1e6;
}

bool ingest_ctx_tidy(struct ingest_ctx *ingest, bool end)
{
    const struct event_store *store = swarm_store(ingest->swarm, POOL_FILES);
    size_t tidy_at = ingest->tidy_at > TIDY_EVENTS ? ingest->tidy_at : TIDY_EVENTS;
    if (!ingest->ranged || (!end && event_store_count(store) < tidy_at)) {
        return true;
    }
    if (!swarm_keep_range(ingest->swarm, POOL_FILES, ingest->from_ns, ingest->to_ns, end)) {
        return false;
    }
    /* The events that stay are derived again each time: wait until as many have come. */
    ingest->tidy_at = 2 * event_store_count(swarm_store(ingest->swarm, POOL_FILES)) + TIDY_EVENTS;
    return true;
}

/* ---- senders of sessions ---- */

static void set_flags(struct ingest_ctx *ingest, session_no session, uint8_t set, uint8_t clear)
{
    const struct session *was = swarm_session(ingest->swarm, session);
    if (was == NULL) {
        return;
    }
    uint16_t flags = (uint16_t)((was->flags & ~clear) | set);
    if (flags == was->flags) {
        return;
    }
    swarm_session_edit(ingest->swarm, session)->flags = flags;
    swarm_touch(ingest->swarm);
    ingest->changed = true;
}

bool ingest_ctx_join(struct ingest_ctx *ingest, session_no session)
{
    size_t had = ingest->feeders_cap;
    if (!mem_reserve(ingest->mem, &ingest->feeders, &ingest->feeders_cap, (size_t)session + 1,
                     sizeof *ingest->feeders)) {
        return false;
    }
    for (size_t i = had; i < ingest->feeders_cap; i++) {
        ingest->feeders[i] = (struct feeders){0};
    }
    struct feeders *feeders = &ingest->feeders[session];
    uint64_t serial = swarm_session_serial(ingest->swarm, session);
    if (feeders->serial != serial) {
        *feeders = (struct feeders){.serial = serial}; /* the number was a forgotten session's */
    }
    feeders->count++;
    set_flags(ingest, session, 0, SESSION_FINISHED | SESSION_DISCONNECTED);
    return true;
}

void ingest_ctx_leave(struct ingest_ctx *ingest, session_no session, uint8_t flag)
{
    assert(session < ingest->feeders_cap && ingest->feeders[session].count > 0);
    if (--ingest->feeders[session].count == 0) {
        set_flags(ingest, session, flag, 0);
    }
}

/* ---- the log ---- */

bool ingest_ctx_same_secret(struct slice given, const char *token)
{
    size_t len = strlen(token);
    unsigned differ = given.len != len;
    for (size_t i = 0; i < given.len; i++) {
        differ |= (unsigned char)given.bytes[i] ^ (unsigned char)token[len == 0 ? 0 : i % len];
    }
    return differ == 0;
}

void ingest_ctx_log_from(struct ingest_ctx *ingest, enum log_level level, const char *origin,
                         const char *text)
{
    struct log_entry entry = {.at_ns = ingest_ctx_now(ingest),
                              .level = level,
                              .session = NO_SESSION,
                              .text = text,
                              .len = strlen(text),
                              .origin = origin,
                              .origin_len = origin == NULL ? 0 : strlen(origin)};
    event_log_add(ingest->log, &entry);
    ingest->changed = true;
}

void ingest_ctx_log(struct ingest_ctx *ingest, enum log_level level, const char *text)
{
    ingest_ctx_log_from(ingest, level, NULL, text);
}

static void quote_one(struct strbuf *out, const char *at, size_t n, uint32_t cp)
{
    if (cp == '\n') {
        strbuf_adds(out, "\\n");
    } else if (cp == '\r') {
        strbuf_adds(out, "\\r");
    } else if (cp == '\t') {
        strbuf_adds(out, "\\t");
    } else if (cp < 0x20 || cp == 0x7F || (cp == UTF8_REPLACEMENT && n == 1)) {
        strbuf_addf(out, "\\x%02x", (unsigned)(unsigned char)*at);
    } else if ((cp >= 0x80 && cp < 0xA0) || (cp >= 0xD800 && cp < 0xE000)) {
        strbuf_addf(out, "\\u%04x", (unsigned)cp);
    } else {
        strbuf_add(out, at, n);
    }
}

void ingest_ctx_quote(struct strbuf *out, const char *bytes, size_t len)
{
    size_t at = 0, end = mask_cut(bytes, len, QUOTED_BYTES);
    while (at < end) {
        uint32_t cp;
        size_t n = utf8_next(bytes + at, len - at, &cp);
        quote_one(out, bytes + at, n, cp);
        at += n;
    }
    if (at < len) {
        strbuf_adds(out, "…");
    }
}

void ingest_ctx_json_reason(struct strbuf *out, const char *text, size_t len,
                            const struct json_error *error)
{
    /* A few bytes before and after the error, cut between characters. */
    size_t from = error->offset > NEAR_BYTES ? error->offset - NEAR_BYTES : 0;
    while (from > 0 && from < error->offset && ((unsigned char)text[from] & 0xC0) == 0x80) {
        from++;
    }
    size_t to = len - error->offset > NEAR_BYTES / 2 ? error->offset + NEAR_BYTES / 2 : len;
    strbuf_addf(out, "not JSON: %s near '", error->what);
    ingest_ctx_quote(out, text + from, to - from);
    strbuf_addc(out, '\'');
}

static void put_reason(const struct ingest_ctx *ingest, struct strbuf *out,
                       const struct reject *reject)
{
    strbuf_adds(out, reject->reason);
    if (reject->bytes.bytes != NULL) {
        strbuf_adds(out, ": ");
        ingest_ctx_quote(out, reject->bytes.bytes, reject->bytes.len);
    }
    if (!ingest->no_mask) {
        mask_in_place(out);
    }
}

/* Logs it as the one of that number. */
static void log_reject(struct source_counters *counters, const struct reject *reject,
                       uint64_t number)
{
    if (number > LOGGED_IN_FULL && number % LOGGED_ONE_OF != 0) {
        return;
    }
    struct strbuf text, origin;
    strbuf_init(&text, counters->ingest->mem, ENTRY_BYTES);
    strbuf_init(&origin, counters->ingest->mem, ENTRY_BYTES);
    put_reason(counters->ingest, &text, reject);
    strbuf_adds(&origin, reject->where);
    if (reject->line > 0) {
        strbuf_addf(&origin, ": line %llu", (unsigned long long)reject->line);
    }
    if (number == LOGGED_IN_FULL) {
        strbuf_adds(&text, " (from here on one of 1,000 is shown)");
    }
    if (text.data != NULL) {
        ingest_ctx_log_from(counters->ingest, reject->level, origin.data, text.data);
    }
    strbuf_release(&text);
    strbuf_release(&origin);
}

static void note_first(struct source_counters *counters, const struct reject *reject)
{
    struct strbuf text;
    strbuf_init(&text, counters->ingest->mem, REJECT_BYTES - 1);
    if (counters->many_files) {
        strbuf_addf(&text, "%s: ", reject->where);
    }
    if (reject->line > 0) {
        strbuf_addf(&text, "line %llu: ", (unsigned long long)reject->line);
    }
    put_reason(counters->ingest, &text, reject);
    snprintf(counters->first, sizeof counters->first, "%s",
             text.data != NULL ? text.data : reject->reason);
    strbuf_release(&text);
}

void source_counters_reject(struct source_counters *counters, const struct reject *reject)
{
    if (reject->level >= LOG_LEVEL_WARNING && counters->refused++ == 0) {
        note_first(counters, reject);
    }
    counters->ingest->changed = true;
    log_reject(counters, reject, ++counters->bad);
}

void source_counters_unreadable(struct source_counters *counters, const char *path,
                                const char *reason)
{
    static const char more[] = "and more\n";
    const struct reject reject = {.where = path, .reason = reason, .level = LOG_LEVEL_WARNING};
    size_t used = strlen(counters->unread), left = sizeof counters->unread - used;
    counters->ingest->changed = true;
    log_reject(counters, &reject, ++counters->unreadable);
    if (strlen(path) + strlen(reason) + sizeof more + 3 <= left) {
        snprintf(counters->unread + used, left, "%s: %s\n", path, reason);
    } else if (left > sizeof more && strstr(counters->unread, more) == NULL) {
        snprintf(counters->unread + used, left, "%s", more);
    }
}

void source_counters_accept(struct source_counters *counters)
{
    counters->events++;
    counters->ingest->changed = true;
}
