/* A line is checked as a whole, then read, then typed, and only then given to the tracer: what is
   refused has had no effect by then, on the clock neither. What a feed itself remembers is little:
   the sessions that it feeds, so that they can be marked when it goes, and whether it has said its
   token. */
#include "ingest/feed/feed.h"

#include "ingest/event_scan.h"
#include "ingest/feed/feed_ops.h"
#include "ingest/feed/feed_sessions.h"
#include "ingest/trace_event.h"

#include "core/base/json_text.h"
#include "core/base/time_ns.h"

#include <math.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

struct feed {
    struct feed_options options;
    struct ingest_ctx *ingest;
    struct lines lines;
    struct feed_values values;
    struct strbuf extra; /* of raw events */
    struct feed_sessions sessions;
    int64_t local_ns; /* when the bytes that are being read arrived */
    bool authorized, refused;
};

/* The line that is being taken. */
struct line {
    const char *bytes;
    size_t len;
    uint64_t number;
};

static void take_line(void *ctx, const char *line, size_t len, uint64_t number,
                      enum line_kind kind);

struct feed *feed_new(const struct feed_options *options)
{
    struct ingest_ctx *ingest = options->counters->ingest;
    struct feed *feed = mem_zalloc(ingest->mem, 1, sizeof *feed);
    if (feed == NULL)
        return NULL;
    feed->options = *options;
    feed->ingest = ingest;
    feed->authorized = options->token == NULL;
    lines_init(&feed->lines, ingest->mem, options->max_line_bytes, take_line, feed);
    feed_values_init(&feed->values, ingest->mem);
    feed_sessions_init(&feed->sessions, ingest, options->source, options->session_id);
    strbuf_init(&feed->extra, ingest->mem, 0);
    return feed;
}

void feed_free(struct feed *feed)
{
    if (feed == NULL)
        return;
    const struct mem *mem = feed->ingest->mem;
    lines_release(&feed->lines);
    feed_values_release(&feed->values);
    strbuf_release(&feed->extra);
    feed_sessions_release(&feed->sessions);
    mem_free(mem, feed, sizeof *feed);
}

/* ---- what is refused ---- */

static void report_reject(struct feed *feed, const struct line *line, enum log_level level,
                          const char *reason)
{
    struct reject reject = {.where = feed->options.where,
                            .line = line->number,
                            .reason = reason,
                            .bytes = {.bytes = line->bytes, .len = line->len},
                            .level = level};
    source_counters_reject(feed->options.counters, &reject);
}

static void complain_of_json(struct feed *feed, const struct line *line, enum line_kind kind,
                             const struct json_error *error)
{
    struct strbuf reason;
    strbuf_init(&reason, feed->ingest->mem, 0);
    if (kind == LINE_LAST)
        strbuf_adds(&reason, "cut off: ");
    ingest_ctx_json_reason(&reason, line->bytes, line->len, error);
    report_reject(feed, line, LOG_LEVEL_WARNING, reason.failed ? "not JSON" : reason.data);
    strbuf_release(&reason);
}

static void report_field(struct feed *feed, const struct line *line, const struct feed_op *op,
                         enum feed_field field, bool ignored)
{
    struct strbuf reason;
    strbuf_init(&reason, feed->ingest->mem, 0);
    const struct feed_field_info *info = &feed_fields[field];
    if (feed_has(&feed->values, field) || ignored)
        strbuf_addf(&reason, "%s: %s is not %s%s", op->name, info->name,
                    feed_type_words(info->type), ignored ? ", ignored" : "");
    else
        strbuf_addf(&reason, "%s: %s is missing", op->name, info->name);
    report_reject(feed, line, ignored ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING,
                  reason.failed ? "bad field" : reason.data);
    strbuf_release(&reason);
}

static void out_of_memory(struct feed *feed, const struct line *line)
{
    report_reject(feed, line, LOG_LEVEL_ERROR, "out of memory, the line is lost");
}

static void refuse(struct feed *feed, const struct line *line, const char *reason)
{
    /* Nothing of a line that may hold a token is shown. */
    struct reject reject = {.where = feed->options.where,
                            .line = line->number,
                            .reason = reason,
                            .level = LOG_LEVEL_WARNING};
    source_counters_reject(feed->options.counters, &reject);
    feed->refused = true;
}

/* ---- operations ---- */

