/* The feeders of a session are counted over all connections, so that a session is disconnected when
   its last sender has gone and live again as soon as one is back, whichever connection that is.
   Session numbers are small and dense: the counts are an array by session. */
#include "ingest/intake.h"

#include "core/base/utf8.h"
#include "ingest/claude/claude_hook.h"

#include <assert.h>
#include <string.h>

enum {
    QUOTED_BYTES = 80,
    NEAR_BYTES = 24,
    SAID_IN_FULL = 100,
    SAID_ONE_OF = 1000,
    NOTICE_BYTES = 1000,
    TIDY_EVENTS = 200000
};

void intake_init(struct intake *intake, struct swarm *swarm, struct tracer *tracer,
                 struct notice_log *log, int64_t (*now_ns)(void *ctx), void *ctx)
{
    *intake = (struct intake){.swarm = swarm,
                              .tracer = tracer,
                              .log = log,
                              .now_ns = now_ns,
                              .ctx = ctx,
                              .mem = swarm_mem(swarm)};
}

void intake_release(struct intake *intake)
{
    claude_hooks_free(intake->hooks);
    intake->hooks = NULL;
    mem_free(intake->mem, intake->feeders, intake->feeders_cap * sizeof *intake->feeders);
    intake->feeders = NULL;
    intake->feeders_cap = 0;
}

int64_t intake_now(const struct intake *intake)
{
    return intake->now_ns(intake->ctx);
}

bool intake_tidy(struct intake *intake, bool end)
{
    const struct event_store *store = swarm_store(intake->swarm, POOL_FILES);
    size_t tidy_at = intake->tidy_at > TIDY_EVENTS ? intake->tidy_at : TIDY_EVENTS;
    if (!intake->ranged || (!end && event_store_count(store) < tidy_at))
        return true;
    if (!swarm_keep_range(intake->swarm, POOL_FILES, intake->from_ns, intake->to_ns, end))
        return false;
    /* What stays is derived again each time: not before as much has come. */
    intake->tidy_at = 2 * event_store_count(swarm_store(intake->swarm, POOL_FILES)) + TIDY_EVENTS;
    return true;
}

/* ---- who feeds which session ---- */

static void set_flags(struct intake *intake, session_no session, uint8_t set, uint8_t clear)
{
    const struct session *was = swarm_session(intake->swarm, session);
    if (was == NULL)
        return;
    uint8_t flags = (uint8_t)((was->flags & ~clear) | set);
    if (flags == was->flags)
        return;
    swarm_session_edit(intake->swarm, session)->flags = flags;
    swarm_touch(intake->swarm);
    intake->changed = true;
}

bool intake_join(struct intake *intake, session_no session)
{
    size_t had = intake->feeders_cap;
    if (!mem_reserve(intake->mem, &intake->feeders, &intake->feeders_cap, (size_t)session + 1,
                     sizeof *intake->feeders))
        return false;
    for (size_t i = had; i < intake->feeders_cap; i++)
        intake->feeders[i] = 0;
    intake->feeders[session]++;
    set_flags(intake, session, 0, SESSION_FINISHED | SESSION_DISCONNECTED);
    return true;
}

void intake_leave(struct intake *intake, session_no session, uint8_t flag)
{
    assert(session < intake->feeders_cap && intake->feeders[session] > 0);
    if (--intake->feeders[session] == 0)
        set_flags(intake, session, flag, 0);
}

/* ---- what is said of what came ---- */

bool intake_same_secret(struct slice said, const char *token)
{
    size_t len = strlen(token);
    unsigned differ = said.len != len;
    for (size_t i = 0; i < said.len; i++)
        differ |= (unsigned char)said.bytes[i] ^ (unsigned char)token[len == 0 ? 0 : i % len];
    return differ == 0;
}

void intake_say(struct intake *intake, enum notice_level level, const char *text)
{
    struct notice notice = {.at_ns = intake_now(intake),
                            .level = level,
                            .session = NO_SESSION,
                            .text = text,
                            .len = strlen(text)};
    notice_log_add(intake->log, &notice);
    intake->changed = true;
}

static void quote_one(struct strbuf *out, const char *at, size_t n, uint32_t cp)
{
    if (cp == '\n')
        strbuf_adds(out, "\\n");
    else if (cp == '\r')
        strbuf_adds(out, "\\r");
    else if (cp == '\t')
        strbuf_adds(out, "\\t");
    else if (cp < 0x20 || cp == 0x7F || (cp == UTF8_REPLACEMENT && n == 1))
        strbuf_addf(out, "\\x%02x", (unsigned)(unsigned char)*at);
    else if ((cp >= 0x80 && cp < 0xA0) || (cp >= 0xD800 && cp < 0xE000))
        strbuf_addf(out, "\\u%04x", (unsigned)cp);
    else
        strbuf_add(out, at, n);
}

void intake_quote(struct strbuf *out, const char *bytes, size_t len)
{
    size_t at = 0;
    while (at < len && at < QUOTED_BYTES) {
        uint32_t cp;
        size_t n = utf8_next(bytes + at, len - at, &cp);
        quote_one(out, bytes + at, n, cp);
        at += n;
    }
    if (at < len)
        strbuf_adds(out, "…");
}

void intake_json_reason(struct strbuf *out, const char *text, size_t len,
                        const struct json_error *error)
{
    /* From a little before the place to a little behind it, cut between characters. */
    size_t from = error->offset > NEAR_BYTES ? error->offset - NEAR_BYTES : 0;
    while (from > 0 && from < error->offset && ((unsigned char)text[from] & 0xC0) == 0x80)
        from++;
    size_t to = len - error->offset > NEAR_BYTES / 2 ? error->offset + NEAR_BYTES / 2 : len;
    strbuf_addf(out, "not JSON: %s near '", error->what);
    intake_quote(out, text + from, to - from);
    strbuf_addc(out, '\'');
}

static void say_complaint(struct tally *tally, const struct complaint *complaint)
{
    struct strbuf text;
    strbuf_init(&text, tally->intake->mem, NOTICE_BYTES);
    strbuf_adds(&text, complaint->where);
    if (complaint->line > 0)
        strbuf_addf(&text, ": line %llu", (unsigned long long)complaint->line);
    strbuf_addf(&text, ": %s", complaint->reason);
    if (complaint->bytes.bytes != NULL) {
        strbuf_adds(&text, ": ");
        intake_quote(&text, complaint->bytes.bytes, complaint->bytes.len);
    }
    if (tally->bad == SAID_IN_FULL)
        strbuf_adds(&text, " (from here on one of 1,000 is shown)");
    if (text.data != NULL)
        intake_say(tally->intake, complaint->level, text.data);
    strbuf_release(&text);
}

void tally_bad(struct tally *tally, const struct complaint *complaint)
{
    tally->bad++;
    tally->intake->changed = true;
    if (tally->bad <= SAID_IN_FULL || tally->bad % SAID_ONE_OF == 0)
        say_complaint(tally, complaint);
}

void tally_taken(struct tally *tally)
{
    tally->events++;
    tally->intake->changed = true;
}
