/* A line is printed after the model has accepted it. Only then is the session of an operation
   without session_id known, and rejected lines are not recorded. */
#include "ingest/ingest_tap.h"

#include "core/export/feed_line.h"

#include <math.h>

enum { LINE_KEPT_BYTES = 1 << 16 };

static struct slice id_of(const struct ingest_ctx *ingest, session_no number)
{
    const struct session *session =
        number == NO_SESSION ? NULL : swarm_session(ingest->swarm, number);
    return session == NULL ? (struct slice){NULL, 0} : swarm_text_slice(ingest->swarm, session->id);
}

/* Returns the line that the next put_line passes on: one buffer serves all. */
static struct strbuf *begin_line(struct ingest_ctx *ingest)
{
    strbuf_clear(&ingest->tap_line);
    return &ingest->tap_line;
}

static void put_line(struct ingest_ctx *ingest, struct strbuf *line)
{
    if (line->failed) {
        ingest_ctx_log(ingest, LOG_LEVEL_ERROR, "out of memory: a line of the feed is lost");
    } else {
        ingest->tap.put(ingest->tap.ctx, line->data, line->len);
    }
    if (line->cap > LINE_KEPT_BYTES) {
        strbuf_release(line);
    }
}

/* Two sources may report a call without an id in common: the second one's is an alias. */
static bool join_call(struct ingest_ctx *ingest, const struct update *of)
{
    char room[CALL_PAIR_ID];
    bool is_tool = of->kind == CALL_TOOL;
    struct call_pairs **pairs = is_tool ? &ingest->tool_pairs : &ingest->pairs;
    if (*pairs == NULL) {
        *pairs = mem_zalloc(ingest->mem, 1, sizeof **pairs);
    }
    if (*pairs == NULL) {
        return false;
    }
    struct slice other =
        is_tool ? call_pairs_note_tool(*pairs, of, room) : call_pairs_note(*pairs, of, room);
    if (other.bytes == NULL) {
        return true;
    }
    struct update update = *of;
    update.present = 0;
    update_text(&update, FIELD_ALIAS, other);
    return ingest_ctx_update(ingest, &update);
}

bool ingest_ctx_update(struct ingest_ctx *ingest, const struct update *update)
{
    if (!correlator_update(ingest->correlator, update)) {
        return false;
    }
    if (ingest->tap.put != NULL) {
        struct strbuf *line = begin_line(ingest);
        feed_line_update(update, line);
        put_line(ingest, line);
    }
    return update->op != UPDATE_CALL || !update_has(update, FIELD_END_MS) ||
           join_call(ingest, update);
}

static void tap_end(void *ctx, session_no session, double t_ms)
{
    static const char end[] = "{\"op\":\"end_session\"}";
    ingest_tap_operation(ctx, (struct slice){end, sizeof end - 1}, t_ms, session);
}

bool ingest_ctx_close(struct ingest_ctx *ingest)
{
    return correlator_close(ingest->correlator, ingest_ctx_now(ingest), tap_end, ingest);
}

void ingest_tap_operation(struct ingest_ctx *ingest, struct slice object, double t_ms,
                          session_no session)
{
    if (ingest->tap.put != NULL) {
        struct strbuf *line = begin_line(ingest);
        feed_line_operation(object, t_ms, id_of(ingest, session), line);
        put_line(ingest, line);
    }
}

void ingest_tap_raw(struct ingest_ctx *ingest, session_no session, double t_ms, struct slice event)
{
    if (ingest->tap.put != NULL) {
        struct strbuf *line = begin_line(ingest);
        feed_line_raw(t_ms, id_of(ingest, session), event, line);
        put_line(ingest, line);
    }
}

void ingest_tap_open(struct ingest_ctx *ingest, session_no session, double t_ms, double start_ms,
                     struct slice extra)
{
    if (ingest->tap.put != NULL) {
        struct strbuf *line = begin_line(ingest);
        feed_line_open(t_ms, id_of(ingest, session), start_ms, extra, line);
        put_line(ingest, line);
    }
}

void ingest_tap_file(struct ingest_ctx *ingest, const char *path)
{
    if (ingest->tap.put != NULL) {
        struct strbuf *line = begin_line(ingest), message;
        strbuf_init(&message, ingest->mem, 0);
        strbuf_addf(&message, "%s: trace file opened", path);
        line->failed = message.failed;
        feed_line_log((double)(ingest_ctx_now(ingest) / 1000) / 1e3, (struct slice){NULL, 0},
                      "info", (struct slice){message.data, message.len}, line);
        put_line(ingest, line);
        strbuf_release(&message);
    }
}