static enum tracer_result hello(struct feed *feed, double t_ms)
{
    const struct feed_values *v = &feed->values;
    struct hello_op op = {.session_id = feed_text(v, OP_SESSION_ID),
                          .name = feed_text(v, OP_NAME),
                          .agent_id = feed_text(v, OP_AGENT_ID),
                          .parent_session_id = feed_text(v, OP_PARENT_SESSION_ID)};
    session_no session;
    enum tracer_result result =
        feed_sessions_hello(&feed->sessions, t_ms, feed->local_ns, &op, &session);
    if (result == TRACER_OK)
        feed->sessions.own = session;
    return result;
}

static enum log_level level_of(struct slice level)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {{"debug", LOG_LEVEL_DEBUG},
                  {"warning", LOG_LEVEL_WARNING},
                  {"warn", LOG_LEVEL_WARNING},
                  {"error", LOG_LEVEL_ERROR}};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (level.len == strlen(levels[i].name) &&
            memcmp(level.bytes, levels[i].name, level.len) == 0)
            return levels[i].level;
    return LOG_LEVEL_INFO;
}

static void log_message(struct feed *feed, const struct op_context *context)
{
    struct slice text = feed_text(&feed->values, OP_MESSAGE);
    struct log_entry entry = {.at_ns = time_ns_from_ms(context->t_ms),
                              .level = level_of(feed_text(&feed->values, OP_LEVEL)),
                              .session = context->session,
                              .text = text.bytes,
                              .len = text.len};
    event_log_add(feed->ingest->log, &entry);
}

static double time_of(const struct feed *feed)
{
    double local_ms = (double)(feed->local_ns / 1000) / 1e3;
    return feed_has(&feed->values, OP_T) ? feed_number(&feed->values, OP_T) : local_ms;
}

static enum tracer_result apply(struct feed *feed, const struct feed_op *op)
{
    const struct feed_values *v = &feed->values;
    struct op_context context = {
        .t_ms = time_of(feed), .local_ns = feed->local_ns, .agent_id = feed_text(v, OP_AGENT_ID)};
    if (op->special == FEED_HELLO)
        return hello(feed, context.t_ms);
    enum tracer_result result =
        feed_sessions_find(&feed->sessions, feed_text(v, OP_SESSION_ID), context.t_ms,
                           feed->local_ns, op->special == FEED_ENDS, &context.session);
    if (result != TRACER_OK)
        return result;
    if (op->special == FEED_LOG)
        log_message(feed, &context);
    return op->apply(feed->ingest->tracer, &context, v);
}

static void answer_status(struct feed *feed, const struct line *line)
{
    struct strbuf text, answer;
    if (feed->options.reply == NULL || feed->ingest->status == NULL) {
        report_reject(feed, line, LOG_LEVEL_WARNING, "status: nobody can be answered here");
        return;
    }
    strbuf_init(&text, feed->ingest->mem, 0);
    strbuf_init(&answer, feed->ingest->mem, 0);
    feed->ingest->status(feed->ingest->ctx, &text);
    strbuf_adds(&answer, "{\"status\":");
    json_put_string(&answer, text.len > 0 ? text.data : "", text.failed ? 0 : text.len);
    strbuf_adds(&answer, "}\n");
    if (!answer.failed)
        feed->options.reply(feed->options.ctx, answer.data, answer.len);
    strbuf_release(&text);
    strbuf_release(&answer);
}

/* What it is about is in the payload; the session of this connection has no part in it. */
static void take_hook(struct feed *feed, const struct line *line)
{
    const char *wrong = hook_take(feed->ingest, "claude", feed->values.raw[OP_PAYLOAD],
                                  time_of(feed), feed->local_ns);
    if (wrong != NULL)
        report_reject(feed, line, LOG_LEVEL_WARNING, wrong);
    else
        source_counters_accept(feed->options.counters);
}

static void take_operation(struct feed *feed, const struct line *line, const struct feed_op *op)
{
    uint64_t ignored;
    enum feed_field culprit;
    switch (feed_op_type(op, &feed->values, &ignored, &culprit)) {
    case FEED_NO_MEMORY: out_of_memory(feed, line); return;
    case FEED_WRONG_TYPE: report_field(feed, line, op, culprit, false); return;
    case FEED_TYPED: break;
    }
    if (op->special == FEED_AUTH)
        return;
    if (op->special == FEED_STATUS) {
        answer_status(feed, line);
        return;
    }
    for (; ignored != 0; ignored &= ignored - 1)
        report_field(feed, line, op, (enum feed_field)__builtin_ctzll(ignored), true);
    if (op->special == FEED_HOOK) {
        take_hook(feed, line);
        return;
    }
    switch (apply(feed, op)) {
    case TRACER_OK: source_counters_accept(feed->options.counters); break;
    case TRACER_NOT_OPEN:
        report_reject(feed, line, LOG_LEVEL_DEBUG, "nothing of that is open");
        break;
    case TRACER_NO_MEMORY: out_of_memory(feed, line); break;
    }
}

/* ---- raw events ---- */

/* The origin of a session that begins with this event, which is drawn where it arrives. */
static int64_t raw_start(const struct feed *feed, double ts_us)
{
    return isnan(ts_us) ? feed->local_ns : feed->local_ns - (int64_t)(ts_us * 1e3);
}

/* The clock follows the event's ts. */
static enum tracer_result advance(struct feed *feed, const struct raw_event *raw)
{
    if (isnan(raw->ts_us) || trace_event_is_metadata(raw))
        return TRACER_OK;
    session_no own = feed->sessions.own;
    const struct session *session = swarm_session(feed->ingest->swarm, own);
    struct op_context context = {.session = own,
                                 .t_ms = (double)session->origin_ns / 1e6 + raw->ts_us / 1e3,
                                 .local_ns = feed->local_ns};
    return tracer_advance(feed->ingest->tracer, &context);
}

/* Whether the event's times, and the origin that it may give its session, are ones that the model can hold. */
static bool in_range(const struct feed *feed, const struct raw_event *raw)
{
    double origin_ms = (double)feed->local_ns / 1e6;
    double ts_ms = isnan(raw->ts_us) ? 0 : raw->ts_us / 1e3;
    double dur_ms = isnan(raw->dur_us) ? 0 : raw->dur_us / 1e3;
    if (feed->sessions.own != NO_SESSION)
        origin_ms = (double)swarm_session(feed->ingest->swarm, feed->sessions.own)->origin_ns / 1e6;
    else
        origin_ms -= ts_ms;
    return fabs(origin_ms) <= INGEST_TIME_MAX_MS && fabs(origin_ms + ts_ms) <= INGEST_TIME_MAX_MS &&
           fabs(origin_ms + ts_ms + dur_ms) <= INGEST_TIME_MAX_MS;
}

static bool append_raw(struct feed *feed, const struct raw_event *raw)
{
    if (feed->options.take_raw != NULL && feed->sessions.own == NO_SESSION)
        return feed->options.take_raw(feed->options.ctx, raw);
    return feed_sessions_for_raw(&feed->sessions, raw_start(feed, raw->ts_us)) &&
           advance(feed, raw) == TRACER_OK &&
           swarm_append_raw(feed->ingest->swarm, feed->sessions.own, raw);
}

static void take_raw(struct feed *feed, const struct line *line, const struct raw_event *raw)
{
    bool lives = feed->options.take_raw == NULL || feed->sessions.own != NO_SESSION;
    if (lives && !in_range(feed, raw))
        report_reject(feed, line, LOG_LEVEL_WARNING, "ts is out of range");
    else if (append_raw(feed, raw))
        source_counters_accept(feed->options.counters);
    else
        out_of_memory(feed, line);
}

/* The careful way. */
static void read_raw(struct feed *feed, const struct line *line, struct json_value object)
{
    struct raw_event raw;
    const char *wrong = trace_event_read(object, &feed->extra, &raw);
    if (wrong != NULL)
        report_reject(feed, line, LOG_LEVEL_WARNING, wrong);
    else
        take_raw(feed, line, &raw);
}

static bool is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

/* The quick way, for a line that is a raw event and nothing unusual. False: it may be one all the same. */
static bool scan_raw(struct feed *feed, const struct line *line)
{
    struct raw_event raw;
    bool spaced;
    const char *end = line->bytes + line->len;
    if (*line->bytes != '{' || (line->len > 5 && memcmp(line->bytes, "{\"op\"", 5) == 0))
        return false;
    const char *behind = event_scan(line->bytes, end, &feed->extra, &raw, &spaced);
    /* With both `ph` and `op`, `op` wins. */
    if (behind == NULL || !is_blank(behind, (size_t)(end - behind)) ||
        (feed->extra.len > 0 && memmem(feed->extra.data, feed->extra.len, "\"op\"", 4) != NULL))
        return false;
    take_raw(feed, line, &raw);
    return true;
}

/* ---- lines ---- */

static void take_auth(struct feed *feed, const struct line *line, const struct feed_op *op)
{
    uint64_t ignored;
    enum feed_field culprit;
    if (op == NULL || op->special != FEED_AUTH)
        refuse(feed, line, "refused: the first line has to be an auth operation");
    else if (feed_op_type(op, &feed->values, &ignored, &culprit) != FEED_TYPED)
        refuse(feed, line, "refused: auth has no token");
    else if (!ingest_ctx_same_secret(feed_text(&feed->values, OP_TOKEN), feed->options.token))
        refuse(feed, line, "refused: wrong token");
    else
        feed->authorized = true;
}

/* The operation that the line names; NULL with the reason, or without one where it names none. */
static const struct feed_op *operation_of(struct feed *feed, const char **wrong)
{
    *wrong = NULL;
    if (!feed_has(&feed->values, OP_OP))
        return NULL;
    const struct feed_op *op = NULL;
    switch (feed_values_type(&feed->values, OP_OP)) {
    case FEED_NO_MEMORY: *wrong = "out of memory, the line is lost"; return NULL;
    case FEED_WRONG_TYPE: *wrong = "op is not a string"; return NULL;
    case FEED_TYPED: break;
    }
    struct slice name = feed_text(&feed->values, OP_OP);
    op = feed_op_of(name.bytes, name.len);
    if (op == NULL)
        *wrong = "unknown op";
    return op;
}

static void take_object(struct feed *feed, const struct line *line, struct json_value object)
{
    if (!feed_values_read(&feed->values, object)) {
        out_of_memory(feed, line);
        return;
    }
    const char *wrong;
    const struct feed_op *op = operation_of(feed, &wrong);
    if (!feed->authorized) {
        take_auth(feed, line, op);
        return;
    }
    if (wrong == NULL && op == NULL && json_get(object, "ph").type == JSON_TYPE_NONE)
        wrong = "neither op nor ph";
    if (wrong != NULL)
        report_reject(feed, line, LOG_LEVEL_WARNING, wrong);
    else if (op != NULL)
        take_operation(feed, line, op);
    else
        read_raw(feed, line, object);
}

static void take_line(void *ctx, const char *bytes, size_t len, uint64_t number,
                      enum line_kind kind)
{
    struct feed *feed = ctx;
    struct line line = {.bytes = bytes, .len = len, .number = number};
    if (feed->refused || is_blank(bytes, len))
        return;
    feed->ingest->changed = true;
    struct json_value value;
    struct json_error error;
    bool whole = kind == LINE_WHOLE || kind == LINE_LAST;
    if (whole && feed->authorized && scan_raw(feed, &line))
        return;
    bool checked = whole && json_check(bytes, len, DEPTH_MAX, &value, &error);
    if (checked && value.type == JSON_TYPE_OBJECT)
        take_object(feed, &line, value);
    else if (!feed->authorized)
        refuse(feed, &line, "refused: the first line has to be an auth operation");
    else if (kind == LINE_TOO_LONG)
        report_reject(feed, &line, LOG_LEVEL_WARNING, "longer than a line may be, dropped");
    else if (kind == LINE_LOST)
        out_of_memory(feed, &line);
    else if (!checked)
        complain_of_json(feed, &line, kind, &error);
    else
        report_reject(feed, &line, LOG_LEVEL_WARNING, "not an object");
}

bool feed_push(struct feed *feed, const char *bytes, size_t len)
{
    feed->local_ns = ingest_ctx_now(feed->ingest);
    if (!feed->refused)
        lines_push(&feed->lines, bytes, len);
    return !feed->refused;
}

void feed_rest(struct feed *feed, uint8_t flag)
{
    feed_sessions_leave(&feed->sessions, flag);
}

void feed_finish(struct feed *feed, uint8_t flag)
{
    feed->local_ns = ingest_ctx_now(feed->ingest);
    lines_finish(&feed->lines);
    feed_rest(feed, flag);
}
